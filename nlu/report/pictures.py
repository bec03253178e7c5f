"""The pictures of the report pages, as SVG in the page's own colours and letters. The same rows, the same picture."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from typing import Any

import matplotlib as mpl

mpl.use("svg")
import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from nlu.report.tables import FALLBACK, Row, confusions, curve, is_right

INK = "#010203"  # stands for the page's own colour, light or dark, in what matplotlib writes
RIGHT, WRONG, OTHER = "#2f7fc1", "#d9732b", "#8a8f98"
BINS = 20
STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "report",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "axes.axisbelow": True,
    "grid.color": OTHER,
    "grid.alpha": 0.3,
}

Words = dict[str, str]


def calibration(sets: dict[str, Sequence[Row]], words: Words) -> str:
    """How often each set of rows is right at each confidence; on the diagonal the two are the same."""
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(5, 4.2))
        axes.plot([0, 1], [0, 1], color=OTHER, linewidth=1, linestyle="--", label=words["ideal"])
        for (name, rows), colour in zip(sets.items(), (RIGHT, WRONG), strict=False):
            points = curve(rows)
            sure, right, counts = zip(*points, strict=True) if points else ((), (), ())
            axes.plot(sure, right, color=colour, linewidth=1.5, label=name)
            axes.scatter(sure, right, s=[15 + 250 * count / len(rows) for count in counts], color=colour, alpha=0.8)
        axes.set(xlim=(0, 1.02), ylim=(0, 1.02), xlabel=words["confidence"], ylabel=words["share_right"])
        axes.grid()
        axes.legend(loc="upper left")
        return _svg(figure, "calibration")


def confidence(sets: dict[str, Sequence[Row]], words: Words) -> str:
    """How sure it was where it was right, and where it was wrong."""
    with plt.rc_context(STYLE):
        figure, places = plt.subplots(len(sets), 1, figsize=(5, 2 + 2.2 * len(sets)), sharex=True, squeeze=False)
        for axes, (name, rows) in zip(places[:, 0], sets.items(), strict=True):
            sure = [[row["confidence"] for row in rows if is_right(row) == wanted] for wanted in (True, False)]
            axes.hist(sure, bins=BINS, range=(0, 1), color=(RIGHT, WRONG), label=(words["right"], words["wrong"]))
            axes.set_yscale("symlog", linthresh=10)
            axes.set_yticks([0, 5, 10, 100, 1000], ["0", "5", "10", "100", "1000"])
            axes.set_ylabel(words["messages"])
            axes.set_title(name if len(sets) > 1 else "", fontsize=9)
            axes.grid(axis="y")
        places[0, 0].legend(loc="upper left")
        places[-1, 0].set_xlabel(words["confidence"])
        return _svg(figure, "confidence")


def bars(intents: dict[str, dict[str, Any]], words: Words) -> str:
    """F1 of each intent, the worst on top, with how many messages it stands on."""
    ordered = sorted(intents.items(), key=lambda one: (-one[1]["f1"], one[0]))
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(6.5, 1 + 0.21 * len(ordered)))
        values = [figures["f1"] for _, figures in ordered]
        axes.barh(range(len(ordered)), values, color=RIGHT, height=0.7)
        for at, (_, figures) in enumerate(ordered):
            axes.text(1.01, at, str(figures["support"]), va="center", fontsize=8)
        _name_rows(axes, [name for name, _ in ordered])
        axes.set(xlim=(0, 1), xlabel=words["f1"])
        axes.grid(axis="x")
        return _svg(figure, "bars")


def changes(intents: Sequence[dict[str, Any]], words: Words) -> str:
    """How far F1 of each intent moves; those that stay where they are are left out."""
    moved = sorted((one for one in intents if one["change"]), key=lambda one: (-one["change"], one["intent"]))
    with plt.rc_context(STYLE):
        figure, axes = plt.subplots(figsize=(6.5, 1 + 0.21 * max(len(moved), 1)))
        steps = [one["change"] for one in moved]
        axes.barh(range(len(moved)), steps, color=[RIGHT if step > 0 else WRONG for step in steps], height=0.7)
        _name_rows(axes, [one["intent"] for one in moved])
        most = max((abs(step) for step in steps), default=0.1) * 1.1
        axes.set(xlim=(-most, most), xlabel=words["f1_change"])
        axes.axvline(0, color=INK, linewidth=0.8)
        axes.grid(axis="x")
        return _svg(figure, "changes")


def matrix(rows: Sequence[Row], words: Words) -> str:
    """Each intent that was meant against what it was taken for; what is right is pale, so that mistakes stand out."""
    meant = sorted({row["intent"] for row in rows})
    taken = sorted({row["predicted"] for row in rows} | set(meant), key=lambda name: (name == FALLBACK, name))
    totals = {name: sum(row["intent"] == name for row in rows) for name in meant}
    with plt.rc_context({**STYLE, "font.size": 7}):
        size = 1.8 + 0.145 * max(len(taken), 12)
        figure, axes = plt.subplots(figsize=(size, 1.8 + 0.145 * max(len(meant), 12)))
        for at, name in enumerate(meant):
            right = sum(is_right(row) for row in rows if row["intent"] == name)
            _cell(axes, taken.index(name), at, RIGHT, 0.15 + 0.5 * right / totals[name])
        for name, other, count in confusions(rows):
            _cell(axes, taken.index(other), meant.index(name), WRONG, 0.25 + 0.75 * count / totals[name])
            axes.text(taken.index(other), meant.index(name), str(count), ha="center", va="center", fontsize=6)
        axes.set(xlim=(-0.5, len(taken) - 0.5), ylim=(len(meant) - 0.5, -0.5))
        axes.set_xticks(range(len(taken)), taken, rotation=90)
        axes.set_yticks(range(len(meant)), meant)
        axes.set(xlabel=words["taken_for"], ylabel=words["meant"])
        axes.tick_params(length=0)
        axes.grid()
        return _svg(figure, "matrix")


def _cell(axes: Axes, x: int, y: int, colour: str, strength: float) -> None:
    axes.add_patch(Rectangle((x - 0.5, y - 0.5), 1, 1, color=colour, alpha=min(strength, 1.0), linewidth=0))


def _name_rows(axes: Axes, names: Sequence[str]) -> None:
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.tick_params(axis="y", length=0)


def _svg(figure: Figure, name: str) -> str:
    """The drawing without what belongs to a file of its own; every id begins with `name`: a page holds several."""
    out = io.StringIO()
    figure.savefig(out, format="svg", bbox_inches="tight", transparent=True, metadata={"Date": None, "Creator": None})
    plt.close(figure)
    drawn = out.getvalue()
    drawn = drawn[drawn.index("<svg") :].replace(INK, "currentColor")
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn, flags=re.DOTALL)
    drawn = re.sub(r"font: ([\d.]+)px [^;\"]+", r"font-size: \1px", drawn)
    drawn = re.sub(r' width="[\d.]+pt" height="[\d.]+pt"', "", drawn, count=1)
    return re.sub(r'(id="|href="#|url\(#)', rf"\g<1>{name}-", drawn)
