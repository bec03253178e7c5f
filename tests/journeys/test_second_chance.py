"""A missed session: told kindly, asked why, offered the next dates and booked again; or a list that was wrong."""

from collections.abc import Callable
from datetime import timedelta

from playwright.sync_api import expect

from storage.case import Case
from storage.enums import BookingState, CaseReason, ReferralState
from storage.referral import Referral
from storage.session import CourseSession
from tests.journeys.course import lay_course, referred, settle, state_of
from tests.journeys.system import System, wait
from tests.journeys.test_session_day import mark
from tests.journeys.test_web import in_person, offers
from tests.journeys.web_person import WebPerson
from tests.journeys.worker import Worker

Visit = Callable[..., WebPerson]
SignIn = Callable[..., Worker]
TOLD_SECONDS = 30.0
HARSH = ("fail", "excuse", "blame", "warning", "police", "must", "consequence")


def has_a_chat(system: System, person: WebPerson, referral: Referral) -> None:
    """In which it is known who they are, and nothing is asked of them."""
    person.say("when is my session")
    person.say(referral.reference)
    person.say("14/3/90")
    assert system.newest_conversation(referral)


def is_put_down_as_missing(system: System, worker: Worker, session: CourseSession, name: str) -> None:
    """Their session is over, and a worker's list has them as not there since a while."""
    system.allow_at_any_hour()
    worker.go(f"sessions/{session.id}")
    mark(worker, name, "Did not attend")
    settle(system, session)


def hear_of_it(person: WebPerson) -> str:
    """It comes into their chat by itself, with the taps beneath it; what it says."""
    told = person.message("Our list says that you were not at your session")
    expect(told).to_be_visible(timeout=TOLD_SECONDS * 1000)
    expect(person.page.get_by_role("button", name="I was there", exact=True).last).to_be_visible()
    return told.inner_text()


def test_who_missed_it_says_why_and_books_the_next_one(system: System, visit: Visit, sign_in: SignIn) -> None:
    name = "Noor North"
    person = referred(system, name)
    session = lay_course(system, system.ctx.clock() - timedelta(hours=4), [person])
    at_home = visit(system.address)
    has_a_chat(system, at_home, person)
    wren = sign_in(system, "Wren")
    is_put_down_as_missing(system, wren, session, name)

    told = hear_of_it(at_home)
    assert "That can happen" in told
    assert "What got in the way?" in told
    assert not [word for word in HARSH if word in told.casefold()]
    expect(at_home.message("You can pick another day now.")).to_be_visible()
    at_home.look("missed")
    assert offers(at_home)
    assert "You can pick another day now." in at_home.tap("I was not well")[-1]
    assert "Shall I book this for you?" in at_home.tap(in_person(offers(at_home)))[-1]
    assert "You are booked." in at_home.tap("Yes")[-1]
    missed, held = system.bookings(person)
    assert (missed.state, held.state) == (BookingState.MISSED, BookingState.ACTIVE)
    assert state_of(system, person) is ReferralState.BOOKED

    # The workers see why, and what was done at once.
    wren.go(f"referrals/{person.id}")
    reasons = wren.page.locator("#missed")
    expect(reasons).to_contain_text("not there, by the list")
    expect(reasons).to_contain_text("not well")
    expect(wren.page.get_by_text("Got another chance")).to_be_visible()
    wren.look("missed")


def test_who_says_that_they_were_there_has_a_case_against_the_list(
    system: System, visit: Visit, sign_in: SignIn
) -> None:
    name = "Ola Oak"
    person = referred(system, name)
    session = lay_course(system, system.ctx.clock() - timedelta(hours=4), [person])
    at_home = visit(system.address)
    has_a_chat(system, at_home, person)
    wren = sign_in(system, "Wren")
    is_put_down_as_missing(system, wren, session, name)
    hear_of_it(at_home)
    assert "a worker must check it" in at_home.tap("I was there")[0]
    wait(lambda: system.rows(Case, Case.reason == CaseReason.ATTENDANCE_DISPUTED, Case.closed_at == None))  # noqa: E711

    # Nothing can be decided of them meanwhile; a worker finds it, looks at the list, and puts it right.
    page = wren.page
    wren.go("attention")
    row = page.locator(f"#one-{person.id}")
    expect(row).to_contain_text("Says they were there")
    wren.go(f"referrals/{person.id}/decision")
    expect(page.get_by_text("They say that they were there. Settle that first.")).to_be_visible()
    expect(page.get_by_role("button", name="Decide, and ask another worker")).to_have_count(0)
    wren.go(f"referrals/{person.id}")
    wren.look("disputed")
    page.get_by_role("link", name="The list of that session").click()
    assert page.url.endswith(f"sessions/{session.id}")
    mark(wren, name, "Attended")
    assert state_of(system, person) is ReferralState.COMPLETED
    wren.go(f"referrals/{person.id}")
    expect(page.get_by_role("link", name="Certificate (PDF)")).to_be_visible()
