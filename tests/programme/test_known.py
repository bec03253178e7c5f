"""What is known and what is not: the most asked first, questions masked, reviews that are due, the sample's own."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta

import pytest

from programme import fact, known, sample
from programme.catalogue import answers_with, catalogue, sample_approver
from programme.context import Context
from programme.fact import Given, WrongFieldsError
from programme.rules import london
from storage import message as messages
from storage.enums import CaseReason, Role
from storage.setting import Setting
from tests.builders import NOW, a_person, a_referral, a_setting, an_account
from tests.conftest import Clock
from tests.programme.answer_files import ANSWERS
from tests.programme.asked import ask, view
from tests.programme.desk import open_cases, opened, proved

TODAY = london.today(NOW)
PRICE = Given("It costs ten pounds.", "Druglink's board", "Mary Moss", "2027-06-01")


@pytest.fixture
def lead(ctx: Context) -> str:
    return an_account(ctx.database, name="Lou Lead", role=Role.LEAD).id


@pytest.fixture
def manager(ctx: Context) -> str:
    return an_account(ctx.database, name="Max Manager", role=Role.MANAGER).id


def unanswered(ctx: Context) -> list[str]:
    return [case.subject for case in open_cases(ctx) if case.reason is CaseReason.NOT_ANSWERED]


def test_what_is_empty_or_past_its_review_stands_on_top_the_most_asked_first(ctx: Context, clock: Clock) -> None:
    a_setting(ctx.database, "late_text", "Ten minutes are fine.", review_by=TODAY - timedelta(days=1))
    for _ in range(3):
        ask(ctx, "utter_ask_cost")
    ask(ctx, "utter_ask_group")
    top = known.listing(ctx).attention
    keys = [each.entry.key for each in top]
    assert keys[:3] == ["cost_text", "group_text", "late_text"]
    assert (top[0].times, top[2].state) == (3, "expired")
    assert "samaritans_phone" not in keys and "closures" not in keys


def test_questions_are_shown_masked_and_each_way_of_asking_once(ctx: Context) -> None:
    person = a_person(ctx.database, name="Robin Rare")
    mine = proved(ctx, a_referral(ctx.database, person=person))
    ask(ctx, "utter_ask_cost", "is it free? robin here, 07700 900123", mine)
    ask(ctx, "utter_ask_cost", "What do I pay")
    ask(ctx, "utter_ask_cost", "what do i pay")
    (asked,) = view(ctx, "cost_text").asked
    assert asked.times == 3
    assert [words.casefold() for words in asked.words if "free" not in words] == ["what do i pay"]
    (masked,) = [words for words in asked.words if "free" in words]
    assert "obin" not in masked and "07700" not in masked and masked.startswith("is it free?")


def test_somebody_who_has_not_shown_who_they_are_is_not_named(ctx: Context) -> None:
    a_person(ctx.database, name="Robin Rose")
    for words in ("how much? im robin", "is it free for Robin Rose", "and what does robin rose pay"):
        ask(ctx, "utter_ask_cost", words)
    (asked,) = view(ctx, "cost_text").asked
    assert len(asked.words) == 3 and not any("obin" in words or "ose" in words for words in asked.words)


def test_a_word_that_is_a_name_too_is_left_where_it_is_a_word(ctx: Context) -> None:
    a_person(ctx.database, name="Will May")
    ask(ctx, "utter_ask_cost", "Will i have to pay and how much may it be")
    (asked,) = view(ctx, "cost_text").asked
    assert asked.words == ("Will i have to pay and how much may it be",)


def test_what_is_hidden_is_not_shown(ctx: Context) -> None:
    conversation_id = opened(ctx)
    ask(ctx, "utter_ask_cost", "what i did that night", conversation_id)
    with ctx.database.writing() as session:
        for row in messages.latest_in(session, conversation_id, 5):
            row.sensitive_at = NOW
            session.add(row)
    (asked,) = view(ctx, "cost_text").asked
    assert (asked.times, asked.words) == (1, ())


def test_a_case_is_closed_only_when_its_answer_can_be_given(ctx: Context, lead: str) -> None:
    ask(ctx, "utter_ask_duration")
    first = fact.propose(ctx, lead, "session_count", Given("2", "The board", "Mary Moss", "2027-06-01"))
    assert first.answered == () and unanswered(ctx) == ["answer:utter_ask_duration"]
    second = fact.propose(ctx, lead, "course_length_text", Given("Three hours.", "The board", "M Moss", "2027-06-01"))
    assert second.answered == ("utter_ask_duration",) and unanswered(ctx) == []


def test_an_answer_whose_own_review_is_over_waits_elsewhere(ctx: Context, clock: Clock) -> None:
    last = max(
        date.fromisoformat(each["metadata"]["review_by"]) for each in ANSWERS.variations("utter_ask_young_people")
    )
    clock.forward(days=(last - TODAY).days + 1)
    assert ask(ctx, "utter_ask_young_people").answer == "utter_not_known"
    listing = known.listing(ctx)
    assert [each.answer for each in listing.elsewhere] == ["utter_ask_young_people"]
    assert "utter_ask_young_people" in [each.answer for each in listing.due if each.silent]


def test_reviews_of_the_next_thirty_days_are_listed_and_no_others(ctx: Context, clock: Clock) -> None:
    a_setting(ctx.database, "cost_text", "Free.", review_by=TODAY + timedelta(days=30))
    a_setting(ctx.database, "late_text", "Ten minutes.", review_by=TODAY + timedelta(days=31))
    listing = known.listing(ctx)
    assert [each.entry.key for each in listing.soon] == ["cost_text"]
    assert listing.due == ()
    first = min(
        date.fromisoformat(str(each["metadata"]["review_by"]))
        for name in ANSWERS.names()
        for each in ANSWERS.variations(name)
    )
    clock.forward(days=(first - TODAY).days - 30)
    due = known.listing(ctx).due
    assert due and {each.review_by for each in due} == {first}


def test_the_sample_says_that_it_is_one_and_what_is_replaced_does_not(ctx: Context, lead: str) -> None:
    sample.seed(ctx)
    before = known.listing(ctx)
    assert before.sample and before.samples > 30
    assert view(ctx, "cost_text").sample and view(ctx, "cost_text").approver == sample_approver()
    with pytest.raises(WrongFieldsError):
        fact.propose(ctx, lead, "cost_text", Given("In this sample: ten pounds.", "Board", "M Moss", "2027-06-01"))
    fact.propose(ctx, lead, "cost_text", PRICE)
    assert not view(ctx, "cost_text").sample and known.listing(ctx).samples == before.samples - 1
    sample.refresh(ctx)
    assert view(ctx, "cost_text").value == "It costs ten pounds."


def test_the_page_of_a_setting_shows_what_people_are_told(ctx: Context, lead: str) -> None:
    fact.propose(ctx, lead, "cost_text", PRICE)
    told = known.one(ctx, "cost_text").told
    assert [name for name, _ in told] == ["utter_ask_cost"]
    assert [(words.text, words.this) for words in told[0][1]] == [("It costs ten pounds.", True)]
    assert answers_with(ctx.answers, "cost_text") == ("utter_ask_cost",)


def test_keys_are_shared_with_what_a_database_keeps(ctx: Context) -> None:
    sample.seed(ctx)
    with ctx.database.reading() as session:
        stored = {row.key for row in session.query(Setting)}
    assert stored - {sample.EDITION} <= set(catalogue().entries)


def test_two_who_fill_in_one_setting_at_once_are_both_in_its_history(ctx: Context, lead: str, manager: str) -> None:
    prices = {lead: "It costs ten pounds.", manager: "It costs five pounds."}

    def fill_in(who: str) -> None:
        fact.propose(ctx, who, "cost_text", Given(prices[who], "The board", "Mary Moss", "2027-06-01"))

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(fill_in, prices))
    found = known.one(ctx, "cost_text")
    assert sorted(each.value for each in found.history) == sorted(prices.values())
    assert found.view.value in prices.values()
