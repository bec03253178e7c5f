"""What a worker must act on, as a chat takes it: a case, the truth, and nobody argued with."""

import json
from typing import Any

import pytest
from sqlmodel import select

from actions.caring import TOLD
from programme import transcript
from programme.context import Context
from storage.case import Case
from storage.conversation import Conversation
from storage.enums import CaseReason, Urgency
from storage.handoff import HandoffRequest
from storage.message import MessageIn
from tests.actions.calls import call
from tests.builders import NOW, a_booking, a_course, a_link, a_message_in, a_person, a_referral
from tests.programme.desk import open_cases, opened, proved

FORM = "validate_journey_form"


def said_in(case: Case) -> list[dict[str, str]]:
    return list(json.loads(case.detail or "{}")["said"])


def conversation(ctx: Context, chat: str) -> Conversation:
    with ctx.database.reading() as session:
        return session.get_one(Conversation, chat)


NOTED = [
    ("dispute_attendance", "action_dispute_attendance", CaseReason.ATTENDANCE_DISPUTED, Urgency.DEADLINE),
    ("join_waiting_list", "action_waiting_list", CaseReason.WAITING_LIST, Urgency.DEADLINE),
    ("change_contact", "action_change_contact", CaseReason.CONTACT_CHANGE, Urgency.ROUTINE),
    ("complain", "action_complain", CaseReason.COMPLAINT, Urgency.COMPLAINT),
    ("request_my_data", "action_my_data", CaseReason.DATA_REQUEST, Urgency.ROUTINE),
]


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize(("intent", "action", "reason", "urgency"), NOTED)
def test_it_is_written_down_once_with_all_that_was_said(
    ctx: Context, intent: str, action: str, reason: CaseReason, urgency: Urgency, known: bool
) -> None:
    row = a_referral(ctx.database)
    chat = proved(ctx, row) if known else opened(ctx)
    a_course(ctx.database)  # a place is free: there is nothing to wait for that we could offer by ourselves
    for turn, words in (("t1", "listen to me"), ("t2", "and this too"), ("t2", "and this too")):
        assert call(ctx, chat, action, text=words, intent=intent, turn=turn)[0] == [f"utter_{intent}"]
    (case,) = open_cases(ctx)
    assert (case.reason, case.urgency, case.referral_id) == (reason, urgency, row.id if known else None)
    assert said_in(case) == [{"turn": "t1", "words": "listen to me"}, {"turn": "t2", "words": "and this too"}]


def test_what_was_told_before_they_were_known_is_theirs_afterwards(ctx: Context) -> None:
    row = a_referral(ctx.database, reference="TVP4F7K92")
    chat = opened(ctx)
    call(ctx, chat, "action_complain", text="nobody rang me", intent="complain", turn="t1")
    call(ctx, chat, FORM, text="TVP-4F7K-92, 14/3/1990", step="reference", slots={"goal": "book"}, turn="t2")
    (case,) = open_cases(ctx)
    assert (case.referral_id, case.subject) == (row.id, f"referral:{row.id}")
    call(ctx, chat, "action_complain", text="still not", intent="complain", turn="t3")
    assert [[each["words"] for each in said_in(case)] for case in open_cases(ctx)] == [["nobody rang me", "still not"]]


def test_two_chats_told_the_same_before_either_was_known(ctx: Context) -> None:
    row = a_referral(ctx.database, reference="TVP4F7K92")
    for turn in ("t1", "t2"):
        chat = opened(ctx)
        call(ctx, chat, "action_complain", text=turn, intent="complain", turn=turn)
        call(ctx, chat, FORM, text="TVP-4F7K-92, 14/3/1990", step="reference", slots={"goal": "book"})
    assert [case.referral_id for case in open_cases(ctx)] == [row.id, row.id]
    assert sorted(said_in(case)[0]["words"] for case in open_cases(ctx)) == ["t1", "t2"]


