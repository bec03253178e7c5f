"""Whether a trained model fits this code and the conversations that are open: what it says of itself, beside both."""

import ast
import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from launch.settings import PROJECT, RASA_PYTHON, child_environment
from programme.answers import Answers
from programme.rules.live import KINDS, Domain, Objection, Why, check_domain

CODE = ("actions", "bot", "programme")
DOMAIN = "nlu/domain.yml"
GUIDE = "nlu/intents.yml"
LOOK_SECONDS = 120.0

Names = dict[str, set[str]]


@dataclass(frozen=True)
class About:
    """A model's file: why it cannot be used, empty where it can; when it was trained; the names in it."""

    why: str
    trained_at: str = ""
    domain: Domain = field(default_factory=Domain)


class CannotLookError(RuntimeError):
    """The models could not be looked at; why stands above."""


def look_at(models: Sequence[Path]) -> list[About]:
    """What each model says of itself. Raises CannotLookError."""
    try:
        done = subprocess.run(  # noqa: S603  # our own Python
            [str(RASA_PYTHON), "-m", "nlu.archive", *map(str, models)],
            cwd=PROJECT,
            env=child_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
            timeout=LOOK_SECONDS,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise CannotLookError(f"{CannotLookError.__doc__} ({type(error).__name__})") from None
    told = json.loads(done.stdout)
    return [_about(told[str(model)]) for model in models]


def _about(told: Mapping[str, Any]) -> About:
    if told["why"]:
        return About(told["why"])
    names = told["contents"]
    kinds = {kind: frozenset(names[kind]) for kind in (*KINDS, "said")}
    return About("", told["trained_at"], Domain(**kinds, replies=names["replies"]))


def objections(about: About, stored: Mapping[str, Sequence[str]] | None = None) -> list[Objection]:
    """What stands between a model and this code. `stored`: names that stored conversations hold."""
    words = set(_words(PROJECT))
    names_of = declared(PROJECT)
    words |= {f"validate_{form}" for form in names_of.get("forms", set()) & words}  # rasa-sdk's own way to name them
    in_use = {kind: names & words for kind, names in names_of.items()}
    for kind, names in (stored or {}).items():
        ours = {name for name in names if kind != "actions" or name.startswith(("action_", "validate_"))}
        in_use.setdefault(kind, set()).update(ours)
    actions = {word for word in words if word.startswith(("action_", "validate_"))}
    return check_domain(about.domain, in_use, actions, Answers.load(PROJECT / "nlu" / "answers").names())


def declared(project: Path) -> Names:
    """The names of nlu/domain.yml by kind: what in the code counts as one. None where the file is being edited."""
    try:
        content = yaml.load((project / DOMAIN).read_text(), Loader=yaml.CSafeLoader) or {}
    except (OSError, yaml.YAMLError):
        return {}
    return {
        kind: {one if isinstance(one, str) else next(iter(one)) for one in content.get(kind) or ()} for kind in KINDS
    }


def consequences(project: Path = PROJECT) -> frozenset[str]:
    """The intents that ask what follows: the annotation guide's own group."""
    return frozenset(_guide(project)["consequences"])


def known_intents(project: Path) -> frozenset[str]:
    """All that a message can mean, by the annotation guide."""
    return frozenset(intent for group in _guide(project).values() for intent in group)


def _guide(project: Path) -> dict[str, dict[str, Any]]:
    guide: dict[str, dict[str, Any]] = yaml.load((project / GUIDE).read_text(), Loader=yaml.CSafeLoader)
    return guide


def _words(project: Path) -> Iterator[str]:
    """Every text in the code's quotes."""
    for folder in CODE:
        for file in (project / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def in_words(objection: Objection) -> str:
    """An objection in a line."""
    what, kind, instead = objection.what, objection.kind, objection.instead
    return {
        Why.DANGER: f"a message of danger would go without the card: “{what}” ({kind}; it takes it for {instead})",
        Why.CONSEQUENCE: f"a question would lose its right answer: “{what}” ({kind}; it takes it for {instead})",
        Why.ELSEWHERE: f"of the other messages it takes {what} points more wrongly, and no more than {instead} may be",
        Why.LACKS: f"its domain lacks {what} ({kind}), which is in use",
        Why.UNKNOWN: f"it would do {what}, which this code does not have",
        Why.REPLY: f"it has no rule for {what}, which is answered by {instead} today",
    }[objection.why]
