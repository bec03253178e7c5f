"""What both sides understood of a set as a table, with the goals."""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from launch.bench.learners import Learnt
from launch.bench.sets import OWN, LabelledSet
from launch.bench.table import OURS, STOCK_RASA, Line, judge
from launch.bench.understood import Alarm, Understanding
from launch.figures import percentile

# By set; elsewhere, and where a set has none, a figure has no goal.
GOALS = {
    OWN: {
        "right, gate included": "ours ≥ 95%",
        "danger caught, model or phrase list": "ours ≥ 99.5%",
        "danger false alarms, model or phrase list": "ours ≤ 1%",
        "danger false alarms on lookalikes, model or phrase list": "ours ≤ 10%",
        "lost by one typo, gate included": "ours ≤ 1.5",
        "out of scope caught at 5% false reject": "ours ≥ 95%",
        "calibration error, gate included": "ours ≤ 0.02",
        "training, on the clock": "ours ≤ 120",
        "a message, median": "ours ≤ 15",
        "memory of the model, beyond Rasa's": "ours ≤ 250",
    },
    "banking77_10": {"right, likeliest intent": "ours ≥ 87.2%"},
}


@dataclass(frozen=True)
class Measured:
    """One side: what it cost and what it understood."""

    learnt: Learnt
    understood: Understanding


Read = Callable[[Measured], float | None]


class Comparison:
    """A set, and both sides by their names; a missing one leaves its places empty."""

    def __init__(self, one: LabelledSet, learnt: Mapping[str, Learnt], phrases: Alarm) -> None:
        self.set = one
        self._goals = {} if one.drawn_from else GOALS.get(one.name, {})  # they are meant for all of the examples
        self._phrases = functools.cache(phrases)
        self._sides = {name: Measured(done, Understanding(one.rows, done.answers)) for name, done in learnt.items()}

    def lines(self) -> list[Line]:
        """The set's table."""
        danger = self._danger() if self.set.name == OWN else []
        return [*self._right(), *self._foreign(), *danger, *self._costs()]

    def mistakes(self) -> dict[str, list[str]]:
        """Our own with danger, to be looked at: no card where one was due, a card where none was."""
        if OURS not in self._sides or self.set.name != OWN or self.set.drawn_from:
            return {}
        missed, needless = self._sides[OURS].understood.mistaken_alarms(self._phrases)
        return {"no card": missed, "needless card": needless}

    def _right(self) -> list[Line]:
        lines = []
        for gated, how in ((True, "gate included"), (False, "likeliest intent")):

            def right(m: Measured, group: str = "test", gated: bool = gated) -> float:
                return m.understood.accuracy(group, gated=gated)

            def lost(m: Measured, right: Callable[..., float] = right) -> float:
                return right(m) - right(m, "one")

            lines += [
                self._line(f"right, {how}", "%", right),
                self._line(f"right with one typo, {how}", "%", functools.partial(right, group="one")),
                self._line(f"lost by one typo, {how}", "points", lost),
                self._line(f"right with two typos, {how}", "%", functools.partial(right, group="two")),
            ]
        return lines

    def _foreign(self) -> list[Line]:
        return [
            self._line("out of scope caught at 5% false reject", "%", lambda m: m.understood.caught()),
            self._line("out of scope told apart (AUROC)", "", lambda m: m.understood.area()),
            self._line("out of scope caught by the gate as set", "%", lambda m: m.understood.refused(foreign=True)),
            self._line("refused of its own by the gate as set", "%", lambda m: m.understood.refused(foreign=False)),
            self._line("calibration error, gate included", "", lambda m: m.understood.calibration(gated=True)),
            self._line("calibration error, likeliest intent", "", lambda m: m.understood.calibration(gated=False)),
        ]

    def _danger(self) -> list[Line]:
        """Both models by themselves; then ours as it runs, where the model or the phrase list sends the card."""
        lines = [
            self._line("danger caught, model alone", "%", lambda m: m.understood.alarms().caught),
            self._line("danger false alarms, model alone", "%", lambda m: m.understood.alarms().false),
            self._line(
                "danger false alarms on lookalikes, model alone", "%", lambda m: m.understood.alarms().lookalikes
            ),
        ]
        if OURS not in self._sides:
            return lines
        ours = self._sides[OURS].understood
        for how, model in (("phrase list alone", False), ("model or phrase list", True)):
            found = ours.alarms(self._phrases, model=model)
            for what, value in (
                (f"danger caught, {how}", found.caught),
                (f"danger false alarms, {how}", found.false),
                (f"danger false alarms on lookalikes, {how}", found.lookalikes),
            ):
                lines.append(judge(Line(what, "%", value, None, self._goals.get(what, ""))))
        return lines

    def _costs(self) -> list[Line]:
        def took(m: Measured, share: float, cpu: bool = False) -> float:
            return percentile(m.understood.milliseconds(cpu=cpu), share)

        return [
            self._line("training, on the clock", "s", lambda m: m.learnt.training.wall),
            self._line("training, processor time", "s", lambda m: m.learnt.training.cpu),
            self._line("a message, median", "ms", lambda m: took(m, 0.5)),
            self._line("a message, 95th of 100", "ms", lambda m: took(m, 0.95)),
            self._line("a message, processor time, median", "ms", lambda m: took(m, 0.5, cpu=True)),
            self._line("memory of the process", "MB", lambda m: m.learnt.memory["resident"]),
            self._line("memory of the process, at most", "MB", lambda m: m.learnt.memory["peak"]),
            self._line("memory of the model, beyond Rasa's", "MB", lambda m: m.learnt.memory["model"]),
        ]

    def _line(self, what: str, unit: str, read: Read) -> Line:
        ours, stock = (read(self._sides[name]) if name in self._sides else None for name in (OURS, STOCK_RASA))
        return judge(Line(what, unit, ours, stock, self._goals.get(what, "")))
