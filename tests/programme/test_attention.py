"""Needs attention from the rows: who is there, why, and that another chance is given once and by a name."""

from datetime import timedelta

import pytest

from programme import attention, on_behalf
from programme.attention import NotMissedError
from programme.context import Context
from storage.audit import audit_of
from storage.booking import Booking, active_booking
from storage.conversation import Conversation
from storage.enums import BookingState, CaseReason, ReferralState
from storage.referral import Referral
from tests.builders import NOW, a_booking, a_case, a_course, a_message_out, a_person, a_referral
from tests.conftest import Clock
from tests.programme.desk import proved


def found(ctx: Context) -> dict[str, tuple[str, str]]:
    return {row.name: (row.why, row.step) for row in attention.read(ctx).rows}


def someone(ctx: Context, name: str, phone: str | None = "07700 900199", **given: object) -> Referral:
    return a_referral(ctx.database, person=a_person(ctx.database, name=name, phone=phone), **given)


def test_each_is_there_once_with_the_most_pressing_reason(ctx: Context, clock: Clock) -> None:
    someone(ctx, "New")
    two_days = NOW - timedelta(days=2)
    someone(ctx, "Silent", created_at=two_days)
    someone(ctx, "Silent without phone", phone=None, created_at=two_days)
    someone(ctx, "Reached", state=ReferralState.REACHED, created_at=two_days)
    someone(ctx, "Close", state=ReferralState.VERIFIED, book_by=(NOW + timedelta(days=1)).date())
    someone(ctx, "Missed", state=ReferralState.MISSED)
    told = someone(ctx, "Told us", state=ReferralState.MISSED)
    a_case(ctx.database, reason=CaseReason.MISSED_SESSION, referral_id=told.id)
    someone(ctx, "Over", state=ReferralState.MISSED, finish_by=(NOW - timedelta(days=1)).date())
    a_booking(ctx.database, someone(ctx, "Booked", state=ReferralState.BOOKED, created_at=NOW - timedelta(days=20)))
    late = someone(ctx, "Late", state=ReferralState.BOOKED)
    a_booking(ctx.database, late)
    a_case(ctx.database, reason=CaseReason.RUNNING_LATE, referral_id=late.id)
    asks = someone(ctx, "Asks", state=ReferralState.VERIFIED)
    a_case(ctx.database, reason=CaseReason.MORE_TIME, conversation_id=proved(ctx, asks))
    someone(ctx, "Gone", state=ReferralState.RETURNED, created_at=two_days)
    assert found(ctx) == {
        "Silent": ("not_reached", "ring"),
        "Silent without phone": ("not_reached", "letter"),
        "Reached": ("unbooked_24h", "ring"),
        "Close": ("running_out", "ring"),
        "Missed": ("missed", "chance"),
        "Told us": ("missed", "chance"),
        "Over": ("over", "decide"),
        "Late": ("late", "open"),
        "Asks": ("case", "open"),
    }
    all_of_it = attention.read(ctx)
    assert sum(all_of_it.counts.values()) == 9
    assert [row.why for row in attention.read(ctx, "missed").rows] == ["missed", "missed"]
    assert next(row.cases for row in all_of_it.rows if row.name == "Asks") == ("more_time",)


def test_danger_stands_above_every_other_case(ctx: Context) -> None:
    sooner, later = NOW + timedelta(days=2), NOW + timedelta(days=30)
    asks = someone(ctx, "Asks", state=ReferralState.VERIFIED, book_by=sooner.date())
    a_case(ctx.database, reason=CaseReason.MORE_TIME, conversation_id=proved(ctx, asks))
    low = someone(ctx, "Low", state=ReferralState.VERIFIED, book_by=later.date(), finish_by=later.date())
    a_case(ctx.database, reason=CaseReason.RISK_OF_SUICIDE, conversation_id=proved(ctx, low))
    assert [row.name for row in attention.read(ctx, "case").rows] == ["Low", "Asks"]


def test_who_has_had_a_message_is_reached_and_who_has_not_is_not(ctx: Context) -> None:
    referral = someone(ctx, "Alex", created_at=NOW - timedelta(days=2))
    assert found(ctx)["Alex"][0] == "not_reached"
    key = proved(ctx, referral)
    with ctx.database.reading() as session:
        talk = session.get_one(Conversation, key)
    a_message_out(ctx.database, talk, state="delivered", delivered_at=NOW)
    assert found(ctx)["Alex"][0] == "unbooked_24h"
    a_message_out(ctx.database, talk, state="blocked")
    assert found(ctx)["Alex"][0] == "not_reached"


def test_another_chance_is_given_once_by_somebody(ctx: Context) -> None:
    referral = someone(ctx, "Alex", state=ReferralState.MISSED)
    attention.give_chance(ctx, referral.id, "w1")
    with pytest.raises(NotMissedError):
        attention.give_chance(ctx, referral.id, "w2")
    with ctx.database.reading() as session:
        assert session.get_one(Referral, referral.id).state is ReferralState.SECOND_CHANCE
        assert [(r.actor, r.action) for r in audit_of(session, "referral", referral.id)] == [
            ("worker:w1", "give_chance")
        ]
    with pytest.raises(NotMissedError):
        attention.give_chance(ctx, "nobody", "w1")


def test_another_chance_frees_the_missed_place_so_that_nobody_is_forgotten(ctx: Context, clock: Clock) -> None:
    referral = someone(ctx, "Alex", state=ReferralState.MISSED, book_by=(NOW + timedelta(days=20)).date())
    missed = a_booking(ctx.database, referral, a_course(ctx.database, starts_at=NOW - timedelta(days=1)))
    attention.give_chance(ctx, referral.id, "w1")
    with ctx.database.reading() as session:
        assert session.get_one(Booking, missed.id).state is BookingState.MISSED
        assert active_booking(session, referral.id) is None
    assert on_behalf.choices(ctx, referral.id).why_not is None
    clock.forward(days=60)
    assert found(ctx) == {"Alex": ("over", "decide")}
