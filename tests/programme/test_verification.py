"""Proving who one is: one answer and the same steps for "no such reference" and "wrong date", and nobody locked out."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta

import pytest
from sqlalchemy import event

from programme import verification
from programme.context import Context
from programme.verification import Checked, Outcome
from storage.conversation import Conversation
from storage.database import Database
from storage.enums import CaseReason, ReferralState
from storage.keys import Keyring
from storage.referral import Referral
from tests.builders import NOW, a_case, a_link, a_person, a_referral
from tests.conftest import Clock
from tests.programme.desk import open_cases, opened

BORN, WRONG = date(1990, 3, 14), date(1990, 3, 15)
OWN, NONE = "TVP4F7K92", "TVP4F7K93"
ADDRESS, ELSEWHERE = "198.51.100.7", "203.0.113.9"


@pytest.fixture
def referral(database: Database) -> Referral:
    a_referral(database, reference="TVP2H8M41")  # somebody else
    return a_referral(database, reference=OWN)


def conversation(ctx: Context, chat: str) -> Conversation:
    with ctx.database.reading() as session:
        return session.get_one(Conversation, chat)


def check(ctx: Context, chat: str, typed: str | None = OWN, born: date = BORN) -> Checked:
    return verification.check(ctx, chat, typed, born)


def fail(ctx: Context, chat: str, times: int, typed: str = OWN) -> list[Outcome]:
    return [check(ctx, chat, typed, WRONG).outcome for _ in range(times)]


def test_the_right_reference_and_date(ctx: Context, referral: Referral) -> None:
    chat = opened(ctx)
    assert check(ctx, chat) == Checked(Outcome.VERIFIED)
    assert conversation(ctx, chat).referral_id == referral.id
    with ctx.database.reading() as session:
        row = session.get_one(Referral, referral.id)
    assert (row.state, row.verified_at) == (ReferralState.VERIFIED, NOW)


@pytest.mark.parametrize(
    "state", [ReferralState.WITHDRAWN, ReferralState.COMPLETED, ReferralState.RETURNED, ReferralState.CLOSED]
)
def test_who_proves_who_they_are_changes_nothing_about_a_referral_that_is_over(
    ctx: Context, state: ReferralState
) -> None:
    over = a_referral(ctx.database, reference=OWN, state=state)
    assert check(ctx, opened(ctx)).outcome is Outcome.VERIFIED
    with ctx.database.reading() as session:
        assert session.get_one(Referral, over.id).state is state


@pytest.mark.parametrize(("typed", "born"), [(OWN, WRONG), (NONE, BORN), (NONE, WRONG), ("TVP2H8M41", WRONG)])
def test_one_answer_for_all_that_is_wrong(ctx: Context, referral: Referral, typed: str, born: date) -> None:
    chat = opened(ctx, ADDRESS)
    assert check(ctx, chat, typed, born) == Checked(Outcome.NO_MATCH)
    assert conversation(ctx, chat).referral_id is None


@contextmanager
def work_of(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Each statement to the database, each seal that is opened and each keyed hash that is made, in order."""
    done: list[str] = []
    open_seal, lookup, lookups = Keyring.open, Keyring.lookup, Keyring.lookups

    def noting(name: str, real: Callable[..., object]) -> Callable[..., object]:
        def call(*given: object, **named: object) -> object:
            done.append(name)
            return real(*given, **named)

        return call

    def statement(_c: object, _cursor: object, text: str, *_: object) -> None:
        done.append(text)

    with monkeypatch.context() as patch:
        for name, real in (("open", open_seal), ("lookup", lookup), ("lookups", lookups)):
            patch.setattr(Keyring, name, noting(name, real))
        with ctx.database.writing() as session:
            engine = session.get_bind()
        event.listen(engine, "before_cursor_execute", statement)
        try:
            yield done
        finally:
            event.remove(engine, "before_cursor_execute", statement)


@pytest.mark.parametrize("failures_before", [0, 2, 3])
def test_unknown_and_wrong_take_the_same_steps(
    ctx: Context, referral: Referral, monkeypatch: pytest.MonkeyPatch, failures_before: int
) -> None:
    works = []
    for typed in (OWN, NONE):
        chat = opened(ctx, f"192.0.2.{len(works)}")
        fail(ctx, chat, failures_before, typed=typed)
        with work_of(ctx, monkeypatch) as work:
            check(ctx, chat, typed, WRONG)
        works.append(list(work))
    assert works[0] == works[1]
    assert works[0].count("open") >= 2, "seals are opened where nobody was found, too"


def test_the_same_steps_where_nobody_is_in_the_database(ctx: Context) -> None:
    assert check(ctx, opened(ctx)) == Checked(Outcome.NO_MATCH)


def test_who_guesses_is_slowed_and_offered_a_worker(ctx: Context, referral: Referral, clock: Clock) -> None:
    chat = opened(ctx, ADDRESS)
    tried = [check(ctx, chat, OWN, WRONG) for _ in range(3)]
    assert [one.offer_worker for one in tried] == [False, False, True]
    assert [case.reason for case in open_cases(ctx)] == [CaseReason.NOT_VERIFIED]
    assert check(ctx, chat, OWN, WRONG).outcome is Outcome.NO_MATCH
    slowed = check(ctx, chat)  # even with the right date
    assert (slowed.outcome, slowed.retry_at, slowed.offer_worker) == (Outcome.SLOWED, NOW + timedelta(seconds=20), True)
    clock.forward(seconds=20)
    assert check(ctx, chat).outcome is Outcome.VERIFIED


def test_a_slowed_try_is_not_a_failure(ctx: Context, referral: Referral, clock: Clock) -> None:
    chat = opened(ctx)
    fail(ctx, chat, 4)
    assert set(fail(ctx, chat, 20)) == {Outcome.SLOWED}
    clock.forward(seconds=20)
    assert check(ctx, chat).outcome is Outcome.VERIFIED


