"""What is empty or past its review is not told, from one moment to the next and without any training: the person hears
that it is not known and is offered a worker, and the question is kept for the team."""

import json
from datetime import date, timedelta
from typing import Any

import pytest

from programme import outbox
from programme.answers import Answers
from programme.context import Context
from programme.outbox import Reply
from programme.rules import london
from storage import message as messages
from storage.conversation import Conversation
from storage.enums import CaseReason
from storage.message import MessageOut
from storage.setting import Setting
from tests.builders import NOW, a_link, a_referral, a_setting
from tests.conftest import Clock
from tests.programme.answer_files import ALL, ANSWERS, SETTINGS, names_in
from tests.programme.desk import open_cases, opened, proved

TODAY = london.today(NOW)


def ask(ctx: Context, answer: str, conversation_id: str | None = None) -> MessageOut:
    """What is said when the dialogue has chosen this answer."""
    conversation_id = conversation_id or opened(ctx)
    with ctx.database.writing() as session:
        conversation = session.get_one(Conversation, conversation_id)
        outbox.say(session, ctx, conversation, [Reply(answer)])
    with ctx.database.reading() as session:
        return messages.after(session, conversation_id, 0)[-1]


def unanswered(ctx: Context) -> list[str]:
    return [case.subject for case in open_cases(ctx) if case.reason is CaseReason.NOT_ANSWERED]


def change(ctx: Context, key: str, **fields: Any) -> None:
    with ctx.database.writing() as session:
        row = session.get_one(Setting, key)
        for name, value in fields.items():
            setattr(row, name, value)
        session.add(row)


def test_a_setting_is_said_until_the_end_of_its_last_day_and_no_longer(ctx: Context, clock: Clock) -> None:
    a_setting(ctx.database, "cost_text", "It costs ten pounds.", review_by=TODAY)
    assert "ten pounds" in ask(ctx, "utter_ask_cost").text
    assert unanswered(ctx) == []
    clock.forward(days=1)
    said = ask(ctx, "utter_ask_cost")
    assert said.answer == "utter_not_known" and "ten pounds" not in said.text
    assert unanswered(ctx) == ["answer:utter_ask_cost"]


def test_the_day_ends_in_london(ctx: Context, clock: Clock) -> None:
    a_setting(ctx.database, "cost_text", "It costs ten pounds.", review_by=date(2027, 6, 1))
    clock.now = NOW.replace(year=2027, month=6, day=1, hour=22, minute=59)
    assert ask(ctx, "utter_ask_cost").answer == "utter_ask_cost"
    clock.forward(minutes=1)  # midnight of British Summer Time
    assert ask(ctx, "utter_ask_cost").answer == "utter_not_known"


def test_emptying_and_filling_a_setting_is_heard_at_once(ctx: Context) -> None:
    a_setting(ctx.database, "cost_text", "It costs ten pounds.")
    change(ctx, "cost_text", value="  ")
    assert ask(ctx, "utter_ask_cost").answer == "utter_not_known"
    change(ctx, "cost_text", value="It costs five pounds.")
    assert "five pounds" in ask(ctx, "utter_ask_cost").text


def test_what_is_not_known_says_so_offers_a_worker_and_is_kept_once(ctx: Context) -> None:
    conversation_id = opened(ctx)
    said = [ask(ctx, "utter_ask_cost", conversation_id), ask(ctx, "utter_ask_cost")]
    assert all("I do not know that yet" in each.text for each in said)
    with ctx.database.reading() as session:
        tokens = [messages.button(session, conversation_id, token) for token in _tokens(said[0])]
    assert "request_human" in str([token.choice for token in tokens if token])
    assert unanswered(ctx) == ["answer:utter_ask_cost"]


def _tokens(said: MessageOut) -> list[str]:
    return [button["payload"] for button in json.loads(said.buttons)]


RESTS_ON_SETTINGS = sorted(
    {
        key
        for _, key, _ in ALL
        if key.startswith("utter_")
        and all(set(each["metadata"].get("needs") or []) & set(SETTINGS) for each in ANSWERS.variations(key))
    }
)


@pytest.mark.parametrize("answer", RESTS_ON_SETTINGS)
def test_each_answer_that_rests_on_settings_stops_without_them(ctx: Context, answer: str) -> None:
    assert ask(ctx, answer).answer == "utter_not_known"
    assert unanswered(ctx) == [f"answer:{answer}"]


