"""Booking, moving and cancelling at the web page, as somebody on a phone does it: typos, a question in the middle."""

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from icalendar import Calendar
from playwright.sync_api import expect

from programme.rules import london
from storage.enums import BookingState
from storage.referral import Referral
from storage.session import Course, CourseSession, Venue
from tests.bot.web_page.test_access import focused
from tests.bot.web_page.walk import connected, kept
from tests.journeys.system import System
from tests.journeys.web_person import WebPerson

Visit = Callable[..., WebPerson]
OFFER = re.compile(r"^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)\w* \d+ \w+")
MOST_TAPS = 6


def offers(person: WebPerson) -> list[str]:
    """The titles of the offered dates."""
    return [title for title in person.titles() if OFFER.match(title)]


def in_person(titles: list[str]) -> str:
    """The last that is not online: the first may be so soon that it cannot be changed any more."""
    return [title for title in titles if not title.endswith("online")][-1]


def prove(person: WebPerson, reference: str, born: str = "14/3/90") -> None:
    """From the first word to the question what would suit."""
    person.say("i wana book my plase")
    person.say(reference)
    assert "When or where would suit you?" in person.say(born)[-1]


def book(person: WebPerson) -> str:
    """From there to the confirmation; the title of what was chosen."""
    person.tap("Any time")
    chosen = in_person(offers(person))
    assert "Shall I book this for you?" in person.tap(chosen)[-1]
    assert "You are booked." in person.tap("Yes")[-1]
    return chosen


def calendar(person: WebPerson) -> Calendar:
    """The file behind the newest calendar link."""
    with person.page.expect_download() as download:
        person.page.get_by_role("link", name="Add to my calendar").last.click()
    assert download.value.suggested_filename.endswith(".ics")
    return Calendar.from_ical(download.value.path().read_text())


def first_session(system: System, course_id: str) -> CourseSession:
    (found,) = system.rows(CourseSession, CourseSession.course_id == course_id, CourseSession.number == 1)
    return found  # type: ignore[no-any-return]


def check_told(system: System, text: str, course_id: str) -> datetime:
    """The message names the day, the time and the place of this course; gives its start."""
    starts = london.local(first_session(system, course_id).starts_at)
    (course,) = system.rows(Course, Course.id == course_id)
    (venue,) = system.rows(Venue, Venue.id == course.venue_id)
    assert f"{starts:%A} {starts.day} {starts:%B}" in text
    assert venue.address in text
    return starts


@pytest.mark.parametrize(("width", "height"), [(375, 720), (1280, 800)])
def test_book_ask_move_and_cancel(system: System, visit: Visit, referral: Referral, width: int, height: int) -> None:
    person = visit(system.address, width=width, height=height)
    person.look(f"{width}-1-welcome")

    assert "What is your reference?" in person.say("i wana book my plase")[-1]
    typed = referral.reference.lower().replace("tvp", "tvp ")
    assert "What is your date of birth?" in person.say(typed)[-1]
    answer, again = person.say("how much is it?? ")
    assert "no price is set" in answer
    assert "What is your date of birth?" in again
    person.shot(f"{width}-2-question-in-the-middle")
    told = person.say("14/3/90")
    assert told[0] == "Thank you, that matches."
    assert "When or where would suit you?" in told[1]
    person.shot(f"{width}-3-what-suits")

    person.taps = 0
    assert "Which one suits you?" in person.tap("Any time")[-1]
    shown = offers(person)
    assert 2 <= len(shown) <= 5
    person.look(f"{width}-4-offers")
    chosen = in_person(shown)
    assert "Shall I book this for you?" in person.tap(chosen)[-1]
    person.shot(f"{width}-5-confirm")
    confirmation = person.tap("Yes")
    assert person.taps <= MOST_TAPS
    assert len(confirmation) == 1
    assert "You are booked." in confirmation[0]
    assert "bring only yourself" in confirmation[0]
    assert "To change it" in confirmation[0]
    (booking,) = system.bookings(referral)
    starts = check_told(system, confirmation[0], booking.course_id)
    person.look(f"{width}-6-booked")

    (event,) = calendar(person).walk("VEVENT")
    assert event.decoded("DTSTART") == starts
    assert event.decoded("DTSTART").tzinfo.key == "Europe/London"
    first = event.decoded("SEQUENCE"), event["UID"]

    check_told(system, person.say("when is it again")[-1], booking.course_id)

    assert "When or where would suit you?" in person.say("cant make that one can i move it")[-1]
    person.tap("Any time")
    other = in_person([title for title in offers(person) if title != chosen])
    assert "Shall I move your place to this date?" in person.tap(other)[-1]
    moved = person.tap("Yes")
    assert "Your place has been moved." in moved[-1]
    old, new = system.bookings(referral)
    assert (old.state, new.state) == (BookingState.MOVED, BookingState.ACTIVE)
    starts = check_told(system, moved[-1], new.course_id)
    person.shot(f"{width}-7-moved")
    (event,) = calendar(person).walk("VEVENT")
    assert event.decoded("DTSTART") == starts
    assert event["UID"] == first[1]
    assert event.decoded("SEQUENCE") > first[0]

    assert "Shall I cancel it?" in person.say("i need to cancel it sorry")[-1]
    person.shot(f"{width}-8-cancel")
    cancelled = person.tap("Yes")
    assert "is cancelled, as you asked." in cancelled[-1]
    assert system.bookings(referral, active=True) == []
    person.look(f"{width}-9-cancelled")
    system.check_nothing_lost_or_doubled(system.newest_conversation(referral))


