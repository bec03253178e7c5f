"""Keep and Keep no longer on a person's page; and what stands there once they were erased."""

from sqlmodel import select

from programme import retention
from programme.context import Context
from storage.audit import audit_of
from storage.enums import Role
from storage.police_list import PoliceList
from storage.session import CourseSession
from tests.builders import a_case
from tests.console.desk import Browser, a_console, signed_in
from tests.programme.life import NAME, Life, a_life, set_all

WHEN = "Their details will be erased on Tue 27 Oct 2026"
WHY = "A court has asked for it."


def page_of(life: Life) -> str:
    return f"/referrals/{life.referral.id}"


def test_a_lead_keeps_somebody_and_lets_them_go(ctx: Context) -> None:
    life, app = a_life(ctx, whole=False), a_console(ctx)
    lead = signed_in(ctx, app, name="Lou Lead", role=Role.LEAD)
    worker = signed_in(ctx, app)
    at = page_of(life)
    assert "Nothing is erased" in lead.page(at)
    set_all(ctx)
    assert WHEN in lead.page(at)
    assert WHEN in worker.page(at) and f"{at}/keep" not in worker.page(at)
    assert worker.post(f"{at}/keep", why=WHY)[0] == 403
    assert "Write why" in lead.post(f"{at}/keep", why=" ")[1]
    status, kept = lead.post(f"{at}/keep", why=WHY)
    assert status == 200 and "Their details are kept now" in kept
    assert WHY in kept and "A lead keeps them." in kept and WHEN not in kept
    assert retention.tick(ctx).people == 0
    listed = lead.page("/kept")
    assert NAME in listed and WHY in listed and f"/console{at}" in listed
    assert "/console/kept" in lead.page("/programme") and "/console/kept" not in worker.page("/programme")
    assert worker.get("/kept")[0] == 403
    assert "no longer kept" in lead.post(f"{at}/keep-no-longer", why="It is over.")[1]
    assert WHEN in lead.page(at)
    assert "Nobody is kept for longer" in lead.page("/kept")
    a_case(ctx.database, referral_id=life.referral.id)
    assert "A case is open." in lead.page("/kept")
    with ctx.database.reading() as session:
        done = {line.action: line.detail for line in audit_of(session, "referral", life.referral.id)}
    assert WHY in (done["keep"] or "") and "It is over." in (done["keep_no_longer"] or "")


def test_of_somebody_who_was_erased_every_page_says_only_that(ctx: Context) -> None:
    life, app = a_life(ctx), a_console(ctx)
    lead = signed_in(ctx, app, role=Role.MANAGER)
    set_all(ctx)
    retention.tick(ctx)
    at, chat = page_of(life), f"/conversations/{life.web.id}"
    for status, text in (
        *(lead.get(path) for path in (at, f"{at}/change", f"{at}/decision", f"{at}/booking", f"{at}/paper.pdf", chat)),
        *(lead.post(f"{at}/{form}", why=WHY) for form in ("letter", "keep", "note", "state")),
        lead.post(f"{chat}/take"),
    ):
        assert status == 410 and "Their details were erased" in text
    _others_still_read(lead)
    with ctx.database.reading() as session:
        held = session.exec(select(CourseSession.id).where(CourseSession.course_id == life.booking.course_id)).one()
        handed = session.exec(select(PoliceList.id)).one()
    sheet, handed_over = lead.page(f"/sessions/{held}"), lead.page(f"/police-lists/{handed}")
    assert "Somebody whose details were erased" in sheet and life.booking.id in sheet and "/mark" not in sheet
    assert "Their details were erased" in handed_over and "/correct" not in handed_over
    assert lead.post(f"/sessions/{held}/mark", script=True, booking=life.booking.id, mark="absent")[0] == 409


def _others_still_read(lead: Browser) -> None:
    """Pages on which they stood among others."""
    audit = lead.page("/audit")
    assert "Erased people&#39;s details" in audit or "Erased people's details" in audit
    assert "Nothing to show" not in audit and "erased:" not in audit
    for path in ("/referrals", "/all", "/attention", "/reports", "/police-lists", "/training", "/since"):
        assert "erased:" not in lead.page(path)
