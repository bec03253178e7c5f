"""The crisis card as the person gets it: it follows the workers' hours, and no setting can keep it back."""

import json

import pytest

from programme import outbox
from programme import turn as turns
from programme.outbox import Reply
from programme.turn import Incoming
from storage.conversation import Conversation
from storage.database import Database
from storage.enums import MessageKind
from storage.row import lock_one
from tests.builders import a_setting
from tests.conftest import Clock
from tests.programme.desk import a_context, opened, text

AWAY, SLOW = "No worker is reading this chat now.", "A worker may take a while to see this."
TUESDAYS = json.dumps({"1": [["09:00", "16:00"]]})  # the clock stands on a Tuesday morning


def card(database: Database, clock: Clock) -> str:
    ctx = a_context(database, clock)
    conversation_id = opened(ctx)
    turns.receive(ctx, conversation_id, Incoming("1", MessageKind.TEXT, "help"), "risk_of_suicide")
    return text(ctx, conversation_id)


def test_in_the_workers_hours_it_says_that_one_may_take_a_while(database: Database, clock: Clock) -> None:
    a_setting(database, "opening_hours", TUESDAYS)
    assert SLOW in card(database, clock) and AWAY not in card(database, clock)


def test_out_of_hours_it_says_plainly_that_no_worker_is_reading(database: Database, clock: Clock) -> None:
    a_setting(database, "opening_hours", TUESDAYS)
    clock.forward(hours=12)
    assert AWAY in card(database, clock) and SLOW not in card(database, clock)


def test_on_a_day_that_is_closed_no_worker_is_reading(database: Database, clock: Clock) -> None:
    a_setting(database, "opening_hours", TUESDAYS)
    a_setting(database, "closures", json.dumps([clock().date().isoformat()]))
    assert AWAY in card(database, clock)


@pytest.mark.parametrize("hours", [None, "", "9 to 5", "[]", '{"1": [["09:00"]]}', '{"1": 7}'])
def test_hours_that_nobody_can_read_do_not_keep_the_card_back(
    database: Database, clock: Clock, hours: str | None
) -> None:
    if hours is not None:
        a_setting(database, "opening_hours", hours)
    assert "Samaritans: call 116 123" in card(database, clock)
    assert AWAY in card(database, clock)


def test_help_now_in_the_menu_says_the_same(database: Database, clock: Clock) -> None:
    a_setting(database, "opening_hours", TUESDAYS)
    ctx = a_context(database, clock)
    conversation_id = opened(ctx)
    for told in (SLOW, AWAY):
        with database.writing() as session:
            row = lock_one(session, Conversation, conversation_id)
            outbox.say(session, ctx, row, [Reply("notice_menu_help_now")])
        assert told in text(ctx, conversation_id)
        clock.forward(hours=12)