def test_a_new_number_is_not_taken_from_a_chat(ctx: Context) -> None:
    person = a_person(ctx.database, phone="07700 900123")
    row = a_referral(ctx.database, person=person)
    chat = proved(ctx, row)
    call(ctx, chat, "action_change_contact", text="my new number is 07700 900999", intent="change_contact")
    with ctx.database.reading() as session:
        assert session.get_one(type(person), person.id).phone == "07700 900123"


def test_who_refuses_is_not_argued_with_and_loses_nothing(ctx: Context) -> None:
    row = a_referral(ctx.database)
    held = a_booking(ctx.database, row)
    chat = proved(ctx, row)
    said, slots = call(ctx, chat, "action_decline", slots={"goal": "move"}, step="preference")
    assert (said, slots) == (["utter_decline_programme"], {"requested_slot": None})
    assert not open_cases(ctx)  # until they tap that a worker shall know
    said, _ = call(
        ctx, chat, "action_tell_worker", text="/tell_worker", intent="tell_worker", entities={"reason": "declined"}
    )
    assert said == ["utter_told_declined"]
    (case,) = open_cases(ctx)
    assert (case.reason, case.referral_id) == (CaseReason.DECLINED, row.id)
    with ctx.database.reading() as session:
        assert session.get_one(type(held), held.id).ended_at is None


@pytest.mark.parametrize("by_link", [True, False])
def test_for_the_wrong_person_nothing_holds_any_more(ctx: Context, by_link: bool) -> None:
    row = a_referral(ctx.database)
    a_booking(ctx.database, row)
    if by_link:
        a_link(ctx.database, row, "a-token")
        chat = opened(ctx, link="a-token")
        assert conversation(ctx, chat).linked_referral_id == row.id
    else:
        chat = proved(ctx, row)
    for _ in range(2):  # the second is the same turn, tried again
        said, slots = call(
            ctx, chat, "action_wrong_person", text="wrong number mate", slots={"goal": "book"}, turn="t1"
        )
        assert said == ["utter_wrong_person"]
        assert slots["goal"] is None
    after = conversation(ctx, chat)
    assert (after.referral_id, after.verified_at, after.linked_referral_id) == (None, None, None)
    assert after.messages_stopped_at == NOW
    (case,) = open_cases(ctx)
    detail = json.loads(case.detail or "{}")
    assert (case.reason, detail["reached_by_link_of"]) == (CaseReason.WRONG_PERSON, row.id)
    assert call(ctx, chat, "action_begin_checking")[0] == ["utter_step_reference"]


def test_on_the_day_a_worker_hears_at_once_that_something_does_not_work(ctx: Context) -> None:
    row = a_referral(ctx.database)
    a_booking(ctx.database, row, a_course(ctx.database, starts_at=NOW))
    chat = proved(ctx, row)
    said, _ = call(ctx, chat, "action_technical_problem", text="link is dead", intent="technical_problem", turn="t")
    assert said == ["utter_trouble_today"]
    (case,) = open_cases(ctx)
    assert (case.reason, case.due_at) == (CaseReason.TECHNICAL_PROBLEM, NOW)


def test_on_another_day_it_is_a_tap(ctx: Context) -> None:
    chat = opened(ctx)
    said, _ = call(ctx, chat, "action_technical_problem", text="link is dead", intent="technical_problem")
    assert said == ["utter_technical_problem"]
    assert not open_cases(ctx)


def test_what_was_told_of_an_offence_is_hidden_and_not_repeated(ctx: Context) -> None:
    chat = opened(ctx)
    told = a_message_in(ctx.database, conversation(ctx, chat), "i was selling it that night")
    said, _ = call(ctx, chat, "action_disclose_offence", text=told.text or "", intent="disclose_offence", turn=told.id)
    assert said == ["utter_disclose_offence"]
    with ctx.database.reading() as session:
        row = session.get_one(MessageIn, told.id)
    assert row.sensitive_at == NOW
    assert transcript.words_of(ctx, row) == ctx.answers.label("label_hidden_text")
    other = a_message_in(ctx.database, conversation(ctx, chat), "how long is it")
    assert transcript.words_of(ctx, other) == "how long is it"
    (case,) = open_cases(ctx)
    assert case.reason is CaseReason.OFFENCE_TOLD
    assert "selling" not in (case.detail or "")


