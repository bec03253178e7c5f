"""What each supervisor says of the model it serves with: a small file beside the models, true while it is alive.

A supervisor holds a lock on its file's lock as long as it lives, and the kernel gives that back however it ends: no
clock has to be believed, and a process that was killed is not waited for.
"""

import fcntl
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import IO

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

FOLDER = "serving"


class Serving(BaseModel):
    """One supervisor's state. `number`: of the pointer it acted on last; `ready`: a model that stands by to go live.

    `settled`: the one that served before is gone, and this one has been well meanwhile. `why`: what went wrong with the
    pointer of this number, empty where nothing did.
    """

    model_config = ConfigDict(frozen=True)

    who: str
    number: int = 0
    model: str = ""
    since: AwareDatetime | None = None
    ready: str | None = None
    settled: bool = True
    why: str = ""
    pid: int = 0
    address: str = ""


class Place:
    """A supervisor's own file. Made when it starts, gone when it ends in order."""

    def __init__(self, models: Path, address: str = "") -> None:
        self._folder = models / FOLDER
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.told = Serving(who=f"{os.getpid()}-{secrets.token_hex(4)}", pid=os.getpid(), address=address)
        self._file = self._folder / f"{self.told.who}.json"
        self._lock: IO[str] | None = self._file.with_suffix(".lock").open("w")
        fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self.tell()

    def tell(self, **changed: object) -> None:
        """Writes what has changed, whole."""
        told = self.told.model_copy(update=changed)
        if told == self.told and self._file.exists():
            return
        self.told = told
        new = self._file.with_suffix(".new")
        new.write_text(told.model_dump_json() + "\n")
        new.replace(self._file)

    def close(self) -> None:
        """Not serving any more."""
        if self._lock is not None:
            self._file.unlink(missing_ok=True)
            self._file.with_suffix(".lock").unlink(missing_ok=True)
            self._lock.close()
            self._lock = None


def all_serving(models: Path) -> list[Serving]:
    """Of every supervisor that is alive; what one left that was killed is cleared away."""
    found = []
    for file in sorted((models / FOLDER).glob("*.json")):
        if _is_alive(file):
            with suppress(OSError, ValidationError):
                found.append(Serving.model_validate_json(file.read_bytes()))
        else:
            file.unlink(missing_ok=True)
            file.with_suffix(".lock").unlink(missing_ok=True)
    return found


def _is_alive(file: Path) -> bool:
    """Whether somebody holds its lock."""
    try:
        with file.with_suffix(".lock").open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False
