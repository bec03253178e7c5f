"""The words: nlu/answers/ read once, and an answer rendered with values, settings and the situation of the person.

A variation whose `needs` are missing (a setting that is empty or expired, a value that is not known), or whose review
date has passed, is not said. Of the others the one that fits the situation best is; where there is none,
`utter_not_known` is given in its place, and the caller is told which answer was wanted. A `lasting` variation states
no facts that can expire (steps of the dialogue, crisis cards, fixed words on consequences): its review date reminds,
but does not silence it. Nor does a help line's: its number in help_lines.yml stands in for a setting that is not there.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from string import Formatter
from typing import Any

import yaml

from programme.rules import london

NOT_KNOWN = "utter_not_known"
LIST_KEYS = ("responses", "notices")


class BadAnswerFileError(ValueError):
    """An answer file is not as it should be."""


class UnknownAnswerError(KeyError):
    """No answer has this name."""


class MissingValueError(ValueError):
    """An answer needs a value that was not given."""


@dataclass(frozen=True)
class Button:
    """What a person sees on it, and the intent with values that a tap means."""

    title: str
    intent: str
    values: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ButtonSpec:
    """A button as the dialogue names it: a label of nlu/answers/ with values, or a bare title that is a fact."""

    intent: str
    label: str | None = None
    title: str | None = None
    values: Mapping[str, Any] = field(default_factory=dict)
    carries: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rendered:
    answer: str
    text: str
    buttons: tuple[Button, ...]
    unanswered: str | None = None  # the answer that was wanted but may not be given today


@dataclass(frozen=True)
class Situation:
    """Where the person stands, as `when:` of a variation asks for it. `open`: it is in the workers' hours."""

    channel: str = "web"
    verified: bool = False
    booked: bool = False
    open: bool = False

    def fits(self, when: Mapping[str, Any]) -> bool:
        return all(getattr(self, key) == wanted for key, wanted in when.items())


@dataclass(frozen=True)
class Fact:
    """A setting as an answer needs it."""

    value: str
    review_by: date


class _Words(Formatter):
    """`{starts_at:when}` and its kind; a missing value is an error, never an empty place in a sentence.

    `span` takes a list of (starts, ends) and puts each on a line of its own.
    """

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:
        if key not in kwargs or kwargs[str(key)] is None:
            raise MissingValueError(f"{MissingValueError.__doc__} ({key})")
        return kwargs[str(key)]

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec == "span":
            return "\n".join(f"{_as_time(starts, 'when')} to {_as_time(ends, 'time')}" for starts, ends in value)
        if format_spec:
            return _as_time(value, format_spec)
        return str(value)


def _as_time(value: Any, how: str) -> str:
    if isinstance(value, str):
        value = datetime.fromisoformat(value) if "T" in value else date.fromisoformat(value)
    if isinstance(value, datetime):
        value = value.astimezone(london.ZONE)
    day = f"{value:%A} {value.day} {value:%B}"
    if how == "day":
        return day
    if how == "weekday":
        return f"{value:%A}"
    if how == "date":
        return f"{value.day} {value:%B %Y}"
    if how == "short":
        return f"{value:%a} {value.day} {value:%b}"
    hour = f"{value.hour % 12 or 12}" + (f":{value:%M}" if value.minute else "") + ("am" if value.hour < 12 else "pm")
    return {"time": hour, "when": f"{day} at {hour}", "short_when": f"{value:%a} {value.day} {value:%b}, {hour}"}[how]


