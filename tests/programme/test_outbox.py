"""What is said, what could not be said, and what could not be delivered."""

import json
from collections.abc import Callable
from datetime import timedelta
from random import Random

import pytest

from programme import conversation as conversations
from programme import notice, outbox
from programme.context import Context
from programme.outbox import Parcel, Reply
from storage.enums import CaseReason, Channel, Urgency
from tests.builders import NOW, a_setting
from tests.conftest import Clock
from tests.programme.desk import open_cases, opened, told


def test_what_cannot_be_answered_is_listed_once_whoever_asks(ctx: Context) -> None:
    for _ in range(2):
        chat = opened(ctx)
        notice.say(ctx, chat, Reply("utter_ask_cost"))
        notice.say(ctx, chat, Reply("utter_ask_duration"))
        assert told(ctx, chat) == ["utter_not_known"] * 2
    assert sorted((case.reason, case.urgency, case.subject) for case in open_cases(ctx)) == [
        (CaseReason.NOT_ANSWERED, Urgency.ROUTINE, "answer:utter_ask_cost"),
        (CaseReason.NOT_ANSWERED, Urgency.ROUTINE, "answer:utter_ask_duration"),
    ]
    assert {(case.conversation_id, case.referral_id) for case in open_cases(ctx)} == {(None, None)}
    assert {case.due_at for case in open_cases(ctx)} == {NOW + timedelta(days=1)}


def test_what_has_expired_is_listed_and_what_is_known_is_not(ctx: Context, clock: Clock) -> None:
    row = a_setting(ctx.database, "cost_text", "It is free.")
    chat = opened(ctx)
    notice.say(ctx, chat, Reply("utter_ask_cost"))
    assert (told(ctx, chat), open_cases(ctx)) == (["utter_ask_cost"], [])
    clock.forward(days=(row.review_by - NOW.date()).days + 1)
    notice.say(ctx, chat, Reply("utter_ask_cost"))
    assert told(ctx, chat)[1:] == ["utter_not_known"]
    assert [case.subject for case in open_cases(ctx)] == ["answer:utter_ask_cost"]


def refused(ctx: Context, parcel: Parcel) -> None:
    outbox.failed(ctx, parcel, "refused", Random(1), final=True)


@pytest.mark.parametrize(("give_up", "failure"), [(refused, "refused"), (outbox.blocked, "blocked")])
def test_a_message_that_is_given_up_is_a_workers_case(
    ctx: Context, clock: Clock, give_up: Callable[[Context, Parcel], None], failure: str
) -> None:
    chat = conversations.open_telegram(ctx, "4711")
    for _ in range(2):
        notice.say(ctx, chat, Reply("utter_goodbye"))
        (parcel,) = outbox.claim(ctx, Channel.TELEGRAM)
        give_up(ctx, parcel)
    (case,) = open_cases(ctx)
    assert (case.reason, case.conversation_id) == (CaseReason.NOT_DELIVERED, chat)
    detail = json.loads(case.detail or "{}")
    assert (detail["answer"], detail["failure"]) == ("utter_goodbye", failure)


def test_a_message_that_will_be_tried_again_troubles_nobody(ctx: Context, clock: Clock) -> None:
    chat = conversations.open_telegram(ctx, "4711")
    notice.say(ctx, chat, Reply("utter_goodbye"))
    (parcel,) = outbox.claim(ctx, Channel.TELEGRAM)
    outbox.failed(ctx, parcel, "timeout", Random(1))
    assert open_cases(ctx) == []
    clock.forward(hours=25)
    (parcel,) = outbox.claim(ctx, Channel.TELEGRAM)
    outbox.failed(ctx, parcel, "timeout", Random(1))  # a day is long enough
    assert [case.reason for case in open_cases(ctx)] == [CaseReason.NOT_DELIVERED]