def test_the_sample_of_the_readme_books_with_typos(system: System, visit: Visit) -> None:
    """What a stranger is told to try first; docs/page.png is the picture that is taken here."""
    person = visit(system.address, width=1100, height=760)
    prove(person, "tvp 4f7k92")
    book(person)
    person.look("readme")


def test_booking_by_keyboard_alone(system: System, visit: Visit, referral: Referral) -> None:
    person = visit(system.address)
    keyboard = person.page.keyboard

    def back_to(wanted: Callable[[str], bool]) -> None:
        for _ in range(40):
            keyboard.press("Shift+Tab")
            if wanted(focused(person.page)):
                return
        raise AssertionError("it cannot be reached")

    def on_to_say() -> None:
        for _ in range(40):
            if focused(person.page) == "say":
                return
            keyboard.press("Tab")
        raise AssertionError("the message box cannot be reached")

    keyboard.press("Tab")
    keyboard.press("Enter")  # the first link goes to the message box
    expect(person.page.locator("#say")).to_be_focused()
    for words in ("book", referral.reference, "14 march 1990"):
        on_to_say()
        keyboard.type(words)
        keyboard.press("Enter")
        person.hear()
    for wanted in (
        (lambda name: name == "Any time"),
        (lambda name: bool(OFFER.match(name))),
        (lambda name: name == "Yes"),
    ):
        on_to_say()
        back_to(wanted)
        keyboard.press("Enter")
        person.hear()
    assert "You are booked." in person.since()[-1]
    assert len(system.bookings(referral, active=True)) == 1


def test_a_reload_at_any_moment_loses_and_repeats_nothing(system: System, visit: Visit, referral: Referral) -> None:
    person = visit(system.address)
    person.say("i want to book")
    person.send(referral.reference)
    person.page.reload()  # the message is on its way, or not yet
    connected(person.page)
    assert "What is your date of birth?" in person.hear()[-1]
    before = person.lines()
    person.page.reload()
    connected(person.page)
    expect(person.page.locator(".line")).to_have_count(len(before))
    assert person.lines() == before
    person.say("14/3/1990")
    person.tap("Any time")
    person.tap(offers(person)[0])
    person.press("Yes")
    person.page.reload()
    connected(person.page)
    assert "You are booked." in person.hear()[-1]
    seen = person.lines()
    own = [line for line in seen if line.startswith("> ")]
    assert len(own) == 6
    assert len([line for line in seen if "You are booked." in line]) == 1
    assert len(system.bookings(referral)) == 1
    system.check_nothing_lost_or_doubled(system.newest_conversation(referral))


def test_a_personal_link_asks_for_the_date_of_birth_alone(system: System, visit: Visit, referral: Referral) -> None:
    token = system.make_link(referral)
    person = visit(f"{system.address}r/{token}")
    assert token not in person.page.url
    asked = person.say("can i book please")
    assert "What is your date of birth?" in asked[-1]
    assert not any("reference?" in line for line in person.lines())
    assert "When or where would suit you?" in person.say("14.3.90")[-1]
    book(person)
    assert len(system.bookings(referral, active=True)) == 1


def test_leaving_clears_the_device_and_back_shows_nothing(system: System, visit: Visit, referral: Referral) -> None:
    person = visit(system.address)
    prove(person, referral.reference)
    person.page.route("https://www.bbc.co.uk/weather", lambda route: route.fulfill(body="<title>Weather</title>"))
    person.page.get_by_role("link", name="Leave this page").click()
    person.page.wait_for_url("https://www.bbc.co.uk/weather")
    person.page.goto(system.address)
    connected(person.page)
    expect(person.page.locator(".line")).to_have_count(1)
    assert referral.reference not in str(kept(person.page))
    # A new chat knows nobody: the place is not shown to whoever picks the phone up.
    assert "What is your reference?" in person.say("when is my session")[-1]
