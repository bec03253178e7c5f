"""Why an answer was given: its source, approver and date, and what a worker can see behind a message."""

from datetime import date

import pytest

from programme import outbox, sample, why
from programme.context import Context
from programme.outbox import Reply
from storage.conversation import Conversation
from storage.enums import Sender
from storage.message import MessageIn
from tests.builders import a_message_in, a_message_out, a_setting
from tests.conftest import Clock
from tests.programme.answer_files import SETTINGS
from tests.programme.desk import ANSWERS, opened

NEWS = "Thames Valley Police, news release of December 2021"


def said(ctx: Context, answer: str, understood: str | None = None) -> str:
    """Says an answer, in reply to a message where `understood` is given; the id of what was said."""
    conversation_id = opened(ctx)
    with ctx.database.writing() as session:
        conversation = session.get_one(Conversation, conversation_id)
    turn = a_message_in(ctx.database, conversation, understood=understood).id if understood else None
    with ctx.database.writing() as session:
        conversation = session.get_one(Conversation, conversation_id)
        return outbox.say(session, ctx, conversation, [Reply(answer)], turn)[0].id


def test_an_answer_names_the_source_approver_and_dates_of_what_it_says(ctx: Context) -> None:
    told = why.explain(ctx, "utter_ask_what_is_programme")
    assert told is not None and not told.sample
    assert told.standing.source.startswith(NEWS)
    assert told.standing.approver and told.standing.approved_on < told.standing.review_by


def test_where_settings_are_said_their_own_sources_stand_and_the_first_date_counts(ctx: Context) -> None:
    a_setting(ctx.database, "cost_text", "Ten pounds.", source="Druglink, letter of 3 November", approver="J. Smith",
              approved_on=date(2026, 11, 30), review_by=date(2027, 1, 31))  # fmt: skip
    told = why.explain(ctx, "utter_ask_cost")
    assert told is not None
    assert told.standing.source == "Druglink, letter of 3 November"
    assert "J. Smith" in told.standing.approver
    assert (told.standing.approved_on, told.standing.review_by) == (date(2026, 11, 30), date(2027, 1, 31))


def test_the_sample_says_that_it_is_one(ctx: Context) -> None:
    sample.seed(ctx)
    told = why.explain(ctx, "utter_ask_cost")
    assert told is not None and told.sample
    assert told.standing.source == "The sample programme"
    assert told.standing.approver == "Sample content: not yet approved by Druglink"


def test_a_help_line_counts_as_a_source_of_its_own(ctx: Context) -> None:
    told = why.explain(ctx, "utter_ask_support")
    assert told is not None
    assert "FRANK (talktofrank.com)" in told.standing.source and "Turning Point" in told.standing.source
    assert told.standing.review_by.isoformat() == ANSWERS.help_lines["frank_phone"]["review_by"]


@pytest.mark.parametrize(
    "answer", ["utter_step_reference", "utter_greet", "notice_menu_contact", "utter_no_such", "", "label_yes"]
)
def test_steps_manners_notices_and_what_is_not_there_have_none(ctx: Context, answer: str) -> None:
    assert why.explain(ctx, answer) is None
    assert answer not in why.explained(ANSWERS)


def test_all_that_is_listed_as_explained_can_be(ctx: Context) -> None:
    names = why.explained(ANSWERS)
    assert {"utter_ask_cost", "utter_ask_bot", "utter_ask_admission", "utter_ask_support"} <= set(names)
    assert all(why.explain(ctx, name) for name in names)


def test_an_answer_that_has_expired_since_still_tells_where_it_came_from(ctx: Context, clock: Clock) -> None:
    clock.forward(days=3000)
    told = why.explain(ctx, "utter_ask_what_is_programme")
    assert told is not None and told.standing.source.startswith(NEWS)


UNDERSTOOD = (
    '{"intent": {"name": "ask_cost", "confidence": 0.91},'
    ' "ranking": [{"name": "ask_cost", "confidence": 0.91}, {"name": "ask_location", "confidence": 0.05}]}'
)


def test_behind_a_message_are_its_words_settings_and_what_was_understood(ctx: Context) -> None:
    a_setting(ctx.database, "cost_text", "Ten pounds.", source="Druglink, letter of 3 November")
    account = why.of_message(ctx, said(ctx, "utter_ask_cost", UNDERSTOOD))
    assert account is not None and account.understood is not None and account.standing is not None
    assert account.answer == "utter_ask_cost"
    assert [(used.key, used.value, used.standing.source) for used in account.used] == [
        ("cost_text", "Ten pounds.", "Druglink, letter of 3 November")
    ]
    assert account.standing.source == "Druglink, letter of 3 November"
    assert (account.understood.intent, account.understood.confidence) == ("ask_cost", 0.91)
    assert account.understood.ranking == (("ask_cost", 0.91), ("ask_location", 0.05))
    assert not account.understood.tapped
    with ctx.database.reading() as session:
        assert session.get_one(MessageIn, account.understood.message_id).understood == UNDERSTOOD


def test_what_could_not_be_answered_says_so_of_itself(ctx: Context) -> None:
    account = why.of_message(ctx, said(ctx, "utter_ask_cost"))
    assert account is not None and account.answer == "utter_not_known"
    assert account.understood is None and account.used == ()


def test_the_variation_that_was_said_is_told_from_its_words() -> None:
    several = ANSWERS.variations("utter_ask_is_this_real")
    for variation in several:
        text = str(variation["text"]).replace("{", "").replace("}", "")
        assert why.said_as(ANSWERS, "utter_ask_is_this_real", text) == variation
    assert why.said_as(ANSWERS, "utter_ask_is_this_real", "Reworded since.") is None
    assert why.said_as(ANSWERS, "utter_no_such", "Gone.") is None


def test_a_workers_own_words_have_no_account(ctx: Context) -> None:
    conversation_id = opened(ctx)
    with ctx.database.writing() as session:
        conversation = session.get_one(Conversation, conversation_id)
    row = a_message_out(ctx.database, conversation, "See you then.", sender=Sender.WORKER)
    assert why.of_message(ctx, row.id) is None
    assert why.of_message(ctx, "nobody") is None


def test_whatever_an_answer_needs_is_a_setting_a_help_line_or_comes_with_the_conversation() -> None:
    needed = {need for name in ANSWERS.names() for need in ANSWERS.needs(name)}
    assert needed - set(SETTINGS) - set(ANSWERS.help_lines) == why.GIVEN


def test_where_a_setting_is_missing_only_what_is_said_without_it_counts(ctx: Context) -> None:
    told = why.explain(ctx, "utter_ask_interpreter")
    assert told is not None and told.standing.source.startswith("Druglink's public page")
    a_setting(ctx.database, "interpreter_text", "One can come.", source="Druglink, letter of 3 November")
    told = why.explain(ctx, "utter_ask_interpreter")
    assert told is not None and told.standing.source == "Druglink, letter of 3 November"
