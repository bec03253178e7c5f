"""Asking for a person: one request, told truthfully by the hours; withdrawing it; reminders stopped and begun again."""

import json
from datetime import UTC, datetime

import pytest
from sqlmodel import select

from programme import handoff, messages, promise, referral
from programme.concern import Said
from programme.context import Context
from storage.audit import audit_of
from storage.conversation import Conversation
from storage.enums import CaseReason, HandoffState, Owner
from storage.handoff import HandoffRequest
from tests.builders import NOW, a_referral, a_setting
from tests.conftest import Clock
from tests.programme.desk import open_cases, opened, proved

WEEKDAYS = json.dumps({str(day): [["09:00", "16:00"]] for day in range(5)})


def requests(ctx: Context) -> list[HandoffRequest]:
    with ctx.database.reading() as session:
        return list(session.exec(select(HandoffRequest)))


def test_asked_twice_is_one_request(ctx: Context) -> None:
    chat = opened(ctx)
    first, second = (handoff.ask(ctx, chat, "request_human", last_words="please") for _ in range(2))
    assert (first.new, second.new) == (True, False)
    (row,) = requests(ctx)
    assert (row.state, row.last_words) == (HandoffState.WAITING, "please")
    assert handoff.owner(ctx, chat) is Owner.QUEUED


@pytest.mark.parametrize(("at", "reply"), [
    (NOW, "utter_handoff_open"),
    (datetime(2026, 12, 1, 18, 0, tzinfo=UTC), "utter_handoff_closed"),
    (datetime(2026, 12, 5, 10, 0, tzinfo=UTC), "utter_handoff_closed"),  # a Saturday
])  # fmt: skip
def test_what_is_promised_is_true(ctx: Context, clock: Clock, at: datetime, reply: str) -> None:
    a_setting(ctx.database, "opening_hours", WEEKDAYS)
    clock.now = at
    assert promise.reply(ctx, handoff.ask(ctx, opened(ctx), "request_human")).answer == reply


def test_nobody_is_promised_where_the_hours_are_not_known(ctx: Context) -> None:
    assert promise.reply(ctx, handoff.ask(ctx, opened(ctx), "x")).answer == "utter_handoff_hours_unknown"


def test_withdrawn_and_asked_again(ctx: Context) -> None:
    chat = opened(ctx)
    assert not handoff.withdraw(ctx, chat)
    handoff.ask(ctx, chat, "request_human")
    assert handoff.withdraw(ctx, chat)
    assert handoff.owner(ctx, chat) is Owner.BOT
    assert handoff.ask(ctx, chat, "request_human").new
    assert sorted(row.state for row in requests(ctx)) == [HandoffState.CANCELLED, HandoffState.WAITING]


def test_reminders_stop_and_begin_again(ctx: Context) -> None:
    chat = opened(ctx)
    for act, stopped in ((messages.stop, NOW), (messages.start, None)):
        act(ctx, chat)
        with ctx.database.reading() as session:
            assert session.get_one(Conversation, chat).messages_stopped_at == stopped


def test_more_time_is_a_workers_case_once(ctx: Context) -> None:
    chat = proved(ctx, a_referral(ctx.database))
    for turn, words in (("a", "i need more time"), ("b", "please"), ("b", "please")):  # the last is a turn tried again
        referral.ask_more_time(ctx, chat, Said(turn, words))
    (case,) = open_cases(ctx)
    assert case.reason is CaseReason.MORE_TIME
    assert [each["words"] for each in json.loads(case.detail or "{}")["said"]] == ["i need more time", "please"]


def test_a_persons_dates_are_told_to_them_alone(ctx: Context) -> None:
    row = a_referral(ctx.database)
    known = referral.deadlines(ctx, proved(ctx, row))
    assert known is not None
    assert (known.book_by, known.finish_by) == (row.book_by, row.finish_by)
    assert referral.deadlines(ctx, opened(ctx)) is None


def test_each_change_of_owner_is_in_the_audit_log(ctx: Context, clock: Clock) -> None:
    chat = opened(ctx)
    handoff.ask(ctx, chat, "request_human")
    handoff.ask(ctx, chat, "request_human")  # asked twice is asked once
    clock.forward(minutes=1)
    handoff.withdraw(ctx, chat)
    handoff.withdraw(ctx, chat)
    with ctx.database.reading() as session:
        lines = [(line.action, line.actor) for line in audit_of(session, "conversation", chat)]
    assert lines == [("owner:asked", "person"), ("owner:withdrawn", "person")]
