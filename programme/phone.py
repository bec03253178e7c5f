"""Phone numbers that people type: found in their words, checked, and written as one reads them out."""

import re
from dataclasses import dataclass
from typing import Literal

from phonenumbers import (
    Leniency,
    PhoneNumber,
    PhoneNumberFormat,
    PhoneNumberMatcher,
    PhoneNumberType,
    format_number,
    is_valid_number,
    number_type,
    parse,
)
from phonenumbers.phonenumberutil import NumberParseException

HERE = "GB"
HERE_CODE = 44
LEAST_DIGITS, MOST_DIGITS = 10, 11  # of a number in the UK, its first 0 included
DIGITS = re.compile(r"\+?\(?\d[\d\s().-]*")
COSTLY = frozenset({PhoneNumberType.PREMIUM_RATE, PhoneNumberType.PAGER, PhoneNumberType.UAN})
# Ofcom keeps these for drama: nobody has them, and no list of numbers in use holds them. Samples and films need them.
DRAMA = re.compile(r"44(?:7700900|1632960)\d{3}")
MOBILE = "07"

Problem = Literal["short", "long", "unreadable", "costly"]


@dataclass(frozen=True)
class Found:
    """`number`: as it is stored, +447700900123 (E.164); or `problem`: why what was typed cannot be rung."""

    number: str | None = None
    problem: Problem | None = None


def find(text: str) -> Found | None:
    """The first number in `text` that can be rung, British unless it begins with a country's code; None where no
    digits are there that could be one."""
    matches = [match.number for match in PhoneNumberMatcher(text, HERE, leniency=Leniency.POSSIBLE)]
    for number in matches:
        if _exists(number):
            costly = number_type(number) in COSTLY
            return Found(problem="costly") if costly else Found(format_number(number, PhoneNumberFormat.E164))
    runs = ["".join(filter(str.isdigit, run)) for run in DIGITS.findall(text)]
    longest = max(runs, key=len, default="")
    if len(longest) < 3:
        return None
    abroad = "+" in text or longest.startswith("00")
    if not abroad and len(longest) < (MOST_DIGITS if longest.startswith(MOBILE) else LEAST_DIGITS):
        return Found(problem="short")
    if not abroad and len(longest) > MOST_DIGITS:
        return Found(problem="long")
    return Found(problem="unreadable")


def _exists(number: PhoneNumber) -> bool:
    return is_valid_number(number) or DRAMA.fullmatch(f"{number.country_code}{number.national_number}") is not None


def written(number: str) -> str:
    """A stored number as people here write it: 07700 900123, or with its country's code. As it is where unreadable."""
    try:
        parsed = parse(number, HERE)
    except NumberParseException:
        return number
    own = parsed.country_code == HERE_CODE
    return str(format_number(parsed, PhoneNumberFormat.NATIONAL if own else PhoneNumberFormat.INTERNATIONAL))


def ending(number: str) -> str:
    """Its last two digits, which tell somebody who has it which one is meant, and nobody else anything."""
    return "".join(filter(str.isdigit, number))[-2:]
