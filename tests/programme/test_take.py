"""Taking, replying, handing back, passing on and closing: who may, what the person is told, and what is kept."""

import threading
from collections.abc import Callable
from datetime import date, timedelta

import pytest

from programme import conversation as conversations
from programme import handoff, outbox, queue, reply, shift
from programme import turn as turns
from programme.context import Context
from programme.handoff import NotAllowedError, NotOnShiftError, NotYoursError, WaitsForColleagueError
from programme.outbox import Reply
from programme.turn import Incoming
from storage import message as messages
from storage.audit import audit_of
from storage.conversation import Conversation
from storage.database import Database
from storage.enums import CaseReason, HandoffState, MessageKind, OutState, Owner, Sender, TurnEnd, Urgency
from storage.message import MessageIn, MessageOut
from storage.row import lock_one
from tests.builders import NOW, a_referral, a_setting, an_account, new_id
from tests.conftest import Clock
from tests.programme.desk import a_context, open_cases, opened, proved, text, told
from tests.programme.workers import at_work, request_of, row_of, taken

AT_ONCE = 8


@pytest.fixture
def ctx(database: Database, clock: Clock) -> Context:
    return a_context(database, clock)


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


def test_closed_and_written_again_soon_it_waits_for_the_same_worker(ctx: Context, clock: Clock) -> None:
    worker, other = at_work(ctx), at_work(ctx, "Robin Reader")
    chat = taken(ctx, worker)
    handoff.close(ctx, chat, worker, "answered")
    clock.forward(hours=23)
    shift.beat(ctx, worker)
    says(ctx, chat)
    says(ctx, chat)
    assert handoff.owner(ctx, chat) is Owner.QUEUED
    assert told(ctx, chat)[-1] == "notice_same_worker"
    assert told(ctx, chat).count("notice_same_worker") == 1
    (row,) = queue.waiting(ctx)
    assert row.wanted_by == "Wren Worker"
    with pytest.raises(WaitsForColleagueError):
        handoff.take(ctx, chat, other)
    assert handoff.owner(ctx, chat) is Owner.QUEUED
    assert handoff.take(ctx, chat, worker).won


@pytest.mark.parametrize("why", ["ten minutes", "off shift", "danger"])
def test_anybody_may_take_it_when_that_worker_cannot(ctx: Context, clock: Clock, why: str) -> None:
    worker, other = at_work(ctx), at_work(ctx, "Robin Reader")
    chat = taken(ctx, worker)
    handoff.close(ctx, chat, worker)
    says(ctx, chat)
    if why == "ten minutes":
        clock.forward(minutes=10)
    elif why == "off shift":
        shift.end(ctx, worker)
    else:
        says(ctx, chat, "i want to die", "risk_of_suicide")
    assert handoff.take(ctx, chat, other).won


def test_written_again_long_after_it_is_the_assistants(ctx: Context, clock: Clock) -> None:
    a_setting(ctx.database, "same_worker_hours", "2")
    worker = at_work(ctx)
    chat = taken(ctx, worker)
    handoff.close(ctx, chat, worker)
    clock.forward(hours=2, minutes=1)
    says(ctx, chat)
    assert handoff.owner(ctx, chat) is Owner.BOT


def test_handed_back_is_not_done_for_the_person_the_assistant_goes_on(ctx: Context) -> None:
    worker = at_work(ctx)
    chat = taken(ctx, worker)
    handoff.hand_back(ctx, chat, worker)
    says(ctx, chat)
    assert handoff.owner(ctx, chat) is Owner.BOT


def test_what_was_settled_by_phone_is_closed_without_taking_it(ctx: Context) -> None:
    worker, chat = at_work(ctx), opened(ctx)
    handoff.ask(ctx, chat, "request_human")
    handoff.close(ctx, chat, worker, "called")
    assert (handoff.owner(ctx, chat), told(ctx, chat)) == (Owner.BOT, [])
    assert (request_of(ctx.database, chat).outcome, queue.waiting(ctx)) == ("called", [])


def test_an_answer_that_comes_after_a_worker_took_it_is_not_said(ctx: Context) -> None:
    """Nobody is talked over: the worker was there while the dialogue still thought."""
    chat, worker = opened(ctx), at_work(ctx)
    turn_id = says(ctx, chat, "what does it cost?")
    turn = turns.begin_turn(ctx, chat)
    assert turn is not None
    handoff.take(ctx, chat, worker)
    turns.end_turn(ctx, turn, TurnEnd.ANSWERED, [Reply("utter_greet")], {"intent": {"name": "greet"}})
    assert told(ctx, chat) == ["notice_worker_here"]
    with ctx.database.reading() as session:
        assert session.get_one(MessageIn, turn_id).ended_as is TurnEnd.LEFT_TO_WORKER


def test_danger_that_the_dialogue_saw_is_answered_while_a_worker_has_it(ctx: Context) -> None:
    worker = at_work(ctx)
    chat = taken(ctx, worker)
    says(ctx, chat, "i cant go on like this")
    turn = turns.begin_turn(ctx, chat)
    assert turn is not None
    turns.end_turn(ctx, turn, TurnEnd.LEFT_TO_WORKER, (), {"intent": {"name": "risk_of_suicide", "confidence": 0.9}})
    assert told(ctx, chat)[-1] == "utter_danger_risk_of_suicide"
    row = request_of(ctx.database, chat)
    assert (row.urgency, row.state, handoff.owner(ctx, chat)) == (Urgency.DANGER, HandoffState.TAKEN, Owner.WORKER)


