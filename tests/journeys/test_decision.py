"""A decision on non-attendance: found, weighed on its evidence, agreed by a second worker, taken to the police on a
list; and the certificate of somebody who came."""

import re
from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import expect

from programme import attendance_sheet as sheet
from programme.rules import london
from storage.enums import Mark, ReferralState, Role
from storage.referral import Referral
from storage.row import lock_one
from tests.axe import keeps_the_rules
from tests.journeys.course import lay_course, referred, state_of
from tests.journeys.system import System
from tests.journeys.test_web import prove
from tests.journeys.web_person import WebPerson
from tests.journeys.worker import Worker

Visit = Callable[..., WebPerson]
SignIn = Callable[..., Worker]
WHY = "They were told of their session and of two more, and came to none."
RECIPIENT, RECEIPT = "Inspector Example, by hand", "An e-mail that they have it"
VERIFY = re.compile(rb"/verify/([\w-]+)")


def held(system: System, person: Referral, mark: Mark, worker: Worker) -> None:
    """Their session was yesterday, and the list says this of them."""
    session = lay_course(system, system.ctx.clock() - timedelta(hours=26), [person])
    (booking,) = system.bookings(person, active=True)
    sheet.mark(system.ctx, session.id, booking.id, mark, worker.account.id)


def run_out_of_time(system: System, person: Referral) -> None:
    """Their last day to book, and the one to finish by, are over."""
    with system.ctx.database.writing() as session:
        row = lock_one(session, Referral, person.id)
        row.book_by = row.finish_by = london.today(system.ctx.clock()) - timedelta(days=2)
        row.state = ReferralState.MISSED
        session.add(row)


def test_from_what_needs_attention_to_a_list_that_the_police_have(
    system: System, visit: Visit, sign_in: SignIn
) -> None:
    name = "Dara Dale"
    person = referred(system, name)
    at_home = visit(system.address)
    prove(at_home, person.reference)
    wren, robin = sign_in(system, "Wren"), sign_in(system, "Robin")
    held(system, person, Mark.ABSENT, wren)
    run_out_of_time(system, person)

    # Found, with the next best step; all that is known stands on one page.
    page = wren.page
    wren.go("attention")
    wren.look("attention")
    row = page.locator(f"#one-{person.id}")
    expect(row).to_contain_text(name)
    row.get_by_role("link", name="Look at the evidence").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Decision: {name}")
    for words in ("i wana book my plase", "What is your reference?"):
        expect(page.get_by_text(words).first).to_be_visible()
    expect(page.get_by_role("heading", name="What we failed to do")).to_be_visible()
    wren.look("decision")

    # One decides, with a reason; nothing follows from it, and they cannot agree with themselves.
    page.get_by_role("radio", name="Did not come to their session").check()
    page.get_by_label("Why, in words that they and others understand").fill(WHY)
    page.get_by_role("button", name="Decide, and ask another worker").click()
    expect(page.get_by_text("Another worker must agree. You can take it back.")).to_be_visible()
    expect(page.get_by_role("button", name="I have read the evidence and agree")).to_have_count(0)
    assert state_of(system, person) is ReferralState.MISSED

    # A second one reads the same, and agrees.
    other = robin.page
    robin.go("attention")
    other.get_by_role("link", name="Decisions that wait").click()
    robin.look("decisions")
    other.get_by_role("link", name=name).click()
    expect(other.get_by_text(WHY)).to_be_visible()
    other.get_by_role("button", name="I have read the evidence and agree").click()
    expect(other.get_by_text("The decision is final.")).to_be_visible()
    assert state_of(system, person) is ReferralState.RETURNED
    assert not [line for line in at_home.since() if "police" in line.casefold()], "nothing is sent by it"

    # A lead signs the list off, takes it there, and writes down who has it.
    lead = sign_in(system, "Lou", Role.LEAD)
    desk = lead.page
    lead.go("police-lists")
    part = desk.get_by_role("region", name="Not attended", exact=True)
    expect(part.get_by_role("row").filter(has_text=name)).to_have_count(1)
    lead.look("police-lists")
    part.get_by_role("button", name=re.compile("^Sign off")).click()
    expect(desk.get_by_text("The list is signed off.")).to_be_visible()
    with desk.expect_download() as download:
        desk.get_by_role("link", name="Download (CSV)").click()
    (taken,) = [each for each in download.value.path().read_text("utf-8-sig").splitlines() if name in each]
    assert "Did not come" in taken or "did_not_come" in taken
    desk.get_by_label("Who you gave it to, and how").fill(RECIPIENT)
    desk.get_by_role("button", name="Write down").click()
    desk.get_by_label("How they said that they have it").fill(RECEIPT)
    desk.get_by_role("button", name="Write down the receipt").click()
    expect(desk.get_by_text(RECIPIENT)).to_be_visible()
    expect(desk.get_by_text(RECEIPT)).to_be_visible()
    lead.look("police-list")
    lead.go("police-lists")
    expect(part.get_by_role("row").filter(has_text=name)).to_have_count(0)  # each row goes once


def test_a_certificate_is_real_for_whoever_is_shown_it(system: System, visit: Visit, sign_in: SignIn) -> None:
    person = referred(system, "Elm Early")
    wren = sign_in(system, "Wren")
    held(system, person, Mark.ATTENDED, wren)
    wren.go(f"referrals/{person.id}")
    link = wren.page.get_by_role("link", name="Certificate (PDF)")
    answer = wren.page.request.get(f"{system.address.rstrip('/')}{link.get_attribute('href')}")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.body().startswith(b"%PDF-")
    found = VERIFY.search(answer.body())
    assert found is not None

    # Whoever scans it is nobody to us, and learns no more than they must.
    page = wren.page
    page.goto(f"{system.address}verify/{found[1].decode()}")
    shown = page.inner_text("body")
    assert "E. E." in shown
    assert "Elm" not in shown
    assert not re.search("police|drug|offence|caution", shown, re.IGNORECASE)
    keeps_the_rules(page)
    unknown = page.goto(f"{system.address}verify/{'x' * 22}")
    assert unknown is not None
    assert unknown.status == 404
    assert "E. E." not in page.inner_text("body")
