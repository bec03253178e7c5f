"""`make compare`: what a candidate model does better and worse than the live one, on the same messages."""

from collections.abc import Container, Sequence
from pathlib import Path
from typing import TypedDict

from launch.figures import Report, Row, is_right
from launch.fitness import consequences, in_words
from launch.judged import judge_model, own_sets
from launch.live import Live
from launch.model import find_model
from launch.score import Scored, ScoreFailedError, check_sets, draw, for_page, pick_model, place_for, write_report
from launch.settings import Settings
from programme.rules import live as rules
from programme.rules.danger import DANGERS

SUMMARY = ("model", "accuracy", "macro_f1", "fallback_rate", "ece", "latency_ms")


class NoLiveModelError(ScoreFailedError):
    """There is no other model to compare with. Name one: make compare CANDIDATE=model.tar.gz LIVE=model.tar.gz"""


class OtherSetError(ValueError):
    """The two reports are not of the same messages."""


class Side(TypedDict):
    """What one model makes of a message."""

    predicted: str
    confidence: float
    alarm: bool


class Change(TypedDict):
    """A message that the two take differently; `place` is `file:line`."""

    text: str
    intent: str
    place: str
    live: Side
    candidate: Side


class Moved(TypedDict):
    """F1 of an intent with both models, and the difference."""

    intent: str
    support: int
    live: float
    candidate: float
    change: float


class Group(TypedDict):
    """Messages where the same is at stake: how many there are, how many are right with either."""

    of: int
    live: int
    candidate: int


class Verdict(TypedDict):
    """Whether the candidate may go live, going by these messages. `margin`: points that may be lost `elsewhere`.

    `against`: in words, each thing that stands in the way; of `dangers` and `consequences`, each single loss.
    """

    may_go_live: bool
    margin: float
    dangers: Group
    consequences: Group
    elsewhere: Group
    against: list[str]


class Comparison(TypedDict):
    """`danger_lost`: danger messages that get a card from the live model and none from the candidate; `worse`: right
    with the live model only, `better`: with the candidate only, `other`: with neither."""

    examples: int
    live: dict[str, object]
    candidate: dict[str, object]
    danger_lost: list[Change]
    danger_won: list[Change]
    false_alarms_new: list[Change]
    false_alarms_gone: list[Change]
    worse: list[Change]
    better: list[Change]
    other: list[Change]
    intents: list[Moved]
    verdict: Verdict


class Compared(TypedDict):
    """What a comparison comes to, and where the whole of it stands."""

    live: str
    candidate: str
    report: str
    page: str
    verdict: Verdict


def compare_models(settings: Settings, candidate: str = "", live: str = "", file: str = "", out: str = "") -> Compared:
    """Writes the comparison and a page beside it, prints both in short. Without `file`, all sets of tests/nlu.

    Without `candidate`, it is the model of the files as they are now; without `live`, the one that serves.
    Raises BadSetError, ScoreFailedError, and what making a model raises.
    """
    sets = [Path(file).expanduser().absolute()] if file else own_sets(settings)
    check_sets(sets)
    new = pick_model(settings, candidate)
    old = pick_model(settings, live) if live else serving_model(settings, new)
    return compare_on(settings, old, new, sets, out)


def compare_on(
    settings: Settings, live: Path, candidate: Path, sets: Sequence[Path], out: str = "", briefly: bool = False
) -> Compared:
    """Both models on the messages of `sets`, as a report and a page (`briefly`: no more is printed than where).

    Raises BadSetError, ScoreFailedError.
    """
    place = place_for(settings, out, f"compare-{candidate.name.partition('.')[0]}.json")
    before, after = (judge_model(settings, model, sets) for model in (live, candidate))
    result = compare(before, after, settings.live_margin)
    write_report(result, place)
    rows = {"live": for_page(before)["rows"], "candidate": for_page(after)["rows"]}
    page = place.with_suffix(".html")
    draw("compare", {**result, "rows": rows, "dangers": DANGERS}, page, briefly)
    print(f"Comparison: {place}", flush=True)
    names = {"live": live.name, "candidate": candidate.name}
    return {**names, "report": str(place), "page": str(page), "verdict": result["verdict"]}  # type: ignore[typeddict-item]


