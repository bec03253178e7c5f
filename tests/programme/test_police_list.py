"""The lists for the police from the rows: once each, put right by rows of their own, handed over and received."""

import csv
import io

import pytest

from programme import decision, police_list, police_row
from programme.context import Context
from programme.police_list import DoneError, NoFieldsError, NothingDueError, OtherRowsError, WordsError
from storage.audit import audit_of
from storage.enums import ListKind, ReferralState
from storage.person import Person
from storage.referral import Referral
from tests.builders import a_person, a_referral, a_setting, an_account

FIELDS = "reference, name, outcome, outcome_on"
WHY = "They came to none of the dates that they chose."


@pytest.fixture
def lead(ctx: Context) -> str:
    return an_account(ctx.database, name="Lou Lead").id


def done(ctx: Context, name: str = "Alex Green") -> Referral:
    return a_referral(ctx.database, person=a_person(ctx.database, name=name), state=ReferralState.COMPLETED)


def sign(ctx: Context, lead: str, kind: ListKind = ListKind.COMPLETED) -> str:
    return police_list.sign(ctx, kind, lead, police_list.due(ctx, kind).mark)


def file(ctx: Context, list_id: str, lead: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(police_list.download(ctx, list_id, lead)[1])))


def test_without_columns_no_list_is_signed(ctx: Context, lead: str) -> None:
    done(ctx)
    with pytest.raises(NoFieldsError):
        sign(ctx, lead)
    a_setting(ctx.database, police_row.FIELDS, "reference, their_story")
    with pytest.raises(NoFieldsError):
        sign(ctx, lead)


def test_each_row_goes_once(ctx: Context, lead: str) -> None:
    a_setting(ctx.database, police_row.FIELDS, FIELDS)
    done(ctx, "Alex Green")
    first = sign(ctx, lead)
    with pytest.raises(NothingDueError):
        sign(ctx, lead)
    done(ctx, "=Robin()")
    second = sign(ctx, lead)
    assert [row["name"] for row in file(ctx, first, lead)] == ["Alex Green"]
    assert [row["name"] for row in file(ctx, second, lead)] == ["'=Robin()"]
    assert [each.number for each in police_list.lists(ctx, ListKind.COMPLETED)] == [2, 1]


def test_what_is_signed_is_what_was_seen(ctx: Context, lead: str) -> None:
    a_setting(ctx.database, police_row.FIELDS, FIELDS)
    done(ctx)
    seen = police_list.due(ctx, ListKind.COMPLETED).mark
    done(ctx, "Robin Example")
    with pytest.raises(OtherRowsError):
        police_list.sign(ctx, ListKind.COMPLETED, lead, seen)
    assert police_list.lists(ctx, ListKind.COMPLETED) == []


def test_only_a_final_decision_is_on_the_list_and_one_that_is_overturned_is_taken_back(ctx: Context, lead: str) -> None:
    a_setting(ctx.database, police_row.FIELDS, FIELDS)
    kind, other = ListKind.NOT_ATTENDED, an_account(ctx.database).id
    referral = a_referral(ctx.database, state=ReferralState.MISSED)
    decision.decide(ctx, referral.id, lead, "did_not_come", WHY)
    assert police_list.due(ctx, kind).rows == (), "one worker has decided, none has agreed"
    with ctx.database.reading() as session:
        standing = decision.standing_decision(session, referral.id)
    assert standing is not None
    decision.agree(ctx, standing.id, other)
    first = sign(ctx, lead, kind)
    assert [(row["row"], row["outcome"]) for row in file(ctx, first, lead)] == [("new", "did_not_come")]
    decision.overturn(ctx, standing.id, lead, "The attendance sheet was of another day.")
    second = sign(ctx, lead, kind)
    assert [(row["row"], row["corrects_list"]) for row in file(ctx, second, lead)] == [("take_back", "1")]
    with pytest.raises(NothingDueError):
        sign(ctx, lead, kind)
    assert [row["row"] for row in file(ctx, first, lead)] == ["new"], "what went is never changed"


def test_a_correction_is_a_row_of_its_own_with_its_reason(ctx: Context, lead: str) -> None:
    a_setting(ctx.database, police_row.FIELDS, FIELDS)
    referral = done(ctx, "Alex Gren")
    first = sign(ctx, lead)
    _, rows = police_list.one(ctx, first, lead)
    with ctx.database.writing() as session:
        person = session.get_one(Person, referral.person_id)
        person.name = "Alex Green"
        session.add(person)
    with pytest.raises(NothingDueError):
        sign(ctx, lead)
    police_list.correct(ctx, rows[0].id, lead, "The name was written wrongly.")
    with pytest.raises(DoneError):
        police_list.correct(ctx, rows[0].id, lead, "Again.")
    second = sign(ctx, lead)
    (row,) = file(ctx, second, lead)
    assert (row["row"], row["corrects_list"], row["name"]) == ("correction", "1", "Alex Green")
    assert row["reason"] == "The name was written wrongly."
    with pytest.raises(NothingDueError):
        sign(ctx, lead)
    with pytest.raises(DoneError):
        police_list.correct(ctx, rows[0].id, lead, "It was put right already.")


def test_what_was_completed_and_is_closed_afterwards_is_not_taken_back(ctx: Context, lead: str) -> None:
    a_setting(ctx.database, police_row.FIELDS, FIELDS)
    referral = done(ctx)
    sign(ctx, lead)
    with ctx.database.writing() as session:
        row = session.get_one(Referral, referral.id)
        row.state = ReferralState.CLOSED
        session.add(row)
    assert police_list.due(ctx, ListKind.COMPLETED).rows == ()


def test_who_has_it_and_that_they_said_so_is_written_down_once_and_in_order(ctx: Context, lead: str) -> None:
    a_setting(ctx.database, police_row.FIELDS, FIELDS)
    done(ctx)
    key = sign(ctx, lead)
    with pytest.raises(DoneError):
        police_list.receive(ctx, key, lead, "They wrote back.")
    with pytest.raises(WordsError):
        police_list.hand_over(ctx, key, lead, "  ")
    police_list.hand_over(ctx, key, lead, "The force's inbox")
    with pytest.raises(DoneError):
        police_list.hand_over(ctx, key, lead, "Somebody else")
    police_list.receive(ctx, key, lead, "They wrote back at noon.")
    with pytest.raises(DoneError):
        police_list.receive(ctx, key, lead, "Again")
    police_list.download(ctx, key, lead)
    (view,) = police_list.lists(ctx, ListKind.COMPLETED)
    assert (view.recipient, view.receipt, view.signed_by) == (
        "The force's inbox",
        "They wrote back at noon.",
        "Lou Lead",
    )
    with ctx.database.reading() as session:
        done_to_it = {row.action for row in audit_of(session, "police_list", key)}
    assert done_to_it == {"sign_list", "hand_over_list", "list_received", "download_list"}
