"""Trains a model from nlu/ and stories/, and refuses data that would make a bad one.

    python -m nlu.train --out var/models/model.tar.gz

Everything that Rasa would only warn about stops the training, with the file and the line, unless `ALLOWED` says why
it is meant. The same files give the same model: its parts are trained from fixed seeds, and nothing is taken from an
earlier training (Rasa's own cache does not see when a component's code has changed).
"""

from __future__ import annotations

import argparse
import logging
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from nlu.sources import (
    WRONG,
    BadData,
    Listener,
    Sources,
    check,
    complaints,
    each_file_parsed_once,
    extent,
    read,
    settle_chance,
)

STEPS = "nlu.components.training"  # whose log is the steps of a training


def train(sources: Sources, out: Path, say: Callable[[str], None] = print) -> None:
    """Write a trained, checked model to `out` (a .tar.gz), in one step. Raises `BadData`; `out` is untouched then."""
    started = time.monotonic()
    settle_chance()
    from rasa.shared.exceptions import RasaException

    from nlu.standins import StoodIn

    try:
        with each_file_parsed_once():
            with complaints(sources) as found:
                say(f"Reading {sources.config}, {sources.domain} and {', '.join(sources.data)}")
                importer = read(sources)
                say(f"  {extent(importer)} ({time.monotonic() - started:.1f} s)")
                check(importer)
            _refuse(found)
            say("Checked: nothing contradicts anything. Training")
            with complaints(sources) as found, _progress(say):
                _build(sources, out, lambda: _refuse(found))
    except (RasaException, StoodIn, *WRONG) as error:
        raise BadData(sources.describe(error)) from error
    say(f"Model: {out} ({out.stat().st_size / 1e6:.1f} MB) in {time.monotonic() - started:.1f} s")


def _build(sources: Sources, out: Path, refuse: Callable[[], None]) -> None:
    """Train into a folder beside `out`, check it, and move the model into its place."""
    from rasa.engine import loader
    from rasa.engine.storage.local_model_storage import LocalModelStorage
    from rasa.model_training import train as rasa_train

    from nlu.runner import PlainRunner
    from nlu.standins import absent

    out.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".training-") as folder:
        with _quiet_output():
            result = rasa_train(
                sources.domain,
                sources.config,
                sources.trained_from(),
                output=folder,
                force_training=True,
                fixed_model_name="model.tar.gz",
            )
        refuse()
        if result.code or not result.model:
            raise BadData("Rasa trained no model.")
        unpacked = Path(folder, "unpacked")
        unpacked.mkdir()
        model, _ = loader.load_predict_graph_runner(unpacked, Path(result.model), LocalModelStorage, PlainRunner)
        for node in model.predict_schema.nodes.values():
            if node.uses.__module__ in absent(serving=True):
                raise BadData(f"{node.uses.__name__} can be trained, but the server leaves it out (nlu/standins.py).")
        Path(result.model).replace(out)


def _refuse(found: list[str]) -> None:
    if found:
        raise BadData(*found)


@contextmanager
def _progress(say: Callable[[str], None]) -> Iterator[None]:
    """A line when a component begins and when it has been trained, and for the steps of ours between."""
    since = time.monotonic()

    def hear(record: logging.LogRecord) -> None:
        nonlocal since
        said = re.search(r"(Starting to train|Finished training) component '(.+)'", record.getMessage())
        if said and said[1].startswith("Starting"):
            since = time.monotonic()
            say(f"  {said[2]} …")
        elif said:
            say(f"  {said[2]} trained in {time.monotonic() - since:.1f} s")
        elif record.name == STEPS:
            say(f"  {record.getMessage()}")

    listener = Listener(logging.INFO, hear)
    with ExitStack() as heard:
        for name in ("rasa.engine.training.hooks", STEPS):
            heard.enter_context(_heard(logging.getLogger(name), listener))
        yield


@contextmanager
def _heard(logger: logging.Logger, listener: Listener) -> Iterator[None]:
    """What the logger is told goes to the listener alone."""
    level, above = logger.level, logger.propagate
    logger.addHandler(listener)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(listener)
        logger.setLevel(level)
        logger.propagate = above


@contextmanager
def _quiet_output() -> Iterator[None]:
    """Rasa prints that a model is saved, at a place where it will not stay."""
    from rasa.shared.utils import cli

    printed, cli.print_success = cli.print_success, lambda *_: None
    try:
        yield
    finally:
        cli.print_success = printed


def main(arguments: list[str]) -> None:
    """The command line: 0 and a model, or 1 and what is wrong on standard error."""
    if os.environ.get("PYTHONHASHSEED") != "0":  # the order of sets is chance too, and settled before Python starts
        os.environ["PYTHONHASHSEED"] = "0"
        os.execv(sys.executable, [sys.executable, "-m", "nlu.train", *arguments])  # noqa: S606  # ourselves
    default = Sources()
    parser = argparse.ArgumentParser(prog="python -m nlu.train", description="Train and check a model.")
    parser.add_argument("--out", type=Path, required=True, help="the model's file, ending in .tar.gz")
    parser.add_argument("--config", default=default.config)
    parser.add_argument("--domain", default=default.domain)
    parser.add_argument("--data", nargs="+", default=default.data)
    given = parser.parse_args(arguments)
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    os.environ.setdefault("KEEP_VECTORS", str(given.out.absolute().parent / ".vectors.npz"))
    try:
        train(Sources(given.config, given.domain, given.data), given.out, lambda line: print(line, flush=True))
    except BadData as error:
        for line in error.args:
            print(line, file=sys.stderr)
        raise SystemExit(1) from None


if __name__ == "__main__":
    main(sys.argv[1:])
