"""Open pages are told what has changed, whichever process changed it, and only what they may know of."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime

import httpx
import pytest

from console import live
from console.routes import topics
from programme import account, own_account
from programme.context import Context
from programme.sign_in import Staff
from storage.account import Account, Shift
from storage.audit import record
from storage.booking import Booking
from storage.callback import Callback
from storage.database import Database
from storage.enums import CaseReason, HandoffState, OutState, Owner, Role, RunKind, RunState, Urgency
from storage.handoff import HandoffRequest
from storage.lesson import Lesson, TrainingRun
from storage.message import MessageOut
from storage.note import Note
from storage.session import Course
from tests.builders import (
    NOW,
    a_booking,
    a_case,
    a_conversation,
    a_course,
    a_handoff_request,
    a_message_in,
    a_message_out,
    a_miss,
    a_referral,
    a_setting,
    new_id,
)
from tests.console.server import serving, sign_in
from tests.programme.staff import a_member, signed_in

SOON = 10.0


class Line:
    """An open page's line, read by a thread of its own."""

    def __init__(self, address: str, cookies: httpx.Cookies, *names: str) -> None:
        self.told: list[str] = []
        self.status = 0
        self.ended = False
        self._go = threading.Event()
        self._opened = threading.Event()
        self._thread = threading.Thread(target=self._read, args=(address, cookies, names), daemon=True)
        self._thread.start()
        assert self._opened.wait(SOON)

    def _read(self, address: str, cookies: httpx.Cookies, names: tuple[str, ...]) -> None:
        params = [("topic", name) for name in names]
        with (
            suppress(httpx.HTTPError),
            httpx.stream("GET", f"{address}/console/live", params=params, cookies=cookies, timeout=30) as answer,
        ):
            self.status = answer.status_code
            self._opened.set()
            event = ""
            for line in answer.iter_lines():
                if self._go.is_set():
                    return
                if line.startswith("event: "):
                    event = line.removeprefix("event: ")
                    self.ended = self.ended or event == "ended"
                elif line.startswith("data: ") and event == "changed":
                    self.told.append(line.removeprefix("data: "))
        self._opened.set()

    def close(self) -> None:
        self._go.set()


def wait(done: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + SOON
    while not done():
        assert time.monotonic() < end, what
        time.sleep(0.02)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "LOOK_SECONDS", 0.05)
    monkeypatch.setattr(live, "ALIVE_SECONDS", 0.2)


@contextmanager
def line(address: str, who: httpx.Client, *names: str) -> Iterator[Line]:
    opened = Line(address, who.cookies, *names)
    try:
        yield opened
    finally:
        opened.close()


@contextmanager
def browser(address: str, ctx: Context, member: Account) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=address, timeout=20) as made:
        sign_in(made, ctx, member)
        yield made


def test_what_one_process_changes_is_told_to_the_pages_of_both(ctx_of_both: Context) -> None:
    ctx = ctx_of_both
    member, conversation = a_member(ctx), a_conversation(ctx.database)
    with (
        serving(ctx) as one,
        serving(ctx) as other,
        browser(one, ctx, member) as here,
        browser(other, ctx, member) as there,
    ):
        name = f"conversation:{conversation.id}"
        with line(one, here, name, "waiting") as first, line(other, there, name) as second:
            wait(lambda: set(first.told) == {name, "waiting"} and second.told == [name], "what there is at first")
            time.sleep(0.4)
            assert (len(first.told), len(second.told)) == (2, 1)
            a_message_in(ctx.database, conversation)
            wait(lambda: first.told.count(name) == 2 and second.told.count(name) == 2, "the message")
            assert first.told.count("waiting") == 1
            a_handoff_request(ctx.database, conversation)
            wait(lambda: first.told.count("waiting") == 2, "the request")


def test_a_line_that_joins_is_told_once_what_was_known_already(ctx: Context) -> None:
    member = a_member(ctx)
    with serving(ctx) as address, browser(address, ctx, member) as here, line(address, here, "waiting") as first:
        wait(lambda: first.told == ["waiting"], "the first line")
        with line(address, here, "waiting") as second:
            wait(lambda: second.told == ["waiting"], "the second line")
            time.sleep(0.3)
            assert (first.told, second.told) == (["waiting"], ["waiting"])