def test_a_case_does_not_repeat_words_that_also_tell_of_an_offence(ctx: Context) -> None:
    told, words = ["disclose_offence"], "nobody rang me, i was selling it that night"
    call(ctx, opened(ctx), "action_complain", text=words, intent="complain", turn="t", told=told)
    call(ctx, opened(ctx), "action_request_human", text=words, intent="request_human", turn="u", told=told)
    (case,) = open_cases(ctx)
    assert said_in(case) == [{"turn": "t"}]
    with ctx.database.reading() as session:
        (asked,) = session.exec(select(HandoffRequest)).all()
    assert asked.last_words is None


@pytest.mark.parametrize(
    ("born", "answer"), [("2010-06-01", "utter_under_18"), ("1990-03-14", "utter_ask_young_people")]
)
def test_a_worker_looks_where_who_was_referred_is_under_18(ctx: Context, born: str, answer: str) -> None:
    row = a_referral(ctx.database, person=a_person(ctx.database, date_of_birth=born))
    assert call(ctx, proved(ctx, row), "action_young_people", text="im 16", turn="t")[0] == [answer]
    assert [case.reason for case in open_cases(ctx)] == ([CaseReason.UNDER_18] if answer == "utter_under_18" else [])
    assert call(ctx, opened(ctx), "action_young_people", text="im 16")[0] == ["utter_ask_young_people"]


@pytest.mark.parametrize("reason", sorted(TOLD))
def test_a_tap_tells_a_worker_with_the_words_that_led_to_it(ctx: Context, reason: str) -> None:
    wanted, intent, answer = TOLD[reason]
    row = a_referral(ctx.database)
    chat = proved(ctx, row)
    _understood(ctx, chat, "is there a ramp", intent or "dispute_offence")
    said, _ = call(
        ctx,
        chat,
        "action_tell_worker",
        text="/tell_worker",
        intent="tell_worker",
        entities={"reason": reason},
        turn="t",
    )
    assert said == [answer]
    (case,) = open_cases(ctx)
    words: dict[str, Any] = {"words": "is there a ramp"} if intent else {}
    assert (case.reason, said_in(case)) == (wanted, [{"turn": "t", **words}])


def test_what_got_in_the_way_is_one_of_our_own_words(ctx: Context) -> None:
    chat = proved(ctx, a_referral(ctx.database))
    for turn, why in (("t1", "travel"), ("t2", "what somebody else made up")):
        entities = {"reason": "missed_session", "why": why}
        call(ctx, chat, "action_tell_worker", text="/tell_worker", intent="tell_worker", entities=entities, turn=turn)
    (case,) = open_cases(ctx)
    assert said_in(case) == [{"turn": "t1", "why": "travel"}, {"turn": "t2"}]


@pytest.mark.parametrize("entities", [{}, {"reason": "risk_of_suicide"}])
def test_without_a_button_of_ours_nothing_is_opened(ctx: Context, entities: dict[str, str]) -> None:
    said, _ = call(ctx, opened(ctx), "action_tell_worker", text="/tell_worker", intent="tell_worker", entities=entities)
    assert said == ["utter_fallback_person"]
    assert not open_cases(ctx)


def _understood(ctx: Context, chat: str, text: str, intent: str) -> None:
    row = a_message_in(ctx.database, conversation(ctx, chat), text)
    with ctx.database.writing() as session:
        kept = session.get_one(MessageIn, row.id)
        kept.understood = json.dumps({"intent": {"name": intent, "confidence": 0.9}})
        session.add(kept)
