"""The hazard log: whole, reckoned rightly, and every control that lowers a risk has a test that is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LOG = (ROOT / "docs" / "hazards.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^## (H\d+) (.+?)\n(.*?)(?=^## |\Z)", LOG, re.MULTILINE | re.DOTALL)
NEEDED = ("Cause", "Effect", "Before", "Control", "Proved by", "After", "Owner")
RATING = re.compile(r"S([1-5]) × L([1-5]) = (\d+)")
DECIDED_ABOVE = 9


def line(section: str, name: str) -> str:
    found = re.search(rf"^- \*\*{name}\*\*: (.+)$", section, re.MULTILINE)
    assert found, name
    return found[1]


@cache
def names_in(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    functions = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))
    return frozenset(node.name for node in functions)


def test_they_are_numbered_and_enough() -> None:
    assert [number for number, _, _ in SECTIONS] == [f"H{n}" for n in range(1, len(SECTIONS) + 1)]
    assert len(SECTIONS) >= 20
    assert len({title for _, title, _ in SECTIONS}) == len(SECTIONS)


@pytest.mark.parametrize(("number", "section"), [(number, section) for number, _, section in SECTIONS])
def test_each_is_whole_and_what_lowers_it_is_proved(number: str, section: str) -> None:
    assert all(line(section, name) for name in NEEDED)
    risks = []
    for name in ("Before", "After"):
        found = RATING.fullmatch(line(section, name))
        assert found and int(found[1]) * int(found[2]) == int(found[3])
        risks.append(int(found[3]))
    assert risks[1] < risks[0]
    if risks[1] > DECIDED_ABOVE:  # somebody must decide to live with it, and what is asked of them stands there
        assert "decision on the rest of the risk" in line(section, "Owner")
        assert line(section, "Open")
    proofs = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", line(section, "Proved by"))
    assert proofs
    for file, name in proofs:
        assert (ROOT / file).is_file(), file
        assert name in names_in(file), f"{file}::{name}"


def test_every_test_that_is_named_anywhere_in_it_is_there() -> None:
    for file, name in re.findall(r"`(tests/[\w/]+\.py)(?:::(test_\w+))?`", LOG):
        assert (ROOT / file).is_file() and (not name or name in names_in(file))
