"""A table of both sides' figures, with what was to be reached and whether it was."""

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

OURS, STOCK_RASA = "ours", "stock Rasa"
SHIPPED_EPOCHS = 100
SHARES = {"%", "points"}  # from 0 to 1, shown times a hundred


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


def judge(line: Line) -> Line:
    """Reads the goal's first figure: `≤ 0.7×` is a ratio, `ours ≤ 800` and `ours ≥ 95%` figures of ours."""
    if not line.goal:
        return line
    ours_alone = line.goal.startswith("ours ")
    sign, number = line.goal.removeprefix("ours ").split(",")[0].split()
    value, most = (line.ours if ours_alone else line.ratio), float(number.rstrip("×%"))
    if value is None:
        return line
    value = 100 * value if ours_alone and line.unit in SHARES else value
    return replace(line, reached=value <= most if sign == "≤" else value >= most)


def as_rows(lines: Sequence[Line]) -> list[str]:
    """The table in Markdown, a row a string."""
    rows = ["| | ours | stock Rasa | ours : stock | goal | |", "| --- | ---: | ---: | ---: | --- | --- |"]
    for line in lines:
        verdict = {True: "reached", False: "**missed**", None: ""}[line.reached]
        values = f"{show(line.ours, line.unit)} | {show(line.stock, line.unit)} | {_compare(line)}"
        rows.append(f"| {line.what} | {values} | {line.goal} | {verdict} |")
    return rows


def as_entries(lines: Sequence[Line]) -> list[dict[str, Any]]:
    """The table for machines."""
    return [{**asdict(line), "ratio": line.ratio} for line in lines]


def show(value: float | None, unit: str) -> str:
    """A figure with its unit; nothing where there is none."""
    if value is None:
        return ""
    match unit:
        case "%" | "points":
            return f"{100 * value:.1f} {unit}"
        case "×":
            return f"{value:.2f}×"
        case "":
            return f"{value:.3f}"
        case _:
            return f"{value:,.{0 if value >= 100 else 1}f} {unit}"


def head(when: datetime, load: float, epochs: int, how: str) -> list[str]:
    """When, on what and how it was measured; and plainly where stock Rasa was not given all of its training."""
    lines = [f"Measured on {when:%d %B %Y}: {machine()}; load {load:.1f} when it began. {how}", ""]
    if epochs < SHIPPED_EPOCHS:
        told = f"Stock Rasa was trained for {epochs} of its {SHIPPED_EPOCHS} epochs"
        lines += [f"**{told}: what it understood, and what its training cost, is not what it can do.**", ""]
    return lines


def machine() -> str:
    """What it was measured on, without a name."""
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    return f"{os.cpu_count()} cores, {_cpu_model()}, {system}"


def _compare(line: Line) -> str:
    if line.ours is None or line.stock is None or line.unit == "×":
        return ""
    if line.unit in SHARES:
        return f"{100 * (line.ours - line.stock):+.1f} points"
    return "" if line.ratio is None else f"{line.ratio:.2f}×"


def _cpu_model() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
