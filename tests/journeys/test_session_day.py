"""A session's day: the list is filled in with one tap each, printed and put right; and one that cannot be held."""

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import Locator, expect

from storage.case import Case
from storage.enums import BookingState, CaseReason, ReferralState, Role
from tests.journeys.course import day_of, lay_course, referred, room_of, state_of
from tests.journeys.desk import read
from tests.journeys.system import System, wait
from tests.journeys.test_web import in_person, offers, prove
from tests.journeys.web_person import WebPerson
from tests.journeys.worker import Worker

Visit = Callable[..., WebPerson]
SignIn = Callable[..., Worker]
ABE, BEA, CY = "Abe Ash", "Bea Birch", "Cy Cedar"


def line(worker: Worker, name: str) -> Locator:
    """Somebody's buttons on a session's list."""
    return worker.page.get_by_role("group", name=name)


def mark(worker: Worker, name: str, what: str) -> None:
    button = line(worker, name).get_by_role("button", name=what, exact=True)
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")


def test_a_list_is_filled_in_printed_and_put_right(system: System, visit: Visit, sign_in: SignIn) -> None:
    abe, bea, cy = people = [referred(system, name) for name in (ABE, BEA, CY)]
    at_home = visit(system.address)
    prove(at_home, abe.reference)
    session = lay_course(system, system.ctx.clock() - timedelta(minutes=20), people)
    room = room_of(session, system)
    wren = sign_in(system, "Wren")
    page = wren.page

    # From the diary to the list, and one tap for each.
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Sessions").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sessions")
    wren.go(f"sessions?from={day_of(session)}")
    wren.look("sessions")
    page.get_by_role("link", name=room).click()
    expect(page.get_by_text("0 of 3 marked.")).to_be_visible()
    for name, what in ((ABE, "Attended"), (BEA, "Did not attend"), (CY, "Late, turned away")):
        mark(wren, name, what)
    expect(page.get_by_text("3 of 3 marked.")).to_be_visible()
    wren.look("list")
    assert [state_of(system, one) for one in people] == [
        ReferralState.COMPLETED,
        ReferralState.MISSED,
        ReferralState.MISSED,
    ]

    # A slip of the finger is put right.
    line(wren, CY).get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 of 3 marked.")).to_be_visible()
    assert state_of(system, cy) is ReferralState.BOOKED
    mark(wren, CY, "Attended")
    assert state_of(system, cy) is ReferralState.COMPLETED
    assert state_of(system, bea) is ReferralState.MISSED

    # On paper.
    page.get_by_role("link", name="Print view").click()
    for name, what in ((ABE, "Attended"), (BEA, "Did not attend"), (CY, "Attended")):
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name))
        boxes = row.get_by_role("cell").all_inner_texts()[1:]
        assert ["☑" in box for box in boxes] == [what == "Attended", what == "Did not attend", False]
    page.emulate_media(media="print")
    expect(page.get_by_role("link", name="Back to the session")).to_be_hidden()
    page.emulate_media(media="screen")
    page.get_by_role("link", name="Back to the session").click()

    # The person's page and their own chat say the same.
    page.get_by_role("link", name=ABE).click()
    expect(page.get_by_role("heading", name="Case card")).to_be_visible()
    expect(page.locator(".case-card .standing")).to_have_text("Has completed the course")
    expect(page.get_by_role("link", name="Certificate (PDF)")).to_be_visible()
    assert "You have finished the course." in at_home.say("where am i with all this")[0]


def test_one_that_cannot_be_held_is_told_at_once_with_new_choices(
    system: System, visit: Visit, sign_in: SignIn
) -> None:
    abe, bea = people = [referred(system, ABE), referred(system, BEA)]
    at_home = visit(system.address)
    prove(at_home, abe.reference)
    session = lay_course(system, system.ctx.clock() + timedelta(days=9, hours=1), people)
    lead = sign_in(system, "Lou", Role.LEAD)
    page = lead.page
    lead.go(f"sessions?from={day_of(session)}")
    page.get_by_role("link", name=room_of(session, system)).click()
    page.locator("summary", has_text="Cancel this session").click()
    dialog = page.get_by_role("dialog", name="Cancel it for everybody?")
    expect(dialog).to_contain_text("2 people have a place.")
    dialog.get_by_label("Why, for colleagues (never sent)").fill("The heating is broken")
    dialog.get_by_role("button", name="Cancel this session").click()
    expect(page.get_by_text("It counts as ours.")).to_be_visible()
    lead.look("cancelled")

    # Who has a chat reads it there at once, and chooses again; who has none is a worker's.
    read(at_home, "We are sorry. We have to cancel this session")
    assert "heating" not in "\n".join(at_home.lines())
    at_home.shot("cancelled-by-us")
    assert "Shall I book this for you?" in at_home.tap(in_person(offers(at_home)))[-1]
    assert "You are booked." in at_home.tap("Yes")[-1]
    ended, held = system.bookings(abe)
    assert (ended.state, held.state) == (BookingState.CANCELLED, BookingState.ACTIVE)
    assert ended.called_off_at is not None, "it is recorded as ours"
    (case,) = wait(lambda: system.rows(Case, Case.referral_id == bea.id))
    assert case.reason is CaseReason.NOT_DELIVERED
    assert state_of(system, bea) in (ReferralState.REFERRED, ReferralState.REACHED, ReferralState.VERIFIED)
