"""A new number that staff put in: the way in goes there at once, not at night, and ends the search for one."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from programme import attention, happening, messages, outreach, outreach_plan, outreach_post, referral_entry
from programme.context import Context
from storage.case import cases_of_referral
from storage.database import Database
from storage.enums import ReferralState, Way
from storage.keys import Keyring
from storage.referral import Referral
from storage.row import lock_one
from tests.builders import NOW, a_conversation, a_referral, an_account
from tests.conftest import Clock
from tests.programme.desk import a_context

AT, BOTH = "https://chat.example.org", (Way.SMS, Way.EMAIL)


@pytest.fixture
def ctx(sqlite_url: str, keyring: Keyring, clock: Clock) -> Iterator[Context]:
    database = Database(sqlite_url, keyring)
    yield a_context(database, clock)
    database.close()


def unreached(ctx: Context, **given: object) -> Referral:
    """Somebody whose number does not exist, and for whom a worker has to find another way."""
    row = a_referral(ctx.database, **given)
    referral_entry.change(ctx, an_account(ctx.database).id, row.id, {"email": ""})
    with ctx.database.writing() as session:
        outreach.welcome(session, ctx, lock_one(session, Referral, row.id))
    (text,) = outreach_post.claim(ctx, Way.SMS, AT)
    outreach_post.receipt(ctx, text.id, "permanent-failure")
    outreach_plan.plan(ctx, BOTH)
    return row


def put_in(ctx: Context, row: Referral, **cells: str) -> bool:
    return referral_entry.change(ctx, an_account(ctx.database).id, row.id, cells).is_sent


def lines(ctx: Context, row: Referral) -> list[tuple[str, str, str]]:
    found = outreach.read(ctx, row.id).tries[::-1]
    return [(each.step, each.way.value, each.state.value) for each in found]


def ended(ctx: Context, row: Referral) -> list[str | None]:
    with ctx.database.reading() as session:
        return [each.outcome for each in cases_of_referral(session, row.id)]


def test_the_link_goes_to_a_new_number_in_the_morning_and_the_case_is_done(ctx: Context, clock: Clock) -> None:
    row = unreached(ctx)
    assert ended(ctx, row) == [None]
    clock.now = datetime(2026, 12, 1, 22, tzinfo=UTC)
    assert put_in(ctx, row, phone="07700 900777")
    assert ended(ctx, row) == ["new_number"]
    assert outreach_post.claim(ctx, Way.SMS, AT) == []
    assert lines(ctx, row) == [("", "sms", "failed"), ("again", "sms", "waiting")]
    clock.now = datetime(2026, 12, 2, 8, tzinfo=UTC)
    (text,) = outreach_post.claim(ctx, Way.SMS, AT)
    assert text.to == "+447700900777"
    outreach_post.receipt(ctx, text.id, "delivered")
    assert lines(ctx, row)[-1] == ("again", "sms", "delivered")
    assert attention.read(ctx).counts["not_reached"] == 0


def test_one_that_is_still_to_go_out_is_not_sent_twice(ctx: Context) -> None:
    row = a_referral(ctx.database)
    with ctx.database.writing() as session:
        outreach.welcome(session, ctx, lock_one(session, Referral, row.id))
    assert put_in(ctx, row, phone="07700 900777")
    assert [text.to for text in outreach_post.claim(ctx, Way.SMS, AT)] == ["+447700900777"]


def test_where_it_does_not_arrive_either_a_worker_hears_again(ctx: Context) -> None:
    row = unreached(ctx)
    assert put_in(ctx, row, email="alex@example.org")
    (mail,) = outreach_post.claim(ctx, Way.EMAIL, AT)
    with ctx.database.reading() as session:
        assert row.id not in happening.not_delivered(session)
    outreach_post.receipt(ctx, mail.id, "permanent-failure")
    outreach_plan.plan(ctx, ())
    assert ended(ctx, row) == ["new_number", None]


@pytest.mark.parametrize("why", ["booked", "stopped", "landline", "name"])
def test_nothing_is_sent_to_whom_it_would_not_help(ctx: Context, why: str) -> None:
    row = a_referral(ctx.database, state=ReferralState.BOOKED if why == "booked" else ReferralState.VERIFIED)
    if why == "stopped":
        messages.stop(ctx, a_conversation(ctx.database, referral_id=row.id, verified_at=NOW).id)
    cells = {"landline": {"phone": "0118 496 0123"}, "name": {"name": "Alexander Green"}}
    assert not put_in(ctx, row, **cells.get(why, {"phone": "07700 900777"}))
    assert lines(ctx, row) == []
