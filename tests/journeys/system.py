"""A whole system as a stranger starts it: every process, a folder of its own, and a look into its database."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import time as clock
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil
from sqlmodel import col, delete, select

from launch.context import make_context
from launch.model import VECTORS
from launch.prepare import prepare
from launch.settings import PROJECT, read_settings
from programme import setting, verification
from programme.context import Context
from programme.rules import london
from storage.booking import Booking
from storage.conversation import Conversation
from storage.enums import BookingState, TurnState
from storage.message import MessageIn, MessageOut
from storage.referral import Referral
from storage.session import Course
from storage.setting import Setting
from tests.builders import a_course, a_person, a_referral, a_venue

READY_SECONDS = 120.0
STOP_SECONDS = 30.0
SERVERS = {"dialogue": "nlu.launcher", "actions": "launch actions", "app": "launch app"}
Found = TypeVar("Found")


def wait(true: Callable[[], Found], seconds: float = 15, what: str = "it") -> Found:
    """Gives what `true` gives, once that is true."""
    until = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < until, f"waited {seconds} s for {what}"
        time.sleep(0.03)
    return found


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


class System:
    """`python -m launch run` in a process group of its own. `environment`: settings beside VAR_DIR and PORT."""

    def __init__(self, folder: Path, model: Path, **environment: str) -> None:
        self.folder, self.var = folder, folder / "var"
        self.printed = folder / "printed.txt"
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}/"
        self.environment = {"VAR_DIR": str(self.var), "PORT": str(self.port), **environment}
        models = self.var / "models"
        models.mkdir(mode=0o700, parents=True)
        self.var.chmod(0o700)
        os.link(model, models / model.name)
        self._process: subprocess.Popen[bytes] | None = None
        self._last_line = "Sample login: "

    def make_real(self, **settings: str) -> None:
        """Before it is started: the sample's settings, venues and courses in a programme that is no sample, so that
        people are written to; at any hour, and with these settings on top. Needs DATA_KEYS."""
        given = read_settings({**os.environ, **self.environment})
        prepare(given)
        ctx = make_context(given)
        always = {"quiet_from_hour": "0", "quiet_until_hour": "0"}
        with ctx.database.writing() as session:
            session.exec(delete(Setting).where(col(Setting.key) == setting.SAMPLE))
            shape = session.get_one(Setting, "days_to_book").model_dump()
            for key, value in {**always, **settings}.items():
                session.merge(Setting(**{**shape, "key": key, "value": value}))
        ctx.database.close()
        self._last_line = "Console: "

    def allow_at_any_hour(self) -> None:
        """People are written to by night too, and may move a place until an hour before, so that a journey does the
        same at any hour."""
        with self.ctx.database.writing() as session:
            shape = session.get_one(Setting, "days_to_book").model_dump()
            for key, hour in (("quiet_from_hour", "0"), ("quiet_until_hour", "0"), ("change_cutoff_hours", "1")):
                session.merge(Setting(**{**shape, "key": key, "value": hour}))

    def bring_vectors(self, models: Path) -> None:
        """What an earlier training kept among `models`, so that the next one here need not work it out again."""
        if (models / VECTORS).exists():
            os.link(models / VECTORS, self.var / "models" / VECTORS)

    def start(self) -> None:
        """Returns when every part answers and the last line is printed."""
        with self.printed.open("ab") as printed:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "launch", "run"],
                cwd=PROJECT,
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=printed,
                stderr=printed,
                start_new_session=True,
            )
        wait(self._is_up, READY_SECONDS, "the system to start")

    def _is_up(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.printed.read_text()
        return self._last_line in self.printed.read_text()

    def stop(self) -> None:
        """Ends all of it; raises where something is left."""
        if "ctx" in self.__dict__:
            self.ctx.database.close()
        if self._process is None or self._process.poll() is not None:
            return
        left = psutil.Process(self._process.pid).children(recursive=True)
        self._process.terminate()
        try:
            self._process.wait(STOP_SECONDS)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        assert not [one for one in left if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]

    def server(self, name: str) -> psutil.Process:
        """One of the three servers: "dialogue", "actions" or "app"."""
        assert self._process is not None
        for one in psutil.Process(self._process.pid).children():
            with suppress(psutil.Error):
                if SERVERS[name] in " ".join(one.cmdline()):
                    return one
        raise LookupError(name)

    def kill(self, name: str) -> psutil.Process:
        """Kills one server with -9, as a machine short of memory does it; the supervisor starts another."""
        killed = self.server(name)
        killed.kill()
        return killed

    def missing(self) -> list[str]:
        """Which parts do not answer."""
        try:
            told = httpx.get(f"{self.address}ready", timeout=10).json()
        except httpx.HTTPError:
            return ["app"]
        return [*told["missing"], *([] if told.get("telegram", True) else ["telegram"])]

    def wait_until_ready(self, seconds: float = 60.0) -> None:
        until = time.monotonic() + seconds
        while missing := self.missing():
            assert time.monotonic() < until, f"{missing} did not answer for {seconds} s"
            time.sleep(0.1)

    @cached_property
    def ctx(self) -> Context:
        """The programme's own door to this system's database, as one more process would have it."""
        return make_context(read_settings({**os.environ, **self.environment}))

    # What is in the database.

    def rows(self, table: Any, *where: Any) -> list[Any]:
        with self.ctx.database.reading() as session:
            return list(session.exec(select(table).where(*where)))

    def bookings(self, referral: Referral, active: bool = False) -> list[Booking]:
        """Of this referral, the oldest first."""
        found = self.rows(Booking, Booking.referral_id == referral.id)
        kept = [one for one in found if not active or one.state is BookingState.ACTIVE]
        return sorted(kept, key=lambda one: one.made_at)

    def unended(self) -> int:
        """Messages that came in and whose handling has not ended."""
        return len(self.rows(MessageIn, MessageIn.state != TurnState.ENDED))

    def check_nothing_lost_or_doubled(self, conversation_id: str) -> None:
        """Every message that came in has ended once, numbers have no gap, and no turn was answered twice over."""
        came = self.rows(MessageIn, MessageIn.conversation_id == conversation_id)
        assert {one.state for one in came} == {TurnState.ENDED}
        assert sorted(one.seq for one in came) == list(range(1, len(came) + 1))
        said = self.rows(MessageOut, MessageOut.conversation_id == conversation_id)
        assert sorted(one.seq for one in said) == list(range(1, len(said) + 1))
        for turn in came:
            replies = [one.text for one in said if one.reply_to_id == turn.id]
            assert replies, f"{turn.kind} {turn.seq} was not answered"
            assert len(set(replies)) == len(replies), replies

    # What a worker's day has put there.

    def add_referral(self, reference: str, born: str = "1990-03-14", **given: Any) -> Referral:
        """Somebody newly referred; `reference` canonical, as TVP4F7K92."""
        now = self.ctx.clock()
        today = london.today(now)
        person = a_person(self.ctx.database, date_of_birth=born, created_at=now, **given)
        dates = {"book_by": today + timedelta(21), "finish_by": today + timedelta(60)}
        return a_referral(
            self.ctx.database, person=person, reference=reference, referred_on=today, created_at=now, **dates
        )

    def add_last_seat(self, place: str) -> Course:
        """A course for one person, in a town of its own, next week."""
        database, now = self.ctx.database, self.ctx.clock()
        venue = a_venue(database, name="Small Room", place=place, address=f"6 Small Lane, {place}")
        starts = london.at(london.today(now) + timedelta(8), clock(18))
        return a_course(database, venue=venue, capacity=1, starts_at=starts, created_at=now)

    def make_link(self, referral: Referral) -> str:
        """The token of a personal link."""
        with self.ctx.database.writing() as session:
            return verification.make_link(session, self.ctx, referral.id)

    def newest_conversation(self, referral: Referral) -> str:
        """The id of the conversation in which this person proved last who they are."""
        with self.ctx.database.reading() as session:
            found = select(Conversation.id).where(Conversation.referral_id == referral.id)
            return session.exec(found.order_by(col(Conversation.created_at).desc())).first() or ""
