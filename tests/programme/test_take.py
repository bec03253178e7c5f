"""Taking a conversation, replying, handing it on and closing it: one worker has it, and each step is logged."""

from collections.abc import Callable

import pytest

from programme import handoff, queue, reply, shift
from programme.context import Context
from programme.handoff import NotOnShiftError, NotYoursError
from storage import message as messages
from storage.audit import audit_of
from storage.database import Database
from storage.enums import HandoffState, OutState, Owner, Sender
from tests.builders import NOW, a_setting, an_account
from tests.conftest import Clock
from tests.programme.desk import a_context, opened, text, told
from tests.programme.taking import together
from tests.programme.workers import at_work, request_of, row_of, taken

AT_ONCE = 8


@pytest.mark.parametrize("waits", [True, False])
def test_of_many_who_take_at_once_one_wins_and_the_others_are_told_who(ctx: Context, waits: bool) -> None:
    chat = opened(ctx)
    if waits:
        handoff.ask(ctx, chat, "request_human")
    names = [f"Worker {number}" for number in range(AT_ONCE)]
    workers = {at_work(ctx, name): name for name in names}
    results: dict[str, handoff.Taken] = {}

    def press(worker: str) -> Callable[[], None]:
        return lambda: results.__setitem__(worker, handoff.take(ctx, chat, worker))

    together([press(worker) for worker in workers])
    (winner,) = [worker for worker, result in results.items() if result.won]
    assert {result.by for worker, result in results.items() if worker != winner} == {workers[winner]}
    assert (row_of(ctx.database, chat).owner, request_of(ctx.database, chat).account_id) == (Owner.WORKER, winner)
    assert told(ctx, chat) == ["notice_worker_here"]


def test_two_processes_that_take_at_once(database: Database, clock: Clock) -> None:
    """Each with connections of its own, as two apps have."""
    ctxs = [a_context(Database(database.url, database.keyring), clock, f"app{number}") for number in range(4)]
    chat = opened(ctxs[0])
    workers = [at_work(ctxs[0], f"Worker {number}") for number in range(len(ctxs))]
    won: list[bool] = []
    acts = zip(ctxs, workers, strict=True)
    together([lambda ctx=ctx, worker=worker: won.append(handoff.take(ctx, chat, worker).won) for ctx, worker in acts])
    for ctx in ctxs:
        ctx.database.close()
    assert sorted(won) == [False, False, False, True]


def test_a_second_press_by_the_same_worker_is_the_first(ctx: Context) -> None:
    worker = at_work(ctx)
    chat = taken(ctx, worker)
    assert handoff.take(ctx, chat, worker).won
    assert told(ctx, chat) == ["notice_worker_here"]


def test_only_who_is_on_shift_takes(ctx: Context) -> None:
    chat, worker = opened(ctx), an_account(ctx.database).id
    with pytest.raises(NotOnShiftError):
        handoff.take(ctx, chat, worker)
    shift.begin(ctx, worker)
    shift.end(ctx, worker)
    with pytest.raises(NotOnShiftError):
        handoff.take(ctx, chat, worker)
    assert handoff.owner(ctx, chat) is Owner.BOT


def test_the_person_is_told_a_first_name_or_none_as_is_set(ctx: Context) -> None:
    chat = taken(ctx, at_work(ctx, "Wren Worker"))
    assert text(ctx, chat).startswith("Wren from the team is here")
    assert "Worker" not in text(ctx, chat)
    a_setting(ctx.database, "worker_naming", "none")
    chat = taken(ctx, at_work(ctx, "Robin Reader"))
    assert text(ctx, chat).startswith("Somebody from the team is here")


def test_each_step_is_in_the_audit_log_with_who_did_it(ctx: Context, clock: Clock) -> None:
    worker, other = at_work(ctx), at_work(ctx, "Robin Reader")
    chat = opened(ctx)
    for act in (
        lambda: handoff.ask(ctx, chat, "request_human"),
        lambda: handoff.take(ctx, chat, worker),
        lambda: reply.say(ctx, chat, worker, "Hello, I am Wren.", "1"),
        lambda: handoff.pass_on(ctx, chat, worker, other),
        lambda: handoff.hand_back(ctx, chat, other, "answered"),
    ):
        act()
        clock.forward(seconds=1)
    with ctx.database.reading() as session:
        lines = [(line.action, line.actor) for line in audit_of(session, "conversation", chat)]
    assert lines == [
        ("owner:asked", "person"),
        ("owner:take", f"worker:{worker}"),
        ("reply", f"worker:{worker}"),
        ("owner:pass_on", f"worker:{worker}"),
        ("owner:hand_back", f"worker:{other}"),
    ]


