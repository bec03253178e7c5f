"""Several real processes at work on one database."""

import multiprocessing
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Barrier
from typing import Any, TypeVar

from storage.database import Database

Result = TypeVar("Result")
FORK = multiprocessing.get_context("fork")  # a fresh interpreter takes seconds to import everything


def together(
    database: Database, work: Callable[[Database, int], Result], count: int, seconds: float = 60
) -> list[Result]:
    """Runs `work(database, number)` in `count` processes that begin at the same moment; gives what they returned.

    Each has a Database of its own for the same data. An error in one of them is an error here.
    """
    database.close()  # SQLite and libpq must not take open connections across a fork
    barrier, pipes, processes = FORK.Barrier(count), [], []
    for number in range(count):
        ours, theirs = FORK.Pipe(duplex=False)
        processes.append(FORK.Process(target=_run, args=(theirs, barrier, database, work, number)))
        pipes.append(ours)
        processes[-1].start()
        theirs.close()
    try:
        answers: list[tuple[bool, Any]] = [_receive(pipe, seconds) for pipe in pipes]
    finally:
        for process in processes:
            process.join(1)
            process.kill()
            process.join()
    for ended_well, answer in answers:
        assert ended_well, answer
    return [answer for _, answer in answers]


def _receive(pipe: Connection, seconds: float) -> tuple[bool, Any]:
    with pipe:
        if not pipe.poll(seconds):
            return False, f"a process was not done within {seconds} s"
        try:
            answer: tuple[bool, Any] = pipe.recv()
        except EOFError:
            return False, "a process died"
        return answer


def _run(
    pipe: Connection, barrier: Barrier, database: Database, work: Callable[[Database, int], Any], number: int
) -> None:
    try:
        mine = Database(database.url, database.keyring)
        barrier.wait(30)
        answer = (True, work(mine, number))
        mine.close()
    except BaseException:
        answer = (False, traceback.format_exc())
    pipe.send(answer)
    pipe.close()
