"""The figures of a run as a table, for people and for machines."""

import json
import os
import platform
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from launch.bench.plan import Figures, Plan
from launch.bench.sides import Memory
from launch.bench.trace import Step

OURS, STOCK = "ours", "stock Rasa"


@dataclass(frozen=True)
class Line:
    """A row: both figures, and what was to be reached; `reached` is None where there is no goal or no figure."""

    what: str
    unit: str
    ours: float | None
    stock: float | None
    goal: str = ""
    reached: bool | None = None

    @property
    def ratio(self) -> float | None:
        """Ours as a share of stock's, or as so many times it."""
        return self.ours / self.stock if self.ours is not None and self.stock else None


def percentile(values: Sequence[float], share: float) -> float:
    """The value that this share of them does not exceed; between two of them in proportion."""
    ordered = sorted(values)
    at = share * (len(ordered) - 1)
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def make_lines(figures: Mapping[str, Figures], plan: Plan) -> list[Line]:
    """The table of a run. A figure that was not measured leaves its place empty."""
    both = figures.get(OURS), figures.get(STOCK)

    def line(what: str, unit: str, read: Callable[[Figures], float | None], goal: str = "") -> Line:
        ours, stock = (read(side) if side else None for side in both)
        return _judge(Line(what, unit, ours, stock, goal))

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


def as_text(lines: Sequence[Line], steps: Sequence[Step], plan: Plan, when: datetime) -> str:
    """The report in Markdown."""
    head = f"Measured on {when:%d %B %Y}: {machine()}; {plan.rounds} rounds, the two systems in turn."
    rows = ["| | ours | stock Rasa | ours : stock | goal | |", "| --- | ---: | ---: | ---: | --- | --- |"]
    for line in lines:
        verdict = {True: "reached", False: "**missed**", None: ""}[line.reached]
        ratio = "" if line.ratio is None or line.unit == "×" else f"{line.ratio:.2f}×"
        values = f"{_show(line.ours, line.unit)} | {_show(line.stock, line.unit)} | {ratio}"
        rows.append(f"| {line.what} | {values} | {line.goal} | {verdict} |")
    text = [head, "", *rows]
    if steps:
        text += ["", "Where the time of one of our turns goes (a run of its own, its steps timed):", ""]
        text += ["| | ms |", "| --- | ---: |"]
        text += [f"| {'— of which: ' if step.inside else ''}{step.name} | {step.milliseconds:.1f} |" for step in steps]
    return "\n".join(text) + "\n"


def as_json(
    lines: Sequence[Line], steps: Sequence[Step], figures: Mapping[str, Figures], plan: Plan, when: datetime
) -> str:
    """Everything that was measured, each turn included."""
    return json.dumps(
        {
            "at": when.isoformat(timespec="seconds"),
            "machine": machine(),
            "plan": asdict(plan),
            "lines": [{**asdict(line), "ratio": line.ratio} for line in lines],
            "steps": [asdict(step) for step in steps],
            "figures": {name: asdict(found) for name, found in figures.items()},
        },
        ensure_ascii=False,
        indent=1,
    )


def machine() -> str:
    """What it was measured on, without a name."""
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {_cpu_model()}, {system}"


def _judge(line: Line) -> Line:
    """Reads the goal's first figure: `≤ 0.7×` is a ratio, `ours ≤ 800` a figure of ours."""
    if not line.goal:
        return line
    ours_alone = line.goal.startswith("ours ")
    sign, number = line.goal.removeprefix("ours ").split(",")[0].split()
    value, most = (line.ours if ours_alone else line.ratio), float(number.rstrip("×"))
    if value is None:
        return line
    return Line(line.what, line.unit, line.ours, line.stock, line.goal, value <= most if sign == "≤" else value >= most)


def _ms(seconds: Sequence[float], share: float) -> float | None:
    return 1000 * percentile(seconds, share) if seconds else None


def _held(memory: Memory | None) -> float | None:
    return memory.pss if memory else None


def _rate(figures: Figures) -> float | None:
    return statistics.median(figures.crowd_rates) if figures.crowd_rates else None


def _growth(figures: Figures) -> float | None:
    early, late = figures.early(), figures.late()
    return statistics.median(late) / statistics.median(early) if early and late else None


def _show(value: float | None, unit: str) -> str:
    if value is None:
        return ""
    if unit == "%":
        return f"{100 * value:.0f} %"
    return f"{value:.2f}×" if unit == "×" else f"{value:,.{0 if value >= 100 else 1}f} {unit}"


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
