"""The files that say what is understood and what then happens, read with their lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from nlu.language.finding import Finding
from nlu.sets import BadSetError, Example, read_set


@dataclass(frozen=True)
class Place:
    """A line of a file; the path is from the project's folder."""

    path: str
    line: int


@dataclass(frozen=True)
class Rule:
    """What follows an intent in a rule: names of actions, of answers and of forms."""

    intent: str
    place: Place
    actions: tuple[str, ...]


@dataclass
class Project:
    """Everything that is checked. `guide`: what each intent means, with its place."""

    root: Path
    guide: dict[str, tuple[str, Place]]
    intents: set[str]
    actions: set[str]
    answers: dict[str, list[tuple[str, Place]]]
    rules: list[Rule]
    training: list[Example]
    tests: list[Example]
    findings: list[Finding]

    @classmethod
    def read(cls, root: Path) -> Project:
        """Reads the project in `root`; what cannot be read is among its findings."""
        findings: list[Finding] = []
        guide = dict(_guide(root / "nlu" / "intents.yml", root, findings))
        domain = _load(root / "nlu" / "domain.yml", root, findings)
        names = [name if isinstance(name, str) else next(iter(name)) for name in domain.get("intents") or []]
        forms, actions = domain.get("forms") or {}, domain.get("actions") or []
        answers: dict[str, list[tuple[str, Place]]] = {}
        for file in sorted((root / "nlu" / "answers").glob("*.yml")):
            answers |= dict(_answers(file, root, findings))
        stories = [file for file in sorted((root / "stories").glob("*.yml")) if not file.name.startswith("test_")]
        return cls(
            root,
            guide,
            set(names),
            {*map(str, actions), *forms},
            answers,
            [rule for file in stories for rule in _rules(file, root, findings)],
            list(_examples(root / "nlu" / "examples", root, findings)),
            list(_examples(root / "tests" / "nlu", root, findings)),
            findings,
        )

    def lines(self) -> Iterator[tuple[Place, str]]:
        """Every line of what people are made to say: examples, test messages, lookalikes, test stories."""
        for folder in ("nlu/examples", "tests/nlu", "nlu/safety", "stories"):
            for file in sorted((self.root / folder).rglob("*.yml")):
                if "rasa" in file.relative_to(self.root).parts:
                    continue
                for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
                    yield Place(shown(file, self.root), number), line


def shown(file: Path, root: Path) -> str:
    """The path as people write it: from the project's folder."""
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else str(file)


def _load(file: Path, root: Path, findings: list[Finding]) -> dict[str, Any]:
    try:
        content = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    except (OSError, ValueError) as error:
        findings.append(Finding(shown(file, root), 0, "unreadable", {"error": type(error).__name__}))
        return {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        told = {"error": getattr(error, "problem", None) or type(error).__name__}
        findings.append(Finding(shown(file, root), mark.line + 1 if mark else 0, "unreadable", told))
        return {}
    return content if isinstance(content, dict) else {}


def _guide(file: Path, root: Path, findings: list[Finding]) -> Iterator[tuple[str, tuple[str, Place]]]:
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    for group in _load(file, root, findings).values():
        for name, meant in (group or {}).items():
            line = next((n for n, text in enumerate(lines, 1) if re.match(rf"\s+{re.escape(name)}:", text)), 0)
            means = meant.get("means") if isinstance(meant, dict) else None
            yield name, (str(means or "").strip(), Place(shown(file, root), line))


def _answers(file: Path, root: Path, findings: list[Finding]) -> Iterator[tuple[str, list[tuple[str, Place]]]]:
    lines = file.read_text(encoding="utf-8").splitlines()
    for name, variations in (_load(file, root, findings).get("responses") or {}).items():
        line = next((n for n, text in enumerate(lines, 1) if re.match(rf"\s+{re.escape(name)}:", text)), 0)
        texts = [one.get("text") or "" for one in variations or [] if isinstance(one, dict)]
        yield name, [(text, Place(shown(file, root), line)) for text in texts]


def _rules(file: Path, root: Path, findings: list[Finding]) -> Iterator[Rule]:
    lines = file.read_text(encoding="utf-8").splitlines()
    for rule in _load(file, root, findings).get("rules") or []:
        steps = [step for step in rule.get("steps") or [] if isinstance(step, dict)]
        actions = tuple(str(step[key]) for step in steps for key in ("action", "active_loop") if step.get(key))
        for step in steps:
            for one in step.get("or", [step]):
                if name := one.get("intent"):
                    at = (n for n, text in enumerate(lines, 1) if re.match(rf"\s*- intent: {re.escape(name)}\b", text))
                    yield Rule(name, Place(shown(file, root), next(at, 0)), actions)


def _examples(folder: Path, root: Path, findings: list[Finding]) -> Iterator[Example]:
    for file in sorted(folder.glob("*.yml")):
        try:
            found = read_set(file)
        except BadSetError as error:
            findings.append(Finding("", 0, "unreadable", {"error": str(error).removeprefix(f"{root}/")}))
            continue
        findings += [Finding(shown(file, root), line, "stray") for line in found.stray]
        yield from (one._replace(path=Path(shown(file, root))) for one in found.examples)