def test_there_are_many_such_answers() -> None:
    assert {"utter_ask_cost", "utter_ask_rules", "utter_ask_group", "utter_ask_is_this_real"} <= set(RESTS_ON_SETTINGS)


@pytest.mark.parametrize("answer", ["utter_ask_what_is_programme", "utter_ask_who_runs_it", "utter_ask_young_people"])
def test_an_answers_own_review_date_silences_it_too(ctx: Context, clock: Clock, answer: str) -> None:
    last = max(date.fromisoformat(each["metadata"]["review_by"]) for each in ANSWERS.variations(answer))
    clock.forward(days=(last - TODAY).days)
    assert ask(ctx, answer).answer == answer
    clock.forward(days=1)
    assert ask(ctx, answer).answer == "utter_not_known"
    assert unanswered(ctx) == [f"answer:{answer}"]


WELCOME = {"text": "Hello.", "metadata": {}}


def test_of_two_variations_the_one_that_is_not_due_is_still_said(ctx: Context) -> None:
    general, told = sorted(ANSWERS.variations("utter_ask_course_content"), key=lambda each: "needs" in each["metadata"])
    a_setting(ctx.database, "taking_part_text", "You can just listen.")
    assert "just listen" in ask(ctx, "utter_ask_course_content").text
    yesterday = (TODAY - timedelta(days=1)).isoformat()
    expired = {**told, "metadata": {**told["metadata"], "review_by": yesterday}}
    words = Answers(
        {
            **{name: ANSWERS.variations(name) for name in ANSWERS.names()},
            "utter_ask_course_content": [expired, general],
        },
        ANSWERS.labels,
        ANSWERS.help_lines,
    )
    later = Context(ctx.database, words, ctx.clock, ctx.new_id, ctx.new_token, ctx.holder)
    assert ask(later, "utter_ask_course_content").text == general["text"]


@pytest.mark.parametrize("answer", ["utter_ask_non_attendance", "utter_danger_risk_of_suicide", "utter_ask_support"])
def test_what_lasts_is_said_also_when_its_review_has_passed(ctx: Context, clock: Clock, answer: str) -> None:
    before = ask(ctx, answer).text
    clock.forward(days=4000)
    said = ask(ctx, answer)
    assert (said.answer, said.text) == (answer, before)
    assert unanswered(ctx) == []


def test_a_help_line_that_druglink_fills_in_is_said_until_it_expires_and_then_the_public_one(
    ctx: Context, clock: Clock
) -> None:
    a_setting(ctx.database, "local_reading", "Change Grow Live, 07700 900321", review_by=TODAY)
    assert "Reading: Change Grow Live, 07700 900321" in ask(ctx, "utter_ask_support").text
    clock.forward(days=1)
    assert "Reading: Change Grow Live\n" in ask(ctx, "utter_ask_support").text


# Nothing personal before somebody has shown who they are.
REAL = {"organisation_name": "Druglink", "contact_phone": "01923 271 783", "opening_hours_text": "9am to 4pm"}


@pytest.fixture
def real(ctx: Context) -> Context:
    for key, value in REAL.items():
        a_setting(ctx.database, key, value)
    return ctx


def test_the_matching_word_is_told_after_proof_or_a_personal_link_and_to_nobody_else(real: Context) -> None:
    referral = a_referral(real.database, matching_word="lantern")
    a_link(real.database, referral, "token-of-the-link")
    assert "lantern" not in ask(real, "utter_ask_is_this_real").text
    assert "lantern" not in ask(real, "utter_ask_is_this_real", opened(real, link="no such link")).text
    assert "“lantern”" in ask(real, "utter_ask_is_this_real", opened(real, link="token-of-the-link")).text
    assert "“lantern”" in ask(real, "utter_ask_is_this_real", proved(real, referral)).text


def test_without_a_matching_word_there_is_none_to_tell(real: Context) -> None:
    said = ask(real, "utter_ask_is_this_real", proved(real, a_referral(real.database)))
    assert said.answer == "utter_ask_is_this_real" and "matching" not in said.text


def test_only_one_answer_names_the_word_and_the_message_that_it_is_compared_with() -> None:
    naming = {key for _, key, each in ALL if "matching_word" in names_in(each["text"])}
    assert naming == {"utter_ask_is_this_real", "notice_text_link", "notice_mail_link"}
