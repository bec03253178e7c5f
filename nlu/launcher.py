"""Starts Rasa without what it never uses: the dialogue server, or any of Rasa's own commands.

    python -m nlu.launcher serve                       the dialogue server; settings come by environment, see `serve`
    python -m nlu.launcher train --out model.tar.gz    a trained and validated model, see nlu/train.py
    python -m nlu.launcher rasa test nlu …             any command of Rasa's, without TensorFlow and telemetry

Run it from the project's folder, with the Rasa environment's Python.
"""

from __future__ import annotations

import asyncio
import gc
import os
import sys
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nlu import standins
from nlu.logs import be_discreet, silence_structlog
from nlu.parent import die_with_parent, watch_parent

if TYPE_CHECKING:
    from sanic import Sanic

    from nlu.channel import Dialogue
    from nlu.locks import SharedLocks
    from nlu.processor import TurnProcessor
    from nlu.tracker import SealedTrackerStore

HOST = "127.0.0.1"  # Rasa is never reachable from outside
ENDPOINTS = "nlu/endpoints.yml"
SETTINGS = (
    "DIALOGUE_PORT",
    "DIALOGUE_SECRET",
    "MODEL_PATH",
    "ACTIONS_URL",
    "ACTIONS_SECRET",
    "TRACKER_URL",
    "TRACKER_KEYS",
)
LARGEST_REQUEST = 64 * 1024
KEEP_ALIVE_SECONDS = 75
LONGEST_TURN_SECONDS = 60  # the app stops waiting long before
UNSAFE = {"run": "serve", "x": "serve"}  # Rasa's own servers, and what to use in their stead


class CannotStart(SystemExit):
    """The server cannot start; its argument says why."""


def prepare(*, serving: bool) -> None:
    """Settle what must be settled before Rasa is imported: telemetry off, always; no start-up noise; stand-ins."""
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.environ["SQLALCHEMY_SILENCE_UBER_WARNING"] = "1"
    if serving:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # a message is small: more threads only wait for each other
        os.environ.setdefault("SETUPTOOLS_USE_DISTUTILS", "stdlib")  # saves Sanic the import of setuptools
    else:
        warnings.filterwarnings("ignore", category=DeprecationWarning)  # Rasa's libraries' among one another
        warnings.filterwarnings("ignore", message="pkg_resources is deprecated")
    standins.install(serving=serving)


def serve() -> None:
    """Serve the dialogue channel on loopback until told to stop.

    Environment: DIALOGUE_PORT, DIALOGUE_SECRET, MODEL_PATH, ACTIONS_URL, ACTIONS_SECRET, TRACKER_URL, TRACKER_KEYS;
    REDIS_URL where several Rasa processes serve the same conversations; PARENT_PID to die with that process;
    TRACE_DIR, a folder for how long each step takes (`make bench`).
    Raises `CannotStart`.
    """
    die_with_parent()
    port, secret, model, *_ = map(_setting, SETTINGS)
    prepare(serving=True)
    be_discreet()
    silence_structlog()
    from nlu.channel import Dialogue

    processor = load(model)
    be_discreet()  # again: modules that Rasa imported have made loggers of their own
    if folder := os.environ.get("TRACE_DIR"):
        from nlu.trace import watch

        watch(folder)
    app = application(Dialogue(processor, shared_locks(os.environ.get("REDIS_URL"))), processor, secret)
    gc.collect()
    gc.freeze()  # what is here now stays: spare every later collection the walk over it
    app.run(host=HOST, port=int(port), workers=1, access_log=False, debug=False, motd=False)


def load(model: str, endpoints: str = ENDPOINTS) -> TurnProcessor:
    """The processor of a trained model, with our tracker store, our action endpoint and nothing of Rasa's between."""
    from rasa.utils.endpoints import read_endpoint_config

    from nlu.action_server import ActionServer
    from nlu.processor import AnswersByName, TurnProcessor

    processor = TurnProcessor(
        model_path=model,
        tracker_store=sealed_store(endpoints),
        lock_store=None,  # the channel locks
        generator=AnswersByName(()),
        action_endpoint=ActionServer.like(read_endpoint_config(endpoints, "action_endpoint")),
    )
    processor.tracker_store.domain = processor.domain
    processor.nlg = AnswersByName(processor.domain.responses)
    return processor


