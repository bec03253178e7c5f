"""What a side understood of a set, in figures: one and the same reckoning for both.

Shares are from 0 to 1. Who is right, and the calibration error, are reckoned as `make score` does it, by
launch/figures.py.
"""

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from launch.bench.learners import Answer
from launch.bench.sets import LabelledRow
from launch.figures import FALLBACK, Row, calibration_error, is_right
from programme.rules.danger import DANGERS

FOREIGN = "out_of_scope"
FALSE_REJECT = 0.05

Alarm = Callable[[str], str | None]


@dataclass(frozen=True)
class Heard:
    """A message and what was made of it."""

    row: LabelledRow
    answer: Answer

    @property
    def best(self) -> str:
        """The likeliest intent, whatever the gate says; FALLBACK where there is none."""
        return next(iter(self.answer.chances), FALLBACK)

    @property
    def safety(self) -> tuple[int, float]:
        """Sorts messages by how surely they are the side's own: what it took for foreign comes first."""
        if self.best in (FOREIGN, FALLBACK):
            return 0, -self.answer.chances.get(FOREIGN, 1.0)
        return 1, self.answer.score

    def judged(self, gated: bool) -> Row:
        """As a row of a score report: what is acted on, or (not `gated`) the likeliest intent."""
        predicted = self.answer.predicted if gated else self.best
        chance = self.answer.chances.get(FOREIGN if predicted == FALLBACK else predicted, 0.0)
        return {
            "text": self.row.text,
            "intent": self.row.intent,
            "predicted": predicted,
            "confidence": chance,
            "alarm": predicted in DANGERS,
        }


@dataclass(frozen=True)
class Alarms:
    """Shares of messages that a crisis card would go out for: of danger, of everything else, and of what only sounds
    like it. None where there are no such messages."""

    caught: float | None
    false: float | None
    lookalikes: float | None


class Understanding:
    """The figures of one side and set."""

    def __init__(self, rows: Sequence[LabelledRow], answers: Sequence[Answer]) -> None:
        self._heard = [Heard(row, answer) for row, answer in zip(rows, answers, strict=True)]
        asked = [*self.of("test"), *self.of("foreign")]
        self._inside = [heard for heard in asked if heard.row.intent != FOREIGN]
        self._foreign = [heard for heard in asked if heard.row.intent == FOREIGN]

    def of(self, group: str) -> list[Heard]:
        """The messages of a group."""
        return [heard for heard in self._heard if heard.row.group == group]

    def accuracy(self, group: str = "test", *, gated: bool) -> float:
        """Share of a group's messages that are right; asking again, behind the gate, never is."""
        return _share([is_right(heard.judged(gated)) for heard in self.of(group)]) or 0.0

    def calibration(self, *, gated: bool) -> float:
        """Expected calibration error of the tests."""
        return calibration_error([heard.judged(gated) for heard in self.of("test")])

    def caught(self) -> float | None:
        """Share of foreign messages noticed by the side's own score where that refuses 5% of its own, at most."""
        if not self._inside or not self._foreign:
            return None
        own = sorted(heard.safety for heard in self._inside)
        least = own[math.floor(FALSE_REJECT * len(own))]
        return _share([heard.safety < least for heard in self._foreign])

    def area(self) -> float | None:
        """The chance that one of its own looks safer to it than a foreign one (AUROC)."""
        if not self._inside or not self._foreign:
            return None
        own = sorted(heard.safety for heard in self._inside)
        above = (len(own) - (bisect_left(own, one.safety) + bisect_right(own, one.safety)) / 2 for one in self._foreign)
        return sum(above) / (len(own) * len(self._foreign))

    def refused(self, *, foreign: bool) -> float | None:
        """Share of foreign messages, or of its own, that the gate as it is set keeps out."""
        asked = self._foreign if foreign else self._inside
        return _share([heard.answer.predicted in (FALLBACK, FOREIGN) for heard in asked])

    def milliseconds(self, *, cpu: bool = False) -> list[float]:
        """Of each test message, on the clock or of the processor."""
        return [heard.answer.cpu if cpu else heard.answer.milliseconds for heard in self.of("test")]

    def alarms(self, phrases: Alarm | None = None, *, model: bool = True) -> Alarms:
        """Of the model, of a phrase list, or of either."""
        told = self._told(phrases, model)
        calm = [(heard, rung) for heard, rung in told if heard.row.intent not in DANGERS]
        return Alarms(
            _share([rung for heard, rung in told if heard.row.intent in DANGERS]),
            _share([rung for _, rung in calm]),
            _share([rung for heard, rung in calm if heard.row.lookalike]),
        )

    def mistaken_alarms(self, phrases: Alarm) -> tuple[list[str], list[str]]:
        """Texts of danger for which no card goes out, and of anything else for which one does."""
        told = self._told(phrases, model=True)
        missed = [heard.row.text for heard, rung in told if heard.row.intent in DANGERS and not rung]
        return missed, [heard.row.text for heard, rung in told if heard.row.intent not in DANGERS and rung]

    def _told(self, phrases: Alarm | None, model: bool) -> list[tuple[Heard, bool]]:
        """Each test message with whether a card goes out."""
        return [
            (heard, (model and heard.answer.predicted in DANGERS) or bool(phrases and phrases(heard.row.text)))
            for heard in self.of("test")
        ]


def _share(those: Sequence[bool]) -> float | None:
    return sum(those) / len(those) if those else None
