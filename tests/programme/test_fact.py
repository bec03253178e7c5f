"""Filling in a setting: the answer changes at once, who and why is kept, and consequences take two people."""

import ast
import json
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from pathlib import Path

import pytest

from programme import fact, known, outbox, sample, setting
from programme.catalogue import UnknownFactError, answers_with, catalogue, sample_approver
from programme.context import Context
from programme.fact import Change, Given, WrongFieldsError
from programme.outbox import Reply
from programme.rules import fact as rules
from programme.rules import london
from programme.why import GIVEN
from storage import message as messages
from storage.audit import audit_of
from storage.conversation import Conversation
from storage.database import Database
from storage.enums import CaseReason, MessageKind, Role, VersionState
from storage.message import MessageIn, MessageOut, add_in
from storage.setting import Setting
from tests.builders import NOW, a_person, a_referral, a_setting, an_account, new_id
from tests.conftest import Clock
from tests.programme.answer_files import ALL, ANSWERS, SETTINGS
from tests.programme.desk import a_context, open_cases, opened, proved

TODAY = london.today(NOW)
PRICE = Given("It costs ten pounds.", "Druglink's board", "Mary Moss", "2027-06-01")


@pytest.fixture
def ctx(database: Database, clock: Clock) -> Context:
    return a_context(database, clock)


@pytest.fixture
def lead(ctx: Context) -> str:
    return an_account(ctx.database, name="Lou Lead", role=Role.LEAD).id


@pytest.fixture
def manager(ctx: Context) -> str:
    return an_account(ctx.database, name="Max Manager", role=Role.MANAGER).id


def ask(ctx: Context, answer: str, words: str = "what do i pay", conversation_id: str | None = None) -> MessageOut:
    """Somebody asks, and the dialogue has chosen this answer."""
    conversation_id = conversation_id or opened(ctx)
    with ctx.database.writing() as session:
        conversation = session.get_one(Conversation, conversation_id)
        asked = MessageIn(
            id=new_id(),
            conversation_id=conversation_id,
            channel_message_id=new_id(),
            kind=MessageKind.TEXT,
            text=words,
            received_at=ctx.clock(),
        )
        add_in(session, asked)
        outbox.say(session, ctx, conversation, [Reply(answer)], asked.id)
    with ctx.database.reading() as session:
        return messages.after(session, conversation_id, 0)[-1]


def view(ctx: Context, key: str) -> known.View:
    return known.one(ctx, key).view


def unanswered(ctx: Context) -> list[str]:
    return [case.subject for case in open_cases(ctx) if case.reason is CaseReason.NOT_ANSWERED]


# The catalogue


def test_every_setting_that_an_answer_needs_can_be_filled_in() -> None:
    needed = {need for _, _, each in ALL for need in each["metadata"].get("needs") or []}
    assert needed - GIVEN <= set(catalogue().entries)


def test_every_setting_of_the_sample_and_every_help_line_can_be_filled_in() -> None:
    assert set(SETTINGS) | set(ANSWERS.help_lines) <= set(catalogue().entries)


def test_every_setting_that_the_code_reads_can_be_filled_in() -> None:
    read = set()
    for folder in ("programme", "bot", "actions", "console", "launch"):
        for path in Path(folder).rglob("*.py"):
            read |= _settings_read(ast.parse(path.read_text()))
    assert {"most_moves", "second_chances", "contact_phone", "opening_hours", "worker_grace_minutes"} <= read
    assert read - {sample.EDITION} <= set(catalogue().entries)


