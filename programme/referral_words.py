"""The words for files of referrals: what each column is, what can be wrong, and how to put it right; and for other
systems why nothing was read."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from programme.rules.referral_row import FIELDS

FILE = Path(__file__).parent / "referral_import.yml"


@dataclass(frozen=True)
class Column:
    """A column of the template. `also`: other headings that mean it, as `plain` makes them."""

    field: str
    title: str
    need: bool
    about: str
    example: str
    also: frozenset[str]


@dataclass(frozen=True)
class Wrong:
    """`fix`: what to do about it."""

    reason: str
    fix: str


@dataclass(frozen=True)
class Words:
    """All of referral_import.yml."""

    columns: Mapping[str, Column]
    problems: Mapping[str, Wrong]
    languages: Mapping[str, str]
    matching: tuple[str, ...]
    refusals: Mapping[str, str]

    def field_of(self, heading: str) -> str | None:
        """What a column with this heading holds; None where that is not plain."""
        wanted = plain(heading)
        return next((one.field for one in self.columns.values() if wanted in one.also), None)


def plain(heading: str) -> str:
    """A heading as headings are compared: small letters, single spaces, no marks around it."""
    return " ".join(heading.replace("_", " ").casefold().split()).strip(" *:?")


@cache
def words(example: str) -> Words:
    """The words; `example` is the programme's example of a reference."""
    content = yaml.load(FILE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    columns = {
        field: Column(
            field,
            about["title"],
            about["need"],
            about["about"].replace("{example}", example),
            example if field == "reference" else str(about["example"]),
            frozenset({plain(about["title"]), plain(field), *map(plain, about["also"])}),
        )
        for field, about in ((field, content["fields"][field]) for field in FIELDS)
    }
    problems = {
        code: Wrong(about["reason"], about["fix"].replace("{example}", example))
        for code, about in content["problems"].items()
    }
    languages = {str(name): str(code) for name, code in content["languages"].items()}
    languages |= {code: code for code in languages.values()}
    return Words(columns, problems, languages, tuple(content["matching_words"]), content["refusals"])


def refusal(code: str) -> str:
    """Why nothing was read of what another system sent, in words for its makers."""
    return words("").refusals[code]