def test_only_the_owner_replies_and_once_for_each_id(ctx: Context) -> None:
    worker, other = at_work(ctx), at_work(ctx, "Robin Reader")
    chat = taken(ctx, worker)
    with pytest.raises(NotYoursError):
        reply.say(ctx, chat, other, "Hello", "a")
    first = reply.say(ctx, chat, worker, "  Hello  ", "a")
    assert reply.say(ctx, chat, worker, "Hello", "a") == first
    with ctx.database.reading() as session:
        rows = [row for row in messages.after(session, chat, 0) if row.sender is Sender.WORKER]
    assert [(row.id, row.text, row.account_id, row.state) for row in rows] == [
        (first, "Hello", worker, OutState.WAITING)
    ]
    handoff.hand_back(ctx, chat, worker, "answered")
    assert reply.say(ctx, chat, worker, "Hello", "a") == first  # sent again by a browser that had not heard
    with pytest.raises(NotYoursError):
        reply.say(ctx, chat, worker, "One more thing", "b")


@pytest.mark.parametrize("words", ["", "  \n ", "x" * 4001])
def test_what_cannot_be_sent_is_refused_and_the_draft_stays(ctx: Context, words: str) -> None:
    worker = at_work(ctx)
    chat = taken(ctx, worker)
    reply.save_draft(ctx, chat, worker, "half a th")
    with pytest.raises(ValueError):
        reply.say(ctx, chat, worker, words, "a")
    assert reply.draft(ctx, chat, worker) == "half a th"
    assert request_of(ctx.database, chat).first_reply_at is None


def test_a_draft_is_each_workers_own_outlives_a_lost_conversation_and_ends_with_its_sending(ctx: Context) -> None:
    worker, other = at_work(ctx), at_work(ctx, "Robin Reader")
    chat = taken(ctx, worker)
    reply.save_draft(ctx, chat, worker, "half a th")
    reply.save_draft(ctx, chat, worker, "half a thought")
    assert reply.draft(ctx, chat, other) == ""
    shift.end(ctx, worker)
    assert reply.draft(ctx, chat, worker) == "half a thought"
    shift.begin(ctx, worker)
    handoff.take(ctx, chat, worker)
    reply.say(ctx, chat, worker, "half a thought, whole", "a")
    assert reply.draft(ctx, chat, worker) == ""


def test_handed_back_the_assistant_says_so_and_the_request_keeps_how_it_ended(ctx: Context, clock: Clock) -> None:
    worker = at_work(ctx)
    chat = taken(ctx, worker)
    clock.forward(minutes=3)
    handoff.hand_back(ctx, chat, worker, "booked", " call her mother first ")
    row = request_of(ctx.database, chat)
    assert (row.state, row.outcome, row.outcome_note) == (HandoffState.HANDED_BACK, "booked", "call her mother first")
    assert (row.ended_at, handoff.owner(ctx, chat)) == (clock(), Owner.BOT)
    assert told(ctx, chat)[-1] == "notice_assistant_back"
    with ctx.database.reading() as session:
        assert all("mother" not in each.text for each in messages.after(session, chat, 0))


def test_an_outcome_is_one_of_the_list(ctx: Context) -> None:
    worker = at_work(ctx)
    chat = taken(ctx, worker)
    with pytest.raises(handoff.UnknownOutcomeError):
        handoff.hand_back(ctx, chat, worker, "she was nice")
    assert handoff.owner(ctx, chat) is Owner.WORKER


@pytest.mark.parametrize("act", [handoff.hand_back, handoff.close, handoff.pass_on, handoff.beat])
def test_nobody_else_can_give_away_what_a_worker_has(ctx: Context, act: Callable[..., None]) -> None:
    worker, other = at_work(ctx), at_work(ctx, "Robin Reader")
    chat = taken(ctx, worker)
    with pytest.raises(NotYoursError):
        act(ctx, chat, other)
    assert request_of(ctx.database, chat).account_id == worker


def test_passed_on_to_a_colleague_who_is_there(ctx: Context) -> None:
    worker, other, away = at_work(ctx), at_work(ctx, "Robin Reader"), an_account(ctx.database).id
    chat = taken(ctx, worker)
    with pytest.raises(NotOnShiftError):
        handoff.pass_on(ctx, chat, worker, away)
    handoff.pass_on(ctx, chat, worker, other)
    assert text(ctx, chat).startswith("Robin from the team is here")
    with pytest.raises(NotYoursError):
        reply.say(ctx, chat, worker, "Hello", "a")
    assert reply.say(ctx, chat, other, "Hello", "b")


def test_passed_to_the_queue_its_place_is_kept(ctx: Context, clock: Clock) -> None:
    worker = at_work(ctx)
    chat = taken(ctx, worker)
    clock.forward(minutes=5)
    later = opened(ctx)
    handoff.ask(ctx, later, "request_human")
    handoff.pass_on(ctx, chat, worker)
    place, behind = queue.place_of(ctx, chat), queue.place_of(ctx, later)
    assert place is not None
    assert behind is not None
    assert (place.number, behind.number) == (1, 2)
    assert request_of(ctx.database, chat).requested_at == NOW
    assert told(ctx, chat)[-1] == "notice_back_in_queue"
    assert handoff.owner(ctx, chat) is Owner.QUEUED
