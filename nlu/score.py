"""What a trained model makes of labelled messages, one by one on one thread, as the dialogue server would.

    python -m nlu.score --model var/models/model.tar.gz --out rows.json some.yml …

Run by launch/score.py, which adds what the phrase list sees and works out the figures.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import tarfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from nlu.sets import BadSetError, Example, read_sets

FALLBACK = "nlu_fallback"
COMMAND_MARKS = "/ \t\r\n\f\v\u00a0"  # what nlu/channel.py takes from the front of whatever is typed
BAD_SET, BAD_MODEL = 2, 3  # exit codes

Parse = Callable[[str], dict[str, Any]]


class ModelUnusableError(Exception):
    """The model cannot be loaded."""


def load_model(path: Path) -> Parse:
    """The understanding of a model: the whole pipeline, without server, policies or actions at work.

    Raises ModelUnusableError: no such file, no model, or one that other code has trained.
    """
    from nlu.launcher import prepare

    prepare(serving=True)
    from nlu.logs import be_discreet, silence_structlog

    be_discreet()
    silence_structlog()
    import tempfile

    from rasa.core.channels.channel import UserMessage
    from rasa.engine import loader
    from rasa.engine.constants import PLACEHOLDER_MESSAGE, PLACEHOLDER_TRACKER
    from rasa.engine.exceptions import GraphComponentException
    from rasa.engine.storage.local_model_storage import LocalModelStorage

    from nlu.runner import PlainRunner

    try:
        with tempfile.TemporaryDirectory() as folder:
            metadata, runner = loader.load_predict_graph_runner(Path(folder), path, LocalModelStorage, PlainRunner)
    except (tarfile.TarError, OSError) as error:
        raise ModelUnusableError(f"{path}: {ModelUnusableError.__doc__} ({type(error).__name__})") from None
    except GraphComponentException as error:
        raise ModelUnusableError(f"{path}: {ModelUnusableError.__doc__} ({error.__cause__ or error})") from None
    target = metadata.nlu_target

    def parse(text: str) -> dict[str, Any]:
        message = UserMessage(text)
        results = runner.run({PLACEHOLDER_MESSAGE: [message], PLACEHOLDER_TRACKER: None}, [target])
        return results[target][0].as_dict(only_output_properties=True)

    return parse


def understand(parse: Parse, examples: Iterable[Example]) -> tuple[list[dict[str, Any]], list[float]]:
    """A row for each example in its order, and the milliseconds that each took.

    A row: `text`, `intent`, `place`, `predicted` (what the model would have the dialogue act on, the gate and the
    clauses included) and `chances`, the likeliest intents with their probabilities.
    """
    rows, clock = [], []
    parse("hello")  # the first message pays for what is made once
    gc.collect()
    gc.freeze()
    for example in examples:
        typed = example.text.lstrip(COMMAND_MARKS)
        began = time.perf_counter()
        parsed = parse(typed)
        clock.append((time.perf_counter() - began) * 1000)
        ranking = {one["name"]: float(one["confidence"]) for one in parsed.get("intent_ranking") or []}
        intent = parsed.get("intent") or {}
        predicted = intent.get("name") or FALLBACK
        if predicted != FALLBACK:
            ranking.setdefault(predicted, float(intent.get("confidence") or 0.0))
        ranking.pop(FALLBACK, None)
        rows.append(
            {
                "text": example.text,
                "intent": example.intent,
                "place": example.place,
                "predicted": predicted,
                "chances": ranking,
            }
        )
    return rows, clock


def main(arguments: list[str]) -> None:
    """The command line: 0 and the rows, or in words why not: 2 for the messages, 3 for the model.

    Without a model the messages are only read.
    """
    parser = argparse.ArgumentParser(prog="python -m nlu.score", description="What a model makes of messages.")
    parser.add_argument("--model", type=Path)
    parser.add_argument("--out", type=Path)
    parser.add_argument("files", type=Path, nargs="+")
    given = parser.parse_args(arguments)
    try:
        examples = read_sets(given.files)
        if not given.model:
            return
        rows, clock = understand(load_model(given.model), examples)
    except BadSetError as error:
        print(error, file=sys.stderr)
        raise SystemExit(BAD_SET) from None
    except ModelUnusableError as error:
        print(error, file=sys.stderr)
        raise SystemExit(BAD_MODEL) from None
    given.out.write_text(json.dumps({"rows": rows, "milliseconds": clock}), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
