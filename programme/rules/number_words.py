"""The numbers of a date that are written out, put in digits."""

from __future__ import annotations

import re

# fmt: off
CARDINALS = {
    "oh": 0, "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19,
}
TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}
SLIPS = {
    "ninteen": "nineteen", "nineten": "nineteen", "fourty": "forty", "ninty": "ninety", "eigthy": "eighty",
    "eigty": "eighty", "thousend": "thousand", "sevnty": "seventy",
}
# fmt: on
UNITS = "|".join(CARDINALS)
BELOW_100 = rf"(?:(?:{'|'.join(TENS)})(?:[ -]+(?:{UNITS}))?|(?:oh[ -]+)?(?:{UNITS}))"
YEAR = re.compile(
    rf"\b(?:(?P<century>nineteen|twenty)(?:[ -]+hundred)?(?:[ -]+and)?[ -]+(?P<low>{BELOW_100})"
    rf"|two[ -]+thousand(?:(?:[ -]+and)?[ -]+(?P<over>{BELOW_100}))?)\b"
)
MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
DAY = re.compile(rf"\b({BELOW_100})(?=\s+(?:of\s+)?{MONTH}\b)")
YEAR_AFTER_MONTH = re.compile(rf"\b({MONTH}(?:\s+(?:the\s+)?\d{{1,2}}(?:st|nd|rd|th)?)?,?\s+)({BELOW_100})\b")
NTH_OF_NTH = re.compile(
    r"(?<!\w)(\d{1,2})(?:st|nd|rd|th)?\s+(?:day\s+)?of\s+(?:the\s+)?(\d{1,2})(?:st|nd|rd|th)?(?:\s+month)?[\s,]+"
    r"(?:of\s+)?(\d{4}|\d{2})(?!\w)"
)


def in_digits(text: str) -> str:
    """`text`, small letters already: nineteen eighty one is 1981, the 9th of the 9th 05 is 9/9/05."""
    for wrong, right in SLIPS.items():
        text = re.sub(rf"\b{wrong}\b", right, text)
    text = YEAR.sub(_year, text)
    text = DAY.sub(lambda match: str(_below_100(match[1])), text)
    text = YEAR_AFTER_MONTH.sub(lambda match: f"{match[1]}{_below_100(match[2]):02}", text)
    return NTH_OF_NTH.sub(r"\1/\2/\3", text)


def _year(match: re.Match[str]) -> str:
    if match["century"]:
        return str(100 * (19 if match["century"] == "nineteen" else 20) + _below_100(match["low"]))
    return str(2000 + (_below_100(match["over"]) if match["over"] else 0))


def _below_100(words: str) -> int:
    return sum(TENS.get(word, 0) + CARDINALS.get(word, 0) for word in re.split(r"[ -]+", words))
