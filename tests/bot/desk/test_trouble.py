"""When the dialogue is slow, wrong or gone, when the app dies, when two processes want one conversation."""

import time

import httpx
import pytest
from sqlmodel import select

from programme import conversation as conversations
from programme import turn as turns
from programme.outbox import Reply
from programme.turn import Incoming, LeaseLostError
from storage.enums import MessageKind, Owner, TurnEnd, TurnState
from storage.tables import Case, Conversation, HandoffRequest, MessageIn
from tests.bot.desk.conftest import Desk, Page, Serving, dialogue_app, on_both

MENU = "notice_menu"


def answers(messages: list[dict]) -> list[str]:
    return [message["answer"] for message in messages]


@pytest.mark.parametrize(
    "trouble",
    [
        {"ok": False},
        {"status": 500},
        {"raw": b"<html>"},
        {"raw": b'{"ok": true}'},
        {"raw": b"[]"},
        {"answer": lambda _turn: []},
        {"answer": lambda _turn: [{"answer": "utter_that_does_not_exist", "values": {}}]},
        {"answer": lambda _turn: [{"answer": "utter_booking", "values": {}}]},
        {"answer": lambda _turn: [{"answer": None, "text": "words of its own"}]},
        {"answer": lambda _turn: [{"answer": "utter_booking", "values": {"times": 7, "starts_at": "no time"}}]},
    ],
)
def test_a_dialogue_that_answers_badly_is_noticed_and_the_menu_comes(desk: Desk, trouble: dict) -> None:
    for name, value in trouble.items():
        setattr(desk.script, name, value)
    page = desk.open()
    assert answers(page.turn(page.say("book me in"), 5)) == [MENU]


@on_both
def test_a_slow_dialogue_is_given_up_within_the_promise_and_its_late_reply_dropped(desk: Desk) -> None:
    desk.script.seconds = 7.0
    page = desk.open()
    begun = time.monotonic()
    said = [page.say("book me in"), page.say("hello"), page.say("anyone")]
    for each in said:
        assert answers(page.turn(each)) == [MENU]
    assert time.monotonic() - begun < 10
    page.quiet(4)
    assert answers([m for m in page.messages() if m.get("re") == said[0]]) == [MENU]


def test_a_burst_at_a_hung_dialogue_is_ended_within_ten_seconds(desk: Desk) -> None:
    desk.script.seconds = 60.0
    page = desk.open()
    begun = time.monotonic()
    for each in [page.say(f"hello {number}") for number in range(20)]:
        page.turn(each)
    assert time.monotonic() - begun < 10


def test_a_bad_turn_does_not_hold_up_the_next(desk: Desk) -> None:
    desk.script.answer = lambda _turn: [{"answer": "utter_booking", "values": {"starts_at": "no time"}}]
    page = desk.open()
    assert answers(page.turn(page.say("when is it"), 5)) == [MENU]
    desk.script.answer = lambda _turn: [{"answer": "utter_no_problem", "values": {}}]
    assert answers(page.turn(page.say("no"), 5)) == ["utter_no_problem"]


def test_asking_for_a_person_works_with_the_dialogue_dead(desk: Desk) -> None:
    desk.dialogue.stop()
    page = desk.open()
    card = page.turn(page.say("i am going to kill myself"), 5)[-1]
    person = next(button for button in card["buttons"] if "person" in button["title"])
    assert answers(page.turn(page.choose(person["payload"]), 5)) == ["utter_handoff_open"]
    with desk.ctx.database.reading() as session:
        assert session.exec(select(HandoffRequest)).one().state == "waiting"


def test_danger_is_heard_beyond_the_limits(desk: Desk) -> None:
    page = desk.open()
    for number in range(40):
        page.say(f"no {number}")
    urgent = page.say("he has taken too much and hes not breathing")
    assert answers(page.turn(urgent))[0] == "utter_danger_medical_emergency"
    long = page.say("please " * 400 + "i want to kill myself")
    assert "utter_danger_risk_of_suicide" in answers(page.turn(long))


def test_the_model_looks_for_danger_while_a_worker_has_the_conversation(desk: Desk) -> None:
    desk.script.intent = "safeguarding_concern"
    page = desk.open()
    page.until(lambda frame: frame["type"] == "owner")
    with desk.ctx.database.writing() as session:
        for row in session.exec(select(Conversation)).all():
            row.owner = Owner.WORKER
            session.add(row)
    assert answers(page.turn(page.say("blah blah"))) == ["utter_danger_safeguarding_concern"]
    assert desk.script.asked == []


def test_who_has_left_is_not_heard_on_the_old_line(desk: Desk) -> None:
    page = desk.open()
    page.turn(page.say("no"))
    httpx.post(f"{desk.url}/chat/leave", json={"token": page.token})
    page.say("hello")
    assert page.until(lambda frame: frame["type"] == "error")["code"] == "unknown_session"