def test_danger_puts_it_in_the_queue_and_before_all_others(ctx: Context, clock: Clock) -> None:
    first, second = opened(ctx), opened(ctx)
    handoff.ask(ctx, first, "request_human")
    clock.forward(minutes=1)
    says(ctx, second, "i want to die", "risk_of_suicide")
    clock.forward(minutes=1)
    says(ctx, second, "i mean it", "risk_of_suicide")
    assert [(row.conversation_id, row.urgency) for row in queue.waiting(ctx)] == [
        (second, Urgency.DANGER),
        (first, Urgency.ASKED),
    ]
    says(ctx, first, "she took all her pills", "medical_emergency")
    row = request_of(ctx.database, first)
    assert (row.urgency, row.requested_at, row.waits_since) == (Urgency.DANGER, NOW, clock())
    handoff.ask(ctx, first, "request_human")
    assert request_of(ctx.database, first).urgency is Urgency.DANGER  # it only ever rises
    assert {case.reason for case in open_cases(ctx)} == {CaseReason.RISK_OF_SUICIDE, CaseReason.MEDICAL_EMERGENCY}


def test_after_danger_somebody_must_look_though_the_person_would_not_wait(ctx: Context) -> None:
    chat = opened(ctx)
    says(ctx, chat, "i want to die", "risk_of_suicide")
    with pytest.raises(handoff.MustStayError):
        handoff.withdraw(ctx, chat)
    conversations.close(ctx, chat)
    assert handoff.owner(ctx, chat) is Owner.QUEUED


def test_who_leaves_for_good_is_not_waited_for(ctx: Context) -> None:
    chat = opened(ctx)
    handoff.ask(ctx, chat, "request_human")
    conversations.close(ctx, chat)
    assert (handoff.owner(ctx, chat), queue.waiting(ctx)) == (Owner.BOT, [])


def test_who_has_few_days_left_to_book_goes_before_who_only_asks(ctx: Context) -> None:
    today = NOW.date()  # a Tuesday
    soon = proved(ctx, a_referral(ctx.database, book_by=today + timedelta(days=3)))
    later = proved(ctx, a_referral(ctx.database, book_by=date(2026, 12, 31)))
    for chat in (later, soon):
        handoff.ask(ctx, chat, "request_human")
    assert [row.conversation_id for row in queue.waiting(ctx)] == [soon, later]
    assert request_of(ctx.database, soon).urgency is Urgency.DEADLINE


def test_typing_is_noted_seldom_and_a_workers_only_where_they_have_it(ctx: Context, clock: Clock) -> None:
    worker, chat = at_work(ctx), opened(ctx)
    assert not reply.typing(ctx, chat, "worker")
    assert reply.typing(ctx, chat, "person")
    clock.forward(seconds=2)
    assert not reply.typing(ctx, chat, "person")
    clock.forward(seconds=1)
    assert reply.typing(ctx, chat, "person")
    handoff.take(ctx, chat, worker)
    assert reply.typing(ctx, chat, "worker")
    reply.say(ctx, chat, worker, "Hello", "a")
    assert row_of(ctx.database, chat).worker_typing_at is None


def test_what_has_not_arrived_is_listed(ctx: Context) -> None:
    worker = at_work(ctx)
    chat = taken(ctx, worker)
    sent, seen = (reply.say(ctx, chat, worker, "Hello", each) for each in ("a", "b"))
    with ctx.database.writing() as session:
        session.get_one(MessageOut, seen).state = OutState.DELIVERED
    assert [each.message_id for each in reply.undelivered(ctx)] == [sent]
    outbox.mark_seen(ctx, chat, sent)
    assert reply.undelivered(ctx, chat) == []


def test_the_errors_are_words_for_a_worker() -> None:
    for error in (NotAllowedError, NotYoursError, NotOnShiftError, WaitsForColleagueError, handoff.MustStayError):
        assert (error.__doc__ or "").endswith(".")


def test_the_line_on_how_it_was_is_no_new_concern(ctx: Context) -> None:
    worker = at_work(ctx)
    chat = taken(ctx, worker)
    handoff.close(ctx, chat, worker)
    with ctx.database.writing() as session:
        outbox.say(session, ctx, lock_one(session, Conversation, chat), [Reply("utter_step_feedback_words")])
    says(ctx, chat, "she was kind")
    assert handoff.owner(ctx, chat) is Owner.BOT
    with ctx.database.writing() as session:
        outbox.say(session, ctx, lock_one(session, Conversation, chat), [Reply("utter_greet")])
    says(ctx, chat, "one more thing")
    assert handoff.owner(ctx, chat) is Owner.QUEUED


def test_a_title_that_is_typed_is_a_tap_and_no_new_concern(ctx: Context) -> None:
    worker = at_work(ctx)
    chat = taken(ctx, worker)
    handoff.close(ctx, chat, worker)
    with ctx.database.writing() as session:
        outbox.say(session, ctx, lock_one(session, Conversation, chat), [Reply("notice_menu")])
    says(ctx, chat, "help now")
    assert handoff.owner(ctx, chat) is Owner.BOT
