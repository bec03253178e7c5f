"""Notes how long each part of a turn takes in the dialogue server; only where TRACE_DIR is set, which the bench does.

A line a step, `name seconds`, in TRACE_DIR/dialogue. Nothing of what anybody wrote is in it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any


def watch(folder: str) -> None:
    """From now on: the turn, reading and saving the conversation, classifying, predicting, calling actions."""
    from nlu.action_server import ActionServer
    from nlu.processor import TurnProcessor

    # Written at once: a server that is told to stop may end without a last word.
    notes = (Path(folder) / "dialogue").open("a", buffering=1)

    def note(name: str, began: float) -> None:
        notes.write(f"{name} {perf_counter() - began:.6f}\n")

    _time(TurnProcessor, "take_turn", "turn", note)
    _time(TurnProcessor, "conversation", "read", note)
    _time(TurnProcessor, "_parse_message_with_graph", "classify", note)
    _time(TurnProcessor, "predict_next_with_tracker_if_should", "predict", note)
    _time(TurnProcessor, "save_tracker", "save", note)
    _time(ActionServer, "request", "action", note)


def _time(owner: type, method: str, name: str, note: Callable[[str, float], None]) -> None:
    plain = getattr(owner, method)

    if inspect.iscoroutinefunction(plain):

        @functools.wraps(plain)
        async def waited(*args: Any, **kwargs: Any) -> Any:
            began = perf_counter()
            try:
                return await plain(*args, **kwargs)
            finally:
                note(name, began)

        setattr(owner, method, waited)
        return

    @functools.wraps(plain)
    def timed(*args: Any, **kwargs: Any) -> Any:
        began = perf_counter()
        try:
            return plain(*args, **kwargs)
        finally:
            note(name, began)

    setattr(owner, method, timed)
