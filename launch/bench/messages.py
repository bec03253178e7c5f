"""The messages of a bench: questions of the project's own examples, put a little differently each time.

Both systems get the same ones, in the same order, and neither gets a text twice.
"""

import itertools
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SEED = 20240229
ACTION_INTENT = "ask_deadline"  # its action reads and answers outside any form
REST = "action_answer_rest"  # the end of a question's rule; says something only where a message asks two things
MARK = re.compile(r"\[([^\[\]]+)\](?:\([^()]+\)|\{[^{}]+\})")  # of an entity in an example
OPENINGS = ("", "hi, ", "hello, ", "sorry, ", "just asking, ", "quick question, ", "ok so ", "hey, ", "right, ")
CLOSINGS = ("", " thanks", " please", " ta", " cheers", " many thanks", " thank you", "?")


class TooFewMessagesError(RuntimeError):
    """The examples do not give that many different messages."""


@dataclass(frozen=True)
class Message:
    """What a person writes, what is meant, and the answer or action that the rules give it."""

    text: str
    intent: str
    reaction: str


class Deck:
    """Deals messages; the same ones in the same order for the same files."""

    def __init__(self, project: Path) -> None:
        rules = single_rules(project / "stories")
        examples = read_examples(project / "nlu" / "examples")
        questions = {
            name: done for name, done in rules.items() if name.startswith("ask_") and done.startswith("utter_")
        }
        self._answers = _shuffled(questions, examples)
        self._actions = _shuffled({ACTION_INTENT: rules[ACTION_INTENT]}, examples)

    def answers(self, count: int) -> list[Message]:
        """Questions with a fixed answer: no action has to run. Raises TooFewMessagesError."""
        return _take(self._answers, count)

    def actions(self, count: int) -> list[Message]:
        """Questions that a custom action answers. Raises TooFewMessagesError."""
        return _take(self._actions, count)


def single_rules(stories: Path) -> dict[str, str]:
    """Intents with a rule of one step (but for REST), and the answer or action of that step."""
    found = {}
    for path in sorted(stories.glob("*.yml")):
        for rule in _read(path).get("rules") or []:
            steps = [step for step in rule.get("steps") or [] if step.get("action") != REST]
            if len(steps) == 2 and "condition" not in rule and "intent" in steps[0] and "action" in steps[1]:
                found[steps[0]["intent"]] = steps[1]["action"]
    return found


def read_examples(folder: Path) -> dict[str, list[str]]:
    """Every intent's examples in Rasa's NLU files, without marks of entities."""
    found: dict[str, list[str]] = {}
    for path in sorted(folder.glob("*.yml")):
        for entry in _read(path).get("nlu") or []:
            lines = [line.strip() for line in str(entry.get("examples", "")).splitlines()]
            texts = [MARK.sub(r"\1", line).removeprefix("- ").strip() for line in lines if line.startswith("- ")]
            found.setdefault(str(entry.get("intent")), []).extend(texts)
    return found


def _shuffled(rules: Mapping[str, str], examples: Mapping[str, Sequence[str]]) -> Iterator[Message]:
    """Every example as it is, then with words before and after it, in a fixed disorder, no text twice."""
    known = [Message(text, name, done) for name, done in sorted(rules.items()) for text in examples.get(name, [])]
    chance = random.Random(SEED)  # noqa: S311  # an order, no secret
    seen: set[str] = set()
    for opening, closing in sorted(itertools.product(OPENINGS, CLOSINGS), key=lambda pair: len("".join(pair))):
        chance.shuffle(known)
        for message in known:
            text = f"{opening}{message.text}{closing}"
            if text.casefold() not in seen:
                seen.add(text.casefold())
                yield Message(text, message.intent, message.reaction)


def _take(messages: Iterator[Message], count: int) -> list[Message]:
    taken = list(itertools.islice(messages, count))
    if len(taken) < count:
        raise TooFewMessagesError(TooFewMessagesError.__doc__)
    return taken


def _read(path: Path) -> dict[str, Any]:
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return content if isinstance(content, dict) else {}