def sealed_store(endpoints: str = ENDPOINTS) -> SealedTrackerStore:
    """The tracker store that `endpoints` names. Raises `CannotStart` unless it is ours.

    Rasa takes its store in memory where the file names none, or one that cannot be imported, and wraps stores so that
    an error becomes an empty conversation. Neither may ever serve.
    """
    from rasa.core.tracker_store import TrackerStore
    from rasa.utils.endpoints import read_endpoint_config

    from nlu.tracker import BadTrackerKeys, SealedTrackerStore

    try:
        store = TrackerStore.create(read_endpoint_config(endpoints, "tracker_store"))
    except BadTrackerKeys:
        raise CannotStart(BadTrackerKeys.__doc__) from None
    if type(store) is not SealedTrackerStore:
        raise CannotStart(
            f"{endpoints} leads to {type(store).__name__}; only SealedTrackerStore may keep conversations."
        )
    return store


def shared_locks(url: str | None) -> SharedLocks | None:
    """Locks in Redis, or None where no other server takes turns of these conversations."""
    if not url:
        return None
    from nlu.locks import SharedLocks

    return SharedLocks(url)


def application(dialogue: Dialogue, processor: TurnProcessor, secret: str) -> Sanic:
    """A Sanic application that has the dialogue channel and nothing else of Rasa's."""
    from sanic import Sanic

    from nlu.channel import blueprint

    app = Sanic("dialogue", env_prefix=None, configure_logging=False)
    app.config.REQUEST_MAX_SIZE = LARGEST_REQUEST
    app.config.KEEP_ALIVE_TIMEOUT = KEEP_ALIVE_SECONDS
    app.config.RESPONSE_TIMEOUT = LONGEST_TURN_SECONDS
    app.config.FALLBACK_ERROR_FORMAT = "json"
    app.blueprint(blueprint(dialogue, secret))

    @app.before_server_stop
    async def finish(*_: Any) -> None:
        await dialogue.finish()
        await processor.action_endpoint.close()
        await asyncio.to_thread(processor.tracker_store.close)

    app.add_task(watch_parent())
    return app


def rasa(arguments: list[str]) -> None:
    """Run one of Rasa's own commands, as `rasa …` would. Raises `CannotStart` for its servers."""
    command = next((word for word in arguments if not word.startswith("-")), "")
    if command in UNSAFE:
        raise CannotStart(
            f"`rasa {command}` opens an unguarded server: use `python -m nlu.launcher {UNSAFE[command]}`."
        )
    if command in ("shell", "interactive"):  # these open a server too, on every address unless told otherwise
        place = arguments.index(command) + 1
        arguments = [*arguments[:place], *_on_loopback(arguments[place:])]
    prepare(serving=False)
    sys.path.insert(0, str(Path.cwd()))
    sys.argv = ["rasa", *arguments]
    from rasa.__main__ import main as run

    from nlu.shell import hush, name_actions

    hush()  # again: what was imported has settings of its own
    if command == "shell" and "--endpoints" not in arguments:
        name_actions()
    run()


def _on_loopback(arguments: list[str]) -> list[str]:
    if any(word.startswith(("-i", "--int")) for word in arguments):
        raise CannotStart(f"Rasa listens on {HOST} only: leave --interface out.")
    if arguments[:1] == ["nlu"]:  # `rasa shell nlu` has no server
        return arguments
    return ["-i", HOST, *arguments]


def _setting(name: str) -> str:
    value = os.environ.get(name)
    if not value:
        raise CannotStart(f"{name} is not set.")
    return value


def main(arguments: list[str]) -> None:
    match arguments:
        case ["serve"]:
            serve()
        case ["train", *rest]:
            from nlu.train import main as train

            train(rest)
        case ["rasa", *rest]:
            rasa(rest)
        case _:
            raise CannotStart(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
