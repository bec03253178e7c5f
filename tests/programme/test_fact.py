"""Settings as a lead fills them in: what can be filled in, by whom, what is said at once, and its history."""

import ast
import json
import re
from datetime import date, timedelta
from pathlib import Path

import pytest

from programme import fact, known, sample, setting
from programme.catalogue import UnknownFactError, catalogue
from programme.context import Context
from programme.fact import Change, Given, WrongFieldsError
from programme.rules import fact as rules
from programme.rules import london
from programme.why import GIVEN
from storage.audit import audit_of
from storage.enums import Role, VersionState
from tests.builders import NOW, a_setting, an_account
from tests.conftest import Clock
from tests.programme.answer_files import ALL, ANSWERS, SETTINGS
from tests.programme.asked import ask, view

TODAY = london.today(NOW)
PRICE = Given("It costs ten pounds.", "Druglink's board", "Mary Moss", "2027-06-01")


@pytest.fixture
def lead(ctx: Context) -> str:
    return an_account(ctx.database, name="Lou Lead", role=Role.LEAD).id


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
