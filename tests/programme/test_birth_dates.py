"""Dates of birth, in digits, in words, and with their month in the languages of people here."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme import dates
from programme.rules.birth_date import BirthDate, Problem

TODAY = date(2026, 11, 23)
BORN = {
    "14/3/90": date(1990, 3, 14), "14 3 90": date(1990, 3, 14), "140390": date(1990, 3, 14),
    "3rd feb 91": date(1991, 2, 3), "feb 3rd 1991": date(1991, 2, 3), "19th feb 05": date(2005, 2, 19),
    "06.08.1990": date(1990, 8, 6), "DOB 1999-11-30. Reference TVP-2X6N-83.": date(1999, 11, 30),
    "born the 21st of May 1951": date(1951, 5, 21), "the eleventh of January 1957": date(1957, 1, 11),
    "born in 17 of december 2001": date(2001, 12, 17), "birthday 1990 june 17": date(1990, 6, 17),
    "born on the 19th of the 8th 2004": date(2004, 8, 19), "the 9th of the 9th 2005": date(2005, 9, 9),
    "ninteen eighty one, 30th of march": date(1981, 3, 30), "im born 1995 the 8 of may": date(1995, 5, 8),
    "thirty first of july nineteen eighty four": date(1984, 7, 31),
    "third of may two thousand and four": date(2004, 5, 3), "the nine of march ninety one": date(1991, 3, 9),
    "twenty third of july eighty nine": date(1989, 7, 23), "12 feb sixty nine": date(1969, 2, 12),
    "postcode RG30 and date of birth 5th sept 1990": date(1990, 9, 5), "17th o March 1993 pal": date(1993, 3, 17),
    "2/13/91": date(1991, 2, 13), "august the 19th nineteen sixty one": date(1961, 8, 19),
    # months in the languages of people here, which the library knows
    "17 de dezembro de 2001": date(2001, 12, 17), "14 marca 1990": date(1990, 3, 14),
    "moje urodziny 3 lutego 1991": date(1991, 2, 3), "5 ianuarie 1988": date(1988, 1, 5),
    "20 de enero de 1985": date(1985, 1, 20), "3 kovo 1991": date(1991, 3, 3),
}  # fmt: skip


@pytest.mark.parametrize("text", BORN)
def test_dates_of_birth_are_read(text: str) -> None:
    assert dates.born(text, TODAY) == BirthDate(BORN[text])


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("31/2/91", "impossible"), ("29 feb 1991", "impossible"), ("3/2/2015", "too_young"),
        ("5 maja 2015", "too_young"),
        ("3/2/2030", "future"), ("3/2/91 or 4/2/91", "ambiguous"), ("im 34", "unreadable"), ("hello", "unreadable"),
        ("07700 900123", "unreadable"), ("tomorrow", "unreadable"), ("i was 21 in 2019 and 3 months", "unreadable"),
        ("31 lutego 1990", "unreadable"), ("three people saw me in 1999", "unreadable"),
    ],
)  # fmt: skip
def test_what_is_no_date_of_birth_is_not_made_into_one(text: str, problem: Problem) -> None:
    assert dates.born(text, TODAY) == BirthDate(problem=problem)


@given(st.text())
def test_any_text_gives_a_birth_date_or_a_problem(text: str) -> None:
    found = dates.born(text, TODAY)
    assert (found.value is None) != (found.problem is None)
