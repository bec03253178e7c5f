"""A remark about the language data: where, which kind, and in which words it is told (words.yml beside this file)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent


@lru_cache(maxsize=1)
def read_words() -> dict[str, Any]:
    return yaml.safe_load((HERE / "words.yml").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def read_limits() -> dict[str, Any]:
    return yaml.safe_load((HERE / "limits.yml").read_text(encoding="utf-8"))


@dataclass(frozen=True, order=True)
class Finding:
    """`kind`: a name under `findings` in words.yml; `values`: what stands in its braces."""

    path: str
    line: int
    kind: str
    values: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def fails(self) -> bool:
        """Whether `make test` fails because of it."""
        return bool(read_words()["findings"][self.kind]["fails"])

    def __str__(self) -> str:
        words = read_words()["findings"][self.kind]
        place = f"{self.path}:{self.line}: " if self.line else f"{self.path}: " if self.path else ""
        return f"{place}{words['what'].format(**self.values)}: {words['do'].format(**self.values)}"


def tell(findings: Iterable[Finding], everything: bool = False) -> tuple[list[str], int, int]:
    """The lines to print, errors before warnings, and how many there are of each.

    Of each kind of warning only the first few are shown, in the order that they came in, unless `everything`.
    """
    words, most = read_words()["summary"], read_limits()["shown"]
    listed = list(dict.fromkeys((one.fails, str(one), one) for one in findings if one).keys())
    errors = sorted(one for fails, _, one in listed if fails)
    warnings = [one for fails, _, one in listed if not fails]
    lines = [words["errors"], *map(str, errors), ""] if errors else []
    if warnings:
        lines.append(words["warnings"])
    order = list(dict.fromkeys(one.kind for one in warnings))
    for _, group in groupby(sorted(warnings, key=lambda one: order.index(one.kind)), key=lambda one: one.kind):
        same = list(group)
        lines += map(str, same if everything else same[:most])
        if len(same) > most and not everything:
            lines.append(words["hidden"].format(count=len(same) - most))
    return lines, len(errors), len(warnings)
