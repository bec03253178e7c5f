"""How examples and answers are written: template smell, length, reading age. Remarks, never errors."""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Iterator, Sequence

from nlu.language.doubles import plain
from nlu.language.finding import Finding, read_limits
from nlu.language.project import Project
from nlu.sets import Example

GAP = "…"
GRADE_TO_AGE = 5  # an American school grade, as the formula counts, and the age of its children
_SETTING = re.compile(r"\{[^{}]*\}")


def check_style(project: Project) -> Iterator[Finding]:
    """All remarks about style."""
    by_intent: defaultdict[str, list[Example]] = defaultdict(list)
    for one in project.training:
        by_intent[one.intent].append(one)
    for intent, mine in by_intent.items():
        yield from _beginnings(intent, mine)
    for intent, mine in by_intent.items():
        yield from _gaps(intent, mine)
    longest = read_limits()["longest_example"]
    for one in (*project.training, *project.tests):
        if (count := len(one.text.split())) > longest:
            yield Finding(str(one.path), one.line, "long_example", {"count": count})
    yield from _answers(project)


def _beginnings(intent: str, mine: Sequence[Example]) -> Iterator[Finding]:
    limits = read_limits()["same_beginning"]
    groups: defaultdict[str, list[Example]] = defaultdict(list)
    for one in mine:
        words = plain(one.text).split()
        if len(words) > limits["words"]:
            groups[" ".join(words[: limits["words"]])].append(one)
    for text, same in groups.items():
        if len(same) >= max(limits["examples"], limits["share"] * len(mine)):
            values = {"intent": intent, "text": text, "count": len(same), "total": len(mine)}
            yield Finding(str(same[0].path), same[0].line, "same_beginning", values)


def _gaps(intent: str, mine: Sequence[Example]) -> Iterator[Finding]:
    limits = read_limits()["one_word_apart"]
    groups: defaultdict[str, dict[str, Example]] = defaultdict(dict)
    for one in mine:
        words = plain(one.text).split()
        for at in range(len(words)) if len(words) >= limits["words"] else ():
            groups[" ".join([*words[:at], GAP, *words[at + 1 :]])].setdefault(words[at], one)
    for text, same in groups.items():
        if len(same) >= limits["examples"]:
            first = next(iter(same.values()))
            yield Finding(
                str(first.path), first.line, "one_word_apart", {"intent": intent, "text": text, "count": len(same)}
            )


def _answers(project: Project) -> Iterator[Finding]:
    limits = read_limits()
    for name, texts in project.answers.items():
        for text, place in texts:
            if len(text) > limits["longest_answer"]:
                yield Finding(place.path, place.line, "long_answer", {"answer": name, "count": len(text)})
            age = reading_age(text)
            if age is not None and age > limits["reading_age"]:
                yield Finding(place.path, place.line, "hard_answer", {"answer": name, "age": f"{age:.0f}"})


def reading_age(text: str) -> float | None:
    """In years, by Flesch and Kincaid; None where there are too few words to say. A setting counts as a word."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # its remark on how it reads its own lists
        import textstat
    said = "\n".join(line.strip().rstrip(":").strip() for line in _SETTING.sub("it", text).splitlines())
    ended = re.sub(r"([^.!?\s])\s*\n", r"\1.\n", said)  # a line is a sentence, with or without its full stop
    if len(ended.split()) < read_limits()["shortest_measured"]:
        return None
    return float(textstat.flesch_kincaid_grade(ended)) + GRADE_TO_AGE
