"""Referrals that come in: with a link that works, and a second look at those who wrote before they were here."""

import json
from datetime import date

import pytest
from sqlmodel import select

from programme import referral, verification
from programme.context import Context
from programme.referral import BadReferenceError, KnownReferenceError, NewReferral
from programme.rules.deadline import Deadlines
from programme.verification import Outcome
from storage.audit import audit_of
from storage.enums import CaseReason, ReferralState
from storage.person import Person
from storage.referral import Referral
from tests.builders import NOW, a_referral, a_setting
from tests.programme.desk import open_cases, opened, proved

BORN = date(1990, 3, 14)
NEW = NewReferral(
    "tvp 4f7k92", "Alex Green", BORN, date(2026, 12, 20), date(2027, 1, 20), phone="07700 900123", email="a@example.org"
)


def test_who_is_added_can_prove_who_they_are_by_reference_and_by_link(ctx: Context) -> None:
    added = referral.add(ctx, NEW, actor="worker:1")
    assert verification.check(ctx, opened(ctx), "TVP4F7K92", BORN).outcome is Outcome.VERIFIED
    assert verification.check(ctx, opened(ctx, link=added.link), None, BORN).outcome is Outcome.VERIFIED
    with ctx.database.reading() as session:
        row = session.get_one(Referral, added.referral_id)
        person = session.get_one(Person, row.person_id)
        assert (row.reference, row.book_by, row.finish_by) == ("TVP4F7K92", NEW.book_by, NEW.finish_by)
        assert (row.referred_on, row.state) == (NOW.date(), ReferralState.VERIFIED)
        assert (person.name, person.date_of_birth, person.phone) == ("Alex Green", "1990-03-14", "07700 900123")
        assert ("refer", "worker:1") in [(one.action, one.actor) for one in audit_of(session, "referral", row.id)]


def test_who_wrote_before_is_found_in_the_same_transaction(ctx: Context) -> None:
    for name in ("Green, Alex", "Alex Grean", "Alex Brown"):
        verification.claim_without_reference(ctx, opened(ctx), name, BORN, "07700 900123")
    added = referral.add(ctx, NEW)
    assert added.claims == 2
    found = [json.loads(case.detail or "{}") for case in open_cases(ctx) if case.reason is CaseReason.NO_REFERENCE]
    assert {each["name"]: each["matches"] for each in found} == {
        "Green, Alex": [added.referral_id],
        "Alex Grean": [added.referral_id],
        "Alex Brown": [],
    }


@pytest.mark.parametrize(
    ("reference", "error"), [("no such thing", BadReferenceError), ("TVP-4F7K-92", KnownReferenceError)]
)
def test_what_cannot_be_added_leaves_nothing(ctx: Context, reference: str, error: type[Exception]) -> None:
    a_referral(ctx.database, reference="TVP4F7K92")
    with pytest.raises(error):
        referral.add(ctx, NewReferral(reference, "Sam Sample", BORN, None, None))
    with ctx.database.reading() as session:
        assert [person.name for person in session.exec(select(Person))] == ["Alex Green"]


def test_references_are_written_as_the_programme_says(ctx: Context) -> None:
    a_setting(ctx.database, "reference_pattern", "hc 3 3 2")
    added = referral.add(ctx, NewReferral("HC-1A2-B3C-4D", "Alex Green", BORN, None, None))
    chat = opened(ctx)
    assert verification.pattern(ctx).groups == (3, 3, 2)
    assert verification.check(ctx, chat, "HC1A2B3C4D", BORN).outcome is Outcome.VERIFIED
    with ctx.database.reading() as session:
        assert session.get_one(Referral, added.referral_id).reference == "HC1A2B3C4D"
    with pytest.raises(BadReferenceError):
        referral.add(ctx, NEW)


@pytest.mark.parametrize("value", ["", "TVP", "4 2", "TVP 4 x", "TVP 0 2", "TVP 4 99"])
def test_a_pattern_that_cannot_be_read_is_the_usual_one(ctx: Context, value: str) -> None:
    a_setting(ctx.database, "reference_pattern", value)
    assert (verification.pattern(ctx).prefix, verification.pattern(ctx).groups) == ("TVP", (4, 2))


def test_a_lookalike_is_forgiven_in_any_pattern(ctx: Context) -> None:
    a_setting(ctx.database, "reference_pattern", "IO 4 2")
    referral.add(ctx, NewReferral("IO-4F0K-92", "Alex Green", BORN, None, None))
    assert verification.check(ctx, opened(ctx), "IO4FOK92", BORN).outcome is Outcome.VERIFIED


def test_a_deadline_that_is_missing_is_a_workers_case(ctx: Context) -> None:
    chat = proved(ctx, a_referral(ctx.database, finish_by=None))
    for _ in range(2):
        assert referral.deadlines(ctx, chat) == Deadlines(date(2026, 12, 31), None)
    assert [case.reason for case in open_cases(ctx)] == [CaseReason.DEADLINE_UNKNOWN]


def test_deadlines_that_are_known_are_told_and_nobody_is_troubled(ctx: Context) -> None:
    chat = proved(ctx, a_referral(ctx.database))
    assert referral.deadlines(ctx, chat) == Deadlines(date(2026, 12, 31), date(2027, 1, 31))
    assert referral.deadlines(ctx, opened(ctx)) is None
    assert open_cases(ctx) == []


def test_a_fresh_link_for_a_reference(ctx: Context) -> None:
    referral.add(ctx, NEW)
    token = referral.new_link(ctx, "TVP-4F7K-92")
    assert token is not None
    assert verification.check(ctx, opened(ctx, link=token), None, BORN).outcome is Outcome.VERIFIED
    assert referral.new_link(ctx, "TVP-4F7K-93") is None
    assert referral.new_link(ctx, "nothing") is None
