"""Dates of birth are read in British order, however they are typed; what is no date is never turned into one."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme.rules import birth_date
from programme.rules.birth_date import MONTHS, BirthDate

TODAY = date(2026, 11, 23)
adults = st.dates(TODAY - timedelta(days=365 * 95), TODAY - timedelta(days=365 * 18 + 6))
ways = {
    "{d}/{m}/{Y}", "{d}.{m}.{Y}", "{d}-{m}-{y}", "{d} {m} {y}", "{dd}{mm}{y}", "{dd}{mm}{Y}", "{Y}-{mm}-{dd}",
    "{Y}/{m}/{d}", "{d}th of {month} {Y}", "{d} {month}, {y}", "{month} {d} {Y}", "{d}{mon}{y}", "{d}{month}{Y}",
    "{mon} {d}th '{y}", "the {d}st day of {month} {Y}", "{Y} {month} {d}", "{d} / {m} / {Y}", "{d}-{mon}-{Y}",
}  # fmt: skip
fillers = st.sampled_from(["", "born on the ", "my dob is ", "dob:", "i was born ", "it's "])


def written(day: date, way: str) -> str:
    month = MONTHS[day.month - 1]
    return way.format(
        d=day.day, dd=f"{day:%d}", m=day.month, mm=f"{day:%m}", y=f"{day:%y}", Y=f"{day:%Y}", month=month, mon=month[:3]
    )


@given(adults, st.sampled_from(sorted(ways)), fillers, st.sampled_from(["", ".", " thanks", " and i live in reading"]))
def test_reads_back_each_way_of_writing(day: date, way: str, before: str, after: str) -> None:
    assert birth_date.read(before + written(day, way) + after, TODAY) == BirthDate(day)


@pytest.mark.parametrize(
    "text",
    [
        "3/2/91", "3rd of feb 1991", "feb 3 91", "03.02.1991", "3 2 91", "030291", "1991-02-03", "3 Feb 1991",
        "born on the 3rd of febuary 1991", "3 feburary 1991", "3rdfeb91", "the third of february 1991", "3－2－91",
        "dob:03/02/1991", "03/02/1991 (3rd of february 1991)", "3/2/1991 , reading", "3,2,91", "3 de feb 91 no 3/2/91",
    ],
)  # fmt: skip
def test_reads_what_people_type(text: str) -> None:
    assert birth_date.read(text, TODAY) == BirthDate(date(1991, 2, 3))


@pytest.mark.parametrize(
    ("text", "month"),
    [("4 spetember 1980", 9), ("4 setp 80", 9), ("augest 4 80", 8), ("4 dcember 80", 12), ("4 ocotber 80", 10),
     ("4 janaury 80", 1), ("4 mach 1980", 3), ("4 novmber 80", 11), ("4 jume 80", 6)],
)  # fmt: skip
def test_reads_misspelt_months(text: str, month: int) -> None:
    assert birth_date.read(text, TODAY) == BirthDate(date(1980, month, 4))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("hello", "unreadable"), ("3 feb", "unreadable"), ("im 34", "unreadable"), ("07700 900123", "unreadable"),
        ("14/03/199", "unreadable"), ("31/2/91", "impossible"), ("29/2/91", "impossible"), ("13/13/91", "impossible"),
        ("0/2/91", "impossible"), ("3/2/2030", "future"), ("3/2/2015", "too_young"), ("3/2/15", "too_young"),
        ("3/2/1890", "too_old"), ("juny 3 1991", "ambiguous"), ("3/2/91 or 4/2/91", "ambiguous"), ("", "unreadable"),
    ],
)  # fmt: skip
def test_says_what_is_wrong(text: str, problem: str) -> None:
    assert birth_date.read(text, TODAY) == BirthDate(problem=problem)  # type: ignore[arg-type]


def test_american_order_only_where_british_is_impossible() -> None:
    assert birth_date.read("2/13/91", TODAY).value == date(1991, 2, 13)
    assert birth_date.read("2/12/91", TODAY).value == date(1991, 12, 2)
    assert birth_date.read("29/2/92", TODAY).value == date(1992, 2, 29)


@given(st.dates(TODAY - timedelta(days=36_000), TODAY))
def test_a_short_year_is_the_latest_not_in_the_future(day: date) -> None:
    found = birth_date.read(f"{day:%d/%m/%y}", TODAY, youngest=0)
    assert found == BirthDate(day)


@given(st.dates(TODAY - timedelta(days=36_000), TODAY + timedelta(days=900)), st.dates(TODAY, date(2030, 1, 1)))
def test_ages_are_whole_years_on_the_day(day: date, today: date) -> None:
    found = birth_date.read(day.isoformat(), today)
    years = today.year - day.year - ((today.month, today.day) < (day.month, day.day))
    if day > today:
        assert found.problem == "future"
    elif years < 18:
        assert found.problem == "too_young"
    else:
        assert found.value == day


def test_the_eighteenth_birthday_counts() -> None:
    assert birth_date.read("23/11/2008", TODAY).value == date(2008, 11, 23)
    assert birth_date.read("24/11/2008", TODAY).problem == "too_young"


@given(st.text())
def test_any_text_gives_a_date_or_a_problem(text: str) -> None:
    found = birth_date.read(text, TODAY)
    assert (found.value is None) != (found.problem is None)
    assert found.value is None or found.value <= TODAY


@given(adults, adults, st.sampled_from(sorted(ways)))
def test_two_dates_are_never_picked_from(one: date, two: date, way: str) -> None:
    found = birth_date.read(f"{written(one, way)} ; {written(two, way)}", TODAY)
    assert found == (BirthDate(one) if one == two else BirthDate(problem="ambiguous"))
