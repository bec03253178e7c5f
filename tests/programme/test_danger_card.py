"""The crisis card as the person gets it: it follows the workers' hours, no setting can keep it back, whoever owns the
conversation gets it, nothing pushes the booking after it, and only a worker's all-clear lets nudges go on."""

import json

import pytest
from sqlmodel import select

from programme import danger as dangers
from programme import outbox
from programme import turn as turns
from programme.context import Context
from programme.outbox import Reply
from programme.rules.danger import DANGERS
from programme.turn import Incoming
from storage.audit import audit_of
from storage.conversation import Conversation
from storage.database import Database
from storage.enums import MessageKind, Owner, TurnEnd, Urgency
from storage.message import after
from storage.row import lock_one
from tests.builders import a_referral, a_setting
from tests.conftest import Clock
from tests.programme.desk import a_context, open_cases, opened, proved, text, told

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
    for hours in (SLOW, AWAY):
        with database.writing() as session:
            row = lock_one(session, Conversation, conversation_id)
            outbox.say(session, ctx, row, [Reply("notice_menu_help_now")])
        assert hours in text(ctx, conversation_id)
        clock.forward(hours=12)


def say(ctx: Context, conversation_id: str, number: int, danger: str | None = None) -> turns.Turn:
    """A message comes in, and its turn is begun."""
    turns.receive(ctx, conversation_id, Incoming(str(number), MessageKind.TEXT, "words"), danger)
    turn = turns.begin_turn(ctx, conversation_id)
    assert turn is not None
    return turn


def understood(intent: str) -> dict[str, object]:
    return {"intent": {"name": intent, "confidence": 0.9}, "ranking": []}


def paused(ctx: Context, conversation_id: str) -> bool:
    with ctx.database.reading() as session:
        return session.get_one(Conversation, conversation_id).paused_at is not None


@pytest.mark.parametrize("owner", list(Owner))
@pytest.mark.parametrize("danger", DANGERS)
def test_each_danger_gets_its_own_card_whoever_has_the_conversation(
    database: Database, clock: Clock, danger: str, owner: Owner
) -> None:
    ctx = a_context(database, clock)
    by_phrases, by_model = opened(ctx), opened(ctx)
    with database.writing() as session:
        for row in session.exec(select(Conversation)).all():
            row.owner = owner
            session.add(row)
    turns.end_turn(ctx, say(ctx, by_phrases, 1, danger), TurnEnd.ANSWERED, [], understood(danger))
    turns.end_turn(ctx, say(ctx, by_model, 1), TurnEnd.ANSWERED, [], understood(danger))
    for conversation_id in (by_phrases, by_model):
        assert told(ctx, conversation_id) == [f"utter_danger_{danger}"]
        with database.reading() as session:
            buttons = json.loads(after(session, conversation_id, 0)[-1].buttons)
        assert [button["title"] for button in buttons] == ["I'm safe, carry on", "Talk to a person"]
        assert paused(ctx, conversation_id)
    assert [(case.reason, case.urgency) for case in open_cases(ctx)] == [(danger, Urgency.DANGER)] * 2


@pytest.mark.parametrize("intent", sorted(dangers.ASKS_NOTHING))
def test_after_a_card_the_assistant_stays_and_pushes_nothing(database: Database, clock: Clock, intent: str) -> None:
    ctx = a_context(database, clock)
    conversation_id = opened(ctx)
    turns.end_turn(ctx, say(ctx, conversation_id, 1, "risk_of_suicide"), TurnEnd.ANSWERED)
    for number in (2, 3):
        turns.end_turn(
            ctx, say(ctx, conversation_id, number), TurnEnd.ANSWERED, [Reply("utter_greet")], understood(intent)
        )
    assert told(ctx, conversation_id) == ["utter_danger_risk_of_suicide", dangers.STAY, dangers.STAY]


def test_a_question_after_a_card_is_answered_and_a_talk_without_danger_goes_on(
    database: Database, clock: Clock
) -> None:
    ctx = a_context(database, clock)
    asked, calm = opened(ctx), opened(ctx)
    turns.end_turn(ctx, say(ctx, asked, 1, "risk_of_suicide"), TurnEnd.ANSWERED)
    turns.end_turn(ctx, say(ctx, asked, 2), TurnEnd.ANSWERED, [Reply("utter_ask_cost")], understood("ask_cost"))
    assert dangers.STAY not in told(ctx, asked)
    turns.end_turn(ctx, say(ctx, asked, 3), TurnEnd.ANSWERED, [Reply("utter_greet")], understood("greet"))
    turns.end_turn(ctx, say(ctx, calm, 1), TurnEnd.ANSWERED, [Reply("utter_greet")], understood("greet"))
    assert told(ctx, asked)[-1] == told(ctx, calm)[-1] == "utter_greet"


def test_nudges_pause_until_a_worker_has_cleared_every_danger_of_the_person(database: Database, clock: Clock) -> None:
    ctx, referral = a_context(database, clock), a_referral(database)
    web, telegram = proved(ctx, referral), proved(ctx, referral)
    turns.end_turn(ctx, say(ctx, web, 1, "risk_of_suicide"), TurnEnd.ANSWERED)
    turns.end_turn(ctx, say(ctx, telegram, 1, "risk_of_suicide"), TurnEnd.ANSWERED)
    turns.end_turn(ctx, say(ctx, telegram, 2, "medical_emergency"), TurnEnd.ANSWERED)
    turns.end_turn(ctx, say(ctx, telegram, 3), TurnEnd.ANSWERED, [Reply("utter_im_safe")], understood("im_safe"))
    first, second = open_cases(ctx)  # one for each danger of the person, not for each message
    assert paused(ctx, web) and paused(ctx, telegram)
    assert dangers.clear(ctx, first.id, "worker:anna") is False
    assert paused(ctx, web) and paused(ctx, telegram)
    assert dangers.clear(ctx, second.id, "worker:anna") is True
    assert not paused(ctx, web) and not paused(ctx, telegram)
    with database.reading() as session:
        assert [row.actor for row in audit_of(session, "case", second.id)] == ["worker:anna"]
    with pytest.raises(dangers.NotADangerError):
        dangers.clear(ctx, second.id, "worker:anna")


def test_danger_after_the_all_clear_is_a_case_again(database: Database, clock: Clock) -> None:
    ctx = a_context(database, clock)
    conversation_id = opened(ctx)
    turns.end_turn(ctx, say(ctx, conversation_id, 1, "risk_to_others"), TurnEnd.ANSWERED)
    dangers.clear(ctx, open_cases(ctx)[0].id, "worker:anna")
    turns.end_turn(ctx, say(ctx, conversation_id, 2, "risk_to_others"), TurnEnd.ANSWERED)
    assert len(open_cases(ctx)) == 1 and paused(ctx, conversation_id)
