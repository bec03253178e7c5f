"""`make score`: a model together with the phrase list on a file of labelled messages, as a report and a page of it."""

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from launch.figures import FALLBACK, Report, Row, make_report
from launch.model import NoModelError, find_named, make_model
from launch.parent import end_with_parent
from launch.settings import PROJECT, RASA_PYTHON, Settings, child_environment
from programme.rules.danger import DANGERS
from programme.safety import Safety

FOREIGN = "out_of_scope"
BAD_SET = 2  # nlu/score.py's exit code where the messages cannot be used
LISTED = 0.86  # of what the phrase list sees in nlu/examples, the share that is under just that danger there

Alarm = Callable[[str], str | None]


class ScoreFailedError(RuntimeError):
    """The model could not be scored; why stands above."""


class BadSetError(ValueError):
    """The messages cannot be used; why stands above."""


class NoFileError(BadSetError):
    """Say which messages: make score FILE=some.yml OUT=report.json"""


class NoPlaceError(BadSetError):
    """The report cannot be written there."""


@dataclass(frozen=True)
class Scored:
    """A report, and for each of its rows `file:line`."""

    report: Report
    places: tuple[str, ...]


def score(settings: Settings, file: str, out: str, model: str = "", page: str = "") -> dict[str, Any]:
    """Writes the report to `out` (in VAR_DIR unless given) and a page beside it (or to `page`); prints the figures.

    Gives where they are, and the figures without rows and intents.
    Raises BadSetError, ScoreFailedError, and what making a model raises.
    """
    if not file:
        raise NoFileError(NoFileError.__doc__)
    source = Path(file).expanduser().absolute()
    place = place_for(settings, out, f"score-{source.stem}.json")
    check_sets([source])  # before anything is trained
    scored = score_model(pick_model(settings, model), [source], phrase_list())
    return hand_over(scored, place, Path(page).expanduser().absolute() if page else place.with_suffix(".html"))


def hand_over(scored: Scored, place: Path, page: Path) -> dict[str, Any]:
    """Writes report and page and prints the figures; gives both places and the figures. Raises ScoreFailedError."""
    write_report(scored.report, place)
    draw("score", for_page(scored), page)
    print(f"Report: {place}", flush=True)
    figures = {key: value for key, value in scored.report.items() if key not in ("rows", "intents")}
    return {"report": str(place), "page": str(page), "figures": figures}


def score_model(model: Path, files: Sequence[Path], alarm: Alarm) -> Scored:
    """What the model and the phrase list make of the files' messages. Raises BadSetError, ScoreFailedError."""
    with tempfile.TemporaryDirectory(prefix="score-") as folder:
        rows = Path(folder) / "rows.json"
        ask_annex("nlu.score", "--model", str(model), "--out", str(rows), *map(str, files))
        understood = json.loads(rows.read_text(encoding="utf-8"))
    judged = [_judge(row, alarm) for row in understood["rows"]]
    report = make_report(model.name, judged, understood["milliseconds"])
    return Scored(report, tuple(row["place"].removeprefix(f"{PROJECT}/") for row in understood["rows"]))


def _judge(row: Mapping[str, Any], alarm: Alarm) -> Row:
    """What the dialogue acts on: a danger that the phrase list sees goes before all that the model takes it for.

    The confidence is the model's probability of that; of falling back, that the message is none of ours, the one case
    in which it is right. Of what the list sees it is at least how often the list is right.
    """
    seen = alarm(row["text"])
    predicted = seen or row["predicted"]
    chance = max(row["chances"].get(FOREIGN if predicted == FALLBACK else predicted, 0.0), LISTED if seen else 0.0)
    return {
        "text": row["text"],
        "intent": row["intent"],
        "predicted": predicted,
        "confidence": round(chance, 6),
        "alarm": predicted in DANGERS,
    }


def phrase_list() -> Alarm:
    """The danger that the phrase list sees in a text, if any."""
    safety = Safety.load(PROJECT / "nlu" / "safety")

    def alarm(text: str) -> str | None:
        found = safety.check(text)
        return found.kind if found else None

    return alarm


def pick_model(settings: Settings, named: str = "") -> Path:
    """The model that is named, or that of the files as they are now, trained where it is missing.

    Raises ScoreFailedError, and what making a model raises.
    """
    if not named:
        settings.make_var_dir()
        return make_model(settings.models)
    try:
        return find_named(settings.models, named)
    except NoModelError as error:
        raise ScoreFailedError(str(error)) from None


def check_sets(files: Sequence[Path]) -> None:
    """Whether the files hold labelled messages. Raises BadSetError, having said what is wrong, and where."""
    ask_annex("nlu.score", *map(str, files))


def place_for(settings: Settings, out: str, name: str) -> Path:
    """Where a report goes: `out`, or `name` in VAR_DIR. Raises NoPlaceError where nothing can be written."""
    place = Path(out).expanduser().absolute() if out else settings.var_dir / "reports" / name
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir() or not os.access(place if place.exists() else place.parent, os.W_OK):
            raise PermissionError
    except OSError:
        raise NoPlaceError(f"{place}: {NoPlaceError.__doc__}") from None
    return place


def write_report(report: Mapping[str, Any], place: Path) -> None:
    """As JSON, whole or not at all."""
    new = place.with_name(f".{place.name}.{os.getpid()}")
    new.write_text(json.dumps(report, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    new.replace(place)


def for_page(scored: Scored) -> dict[str, Any]:
    """A report with what its page shows besides."""
    rows = [{**row, "place": place} for row, place in zip(scored.report["rows"], scored.places, strict=True)]
    return {**scored.report, "rows": rows, "dangers": DANGERS}


def draw(kind: str, content: Mapping[str, Any], page: Path, briefly: bool = False) -> None:
    """Writes the page and prints its summary, `briefly` only where it is; nlu/report/. Raises ScoreFailedError."""
    more = ["--briefly"] if briefly else []
    ask_annex("nlu.report", kind, "--out", str(page), *more, given=json.dumps(content))


def ask_annex(module: str, *words: str, given: str = "") -> None:
    """Runs a module of nlu/ in Rasa's environment. Raises BadSetError, ScoreFailedError: it has said why."""
    sys.stdout.flush()
    parent = os.getpid()
    done = subprocess.run(  # noqa: S603  # our own words, no shell; one thread, no lock to inherit
        [str(RASA_PYTHON), "-m", module, *words],
        cwd=PROJECT,
        env=child_environment(),
        input=given,
        text=True,
        check=False,
        preexec_fn=lambda: end_with_parent(signal.SIGKILL, parent),
    )
    if done.returncode == BAD_SET:
        raise BadSetError(BadSetError.__doc__)
    if done.returncode:
        raise ScoreFailedError(ScoreFailedError.__doc__)