class Answers:
    """All answers, notices and labels of a folder."""

    def __init__(
        self,
        variations: Mapping[str, Sequence[Mapping[str, Any]]],
        labels: Mapping[str, str],
        help_lines: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        self._variations = variations
        self.labels = labels
        self.help_lines = help_lines or {}
        self._words = _Words()

    @classmethod
    def load(cls, folder: Path) -> "Answers":
        """Reads every *.yml of `folder`. Raises BadAnswerFileError, naming the file."""
        variations: dict[str, Sequence[Mapping[str, Any]]] = {}
        labels: dict[str, str] = {}
        help_lines: dict[str, Mapping[str, str]] = {}
        for path in sorted(folder.glob("*.yml")):
            try:
                content = yaml.load(path.read_text(), Loader=yaml.CSafeLoader) or {}
            except yaml.YAMLError as error:
                raise BadAnswerFileError(f"{BadAnswerFileError.__doc__} {path.name}: {error}") from None
            for key in LIST_KEYS:
                variations |= content.get(key) or {}
            labels |= content.get("labels") or {}
            help_lines |= content.get("help_lines") or {}
        return cls(variations, labels, help_lines)

    def __contains__(self, answer: str) -> bool:
        return answer in self._variations

    def names(self) -> list[str]:
        """Every answer and notice, sorted."""
        return sorted(self._variations)

    def variations(self, answer: str) -> Sequence[Mapping[str, Any]]:
        """All ways to say it, as the file has them: `text`, `buttons`, `metadata`. Raises UnknownAnswerError."""
        if answer not in self._variations:
            raise UnknownAnswerError(answer)
        return self._variations[answer]

    def needs(self, answer: str) -> frozenset[str]:
        """Every setting and value that some way of saying it needs; none for an answer that is not there."""
        return frozenset(need for each in self._variations.get(answer, ()) for need in meta(each).get("needs") or [])

    def label(self, name: str, values: Mapping[str, Any] | None = None) -> str:
        """A label with its values. Raises UnknownAnswerError."""
        if name not in self.labels:
            raise UnknownAnswerError(name)
        return self._words.vformat(self.labels[name], (), values or {})

    def render(
        self,
        answer: str,
        values: Mapping[str, Any],
        situation: Situation,
        facts: Mapping[str, Fact],
        today: date,
        buttons: Sequence[ButtonSpec] = (),
    ) -> Rendered:
        """The answer as the person reads it. Raises UnknownAnswerError or MissingValueError."""
        fitting = self._fitting(answer, situation)
        facts = self._with_help_lines(facts, today)
        sayable = fitting if answer == NOT_KNOWN else [v for v in fitting if may_be_said(v, facts, values, today)]
        if not sayable:
            instead = self.render(NOT_KNOWN, values, situation, facts, today)
            return Rendered(instead.answer, instead.text, instead.buttons, unanswered=answer)
        variation = max(sayable, key=_closeness)
        known = {key: fact.value for key, fact in facts.items()} | dict(values)
        own = [_own_button(each) for each in variation.get("buttons") or []]
        return Rendered(
            answer,
            self._words.vformat(str(variation["text"]).strip(), (), known),
            tuple([self._button(spec, known) for spec in buttons] + own),
        )

    def _fitting(self, answer: str, situation: Situation) -> list[Mapping[str, Any]]:
        fitting = [v for v in self.variations(answer) if situation.fits(meta(v).get("when") or {})]
        if not fitting:
            raise UnknownAnswerError(answer)
        return fitting

    def _with_help_lines(self, facts: Mapping[str, Fact], today: date) -> Mapping[str, Fact]:
        """The facts, and each help line that is not among them, or is there no longer."""
        public = {
            key: Fact(line["value"], date.max)
            for key, line in self.help_lines.items()
            if not is_known(facts.get(key), today)
        }
        return {**facts, **public}

    def _button(self, spec: ButtonSpec, known: Mapping[str, Any]) -> Button:
        title = self.label(spec.label, {**known, **spec.values}) if spec.label else spec.title or ""
        return Button(title, spec.intent, dict(spec.carries))


def meta(variation: Mapping[str, Any]) -> Mapping[str, Any]:
    """Who answers for a variation, until when, what it needs and when it fits."""
    return variation.get("metadata") or {}


def _closeness(variation: Mapping[str, Any]) -> tuple[int, int]:
    """How much of the situation a variation speaks of, then how much it tells."""
    return len(meta(variation).get("when") or {}), len(meta(variation).get("needs") or [])


def may_be_said(
    variation: Mapping[str, Any], facts: Mapping[str, Fact], values: Mapping[str, Any], today: date
) -> bool:
    """Whether its review date has not passed (or it lasts), and all that it needs is known."""
    about = meta(variation)
    review_by = about.get("review_by")
    if review_by and not about.get("lasting") and date.fromisoformat(str(review_by)) < today:
        return False
    return all(values.get(key) is not None or is_known(facts.get(key), today) for key in about.get("needs") or [])


def is_known(fact: Fact | None, today: date) -> bool:
    """Whether a setting is filled in and its review date has not passed."""
    return fact is not None and bool(fact.value.strip()) and fact.review_by >= today


def _own_button(button: Mapping[str, str]) -> Button:
    intent, _, values = button["payload"].removeprefix("/").partition("{")
    return Button(button["title"], intent, json.loads("{" + values) if values else {})
