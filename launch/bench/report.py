"""The turns of a run as a table, for people and for machines."""

import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any

from launch.bench.plan import Figures, Plan
from launch.bench.sides import Memory
from launch.bench.table import OURS, STOCK_RASA, Line, as_entries, as_rows, head, judge, machine
from launch.bench.trace import Step
from launch.figures import percentile


def make_lines(figures: Mapping[str, Figures], plan: Plan) -> list[Line]:
    """The table of a run. A figure that was not measured leaves its place empty."""
    both = figures.get(OURS), figures.get(STOCK_RASA)

    def line(what: str, unit: str, read: Callable[[Figures], float | None], goal: str = "") -> Line:
        ours, stock = (read(side) if side else None for side in both)
        return judge(Line(what, unit, ours, stock, goal))

    count = plan.rounds * plan.a_round
    return [
        line("turn of one person, median", "ms", lambda f: _ms([s.seconds for s in f.turns], 0.5), "≤ 0.7×, aim 0.35×"),
        line("turn of one person, 95th of 100", "ms", lambda f: _ms([s.seconds for s in f.turns], 0.95)),
        line("turn with an action, median", "ms", lambda f: _ms([s.seconds for s in f.actions], 0.5)),
        line("turn with an action, 95th of 100", "ms", lambda f: _ms([s.seconds for s in f.actions], 0.95)),
        line(f"replies a second, {plan.crowd} people at once", "/s", _rate, "≥ 2.5×, aim 5×"),
        line(f"turn of {plan.crowd} at once, median", "ms", lambda f: _ms([s.seconds for s in f.crowd], 0.5)),
        line("message 10 of a conversation, median", "ms", lambda f: _ms(f.early(), 0.5)),
        line(f"message {count} of a conversation, median", "ms", lambda f: _ms(f.late(), 0.5)),
        line(f"message {count} against message 10", "×", _growth, "ours ≤ 1.5"),
        line("start to ready", "s", lambda f: statistics.median(f.ready) if f.ready else None, "≤ 0.3×"),
        line("memory at rest, all processes", "MB", lambda f: _held(f.memory_at_rest), "ours ≤ 800"),
        line("memory after the run, all processes", "MB", lambda f: _held(f.memory), "ours ≤ 800"),
        line("training, on the clock", "s", lambda f: f.training.wall if f.training else None, "ours ≤ 90"),
        line("training, processor time", "s", lambda f: f.training.cpu if f.training else None),
        line("answered as meant", "%", lambda f: f.right()),
    ]


def as_text(lines: Sequence[Line], steps: Sequence[Step], plan: Plan, when: datetime, load: float, epochs: int) -> str:
    """The report in Markdown. `load`: the machine's when it began; `epochs`: stock Rasa's."""
    text = [*head(when, load, epochs, f"{plan.rounds} rounds, the two systems in turn."), *as_rows(lines)]
    if steps:
        text += ["", "Where the time of one of our turns goes (a run of its own, its steps timed):", ""]
        text += ["| | ms |", "| --- | ---: |"]
        text += [f"| {'— of which: ' if step.inside else ''}{step.name} | {step.milliseconds:.1f} |" for step in steps]
    return "\n".join(text) + "\n"


def as_content(
    lines: Sequence[Line], steps: Sequence[Step], figures: Mapping[str, Figures], plan: Plan, when: datetime
) -> dict[str, Any]:
    """Everything that was measured, each turn included, for JSON."""
    return {
        "at": when.isoformat(timespec="seconds"),
        "machine": machine(),
        "plan": asdict(plan),
        "lines": as_entries(lines),
        "steps": [asdict(step) for step in steps],
        "figures": {name: asdict(found) for name, found in figures.items()},
    }


def _ms(seconds: Sequence[float], share: float) -> float | None:
    return 1000 * percentile(seconds, share) if seconds else None


def _held(memory: Memory | None) -> float | None:
    return memory.pss if memory else None


def _rate(figures: Figures) -> float | None:
    return statistics.median(figures.crowd_rates) if figures.crowd_rates else None


def _growth(figures: Figures) -> float | None:
    early, late = figures.early(), figures.late()
    return statistics.median(late) / statistics.median(early) if early and late else None