@on_both
def test_with_the_dialogue_dead_the_menu_works_and_danger_too(desk: Desk) -> None:
    desk.dialogue.stop()
    page = desk.open()
    menu = page.turn(page.say("book me in"), 5)[-1]
    titles = {button["title"]: button["payload"] for button in menu["buttons"]}
    assert len(titles) == 4
    for payload in titles.values():
        assert page.turn(page.choose(payload), 5)
    card = page.turn(page.say("he has taken too much and hes not breathing"), 5)
    assert answers(card) == ["utter_danger_medical_emergency"]
    with desk.ctx.database.reading() as session:
        assert session.exec(select(Case)).one().urgency == "danger"
        assert all(row.state == TurnState.ENDED for row in session.exec(select(MessageIn)).all())


def test_when_the_dialogue_is_back_the_chat_goes_on(desk: Desk) -> None:
    port = desk.dialogue.port
    desk.dialogue.stop()
    page = desk.open()
    assert answers(page.turn(page.say("no"), 5)) == [MENU]
    desk.dialogue = Serving(dialogue_app(desk.script), port)
    assert answers(page.turn(page.say("no"), 5)) == ["utter_no_problem"]


@on_both
def test_danger_that_only_the_model_sees_gets_its_card_once(desk: Desk) -> None:
    desk.script.intent = "safeguarding_concern"
    desk.script.answer = lambda _turn: [{"answer": "utter_danger_safeguarding_concern", "values": {}}]
    page = desk.open()
    assert answers(page.turn(page.say("blah blah"))) == ["utter_danger_safeguarding_concern"]
    with desk.ctx.database.reading() as session:
        assert session.exec(select(Case)).one().reason == "safeguarding_concern"


def test_danger_that_the_phrases_see_is_told_to_the_dialogue_and_carded_once(desk: Desk) -> None:
    desk.script.answer = lambda turn: [{"answer": f"utter_danger_{turn['intent']}", "values": {}}]
    page = desk.open()
    assert answers(page.turn(page.say("i want to kill myself"))) == ["utter_danger_risk_of_suicide"]
    assert desk.script.asked[-1]["intent"] == "risk_of_suicide"


@on_both
def test_messages_of_one_person_are_answered_in_order_and_people_do_not_wait_for_one_another(desk: Desk) -> None:
    """Nobody is answered before all four are being thought about, which is never where one waits for another."""
    pages = [desk.open() for _ in range(4)]
    desk.script.go_on = lambda: len({asked["conversation"] for asked in desk.script.asked}) == 4
    said = [[page.say(f"no {number}") for number in range(2)] for page in pages]
    for page, ids in zip(pages, said, strict=True):
        for each in ids:
            assert answers(page.turn(each)) == ["utter_no_problem"]
        assert [m["re"] for m in page.messages() if "re" in m] == ids


@on_both
def test_what_was_stored_is_answered_by_the_next_process(desk: Desk) -> None:
    desk.script.seconds = 3.0
    page = desk.open()
    said = page.say("no")
    page.until(lambda frame: frame["type"] == "accepted")
    desk.wait(lambda: desk.script.asked)
    desk.app.stop()
    desk.script.seconds = 0.0
    desk.restart()
    again = Page(desk, page.token)
    assert answers(again.turn(said)) == ["utter_no_problem"]
    again.quiet()
    assert len([m for m in again.messages() if m.get("re") == said]) == 1
    turns = {asked["turn"] for asked in desk.script.asked}
    assert len(turns) == 1  # the same turn was asked again, so that the dialogue can tell


def test_after_a_dozen_turns_the_session_is_renewed(desk: Desk) -> None:
    page = desk.open()
    for number in range(15):
        page.turn(page.say(f"no {number}"))
    assert len(desk.script.renewed) == 1


@on_both
def test_work_done_under_an_old_fence_is_refused(desk: Desk) -> None:
    ctx = desk.ctx
    desk.app.stop()
    opened = conversations.open_web(ctx, None, None)
    turns.receive(ctx, opened.conversation_id, Incoming("1", MessageKind.TEXT, "hello"))
    old = turns.begin_turn(ctx, opened.conversation_id)
    assert old is not None
    assert turns.begin_turn(ctx, opened.conversation_id) is None  # held
    with ctx.database.writing() as session:
        row = session.get_one(conversations.Conversation, opened.conversation_id)
        row.lease_expires_at = row.created_at
        session.add(row)
    new = turns.begin_turn(ctx, opened.conversation_id)
    assert new is not None
    assert new.id == old.id
    with pytest.raises(LeaseLostError):
        turns.end_turn(ctx, old, TurnEnd.ANSWERED, [Reply("utter_no_problem")])
    turns.end_turn(ctx, new, TurnEnd.ANSWERED, [Reply("utter_no_problem")])
    with pytest.raises(LeaseLostError):
        turns.end_turn(ctx, new, TurnEnd.MENU, [Reply("notice_menu")])
