"""When a model may take the live one's place: nothing of what must not be lost is lost, and its domain fits."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from programme.rules.danger import DANGERS

KINDS = ("intents", "slots", "forms", "actions")
# What every Rasa model can do by itself.
BUILT_IN = frozenset(
    {
        "action_back",
        "action_deactivate_loop",
        "action_default_ask_affirmation",
        "action_default_ask_rephrase",
        "action_default_fallback",
        "action_extract_slots",
        "action_listen",
        "action_restart",
        "action_revert_fallback_events",
        "action_session_start",
        "action_two_stage_fallback",
        "action_unlikely_intent",
    }
)


class NotComparableError(ValueError):
    """Two reports can only be compared where they are of the same messages, in the same order."""


class Why(StrEnum):
    """What stands against a model."""

    DANGER = "danger"  # a message that the live model raises the alarm for would go without
    CONSEQUENCE = "consequence"  # a question about consequences would lose its answer
    ELSEWHERE = "elsewhere"  # too many of the other messages would be taken wrongly
    LACKS = "lacks"  # a name that is in use is not in its domain
    UNKNOWN = "unknown"  # it would do or say what this code does not have
    REPLY = "reply"  # a danger or a question about consequences would have no rule that answers it


@dataclass(frozen=True)
class Row:
    """One message of a test set, and what a model made of it. `alarm`: a crisis card would go out."""

    text: str
    intent: str
    predicted: str
    alarm: bool = False

    @property
    def right(self) -> bool:
        """Whether the person gets what they asked for: a card that nobody needs stands in the way of it."""
        return self.predicted == self.intent and (not self.alarm or self.intent in DANGERS)

    @property
    def noticed(self) -> bool:
        """Of a danger: whether it is seen at all. Which of the five it is taken for costs nobody the card."""
        return self.alarm or self.predicted in DANGERS


@dataclass(frozen=True)
class Objection:
    """Why a model may not go live. `what`: the message or the name; `kind`: of name; `instead`: what would come."""

    why: Why
    what: str
    kind: str = ""
    instead: str = ""


@dataclass(frozen=True)
class Domain:
    """Names in a trained model. `said`: all that its rules do; `replies`: what answers each intent first."""

    intents: frozenset[str] = frozenset()
    slots: frozenset[str] = frozenset()
    forms: frozenset[str] = frozenset()
    actions: frozenset[str] = frozenset()
    said: frozenset[str] = frozenset()
    replies: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Share:
    """How many of how many messages were taken rightly."""

    right: int
    of: int

    @property
    def percent(self) -> float:
        return 100 * self.right / self.of if self.of else 100.0


@dataclass(frozen=True)
class Verdict:
    """The shares of live and candidate by group, and what stands against the candidate: nothing, and it may go."""

    dangers: tuple[Share, Share]
    consequences: tuple[Share, Share]
    elsewhere: tuple[Share, Share]
    objections: tuple[Objection, ...]


def judge(live: Sequence[Row], candidate: Sequence[Row], consequences: Collection[str], margin: float) -> Verdict:
    """Compares two models on the same messages. `margin`: points of a percentage that may be lost elsewhere.

    Raises NotComparableError.
    """
    if [(row.text, row.intent) for row in live] != [(row.text, row.intent) for row in candidate]:
        raise NotComparableError(NotComparableError.__doc__)
    pairs = list(zip(live, candidate, strict=True))
    dangers = [pair for pair in pairs if pair[0].intent in DANGERS]
    fixed = [pair for pair in pairs if pair[0].intent in consequences]
    others = [pair for pair in pairs if pair[0].intent not in (*DANGERS, *consequences)]
    objections = [Objection(Why.DANGER, a.text, a.intent, b.predicted) for a, b in dangers if a.noticed > b.noticed]
    objections += [Objection(Why.CONSEQUENCE, a.text, a.intent, b.predicted) for a, b in fixed if a.right > b.right]
    elsewhere = _shares([(a.right, b.right) for a, b in others])
    if (lost := elsewhere[0].percent - elsewhere[1].percent) > margin:
        objections.append(Objection(Why.ELSEWHERE, f"{lost:.2f}", instead=f"{margin:g}"))
    return Verdict(
        _shares([(a.noticed, b.noticed) for a, b in dangers]),
        _shares([(a.right, b.right) for a, b in fixed]),
        elsewhere,
        tuple(objections),
    )


def check_domain(
    candidate: Domain, in_use: Mapping[str, Collection[str]], actions: Collection[str], answers: Collection[str]
) -> list[Objection]:
    """Whether the programme and the conversations that are open can go on with the candidate.

    `in_use`: names by kind (`KINDS`) that code or stored conversations use; `actions`, `answers`: all that this code
    can do and say.
    """
    lacking = [
        Objection(Why.LACKS, name, kind)
        for kind in KINDS
        for name in sorted(set(in_use.get(kind, ())) - getattr(candidate, kind))
    ]
    ours = {name for name in candidate.said | candidate.actions if name.startswith(("action_", "validate_", "utter_"))}
    known = {*actions, *answers, *BUILT_IN}
    return lacking + [Objection(Why.UNKNOWN, name) for name in sorted(ours - known)]


def check_replies(live: Domain, candidate: Domain, consequences: Collection[str]) -> list[Objection]:
    """Whether each danger and each question about consequences that is answered now has a rule in the candidate."""
    return [
        Objection(Why.REPLY, intent, instead=live.replies[intent])
        for intent in sorted({*consequences, *DANGERS})
        if intent in live.replies and intent not in candidate.replies
    ]


def _shares(pairs: Sequence[tuple[bool, bool]]) -> tuple[Share, Share]:
    return Share(sum(a for a, _ in pairs), len(pairs)), Share(sum(b for _, b in pairs), len(pairs))
