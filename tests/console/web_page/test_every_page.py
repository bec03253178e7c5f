"""Every page of the programme's year on the sample's living week: nothing sticks out, is too small to tap or breaks the
rules on accessibility, on a phone, a tablet and a desk, light and dark."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from playwright.sync_api import Page, expect
from sqlmodel import col, select
from starlette.applications import Starlette

from programme import decision, police_list, sample, sample_staff, sample_week
from programme.context import Context
from storage.booking import Booking
from storage.enums import BookingState, ListKind, ReferralState, Role
from storage.referral import Referral
from storage.session import CourseSession, Venue
from tests.axe import keeps_the_rules
from tests.console.desk import Browser, signed_in

Window = Callable[..., Page]
SCREENS = (((320,), "dark"), ((1280, 768), "light"))  # widths, the first of them looked at by axe
TOO_SMALL = (
    "() => [...document.querySelectorAll('main .button, main select, main input, main textarea, nav a, nav summary')]"
    ".filter(one => one.offsetParent && !['hidden', 'checkbox', 'radio'].includes(one.type)"
    " && one.getBoundingClientRect().height < 43).map(one => one.outerHTML.slice(0, 120))"
)
WHY = "They did not come to their session, and did not answer two calls."
FILE = "\n".join(
    [
        "Reference,Name,Date of birth,Mobile",
        "TVP-7A7B-12,Robin Sample,14/03/1990,07700 900301",
        "TVP-7A7B-13,Young Sample,14/03/2015,07700 900303",
        "TVP-7A7B-14,Sam Sample,31/02/1988,7700 900",
        "TVP-2K7M-31,Nadia Instance,17/05/1994,07700 900201",
    ]
)


@pytest.fixture
def mary(ctx: Context, app: Starlette) -> Browser:
    return signed_in(ctx, app, on_shift=False, name="Mary Manager", role=Role.MANAGER)


def fill(ctx: Context, mary: Browser) -> list[str]:
    """The sample's week, a decision that waits and a list that was signed off; the pages, "@" for what a form makes."""
    sample.seed(ctx)
    sample_staff.refresh(ctx, "brass lantern otter")
    staff = sample_staff.ids(ctx)
    sample_week.tell(ctx, staff)
    with ctx.database.reading() as session:
        missed = session.exec(select(Referral.id).where(Referral.state == ReferralState.MISSED)).all()
        held = select(Booking.referral_id).where(Booking.state == BookingState.ACTIVE)
        booked = session.exec(held.order_by(col(Booking.made_at))).first()
        ahead = select(CourseSession.id).join(Booking, col(Booking.course_id) == col(CourseSession.course_id))
        ahead = ahead.where(CourseSession.starts_at > datetime.now(UTC), Booking.state == BookingState.ACTIVE)
        coming, venue = session.exec(ahead).first(), session.exec(select(Venue.id)).first()
    undisputed = [each for each in missed if decision.look(ctx, each, staff["worker"]).pack.findings]
    decision.decide(ctx, undisputed[0], staff["worker"], "did_not_come", WHY)
    mark = police_list.due(ctx, ListKind.COMPLETED).mark
    signed = police_list.sign(ctx, ListKind.COMPLETED, mary.account.id, mark)
    return [
        *("/referrals", "/referrals/new", "/referrals/import", "@check", "/referrals/tokens", "/referrals/letters"),
        *(f"/referrals/{booked}", f"/referrals/{missed[0]}", f"/referrals/{missed[1]}", "@letter"),
        *("/sessions", "/sessions?view=calendar", "/sessions/new", "/sessions/waiting-list", "/sessions/outlook"),
        *(f"/sessions/{coming}", f"/sessions/{coming}/print", f"/sessions/{coming}/change"),
        *("/sessions/venues", "/sessions/venues/new", f"/sessions/venues/{venue}"),
        *("/attention", "/decisions", f"/referrals/{undisputed[0]}/decision", f"/referrals/{missed[1]}/decision"),
        *("/police-lists", f"/police-lists/{signed}", "/reports", "/reports?weeks=52"),
    ]


def open_page(page: Page, console: str, path: str, booked: str) -> None:
    if path == "@check":
        page.goto(f"{console}/referrals/import")
        sent = {"name": "export.csv", "mimeType": "text/csv", "buffer": FILE.encode()}
        page.get_by_label("File", exact=True).set_input_files(sent)  # type: ignore[arg-type]
        page.get_by_role("button", name="Check file").click()
        page.wait_for_url("**/import/*")
    elif path == "@letter":
        page.goto(f"{console}{booked}")
        page.get_by_role("button", name="Make a letter").click()
        page.wait_for_url("**/letter")
    else:
        answer = page.goto(f"{console}{path}")
        assert answer is not None
        assert answer.status == 200, path


def test_nothing_stands_in_anybodys_way(ctx: Context, address: str, mary: Browser, window: Window) -> None:
    paths = fill(ctx, mary)
    person = next(path for path in paths if path.count("/") == 2 and len(path) > 40)
    for widths, scheme in SCREENS:
        page = window(address, mary, "/referrals", width=widths[0], scheme=scheme)
        for path in paths:
            open_page(page, f"{address}/console", path, person)
            keeps_the_rules(page, (path, widths[0]))
            for width in reversed(widths):  # so that the next page opens on the first again
                page.set_viewport_size({"width": width, "height": 900})
                inside = page.evaluate("document.documentElement.scrollWidth")
                assert inside <= width, (path, width, inside)
                assert page.evaluate(TOO_SMALL) == [], (path, width)


def test_by_keyboard_the_pages_are_read_out_by_group(ctx: Context, address: str, mary: Browser, window: Window) -> None:
    page = window(address, mary, "/sessions")
    nav = page.get_by_role("navigation", name="Pages")
    for group, names in (
        ("Chats", ["Waiting", "Mine", "All", "Callbacks", "Since last shift"]),
        ("The course", ["Referrals", "Sessions", "Needs attention", "Police lists", "Reports"]),
        ("Set up", ["Programme", "Training", "People", "Audit"]),
    ):
        own = nav.get_by_role("list", name=group, exact=True)
        assert [each.inner_text().strip() for each in own.get_by_role("link").all()] == names
    here = nav.locator("[aria-current=page]").filter(visible=True)
    assert here.inner_text() == "Sessions"
    page.set_viewport_size({"width": 320, "height": 640})
    shown = nav.get_by_role("link").filter(visible=True)
    assert [each.inner_text() for each in shown.all()] == ["Waiting", "Mine", "Sessions", "Needs attention"]
    nav.locator("summary").press("Enter")
    more = nav.locator(".menu-pages").get_by_role("link")
    assert more.count() == 10
    more.last.focus()
    expect(more.last).to_be_in_viewport(ratio=1)
