"""The live model: a pointer file among the models, which says which one serves, which one served before, and why.

`live.json` is replaced whole, under a lock, and written through to the disk; each change has the next number. A model
that is about to go live stands in `trial` until every process has it ready: only then does the pointer move, so that a
start at any moment finds a model that serves. Each change is also a line of `live.log`.
"""

import fcntl
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

from pydantic import AwareDatetime, BaseModel, ConfigDict, ValidationError

FILE, LOG, LOCK = "live.json", "live.log", "live.lock"


class DamagedPointerError(ValueError):
    """The file that says which model is live is damaged."""


class NothingBeforeError(LookupError):
    """There is no model to go back to: none was live before this one."""


class PointerMovedError(RuntimeError):
    """Somebody else has changed which model is live meanwhile. Look at it, then try again."""


class Mark(BaseModel):
    """A model, by its file among the models, and the SHA-256 of what was in it when it was looked at."""

    model_config = ConfigDict(frozen=True)

    model: str
    sha256: str


class Trial(BaseModel):
    """A model that every process is to make ready until the moment `until`."""

    model_config = ConfigDict(frozen=True)

    mark: Mark
    until: AwareDatetime


class Undo(BaseModel):
    """What a change that fails after all is taken back to."""

    model_config = ConfigDict(frozen=True)

    live: Mark
    previous: Mark | None = None
    pinned: bool


class Pointer(BaseModel):
    """Which model is live. `pinned`: somebody chose it; else it is that of the files as they were at the last start."""

    model_config = ConfigDict(frozen=True)

    number: int
    live: Mark
    previous: Mark | None = None
    trial: Trial | None = None
    undo: Undo | None = None
    pinned: bool = False
    at: AwareDatetime
    by: str = ""
    why: str = ""

    def tried(self, now: datetime) -> Mark | None:
        """The model that is to be made ready, while there is time."""
        return self.trial.mark if self.trial and now < self.trial.until else None


