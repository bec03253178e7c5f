"""Whether each intent of the guide has enough examples, a rule, an answer and a definition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from nlu.language.finding import Finding, read_limits
from nlu.language.project import Place, Project
from nlu.sets import Example

FALLBACK = "nlu_fallback"  # the gate's own: it has rules, and no examples


def check_coverage(project: Project) -> Iterator[Finding]:
    """What is missing of an intent."""
    yield from _names(project)
    for intent, (means, place) in project.guide.items():
        if not means:
            yield _at(place, "no_meaning", intent=intent)
        if intent not in project.intents:
            yield _at(place, "not_in_domain", intent=intent)
        yield from _rules(project, intent, place)
    limits = read_limits()
    yield from _counts(project, project.training, limits["training"], "too_few")
    yield from _counts(project, project.tests, limits["test"], "too_few_tests")


def _names(project: Project) -> Iterator[Finding]:
    told = set()
    for one in (*project.training, *project.tests):
        if one.intent not in project.guide and (one.path, one.intent) not in told:
            told.add((one.path, one.intent))
            yield Finding(str(one.path), one.line, "not_in_guide", {"intent": one.intent})


def _rules(project: Project, intent: str, place: Place) -> Iterator[Finding]:
    rules = [rule for rule in project.rules if rule.intent == intent]
    if not rules:
        yield _at(place, "no_rule", intent=intent)
    for rule in rules:
        if not rule.actions:
            yield _at(rule.place, "no_answer", intent=intent)
        for name in rule.actions:
            if name.startswith("utter_") and name not in project.answers:
                yield _at(rule.place, "unknown_answer", intent=intent, answer=name)
            elif not name.startswith("utter_") and name not in project.actions and name != "action_listen":
                yield _at(rule.place, "unknown_action", intent=intent, answer=name)


def _counts(project: Project, examples: Sequence[Example], limits: dict[str, int], kind: str) -> Iterator[Finding]:
    by_intent: defaultdict[str, list[Example]] = defaultdict(list)
    for one in examples:
        by_intent[one.intent].append(one)
    settings = read_limits()
    for intent, (_, place) in project.guide.items():
        mine = by_intent[intent]
        where = Place(str(mine[-1].path), mine[-1].line) if mine else place
        fewest = limits.get(intent, limits["danger"] if intent in settings["danger"] else limits["each"])
        wanted = limits.get("often", 0) if intent in settings["often"] else 0
        if len(mine) < fewest:
            yield _short(where, kind, intent, len(mine), fewest)
        elif len(mine) < wanted:
            yield _short(where, "too_few_often", intent, len(mine), wanted)


def _short(place: Place, kind: str, intent: str, count: int, fewest: int) -> Finding:
    return _at(place, kind, intent=intent, count=count, fewest=fewest, more=fewest - count)


def _at(place: Place, kind: str, **values: Any) -> Finding:
    return Finding(place.path, place.line, kind, values)