def test_a_stranger_who_guesses_does_not_lock_the_owner_out(ctx: Context, referral: Referral) -> None:
    for number in range(12):
        fail(ctx, opened(ctx, f"198.51.100.{number}"), 4)
    assert check(ctx, opened(ctx, ELSEWHERE)).outcome is Outcome.VERIFIED


def test_a_house_with_one_address_is_slowed_only_beyond_what_it_has_free(ctx: Context, referral: Referral) -> None:
    for number in range(4):
        fail(ctx, opened(ctx, ADDRESS), 3, typed=f"TVP1A1B{number}{number}")
    assert check(ctx, opened(ctx, ADDRESS)).outcome is Outcome.VERIFIED
    fail(ctx, opened(ctx, ADDRESS), 2, typed="TVP1A1B99")
    assert check(ctx, opened(ctx, ADDRESS)).outcome is Outcome.SLOWED
    assert check(ctx, opened(ctx, ELSEWHERE)).outcome is Outcome.VERIFIED


def test_a_personal_link_carries_the_reference_and_the_date_is_still_asked(ctx: Context, referral: Referral) -> None:
    a_link(ctx.database, referral)
    chat = opened(ctx, link="link-token")
    row = conversation(ctx, chat)
    assert (row.linked_referral_id, row.referral_id) == (referral.id, None)
    assert check(ctx, chat, None, WRONG).outcome is Outcome.NO_MATCH
    assert check(ctx, chat, None).outcome is Outcome.VERIFIED


def test_a_link_ends_and_can_be_taken_back(ctx: Context, referral: Referral, clock: Clock) -> None:
    with ctx.database.writing() as session:
        first, second = (verification.make_link(session, ctx, referral.id) for _ in range(2))
    assert first != second
    chat = opened(ctx)
    assert verification.open_link(ctx, chat, first)
    assert not verification.open_link(ctx, opened(ctx), "worthless")
    with ctx.database.writing() as session:
        verification.revoke_links(session, ctx, referral.id)
    assert not verification.open_link(ctx, opened(ctx), second)
    with ctx.database.writing() as session:
        third = verification.make_link(session, ctx, referral.id)
    clock.forward(days=verification.LINK_DAYS)
    assert not verification.open_link(ctx, opened(ctx), third)


def test_a_link_that_has_ended_opens_a_web_chat_without_a_reference(
    ctx: Context, referral: Referral, clock: Clock
) -> None:
    def is_linked(token: str) -> bool:
        return conversation(ctx, opened(ctx, link=token)).linked_referral_id == referral.id

    with ctx.database.writing() as session:
        taken_back = verification.make_link(session, ctx, referral.id)
    assert is_linked(taken_back)
    with ctx.database.writing() as session:
        verification.revoke_links(session, ctx, referral.id)
        lasting = verification.make_link(session, ctx, referral.id)
    assert (is_linked(taken_back), is_linked(lasting)) == (False, True)
    clock.forward(days=verification.LINK_DAYS, seconds=-1)
    assert is_linked(lasting)
    clock.forward(seconds=1)
    assert not is_linked(lasting)


def test_a_worthless_link_opens_a_chat_like_any_other(ctx: Context, referral: Referral) -> None:
    chat = opened(ctx, link="worthless")
    assert check(ctx, chat, None) == Checked(Outcome.NO_MATCH)
    assert check(ctx, chat).outcome is Outcome.VERIFIED


@pytest.mark.parametrize(("name", "born", "found"), [
    ("alex green", BORN, True), ("Green", BORN, True), ("Sam Sample", BORN, False),
    ("Alex Brown", BORN, False), ("Robin Green", BORN, False), ("Grean Alex", BORN, True), ("Alex Green", WRONG, False),
])  # fmt: skip
def test_without_a_reference_a_worker_looks(
    ctx: Context, referral: Referral, name: str, born: date, found: bool
) -> None:
    chat = opened(ctx)
    answer: object = verification.claim_without_reference(ctx, chat, name, born, "07700 900123")
    assert answer is None, "nothing tells whether somebody was found"
    (case,) = open_cases(ctx)
    detail = json.loads(case.detail or "{}")
    assert (case.reason, detail["phone"]) == (CaseReason.NO_REFERENCE, "07700 900123")
    assert (referral.id in detail["matches"]) is found
    assert conversation(ctx, chat).referral_id is None


def test_a_claim_is_looked_at_again_when_referrals_come_in(ctx: Context, referral: Referral) -> None:
    verification.claim_without_reference(ctx, opened(ctx), "Robin Late", BORN, "07700 900123")
    with ctx.database.writing() as session:
        assert verification.match_claims(session) == 0
    late = a_referral(ctx.database, person=a_person(ctx.database, name="Robin Late"))
    with ctx.database.writing() as session:
        assert verification.match_claims(session) == 1
    (case,) = open_cases(ctx)
    assert json.loads(case.detail or "{}")["matches"] == [late.id]


def test_a_claim_of_somebody_who_has_not_said_who_they_are_holds_up_nobody(ctx: Context) -> None:
    a_case(ctx.database, reason=CaseReason.NO_REFERENCE, subject="conversation:silent")
    verification.claim_without_reference(ctx, opened(ctx), "Robin Late", BORN, "07700 900123")
    a_referral(ctx.database, person=a_person(ctx.database, name="Robin Late"))
    with ctx.database.writing() as session:
        assert verification.match_claims(session) == 1


def test_todays_date_is_londons(ctx: Context, clock: Clock) -> None:
    clock.now = NOW.replace(month=7, day=1, hour=23, minute=30)
    assert verification.today(ctx) == date(2026, 7, 2)
