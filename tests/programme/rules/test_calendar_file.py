"""The calendar file is read back by another program exactly as it was meant, across both clock changes."""

import re
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from programme.rules import calendar_file, london
from programme.rules.calendar_file import Event, build, escape, fold

MADE = datetime(2026, 10, 1, 9, tzinfo=UTC)
texts = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")))
instants = st.datetimes(datetime(2026, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(second=0, microsecond=0)
)


def course(first: date, weeks: int, clock: time = time(18)) -> list[Event]:
    return [
        Event(f"booking-1-{number}@example.org", start, start + timedelta(hours=2), "Your session", "Reading Library")
        for number, start in enumerate(london.weekly(first, clock, weeks), 1)
    ]


def read_back(text: str) -> Calendar:
    found = Calendar.from_ical(text.encode())
    assert isinstance(found, Calendar)
    return found


@given(instants, st.integers(0, 50))
def test_the_instant_is_the_same_when_read_back(start: datetime, sequence: int) -> None:
    event = Event("a@example.org", start, start + timedelta(minutes=90), "Your session")
    (found,) = read_back(build([event], sequence=sequence, made_at=MADE)).walk("VEVENT")
    assert found.decoded("DTSTART") == start
    assert found.decoded("DTEND") == start + timedelta(minutes=90)
    assert found["SEQUENCE"] == sequence


def test_a_weekly_course_keeps_its_clock_across_both_changes() -> None:
    for first in (date(2026, 10, 20), date(2027, 3, 23)):
        events = course(first, 2)
        text = build(events, sequence=0, made_at=MADE)
        found = read_back(text).walk("VEVENT")
        assert [event.decoded("DTSTART").hour for event in found] == [18, 18]
        assert {event.decoded("DTSTART").utcoffset() for event in found} == {timedelta(0), timedelta(hours=1)}
        assert [event.decoded("DTSTART") for event in found] == [event.starts for event in events]
        assert text.count("DTSTART;TZID=Europe/London:") == 2


def test_its_own_zone_says_what_london_does() -> None:
    """A calendar without a zone database goes by the rules in the file."""
    (zone,) = read_back(build(course(date(2026, 12, 1), 1), sequence=0, made_at=MADE)).walk("VTIMEZONE")
    own = zone.to_tz(lookup_tzid=False)
    for day in london.days(date(2026, 1, 1), 730):
        noon = london.local(london.at(day, time(12))).replace(tzinfo=None)
        assert noon.replace(tzinfo=own).utcoffset() == noon.replace(tzinfo=london.ZONE).utcoffset()


def test_the_hour_that_happens_twice_is_told_apart() -> None:
    first = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    events = [
        Event(f"{hour}@x", first + timedelta(hours=hour), first + timedelta(hours=hour + 1), "S") for hour in (0, 1)
    ]
    found = read_back(build(events, sequence=0, made_at=MADE)).walk("VEVENT")
    assert [event.decoded("DTSTART") for event in found] == [event.starts for event in events]


def test_a_change_keeps_the_uid_and_raises_the_sequence() -> None:
    before = read_back(build(course(date(2026, 12, 1), 1), sequence=0, made_at=MADE))
    after = read_back(build(course(date(2026, 12, 8), 1), sequence=1, made_at=MADE + timedelta(days=1)))
    (old,), (new,) = before.walk("VEVENT"), after.walk("VEVENT")
    assert old["UID"] == new["UID"]
    assert new["SEQUENCE"] > old["SEQUENCE"] and new.decoded("DTSTAMP") > old.decoded("DTSTAMP")
    assert (before["METHOD"], old["STATUS"]) == ("PUBLISH", "CONFIRMED")


def test_cancelling_takes_it_out() -> None:
    events = course(date(2026, 12, 1), 3)
    gone = read_back(build(events, sequence=2, made_at=MADE, cancelled=True))
    assert gone["METHOD"] == "CANCEL"
    assert [event["STATUS"] for event in gone.walk("VEVENT")] == ["CANCELLED"] * 3
    assert [event["UID"] for event in gone.walk("VEVENT")] == [event.uid for event in events]


def test_one_session_of_several_can_be_off() -> None:
    kept, off = course(date(2026, 12, 1), 2)
    off = Event(off.uid, off.starts, off.ends, off.summary, cancelled=True)
    found = read_back(build([kept, off], sequence=1, made_at=MADE))
    assert found["METHOD"] == "PUBLISH"
    assert [event["STATUS"] for event in found.walk("VEVENT")] == ["CONFIRMED", "CANCELLED"]


@given(texts, texts, texts.map(lambda text: text + "\n" + text))
def test_any_text_comes_back_as_it_was(summary: str, location: str, description: str) -> None:
    event = Event("a@example.org", MADE, MADE + timedelta(hours=1), summary, location, description)
    (found,) = read_back(build([event], sequence=0, made_at=MADE)).walk("VEVENT")
    assert str(found.get("SUMMARY", "")) == summary
    assert str(found.get("LOCATION", "")) == location
    assert str(found.get("DESCRIPTION", "")) == description


@given(st.text(), st.text(), st.text())
def test_no_text_can_add_a_line(summary: str, location: str, url: str) -> None:
    plain = Event("a@example.org", MADE, MADE + timedelta(hours=1), "x", "x", "x", "x")
    odd = Event("a@example.org", MADE, MADE + timedelta(hours=1), "x" + summary, "x" + location, "x", "x" + url)
    names = [
        [re.split("[:;]", line)[0] for line in unfold(build([event], sequence=0, made_at=MADE)).split("\r\n")]
        for event in (plain, odd)
    ]
    assert names[0] == names[1]


def unfold(text: str) -> str:
    return text.replace("\r\n ", "")


def test_a_line_of_letters_with_several_octets_is_folded_between_them() -> None:
    for line in ("é" * 100, "🙂" * 60, "a" + "é" * 100, "SUMMARY:" + "€" * 80, "x" * 75, "x" * 76):
        pieces = fold(line).removesuffix("\r\n").split("\r\n")
        assert max(len(piece.encode()) for piece in pieces) <= 75
        assert all(len(piece.encode()) > 75 - 4 for piece in pieces[:-1])
        assert unfold(fold(line)) == line + "\r\n"


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"))).map(lambda text: text * 9))
def test_folding_loses_nothing_and_keeps_lines_short(line: str) -> None:
    folded = fold(line)
    assert folded.endswith("\r\n")
    assert unfold(folded) == line + "\r\n"
    pieces = folded.removesuffix("\r\n").split("\r\n")
    assert all(len(piece.encode()) <= calendar_file.MOST_OCTETS for piece in pieces)
    assert all(piece.startswith(" ") for piece in pieces[1:])


@given(st.text())
def test_escaping_can_be_undone_and_leaves_no_bare_sign(text: str) -> None:
    escaped = escape(text)
    assert not re.search(r"[\r\n]|(?<!\\)(?:\\\\)*[,;]", escaped)
    undone = re.sub(r"\\(.)", lambda found: "\n" if found[1] == "n" else found[1], escaped)
    kept = text.replace("\r\n", "\n").replace("\r", "\n")
    assert undone == "".join(char for char in kept if char in "\n\t" or (char >= " " and char != "\x7f"))
