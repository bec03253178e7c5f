"""Fills the templates beside this file: a page of HTML, and the few lines that the console shows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from nlu.report import pictures, tables

HERE = Path(__file__).parent
MOST_WRONG = 500


def score_page(content: dict[str, Any]) -> tuple[str, str]:
    """The page and the lines of a score report whose rows have a `place`, with the names of the `dangers`."""
    rows, words = content["rows"], _words()
    mistakes = tables.wrong(rows)
    filled = {
        "report": content,
        "safety": tables.safety(rows, content["dangers"]),
        "pairs": tables.confusions(rows)[: tables.MOST_PAIRS],
        "worst": tables.worst(content["intents"]),
        "wrong": mistakes[:MOST_WRONG],
        "more_wrong": max(len(mistakes) - MOST_WRONG, 0),
        "pictures": {
            "calibration": Markup(pictures.calibration({words["this_model"]: rows}, words)),  # noqa: S704 - our drawing
            "confidence": Markup(pictures.confidence({words["this_model"]: rows}, words)),  # noqa: S704
            "bars": Markup(pictures.bars(content["intents"], words)),  # noqa: S704
            "matrix": Markup(pictures.matrix(rows, words)),  # noqa: S704
        },
    }
    return _fill("score", filled)


def compare_page(content: dict[str, Any]) -> tuple[str, str]:
    """The page and the lines of a comparison (launch/compare.py), with the rows of both models."""
    words, dangers = _words(), content["dangers"]
    sets = {words["live"]: content["rows"]["live"], words["candidate"]: content["rows"]["candidate"]}
    filled = {
        "comparison": content,
        "safety": {side: tables.safety(content["rows"][side], dangers) for side in ("live", "candidate")},
        "moved": [one for one in content["intents"] if one["change"]],
        "pictures": {
            "changes": Markup(pictures.changes(content["intents"], words)),  # noqa: S704 - our drawing
            "calibration": Markup(pictures.calibration(sets, words)),  # noqa: S704
            "confidence": Markup(pictures.confidence(sets, words)),  # noqa: S704
            "matrix": Markup(pictures.matrix(content["rows"]["candidate"], words)),  # noqa: S704
        },
    }
    return _fill("compare", filled)


def _words() -> dict[str, str]:
    return yaml.safe_load((HERE / "words.yml").read_text(encoding="utf-8"))["pictures"]


def _fill(name: str, filled: dict[str, Any]) -> tuple[str, str]:
    templates = Environment(
        loader=FileSystemLoader(HERE),
        autoescape=select_autoescape(["html"]),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters |= {"percent": _percent, "points": _points}
    return templates.get_template(f"{name}.html").render(filled), templates.get_template(f"{name}.txt").render(filled)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _points(change: float) -> str:
    return f"{change * 100:+.1f}".replace("-", "−")
