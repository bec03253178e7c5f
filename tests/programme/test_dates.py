"""Days, dates and hours as people type them, read on a fixed Monday; and relative to now in London on any other day."""

import threading
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme import dates
from programme.rules import london, preference, when
from programme.rules.clock_words import WEEKDAYS
from programme.rules.preference import Preference

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)  # a Monday
TODAY = date(2026, 11, 23)
PLACES = ("Aylesbury", "High Wycombe", "Milton Keynes", "Oxford", "Reading", "Slough")
MORNING, AFTERNOON, EVENING = (frozenset({part}) for part in ("morning", "afternoon", "evening"))
DAYTIME = {"latest": time(17)}
DEC, JAN, FEB, JUNE, JULY = ((2026, 12), (2027, 1), (2027, 2), (2027, 6), (2027, 7))


def on(first: date, last: date | None = None) -> dict[str, Any]:
    return {"dates": ((first, last or first),)}


def december(first: int, last: int | None = None) -> dict[str, Any]:
    return on(date(2026, 12, first), date(2026, 12, last) if last else None)


def november(first: int, last: int | None = None) -> dict[str, Any]:
    return on(date(2026, 11, first), date(2026, 11, last) if last else None)


def read(text: str, now: datetime = NOW) -> Preference | None:
    return preference.read(dates.plainly(text, now), PLACES)