def test_nobody_waits_for_what_they_may_not_see_or_is_not_there(ctx: Context) -> None:
    trainer = a_member(ctx, Role.TRAINER)
    with serving(ctx) as address, browser(address, ctx, trainer) as here:
        for asked, status in (
            ("topic=waiting", 403),
            ("topic=training&topic=conversation:1", 403),
            ("topic=audit", 403),
            ("topic=nothing", 404),
            ("", 404),
            ("&".join(f"topic=training:{number}" for number in range(13)), 404),
        ):
            assert here.get(f"/console/live?{asked}").status_code == status, asked
        assert httpx.get(f"{address}/console/live?topic=training", headers={"X-Live": "1"}).status_code == 401


def test_a_line_ends_with_its_session(ctx: Context) -> None:
    member = a_member(ctx)
    with serving(ctx) as address, browser(address, ctx, member) as here, line(address, here, "waiting") as opened:
        wait(lambda: opened.told == ["waiting"], "the line")
        staff, _ = signed_in(ctx, member)
        own_account.end_others(ctx, staff)
        wait(lambda: opened.ended, "the end")


def test_an_open_line_is_no_sign_of_life(ctx: Context, clock: Callable[[], datetime]) -> None:
    member = a_member(ctx)
    with serving(ctx) as address, browser(address, ctx, member) as here, line(address, here, "waiting") as opened:
        wait(lambda: opened.told == ["waiting"], "the line")
        clock.forward(minutes=61)  # type: ignore[attr-defined]
        wait(lambda: opened.ended, "the end")