class Live:
    """The pointer in the folder `models`. `by`: who changes it. `clock`: aware UTC."""

    def __init__(self, models: Path, by: str = "", clock: Callable[[], datetime] | None = None) -> None:
        self.models = models
        self._by = by
        self._clock = clock or (lambda: datetime.now(UTC))

    def read(self) -> Pointer | None:
        """The pointer, None where nothing was ever live. Raises DamagedPointerError."""
        try:
            return Pointer.model_validate_json((self.models / FILE).read_bytes())
        except FileNotFoundError:
            return None
        except (ValidationError, OSError) as error:
            raise DamagedPointerError(f"{DamagedPointerError.__doc__} ({type(error).__name__})") from None

    def last(self) -> Pointer | None:
        """The pointer, or where its file is damaged or gone, what it was when it was last changed."""
        try:
            return self.read() or self._last_logged()
        except DamagedPointerError:
            return self._last_logged()

    def is_whole(self) -> bool:
        """Whether there is a pointer that can be read."""
        try:
            return self.read() is not None
        except DamagedPointerError:
            return False

    def path(self, mark: Mark) -> Path:
        """Where a model lies."""
        return self.models / mark.model

    def begin(self, model: Path, why: str, pinned: bool = False) -> Pointer:
        """Makes `model` live without further ado: before anything runs. What was live becomes the previous one."""
        mark = mark_of(model)

        def change(now: Pointer | None) -> Pointer:
            if now is not None and now.live == mark and now.pinned == pinned:
                return now
            was = now.live if now is not None and now.live != mark else now.previous if now else None
            return self._next(now, live=mark, previous=was, trial=None, pinned=pinned, why=why)

        return self._change(change, mend=True)

    def let_follow(self) -> Pointer | None:
        """From the next start on the model of the files is live again. None where nothing was ever live."""
        if self.read() is None:
            return None
        return self._change(lambda now: self._next(now, pinned=False, why="follows the files"))

    def try_out(self, mark: Mark, seconds: float, why: str) -> Pointer:
        """Asks every process to make this model ready."""
        until = self._clock() + timedelta(seconds=seconds)
        return self._change(lambda now: self._next(now, trial=Trial(mark=mark, until=until), why=why))

    def settle(self, number: int, why: str) -> Pointer:
        """What was tried out under `number` is live, and stays so until somebody chooses another.

        Raises PointerMovedError.
        """

        def change(now: Pointer | None) -> Pointer:
            if now is None or now.trial is None or now.number != number:
                raise PointerMovedError(PointerMovedError.__doc__)
            mark = now.trial.mark
            was = now.live if now.live != mark else now.previous
            undo = Undo(live=now.live, previous=now.previous, pinned=now.pinned)
            return self._next(now, live=mark, previous=was, trial=None, undo=undo, pinned=True, why=why)

        return self._change(change)

    def give_up(self, number: int, why: str) -> Pointer | None:
        """Ends the trial of this number, and takes back the settling that followed it; None where it has moved on."""

        def change(now: Pointer | None) -> Pointer:
            if now is None or now.number != number:
                raise PointerMovedError
            if now.trial is not None:
                return self._next(now, trial=None, why=why)
            if now.undo is None:
                raise PointerMovedError
            return self._next(now, **now.undo.model_dump(), why=why)

        try:
            return self._change(change)
        except PointerMovedError:
            return None

    def before(self) -> Mark:
        """The model that was live before this one. Raises NothingBeforeError, DamagedPointerError."""
        pointer = self.read()
        if pointer is None or pointer.previous is None:
            raise NothingBeforeError(NothingBeforeError.__doc__)
        return pointer.previous

    def kept(self) -> set[Path]:
        """The models that must not be cleared away."""
        try:
            pointer = self.read()
        except DamagedPointerError:
            return set(self.models.glob("*.tar.gz"))  # whichever it was
        if pointer is None:
            return set()
        marks = [pointer.live, pointer.previous, pointer.trial.mark if pointer.trial else None]
        return {self.path(mark) for mark in marks if mark}

    def _next(self, now: Pointer | None, **changed: object) -> Pointer:
        known = now.model_dump() if now else {}
        told = {"undo": None, **changed, "number": (now.number if now else 0) + 1, "at": self._clock(), "by": self._by}
        return Pointer.model_validate({**known, **told})

    def _change(self, change: Callable[[Pointer | None], Pointer], mend: bool = False) -> Pointer:
        self.models.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._locked():
            now = self.last() if mend else self.read()
            new = change(now)
            if new != now or not self.is_whole():
                self._write(new)
        return new

    def _write(self, pointer: Pointer) -> None:
        new = self.models / f"{FILE}.{secrets.token_hex(8)}.new"
        content = pointer.model_dump_json(indent=1, exclude_none=True) + "\n"
        with os.fdopen(os.open(new, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as writing:
            writing.write(content)
            writing.flush()
            os.fsync(writing.fileno())
        new.replace(self.models / FILE)
        folder = os.open(self.models, os.O_RDONLY)
        try:
            os.fsync(folder)  # the renaming, too
        finally:
            os.close(folder)
        with os.fdopen(os.open(self.models / LOG, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), "w") as log:
            log.write(pointer.model_dump_json(exclude_none=True) + "\n")

    def _last_logged(self) -> Pointer | None:
        """Numbers must go on growing after a pointer was damaged."""
        try:
            lines = (self.models / LOG).read_text().splitlines()
        except FileNotFoundError:
            return None
        for line in reversed(lines):
            try:
                return Pointer.model_validate_json(line)
            except ValidationError:
                continue
        return None

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with (self.models / LOCK).open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield


def mark_of(model: Path) -> Mark:
    """A model as it is now."""
    return Mark(model=model.name, sha256=digest(model))


def digest(model: Path) -> str:
    """SHA-256 of the file, in hex; worked out once for as long as the file stays as it is. Raises OSError."""
    about = model.stat()
    return _digest(model, about.st_mtime_ns, about.st_size, about.st_ino)


@lru_cache(maxsize=16)
def _digest(model: Path, _changed: int, _size: int, _inode: int) -> str:
    with model.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