# What people write, and what they ask for with it. Gathered before the readers were written, misspellings included.
ASKED: dict[str, dict[str, Any]] = {
    # near days
    "today": november(23), "tomorrow": november(24), "tmrw": november(24), "2moro pls": november(24),
    "anything tomoz": november(24), "the day after tomorrow": november(25), "a week tomorrow": december(1),
    "a week today": november(30), "tonight": november(23) | {"parts": EVENING},
    "tmrw eve": november(24) | {"parts": EVENING}, "tomorow arvo": november(24) | {"parts": AFTERNOON},
    "first thing tomorrow": november(24) | {"parts": MORNING}, "this evening": november(23) | {"parts": EVENING},
    # this and next
    "this thursday": november(26), "this coming sat": november(28),
    "next tues arvo": december(1) | {"parts": AFTERNOON},
    "next friday morning": december(4) | {"parts": MORNING}, "nxt weds": december(2), "friday week": december(4),
    "week on monday": november(30), "wk on weds": december(2), "a week on friday": december(4),
    "a fortnight on thursday": december(10), "two weeks on saturday": december(12), "thursday next week": december(3),
    "next week thursday": december(3), "sat after next": december(12), "this weekend": november(28, 29),
    "next weekend": december(5, 6), "the weekend after next": december(12, 13), "this week": november(23, 29),
    "later this week": november(26, 29), "next week": on(date(2026, 11, 30), date(2026, 12, 6)),
    "the week after next": december(7, 13), "end of next week": december(3, 6), "next month": december(1, 31),
    "early next month": december(1, 10), "end of the month": november(23, 30), "this month": november(23, 30),
    "the next two weeks": on(TODAY, date(2026, 12, 7)), "in a fortnight": {"after": date(2026, 12, 7)},
    "in 3 weeks time": {"after": date(2026, 12, 14)}, "in a couple of weeks": {"after": date(2026, 12, 7)},
    "not this week": {"not_on": ((TODAY, date(2026, 11, 29)),)},
    # dates
    "the 3rd": december(3), "3rd": december(3), "on the 5th": december(5), "the 25th": november(25),
    "the fourteenth": december(14), "twenty first of december": december(21), "3 dec": december(3),
    "dec 3rd": december(3), "3rd of december": december(3), "december the third": december(1, 31),
    "thurs 3rd": december(3), "sat 5th dec": december(5), "3/12": december(3), "03/12/26": december(3),
    "5 decemeber": december(5), "4th feb": on(date(2027, 2, 4)), "2 march": on(date(2027, 3, 2)),
    "29th feb": {}, "2026-12-08": december(8), "the 3rd or the 10th": december(3) | {
        "dates": ((date(2026, 12, 3),) * 2, (date(2026, 12, 10),) * 2)},
    "3rd or 10th of december": {"dates": ((date(2026, 12, 3),) * 2, (date(2026, 12, 10),) * 2)},
    "between the 3rd and the 10th": december(3, 10), "from the 3rd to the 17th": december(3, 17),
    "between 3 and 17 June": on(date(2027, 6, 3), date(2027, 6, 17)), "any time in january": on(
        date(2027, 1, 1), date(2027, 1, 31)),
    "are there spaces left for december": december(1, 31), "mid december": december(11, 20),
    "begining of december": december(1, 10), "late jan": on(date(2027, 1, 21), date(2027, 1, 31)),
    "last week of november": november(24, 30), "second week of dec": december(8, 14),
    "after the 10th": {"after": date(2026, 12, 11)}, "from the 10th": {"after": date(2026, 12, 10)},
    "not before 10 dec": {"after": date(2026, 12, 10)}, "on or after 8 July": {"after": date(2027, 7, 8)},
    "anything b4 the 20th??": {"until": date(2026, 12, 19)}, "anyfing sooner then the 24th": {
        "until": date(2026, 11, 23)},
    "due on the 9th so is there any space before that??": {"until": date(2026, 12, 8)},
    "by 18 dec": {"until": date(2026, 12, 18)}, "u got anything sooner than december bruv": {
        "until": date(2026, 11, 30)},
    "before christmas": {"until": date(2026, 12, 24)}, "b4 xmas": {"until": date(2026, 12, 24)},
    "after new year": {"after": date(2027, 1, 2)}, "in Aylesbury before Easter": {
        "until": date(2027, 3, 27), "place": "Aylesbury"},
    "after boxing day": {"after": date(2026, 12, 27)},
    # days that are not asked for
    "cant do the 14th": {"not_on": ((date(2026, 12, 14),) * 2,)},
    "not tomorrow": {"not_on": ((date(2026, 11, 24),) * 2,)},
    "the 9th clashes with my exam": {"not_on": ((date(2026, 12, 9),) * 2,)},
    "any times left on the 5th? im at my mates funeral on the 4th": december(5) | {
        "not_on": ((date(2026, 12, 4),) * 2,)},
    "prefer the 18th, I come off nights on the 17th": december(18) | {"not_on": ((date(2026, 12, 17),) * 2,)},
    "u got any in oxford after my exams finish like mid june": on(date(2027, 6, 11), date(2027, 6, 20)) | {
        "place": "Oxford"},
    "not fridays": {"weekdays": {0, 1, 2, 3, 5, 6}}, "i work mondays": {"weekdays": {1, 2, 3, 4, 5, 6}},
    "Wednesdays are choir and Fridays I am dead to the world after my night shift": {"weekdays": {0, 1, 3, 5, 6}},
    "My classes are monday to wednesday and I work friday, so what is free on thursday": {"weekdays": {3}},
    "i earn my money friday and saturday nights what have you got on like a monday": {
        "weekdays": {0}, "parts": {"morning", "afternoon"}},
    # weekdays
    "tues": {"weekdays": {1}}, "on wendesday": {"weekdays": {2}}, "satday or sundy": {"weekdays": {5, 6}},
    "tues or thurs pm": {"weekdays": {1, 3}, "parts": {"afternoon", "evening"}},
    "mon-fri": {"weekdays": {0, 1, 2, 3, 4}},
    "wknds avlbl?": {"weekend": True}, "thrs mornin": {"weekdays": {3}, "parts": MORNING},
    # hours
    "half 6": {"parts": EVENING}, "half six on tues": {"weekdays": {1}, "parts": EVENING}, "6.30pm": {"parts": EVENING},
    "quarter past two": {"parts": AFTERNOON}, "10 oclock": {"parts": MORNING}, "at 8 at night": {"parts": EVENING},
    "noon": {"parts": AFTERNOON}, "arvo ones?": {"parts": AFTERNOON}, "evenng": {"parts": EVENING},
    "after work": {"parts": EVENING}, "first thing": {"parts": MORNING}, "after lunch": {"earliest": time(13)},
    "lunchtime": {"parts": AFTERNOON}, "after school": {"earliest": time(15, 30)}, "daytime": DAYTIME,
    "Anything in school hours?": {"earliest": time(9), "latest": time(14, 30)}, "after tea": {"earliest": time(18)},
    "any day after 5": {"earliest": time(17)}, "after half five": {"earliest": time(17, 30)},
    "between half nine and two": {"earliest": time(9, 30), "latest": time(14)}, "before 12": {"latest": time(12)},
    "10 till 2": {"earliest": time(10), "latest": time(14)},
    "six till nine": {"earliest": time(18), "latest": time(21)},
    "out of office hours": {"parts": EVENING, "weekend": True},
    "like between nine and two on a weekday": {
        "weekdays": {0, 1, 2, 3, 4}, "earliest": time(9), "latest": time(14)},
    "so im free from about half 2 till 5 most days": {"earliest": time(14, 30), "latest": time(17)},
    # when work or children leave them free
    "any evenings? im on roofs till 5": {"parts": EVENING, "earliest": time(17)},
    "site shuts at 4, do you run them after that": {"earliest": time(16)},
    "i have classes until 5": {"earliest": time(17)}, "i finish work at half 5": {"earliest": time(17, 30)},
    "do u do them after 6 cos i dont get off site till 5": {"earliest": time(18)},
    "anything on a saturday? i work mon to fri 9-6 and cant ask for leave": {"weekdays": {5}},
    "I work night shift, is some course in afternoon?": {"parts": AFTERNOON},
    "I do nights at the hospital, is there ever a morning one": {"parts": MORNING},
    "mornings are suicide for me after a late shift, anything after 2?": {
        "parts": {"afternoon", "evening"}, "earliest": time(14)},
}  # fmt: skip


