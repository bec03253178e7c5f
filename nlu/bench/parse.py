"""What a model makes of the bench's messages, one after another on one thread, in one process; and what that costs.

    .venv-rasa/bin/python  -m nlu.bench.parse ours  --model model.tar.gz --rows own.json --out parsed.json
    .venv-stock/bin/python -m nlu.bench.parse stock --model model.tar.gz --rows own.json --out parsed.json

Our model runs as our dialogue server runs it, stock Rasa's in Rasa's own Agent, with nothing of ours in its process
but nlu/score.py, which asks both in the same way.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from nlu.score import FALLBACK, Parse, understand
from nlu.sets import Example

# How sure a side is that a message is one of its own: of what was last parsed, from what parsing gave.
Score = Callable[[dict[str, Any]], float]
Loaded = tuple[Parse, Score]
MEGABYTE = 1e6
WARM = 100  # messages before the memory is looked at


class NoScoreError(RuntimeError):
    """A message was taken for an intent, and the gate's score of it was not seen: nlu/bench/parse.py looks for it in
    IntentModel.read."""


def measure_memory() -> dict[str, float]:
    """Megabytes that this process holds now, and the most that it has held."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    kilobytes = {line.split(":")[0]: float(line.split()[1]) for line in lines if line.startswith(("VmRSS:", "VmHWM:"))}
    return {"now": kilobytes["VmRSS"] * 1024 / MEGABYTE, "most": kilobytes["VmHWM"] * 1024 / MEGABYTE}


def import_ours() -> Callable[[Path], Loaded]:
    """Rasa as our server has it: without TensorFlow. What comes back loads a model."""
    from nlu.launcher import prepare

    prepare(serving=True)
    import rasa.core.channels.channel
    import rasa.engine.loader  # noqa: F401  # both are Rasa, not the model

    return _load_ours


def import_stock() -> Callable[[Path], Loaded]:
    """Rasa as its makers ship it, TensorFlow held to the threads of the environment. What comes back loads a model."""
    from rasa.core.agent import Agent
    from rasa.utils.common import configure_logging_and_warnings
    from rasa.utils.log_utils import configure_structlog
    from rasa.utils.tensorflow.environment import setup_tf_environment

    configure_logging_and_warnings(None, None, warn_only_once=True, filter_repeated_logs=True)
    configure_structlog(None)  # as Rasa's own commands do: otherwise each message would be printed
    setup_tf_environment()

    def load(model: Path) -> Loaded:
        agent, loop = Agent.load(str(model)), asyncio.new_event_loop()
        return lambda text: loop.run_until_complete(agent.parse_message(text)), best_confidence

    return load


IMPORTS = {"ours": import_ours, "stock": import_stock}


def best_confidence(parsed: dict[str, Any]) -> float:
    """Of the likeliest intent, whatever the gate says."""
    ranking = [one for one in parsed.get("intent_ranking") or [] if one["name"] != FALLBACK]
    return float(ranking[0]["confidence"]) if ranking else 0.0


def _load_ours(model: Path) -> Loaded:
    from nlu.components.model import IntentModel
    from nlu.score import load_model

    read, scores = IntentModel.read, []

    def noted(self: IntentModel, text: str) -> Any:
        reading = read(self, text)
        scores.append(reading.score)
        return reading

    IntentModel.read = noted  # the score is not in Rasa's message
    plain = load_model(model)

    def parse(text: str) -> dict[str, Any]:
        scores.clear()
        return plain(text)

    def score(parsed: dict[str, Any]) -> float:
        if not scores and best_confidence(parsed):
            raise NoScoreError(NoScoreError.__doc__)
        return scores[0] if scores else 0.0  # the whole message is read first, its clauses after it

    return parse, score


def parse_rows(loaded: Loaded, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What was made of each row: `predicted`, `chances` by intent, best first, `score`, and `milliseconds` on the clock
    and of the processor (`cpu`)."""
    parse, score = loaded
    noted: list[tuple[float, float]] = []

    def watched(text: str) -> dict[str, Any]:
        began = time.process_time()
        parsed = parse(text)
        noted.append((score(parsed), (time.process_time() - began) * 1000))
        return parsed

    examples = [Example(row["text"], row["intent"], Path("rows"), at) for at, row in enumerate(rows)]
    understood, clock = understand(watched, examples)
    counted = noted[len(noted) - len(rows) :]  # without what warmed it up
    return [
        {
            "predicted": one["predicted"],
            "chances": one["chances"],
            "score": sure,
            "milliseconds": milliseconds,
            "cpu": cpu,
        }
        for one, milliseconds, (sure, cpu) in zip(understood, clock, counted, strict=True)
    ]


def main(arguments: list[str]) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m nlu.bench.parse", description="What a model makes of messages.")
    parser.add_argument("side", choices=sorted(IMPORTS))
    for name in ("--model", "--rows", "--out"):
        parser.add_argument(name, type=Path, required=True)
    given = parser.parse_args(arguments)
    rows = json.loads(given.rows.read_text(encoding="utf-8"))["rows"]
    empty = measure_memory()["now"]  # an interpreter with the messages in it
    load = IMPORTS[given.side]()
    imported = measure_memory()["now"]
    loaded = load(given.model)
    for row in rows[:WARM]:
        loaded[0](row["text"])
    after = measure_memory()  # before the answers are gathered, which are the bench's
    memory = {"resident": after["now"] - empty, "peak": after["most"] - empty, "model": after["now"] - imported}
    parsed = parse_rows(loaded, rows)
    given.out.write_text(json.dumps({"parsed": parsed, "memory": memory}), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
