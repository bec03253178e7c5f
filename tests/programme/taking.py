"""What somebody says while a worker has their chat, and acts that happen at once."""

import threading
from collections.abc import Callable

from programme import turn as turns
from programme.context import Context
from programme.turn import Incoming
from storage.enums import MessageKind
from tests.builders import new_id


def says(ctx: Context, chat: str, words: str = "hello", danger: str | None = None) -> str:
    """The person writes; the turn's id."""
    return turns.receive(ctx, chat, Incoming(new_id(), MessageKind.TEXT, words), danger).turn


def together(acts: list[Callable[[], None]]) -> None:
    """All at the same moment, as well as threads can."""
    gate = threading.Barrier(len(acts))

    def run(act: Callable[[], None]) -> None:
        gate.wait()
        act()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