@pytest.mark.parametrize("text", ASKED)
def test_what_people_ask_for_is_read(text: str) -> None:
    wanted = ASKED[text]
    assert read(text) == (Preference(**wanted) if wanted else None)


def test_there_are_enough_of_them() -> None:
    assert len(ASKED) >= 120


def test_a_list_on_the_table_keeps_what_may_count_it() -> None:
    said = {
        text: dates.plainly(text, NOW, list_shown=True) for text in ("the 3rd", "second one", "thurs 14th", "3 dec")
    }
    assert said == {
        "the 3rd": "the 3rd", "second one": "second one", "thurs 14th": "thursday the 14th", "3 dec": "2026-12-03"
    }  # fmt: skip


@pytest.mark.parametrize(
    "text",
    ["one to one", "i got 28 days", "24/7", "after 6 months", "m4. 20 mins", "my 18th", "the 2nd one", "i may come",
     "march in", "31/11", "30 feb", "31st of june", "it cost £3.12", "sat down", "1.5 speed", "in a day"],
)  # fmt: skip
def test_what_only_looks_like_a_day_is_left_alone(text: str) -> None:
    assert "202" not in dates.plainly(text, NOW)


# -- relative to now, in London

moments = st.integers(0, 8 * 365 * 24 * 60).map(
    lambda minutes: datetime(2024, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
# Around the hours when the clocks change, in March and in October.
changes = st.sampled_from([datetime(2026, 3, 29, 1, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)]).flatmap(
    lambda change: st.integers(-60 * 24 * 9, 60 * 24 * 9).map(lambda minutes: change + timedelta(minutes=minutes))
)
nows = moments | changes


def days(text: str, now: datetime) -> list[tuple[date, date]]:
    found = read(text, now)
    assert found is not None, text
    return list(found.dates)


@given(nows)
def test_near_days_are_counted_from_londons_date(now: datetime) -> None:
    today = london.today(now)
    ahead = {"today": 0, "tomorrow": 1, "2moro": 1, "day after tomorrow": 2, "a week tomorrow": 8, "a week today": 7}
    for text, count in ahead.items():
        assert days(text, now) == [(today + timedelta(days=count),) * 2], text
    for text, count in {"in a fortnight": 14, "in 3 weeks": 21, "in 10 days": 10, "in a week": 7}.items():
        found = read(text, now)
        assert found is not None and found.after == today + timedelta(days=count), text


def test_just_before_midnight_in_summer_it_is_already_tomorrow_in_london() -> None:
    late = datetime(2026, 7, 1, 23, 30, tzinfo=UTC)  # half past midnight on 2 July in London
    assert days("today", late) == [(date(2026, 7, 2),) * 2]
    assert days("tomorrow", late + timedelta(days=178)) == [(date(2026, 12, 27),) * 2]  # in winter London is at UTC


@given(nows, st.integers(0, 6))
def test_a_weekday_with_this_next_or_a_week_is_that_weekday(now: datetime, number: int) -> None:
    today, name = london.today(now), WEEKDAYS[number]
    monday = today - timedelta(days=today.weekday())
    ((this, _),), ((following, _),) = days(f"this {name}", now), days(f"next {name}", now)
    ((week, _),), ((same, _),) = days(f"a week on {name}", now), days(f"{name} week", now)
    assert {day.weekday() for day in (this, following, week)} == {number}
    assert 0 <= (this - today).days < 7
    assert following == monday + timedelta(days=7 + number)
    assert week == same == this + timedelta(days=7)


WAYS = ["{d} {b}", "{d}/{m}", "{b} {d}", "the {d}{th} of {b}"]


@given(nows, st.dates(date(2024, 1, 1), date(2032, 12, 31)), st.sampled_from(WAYS))
def test_a_written_date_is_the_next_such_day_in_british_order(now: datetime, day: date, way: str) -> None:
    today, text = london.today(now), way.format(d=day.day, m=day.month, b=f"{day:%B}", th=dates.ending(day.day))
    if (day.day, day.month) == (29, 2) or text == "24/7":
        return  # in most years there is none: below; and always is no day
    ((found, _),) = days(text, now)
    assert (found.day, found.month) == (day.day, day.month)
    assert today <= found < today + timedelta(days=367)


@given(nows, st.integers(1, 31))
def test_a_day_of_the_month_is_the_next_one(now: datetime, number: int) -> None:
    ((found, _),) = days(f"on the {number}{dates.ending(number)}", now)
    assert found.day == number
    assert london.today(now) <= found < london.today(now) + timedelta(days=62)


def test_the_29th_of_february_is_read_only_where_it_is_near() -> None:
    assert read("29 feb", NOW) is None
    assert days("29 feb", datetime(2027, 12, 1, tzinfo=UTC)) == [(date(2028, 2, 29),) * 2]


@given(nows)
def test_stretches_are_whole_and_not_over(now: datetime) -> None:
    today = london.today(now)
    for text in (
        "this week", "next week", "this weekend", "next weekend", "this month", "next month", "end of the month",
        "mid december", "in january", "the week after next", "last week of march",
    ):  # fmt: skip
        ((first, last),) = days(text, now)
        assert today <= first <= last, text
        assert (last - first).days <= 30, text
    ((saturday, sunday),) = days("next weekend", now)
    assert (saturday.weekday(), sunday.weekday()) == (5, 6)
    assert days("next week", now)[0][0].weekday() == 0


@given(st.text(), nows)
def test_any_text_is_put_plainly_without_an_error(text: str, now: datetime) -> None:
    plain = dates.plainly(text, now)
    assert isinstance(plain, str)
    assert isinstance(dates.plainly(plain, now, list_shown=True), str)


@pytest.mark.parametrize("year", [2025, 2026, 2027, 2028, 2038])
def test_easter_is_on_its_sunday(year: int) -> None:
    known = {2025: (4, 20), 2026: (4, 5), 2027: (3, 28), 2028: (4, 16), 2038: (4, 25)}
    assert when.easter(year) == date(year, *known[year])


def test_several_threads_read_at_once() -> None:
    found: list[str] = []
    threads = [
        threading.Thread(target=lambda text=text: found.append(dates.plainly(text, NOW)))  # type: ignore[misc]
        for text in ["3 dec", "tomorrow", "a fortnight", "half 6"] * 5
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(set(found)) == ["2026-11-24", "2026-12-03", "6:30", "from 2026-12-07"]


# -- why not the library alone

MISREAD = {
    "next tuesday": date(2026, 12, 1),  # tomorrow, says the library: on a Monday nobody means that
    "the 3rd": date(2026, 12, 3),  # it takes the one that has gone by
    "week on monday": date(2026, 11, 30),
    "tuesday week": date(2026, 12, 1),
    "a week today": date(2026, 11, 30),
    "31 november": None,
}


@pytest.mark.parametrize("phrase", MISREAD)
def test_what_the_library_misreads_is_read_here(phrase: str) -> None:
    """Where this fails because the library has learnt it, our own reader can go."""
    assert dates.library().day(phrase, TODAY) != MISREAD[phrase] or MISREAD[phrase] is None
    found = read(phrase)
    assert (found.dates[0][0] if found else None) == MISREAD[phrase]


def test_the_annex_finds_days_and_hours_where_we_do() -> None:
    """Both read one file with one version of spaCy: what is marked in an example is what we read."""
    from nlu import annotations
    from nlu.components.entity_rules import EntityRules

    annex, ours, seen = EntityRules(), dates.finder(), 0
    choosing = {"choose_session", "ask_available_sessions", "reschedule_booking", "check_booking", "request_more_time"}
    for text, intent, _ in annotations.read(dates.WORDS.parents[1] / "examples" / "booking.yml"):
        found = ours.find(ours.tokens(text))
        if intent in choosing and "weekdays" not in {one.kind for one in found}:  # "mon wed" is one find, two marks
            theirs = [(one.start, one.end) for one in annex.find(text) if one.name in ("day", "time")]
            assert [(one.start, one.end) for one in found] == theirs, text
            seen += 1
    assert seen > 500