def serving_model(settings: Settings, candidate: Path) -> Path:
    """The live model, or where that is the candidate or was never named, another that there is: the one that was live
    before, that of the files, the one used last. Raises NoLiveModelError."""
    live = Live(settings.models)
    pointer = live.last()
    named = [live.path(mark) for mark in (pointer.live, pointer.previous) if mark] if pointer else []
    newest = sorted(settings.models.glob("*.tar.gz"), key=lambda model: model.stat().st_mtime, reverse=True)
    for model in (*named, find_model(settings.models), *newest):
        if model and model.is_file() and model != candidate:
            return model
    raise NoLiveModelError(" ".join((NoLiveModelError.__doc__ or "").split()))


def compare(live: Scored, candidate: Scored, margin: float) -> Comparison:
    """The difference between two reports of the same messages, and what the rules say of it. Raises OtherSetError."""
    before, after = live.report, candidate.report
    if [_key(row) for row in before["rows"]] != [_key(row) for row in after["rows"]]:
        raise OtherSetError(OtherSetError.__doc__)
    changes = [
        (_change(old, new, place), is_right(old), is_right(new))
        for old, new, place in zip(before["rows"], after["rows"], live.places, strict=True)
        if (old["predicted"], old["alarm"]) != (new["predicted"], new["alarm"])
    ]
    alarms = [change for change, _, _ in changes if change["live"]["alarm"] != change["candidate"]["alarm"]]
    gone = [change for change in alarms if change["live"]["alarm"]]
    new = [change for change in alarms if not change["live"]["alarm"]]
    return {
        "examples": before["examples"],
        "live": summary(before),
        "candidate": summary(after),
        "danger_lost": meaning(gone, DANGERS),
        "danger_won": meaning(new, DANGERS),
        "false_alarms_new": [change for change in new if change["intent"] not in DANGERS],
        "false_alarms_gone": [change for change in gone if change["intent"] not in DANGERS],
        "worse": [change for change, was, now in changes if was and not now],
        "better": [change for change, was, now in changes if now and not was],
        "other": [change for change, was, now in changes if not was and not now],
        "intents": _moved(before, after),
        "verdict": judge(before["rows"], after["rows"], margin),
    }


def judge(live: Sequence[Row], candidate: Sequence[Row], margin: float) -> Verdict:
    """What programme/rules/live.py says of the rows of both."""
    found = rules.judge(_as_rules(live), _as_rules(candidate), consequences(), margin)
    return {
        "may_go_live": not found.objections,
        "margin": margin,
        "dangers": _group(*found.dangers),
        "consequences": _group(*found.consequences),
        "elsewhere": _group(*found.elsewhere),
        "against": [in_words(one) for one in found.objections],
    }


def _as_rules(rows: Sequence[Row]) -> list[rules.Row]:
    return [rules.Row(row["text"], row["intent"], row["predicted"], row["alarm"]) for row in rows]


def _group(live: rules.Share, candidate: rules.Share) -> Group:
    return {"of": live.of, "live": live.right, "candidate": candidate.right}


def meaning(changes: Sequence[Change], intents: Container[str]) -> list[Change]:
    """The changes of messages that mean one of the intents."""
    return [change for change in changes if change["intent"] in intents]


def summary(report: Report) -> dict[str, object]:
    """A report without its rows."""
    return {key: report[key] for key in SUMMARY}  # type: ignore[literal-required]


def _key(row: Row) -> tuple[str, str]:
    return row["text"], row["intent"]


def _change(old: Row, new: Row, place: str) -> Change:
    return {"text": old["text"], "intent": old["intent"], "place": place, "live": _side(old), "candidate": _side(new)}


def _side(row: Row) -> Side:
    return {"predicted": row["predicted"], "confidence": row["confidence"], "alarm": row["alarm"]}


def _moved(before: Report, after: Report) -> list[Moved]:
    """Every intent, those that lose most first."""
    moved: list[Moved] = [
        {
            "intent": name,
            "support": figures["support"],
            "live": figures["f1"],
            "candidate": after["intents"][name]["f1"],
            "change": round(after["intents"][name]["f1"] - figures["f1"], 4),
        }
        for name, figures in before["intents"].items()
    ]
    return sorted(moved, key=lambda one: (one["change"], one["intent"]))
