"""Where the time of a turn goes: the app's steps noted from outside, only where TRACE_DIR is set, and read together
with what the dialogue server notes by itself (nlu/trace.py).

A line a step, `name seconds`, in TRACE_DIR/app. Nothing of what anybody wrote is in it.
"""

import functools
import statistics
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Any

from launch.bench.people import Said

FILES = ("app", "dialogue")
Note = Callable[[str, float], None]


@dataclass(frozen=True)
class Step:
    """A part of a turn: milliseconds of an average turn; `inside`: of which other step it is a part."""

    name: str
    milliseconds: float
    inside: bool = False


def watch_app(folder: Path) -> None:
    """From now on this process notes its steps."""
    from bot.dialogue import Dialogue
    from programme import outbox, transcript, turn

    notes = (folder / "app").open("a", buffering=1)  # written at once: uvicorn ends by a signal, without a last word

    def note(name: str, began: float) -> None:
        notes.write(f"{name} {perf_counter() - began:.6f}\n")

    for module, function, name in (
        (turn, "receive", "receive"),
        (turn, "begin_turn", "begin"),
        (turn, "end_turn", "end"),
        (transcript, "news", "show"),
        (outbox, "mark_seen", "seen"),
    ):
        setattr(module, function, _timed(getattr(module, function), name, note))
    Dialogue.ask = _waited(Dialogue.ask, "ask", note)  # type: ignore[method-assign]
    Dialogue.renew = _waited(Dialogue.renew, "renew", note)  # type: ignore[method-assign]


def read_notes(folder: Path) -> dict[str, list[float]]:
    """Every step's durations in seconds; the dialogue server's are called `dialogue.<step>`."""
    found: dict[str, list[float]] = {}
    for file in FILES:
        path = folder / file
        for line in path.read_text().splitlines() if path.exists() else ():
            name, _, seconds = line.rpartition(" ")
            found.setdefault(name if file == "app" else f"{file}.{name}", []).append(float(seconds))
    return found


def take_apart(said: Sequence[Said], notes: Mapping[str, Sequence[float]]) -> list[Step]:
    """An average turn's steps, as the person waits for them, and what is between them."""
    turns = len(notes.get("ask", ())) or 1

    def of(name: str) -> float:
        return 1000 * sum(notes.get(name, ())) / turns

    whole = 1000 * statistics.fmean(one.seconds for one in said)
    stored = 1000 * statistics.fmean(one.accepted or 0.0 for one in said)
    once_shown = 1000 * statistics.fmean(notes.get("show") or [0.0])
    receive, begin, end, ask, renew = of("receive"), of("begin"), of("end"), of("ask"), of("renew")
    inner = [(label, of(f"dialogue.{name}")) for name, label in _INNER]
    turn = of("dialogue.turn")
    return [
        Step("whole turn, as the person sees it", whole),
        Step("store the message", receive),
        Step("socket, safety phrases and thread, until “accepted”", stored - receive),
        Step("begin the turn (lease)", begin),
        Step("dialogue", ask),
        *(Step(label, spent, inside=True) for label, spent in inner),
        Step("Rasa's bookkeeping between them", turn - sum(spent for _, spent in inner), inside=True),
        Step("HTTP to the dialogue and back", ask - turn, inside=True),
        Step("begin a new session, every dozen turns", renew),
        Step("write the replies, end the turn", end),
        Step("read what is to be shown", once_shown),
        Step("threads and socket between these", whole - stored - begin - ask - renew - end - once_shown),
    ]


_INNER = (
    ("read", "read the conversation"),
    ("classify", "understand the message"),
    ("predict", "predict what comes next"),
    ("action", "action server"),
    ("save", "save the conversation"),
)


def _timed(plain: Callable[..., Any], name: str, note: Note) -> Callable[..., Any]:
    @functools.wraps(plain)
    def timed(*args: Any, **kwargs: Any) -> Any:
        began = perf_counter()
        try:
            return plain(*args, **kwargs)
        finally:
            note(name, began)

    return timed


def _waited(plain: Callable[..., Awaitable[Any]], name: str, note: Note) -> Callable[..., Any]:
    @functools.wraps(plain)
    async def waited(*args: Any, **kwargs: Any) -> Any:
        began = perf_counter()
        try:
            return await plain(*args, **kwargs)
        finally:
            note(name, began)

    return waited
