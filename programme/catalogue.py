"""The catalogue of facts: every setting that the Programme page can fill in, and which answers rest on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Formatter

import yaml

from programme.answers import Answers
from programme.rules.fact import Bounds, Kind
from programme.sample import FILE as SAMPLE_FILE

FILE = Path(__file__).parent / "fact.yml"


class UnknownFactError(LookupError):
    """There is no such setting."""


@dataclass(frozen=True)
class Entry:
    """One setting. `about`: what it is for; `question`: what people ask that it answers; `consequence`: two people
    must agree; `fixed`: shown only; `optional`: an empty one is no work to do; `choices`: value to words."""

    key: str
    group: str
    kind: Kind
    title: str
    about: str
    question: str | None
    consequence: bool
    fixed: bool
    optional: bool
    unit: str | None
    bounds: Bounds
    choices: Mapping[str, str]


@dataclass(frozen=True)
class Catalogue:
    """`entries` by key and `groups` (id to title), both in the order of the page."""

    entries: Mapping[str, Entry]
    groups: Mapping[str, str]

    def entry(self, key: str) -> Entry:
        """Raises UnknownFactError."""
        if key not in self.entries:
            raise UnknownFactError(UnknownFactError.__doc__)
        return self.entries[key]


@cache
def catalogue() -> Catalogue:
    """fact.yml, read once."""
    content = yaml.load(FILE.read_text(), Loader=yaml.CSafeLoader)
    entries = {key: _entry(key, about) for key, about in content["settings"].items()}
    ordered = {key: one for group in content["groups"] for key, one in entries.items() if one.group == group}
    return Catalogue(ordered, content["groups"])


@cache
def sample_approver() -> str:
    """What stands as the approver of everything that nobody has approved yet."""
    return str(yaml.load(SAMPLE_FILE.read_text(), Loader=yaml.CSafeLoader)["approver"])


def answers_with(answers: Answers, key: str) -> tuple[str, ...]:
    """The answers that need this setting, or say it."""
    return tuple(name for name in answers.names() if key in settings_of(answers, name))


def settings_of(answers: Answers, answer: str) -> tuple[str, ...]:
    """The settings of the catalogue that some way of saying an answer needs or says, in the order of the page."""
    used = answers.needs(answer)
    for each in answers.variations(answer) if answer in answers else ():
        used |= {name for _, name, _, _ in Formatter().parse(str(each["text"])) if name}
    return tuple(key for key in catalogue().entries if key in used)


def _entry(key: str, about: Mapping[str, object]) -> Entry:
    choices = {str(value): str(words) for value, words in dict(about.get("choices") or {}).items()}  # type: ignore[call-overload]
    least, most = about.get("least"), about.get("most")
    return Entry(
        key=key,
        group=str(about["group"]),
        kind=about["kind"],  # type: ignore[arg-type]
        title=str(about["title"]),
        about=str(about["about"]),
        question=str(about["question"]) if "question" in about else None,
        consequence=bool(about.get("consequence")),
        fixed=bool(about.get("fixed")),
        optional=bool(about.get("optional")),
        unit=str(about["unit"]) if "unit" in about else None,
        bounds=Bounds(
            least if isinstance(least, int) else None, most if isinstance(most, int) else None, tuple(choices)
        ),
        choices=choices,
    )