def test_a_database_that_is_away_for_a_while_ends_no_line(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    member, conversation = a_member(ctx), a_conversation(ctx.database)
    reading, away = Database.reading, threading.Event()

    def unreliable(self: Database) -> object:
        if away.is_set() and threading.current_thread() is not threading.main_thread():
            raise OSError("away")
        return reading(self)

    with serving(ctx) as address, browser(address, ctx, member) as here, line(address, here, "all") as opened:
        wait(lambda: opened.told == ["all"], "the line")
        monkeypatch.setattr(live, "ALIVE_SECONDS", 60)
        time.sleep(0.5)
        monkeypatch.setattr(Database, "reading", unreliable)
        away.set()
        a_message_in(ctx.database, conversation)
        time.sleep(0.3)
        assert opened.told == ["all"]
        away.clear()
        wait(lambda: opened.told == ["all", "all"], "what happened meanwhile")


# Each topic, and every change that must ring it.
def _version(ctx: Context, name: str, key: str) -> object:
    with ctx.database.reading() as session:
        return topics()[name].versions(session, [key], ctx.clock()).get(key)


def _change(ctx: Context, row: object, **values: object) -> None:
    with ctx.database.writing() as session:
        known = session.get_one(type(row), row.id)  # type: ignore[attr-defined]
        for name, value in values.items():
            setattr(known, name, value)
        session.add(known)


def _add(ctx: Context, row: object) -> None:
    with ctx.database.writing() as session:
        session.add(row)


def test_every_change_of_a_conversation_rings(ctx_of_both: Context) -> None:
    ctx = ctx_of_both
    member, referral = a_member(ctx), a_referral(ctx.database)
    conversation = a_conversation(ctx.database, referral_id=referral.id, verified_at=NOW)
    other = a_conversation(ctx.database)
    message = a_message_out(ctx.database, conversation)
    of = conversation.id
    request = a_handoff_request(ctx.database, conversation)
    case = a_case(ctx.database, conversation_id=of)
    booking: list[Booking] = []
    callback = Callback(id=new_id(), conversation_id=of, number="+447700900123", due_at=NOW, asked_at=NOW)
    note = Note(id=new_id(), conversation_id=of, account_id=member.id, text="a note", written_at=NOW)
    changes: list[Callable[[], object]] = [
        lambda: a_message_in(ctx.database, conversation),
        lambda: a_message_out(ctx.database, conversation),
        lambda: _change(ctx, message, state=OutState.DELIVERED, delivered_at=NOW),
        lambda: _change(ctx, conversation, owner=Owner.QUEUED),
        lambda: _change(ctx, conversation, person_typing_at=NOW),
        lambda: _change(ctx, conversation, person_typing_at=None),
        lambda: _change(ctx, request, state=HandoffState.TAKEN, taken_at=NOW),
        lambda: _change(ctx, case, closed_at=NOW),
        lambda: _add(ctx, note),
        lambda: _add(ctx, callback),
        lambda: _change(ctx, callback, tries=1, tried_at=NOW),
        lambda: booking.append(a_booking(ctx.database, referral)),
        lambda: _change(ctx, booking[0], ended_at=NOW),
    ]
    for number, change in enumerate(changes):
        before, beside = _version(ctx, "conversation", of), _version(ctx, "conversation", other.id)
        change()
        assert _version(ctx, "conversation", of) != before, number
        assert _version(ctx, "conversation", other.id) == beside
    assert _version(ctx, "conversation", "made-up") == []


def test_every_other_topic_rings(ctx_of_both: Context) -> None:
    ctx = ctx_of_both
    member, conversation = a_member(ctx), a_conversation(ctx.database)
    lead = signed_in(ctx, a_member(ctx, Role.LEAD))[0]
    run = TrainingRun(id=new_id(), account_id=member.id, kind=RunKind.TRAIN, asked_at=NOW)
    request: list[HandoffRequest] = []
    out: list[MessageOut] = []
    course: list[Course] = []
    shift = Shift(id=new_id(), account_id=member.id, began_at=NOW, beat_at=NOW)
    lesson = Lesson(id=new_id(), text="hm", state="not_ours", account_id=member.id, taught_at=NOW)  # type: ignore[arg-type]
    miss = a_message_in(ctx.database, conversation)
    changes: list[tuple[set[str], Callable[[], object]]] = [
        ({"all"}, lambda: a_message_in(ctx.database, conversation, received_at=datetime(2026, 12, 2, tzinfo=UTC))),
        ({"waiting", "since"}, lambda: request.append(a_handoff_request(ctx.database, conversation))),
        ({"waiting"}, lambda: a_message_in(ctx.database, conversation)),
        ({"waiting"}, lambda: _change(ctx, request[0], urgency=Urgency.DANGER)),
        (
            {"waiting", "mine", "since"},
            lambda: _change(ctx, request[0], state=HandoffState.TAKEN, account_id=member.id, taken_at=NOW),
        ),
        ({"waiting", "mine"}, lambda: a_message_in(ctx.database, conversation)),
        ({"waiting", "since"}, lambda: a_case(ctx.database, reason=CaseReason.COMPLAINT)),
        ({"since", "callbacks"}, lambda: _add(ctx, Callback(id=new_id(), number="+44", due_at=NOW, asked_at=NOW))),
        (set(), lambda: out.append(a_message_out(ctx.database, conversation))),
        ({"since"}, lambda: _change(ctx, out[0], state=OutState.FAILED)),
        ({"waiting", "people"}, lambda: _add(ctx, shift)),
        ({"programme"}, lambda: a_setting(ctx.database, "a_setting", "yes")),
        ({"training"}, lambda: _add(ctx, run)),
        ({"training"}, lambda: _change(ctx, run, progress=40)),
        ({"training"}, lambda: _change(ctx, run, state=RunState.DONE, ended_at=NOW)),
        ({"training"}, lambda: _add(ctx, lesson)),
        ({"training"}, lambda: a_miss(ctx.database, miss)),
        ({"people", "audit"}, lambda: account.change_role(ctx, lead, member.id, Role.TRAINER)),
        ({"sessions"}, lambda: signed_in(ctx, member)),
        ({"audit"}, lambda: _audited(ctx, lead)),
        ({"diary"}, lambda: course.append(a_course(ctx.database))),
        ({"diary"}, lambda: _change(ctx, course[0], capacity=16)),
        ({"diary"}, lambda: a_booking(ctx.database, course=course[0])),
    ]
    names = sorted({name for rung, _ in changes for name in rung})
    for number, (rung, change) in enumerate(changes):
        before = {name: _version(ctx, name, member.id if topics()[name].own else "") for name in names}
        change()
        after = {name: _version(ctx, name, member.id if topics()[name].own else "") for name in names}
        assert rung <= {name for name in names if before[name] != after[name]}, number
    assert set(topics()) <= {*names, "conversation", "import"}


def _audited(ctx: Context, staff: Staff) -> None:
    with ctx.database.writing() as session:
        record(
            session,
            id=new_id(),
            at=ctx.clock(),
            actor=staff.actor,
            action="viewed",
            subject_kind="conversation",
            subject_id=new_id(),
        )