def _settings_read(tree: ast.Module) -> set[str]:
    """Keys in `number(facts, "key", …)`, `is_on(…)`, `facts["key"]`, `facts.get("key")`, also by a constant's name, and
    constants that are named by a unit of time."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    names |= _constant(target.id, node.value)
                elif isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    for name, value in zip(target.elts, node.value.elts, strict=True):
                        names |= _constant(getattr(name, "id", ""), value)
    found = {value for value in names.values() if re.fullmatch(r"[a-z]+(_[a-z]+)*_(seconds|minutes|hours|days)", value)}
    for node in ast.walk(tree):
        key: ast.expr | None = None
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in ("number", "is_on") and len(node.args) > 1:
                key = node.args[1]
            if node.func.attr == "get" and getattr(node.func.value, "id", "") == "facts" and node.args:
                key = node.args[0]
        if isinstance(node, ast.Subscript) and getattr(node.value, "id", "") == "facts":
            key = node.slice
        if isinstance(key, ast.Constant) and isinstance(key.value, str):
            found.add(key.value)
        if isinstance(key, ast.Name) and key.id in names:
            found.add(names[key.id])
    return found


def _constant(name: str, value: ast.expr) -> dict[str, str]:
    return {name: value.value} if isinstance(value, ast.Constant) and isinstance(value.value, str) else {}


def test_what_the_programme_must_decide_is_there_with_what_it_is_for() -> None:
    for key, entry in catalogue().entries.items():
        assert entry.title and entry.about.endswith(".") and entry.kind in rules.KINDS, key
        assert len(key) <= 32, key  # it is the subject of the audit log's lines
        assert (entry.kind == "choice") == bool(entry.choices), key
        if entry.kind in ("number", "numbers"):
            assert entry.unit or entry.kind == "numbers", key
            assert entry.bounds.least is not None and entry.bounds.most is not None, key
    consequences = {key for key, entry in catalogue().entries.items() if entry.consequence}
    assert {
        "days_to_book",
        "days_to_finish",
        "reported_text",
        "missed_text",
        "outcome_text",
        "admission_text",
        "samaritans_phone",
    } <= consequences
    assert "cost_text" not in consequences


def test_the_samples_own_values_are_of_their_kind_but_for_being_samples() -> None:
    for key, value in SETTINGS.items():
        entry = catalogue().entries[key]
        text = value if isinstance(value, str) else json.dumps(value)
        if entry.kind not in ("hours", "days") and "sample" not in text:
            assert rules.read(entry.kind, text, entry.bounds) == text, key


def test_help_lines_are_of_their_kind() -> None:
    for key, line in ANSWERS.help_lines.items():
        entry = catalogue().entries[key]
        assert rules.read(entry.kind, line["value"], entry.bounds) == line["value"], key


# Filling in


def test_what_a_lead_fills_in_is_said_at_once(ctx: Context, lead: str) -> None:
    assert ask(ctx, "utter_ask_cost").answer == "utter_not_known"
    changed = fact.propose(ctx, lead, "cost_text", PRICE)
    assert changed == fact.Changed(Change.LIVE, ("utter_ask_cost",))
    assert ask(ctx, "utter_ask_cost").text == "It costs ten pounds."
    now = view(ctx, "cost_text")
    assert (now.value, now.source, now.approver) == ("It costs ten pounds.", "Druglink's board", "Mary Moss")
    assert (now.approved_on, now.review_by) == (TODAY, date(2027, 6, 1))
    assert (now.origin, now.state, now.changed_at) == ("setting", "known", NOW)


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_kept(ctx: Context, lead: str) -> None:
    with pytest.raises(WrongFieldsError) as raised:
        fact.propose(ctx, lead, "days_to_book", Given("soon", "", " ", "yesterday"))
    assert raised.value.wrong == {
        "value": rules.NotANumberError.__doc__,
        "source": rules.NothingWrittenError.__doc__,
        "approver": rules.NothingWrittenError.__doc__,
        "review_by": rules.NotADayError.__doc__,
    }
    assert known.one(ctx, "days_to_book").history == ()


@pytest.mark.parametrize("role", [Role.WORKER, Role.TRAINER])
def test_nobody_else_may_change_anything(ctx: Context, role: Role) -> None:
    account = an_account(ctx.database, role=role)
    with pytest.raises(fact.NotAllowedError):
        fact.propose(ctx, account.id, "cost_text", PRICE)
    with pytest.raises(fact.NotAllowedError):
        fact.propose(ctx, "nobody", "cost_text", PRICE)
    assert view(ctx, "cost_text").state == "empty"


def test_a_disabled_lead_may_not(ctx: Context) -> None:
    gone = an_account(ctx.database, role=Role.LEAD, disabled_at=NOW)
    with pytest.raises(fact.NotAllowedError):
        fact.propose(ctx, gone.id, "cost_text", PRICE)


def test_what_is_no_setting_or_is_fixed_is_not_filled_in(ctx: Context, lead: str) -> None:
    with pytest.raises(UnknownFactError):
        fact.propose(ctx, lead, "sample_edition", PRICE)
    with pytest.raises(fact.NotChangeableError):
        fact.propose(ctx, lead, "sample_programme", PRICE)


def test_opening_hours_and_closed_days(ctx: Context, lead: str, clock: Clock) -> None:
    week = json.dumps({"1": [["09:00", "12:00"], ["13:00", "16:00"]]})
    fact.propose(ctx, lead, "opening_hours", Given(week, "Rota", "Mary Moss", "2027-06-01"))
    with ctx.database.reading() as session:
        facts = setting.facts(session)
    assert setting.is_open(facts, NOW)  # a Tuesday, 10am
    assert not setting.is_open(facts, NOW + timedelta(hours=2, minutes=30))
    fact.propose(ctx, lead, "closures", Given(json.dumps([TODAY.isoformat()]), "Rota", "Mary Moss", "2027-06-01"))
    with ctx.database.reading() as session:
        assert not setting.is_open(setting.facts(session), NOW)
    for empty in ("", "{}", '{"0": []}', '{"9": [["09:00", "10:00"]]}'):
        with pytest.raises(WrongFieldsError):
            fact.propose(ctx, lead, "opening_hours", Given(empty, "Rota", "Mary Moss", "2027-06-01"))


def test_history_begins_with_what_was_there_and_names_who_changed_it(ctx: Context, lead: str, clock: Clock) -> None:
    a_setting(ctx.database, "cost_text", "It is free.", updated_at=NOW - timedelta(days=9))
    fact.propose(ctx, lead, "cost_text", PRICE)
    clock.forward(hours=1)
    fact.propose(ctx, lead, "cost_text", Given("It costs five pounds.", "The board", "Mary Moss", "2027-06-01"))
    history = known.one(ctx, "cost_text").history
    assert [each.value for each in history] == ["It costs five pounds.", "It costs ten pounds.", "It is free."]
    assert [each.decided_name for each in history] == ["Lou Lead", "Lou Lead", None]
    assert {each.state for each in history} == {VersionState.LIVE}


def test_every_change_is_in_the_audit_log_without_what_was_written(ctx: Context, lead: str) -> None:
    fact.propose(ctx, lead, "cost_text", PRICE)
    fact.take_out(ctx, lead, "cost_text", "Not agreed after all")
    with ctx.database.reading() as session:
        lines = audit_of(session, "setting", "cost_text")
    assert {(line.actor, line.action) for line in lines} == {
        (f"worker:{lead}", "change_setting"),
        (f"worker:{lead}", "take_out_setting"),
    }


def test_what_is_taken_out_is_not_said_any_more(ctx: Context, lead: str) -> None:
    fact.propose(ctx, lead, "cost_text", PRICE)
    fact.take_out(ctx, lead, "cost_text", "The board decides anew")
    assert ask(ctx, "utter_ask_cost").answer == "utter_not_known"
    assert view(ctx, "cost_text").state == "empty"
    assert (
        known.one(ctx, "cost_text").history[0].source == "The board decides anew"
        or known.one(ctx, "cost_text").history[1].source == "The board decides anew"
    )
    with pytest.raises(fact.NotChangeableError):
        fact.take_out(ctx, lead, "cost_text", "Again")
    with pytest.raises(WrongFieldsError):
        fact.take_out(ctx, lead, "cost_text", " ")


def test_a_help_line_has_its_public_value_until_one_is_filled_in(ctx: Context, lead: str) -> None:
    public = view(ctx, "local_reading")
    assert (public.value, public.origin, public.state) == ("Change Grow Live", "public", "known")
    fact.propose(
        ctx, lead, "local_reading", Given("Change Grow Live, 07700 900321", "Their site", "M Moss", "2027-06-01")
    )
    assert "07700 900321" in ask(ctx, "utter_ask_support").text
    fact.take_out(ctx, lead, "local_reading", "Number changed")
    assert view(ctx, "local_reading").value == "Change Grow Live"


# Two people

TOLD = Given("We tell the police if you came.", "Agreement of May", "Mary Moss", "2027-06-01")


def test_what_consequences_rest_on_takes_two_different_people(ctx: Context, lead: str, manager: str) -> None:
    assert fact.propose(ctx, lead, "reported_text", TOLD) == fact.Changed(Change.PROPOSED)
    assert view(ctx, "reported_text").state == "empty"
    proposal = view(ctx, "reported_text").proposal
    assert proposal is not None and proposal.proposed_name == "Lou Lead"
    with pytest.raises(fact.SamePersonError):
        fact.agree(ctx, lead, proposal.id)
    worker = an_account(ctx.database)
    with pytest.raises(fact.NotAllowedError):
        fact.agree(ctx, worker.id, proposal.id)
    assert fact.agree(ctx, manager, proposal.id).change is Change.LIVE
    now = known.one(ctx, "reported_text")
    assert (now.view.value, now.view.proposal) == ("We tell the police if you came.", None)
    assert (now.history[0].proposed_name, now.history[0].decided_name) == ("Lou Lead", "Max Manager")
    with pytest.raises(fact.DecidedError):
        fact.agree(ctx, manager, proposal.id)


def test_the_old_words_stand_until_the_new_ones_are_agreed(ctx: Context, lead: str, manager: str) -> None:
    a_setting(ctx.database, "after_text", "Nothing is left to do.")
    fact.propose(ctx, lead, "after_text", Given("You get a letter.", "The board", "Mary Moss", "2027-06-01"))
    assert "Nothing is left" in ask(ctx, "utter_ask_after_course").text
    proposal = view(ctx, "after_text").proposal
    assert proposal is not None
    fact.agree(ctx, manager, proposal.id)
    assert "You get a letter." in ask(ctx, "utter_ask_after_course").text


def test_taking_out_takes_two_people_too(ctx: Context, lead: str, manager: str) -> None:
    a_setting(ctx.database, "after_text", "Nothing is left to do.")
    assert fact.take_out(ctx, lead, "after_text", "Not true any more").change is Change.PROPOSED
    proposal = view(ctx, "after_text").proposal
    assert proposal is not None and proposal.value == "" and view(ctx, "after_text").state == "known"
    fact.agree(ctx, manager, proposal.id)
    assert view(ctx, "after_text").state == "empty"


def test_a_refusal_has_a_reason_that_the_history_shows(ctx: Context, lead: str, manager: str) -> None:
    fact.propose(ctx, lead, "reported_text", TOLD)
    proposal = view(ctx, "reported_text").proposal
    assert proposal is not None
    with pytest.raises(WrongFieldsError):
        fact.refuse(ctx, manager, proposal.id, "  ")
    fact.refuse(ctx, manager, proposal.id, "The force has not confirmed it")
    last = known.one(ctx, "reported_text").history[0]
    assert (last.state, last.reason) == (VersionState.REFUSED, "The force has not confirmed it")
    assert view(ctx, "reported_text").state == "empty"
    with pytest.raises(fact.DecidedError):
        fact.agree(ctx, manager, proposal.id)


def test_a_newer_proposal_takes_the_place_of_an_older_one(ctx: Context, lead: str, manager: str, clock: Clock) -> None:
    fact.propose(ctx, lead, "reported_text", TOLD)
    first = view(ctx, "reported_text").proposal
    clock.forward(minutes=1)
    fact.propose(ctx, manager, "reported_text", Given("Other words.", "The force", "Mary Moss", "2027-06-01"))
    assert first is not None
    with pytest.raises(fact.DecidedError):
        fact.agree(ctx, manager, first.id)
    second = view(ctx, "reported_text").proposal
    assert second is not None and second.value == "Other words."
    assert fact.agree(ctx, lead, second.id).change is Change.LIVE


def test_a_proposal_whose_review_is_over_must_be_made_again(
    ctx: Context, lead: str, manager: str, clock: Clock
) -> None:
    fact.propose(ctx, lead, "reported_text", TOLD)
    proposal = view(ctx, "reported_text").proposal
    clock.now = NOW.replace(year=2027, month=6, day=1)
    assert proposal is not None
    with pytest.raises(fact.ReviewOverError):
        fact.agree(ctx, manager, proposal.id)


# What stands on top


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
