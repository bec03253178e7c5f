"""People who are reached unasked, and the carriers that take what is due."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlmodel import select

from programme import (
    outbox,
    outreach,
    outreach_post,
)
from programme.context import Context
from programme.outreach_post import Letter
from storage.booking import Booking
from storage.conversation import Conversation
from storage.enums import (
    Channel,
    OutState,
    ReferralState,
    Way,
)
from storage.message import MessageOut
from storage.referral import Referral
from storage.row import lock_one
from tests.builders import (
    NOW,
    a_booking,
    a_conversation,
    a_course,
    a_referral,
)
from tests.conftest import Clock

AT = "https://chat.example.org"
BOTH = (Way.SMS, Way.EMAIL)
STARTS = NOW + timedelta(days=10, hours=8)  # Friday 11 December, six in the evening


def booked(ctx: Context, channel: Channel | None = Channel.TELEGRAM, **given: object) -> tuple[Referral, Booking]:
    """Somebody with a place, who used this kind of chat; their mobile number and address are known."""
    row = a_referral(ctx.database, state=ReferralState.BOOKED, verified_at=NOW, **given)
    held = a_booking(ctx.database, row, a_course(ctx.database, starts_at=STARTS))
    if channel is not None:
        a_conversation(ctx.database, channel, referral_id=row.id, verified_at=NOW)
    return row, held


def said(ctx: Context) -> list[tuple[str, OutState]]:
    with ctx.database.reading() as session:
        rows = session.exec(select(MessageOut).order_by(MessageOut.created_at, MessageOut.seq)).all()
        return [(row.answer or "", row.state) for row in rows]


def lines(ctx: Context, referral: Referral) -> list[tuple[str, str, str]]:
    """(step, way, state) of the ledger, the oldest first."""
    ledger = outreach.read(ctx, referral.id)
    return [(one.step, one.way.value, one.state.value) for one in reversed(ledger.tries)]


def walk(clock: Clock, until: datetime, *acts: Callable[[], object], minutes: int = 60) -> None:
    """Does it all every hour."""
    while clock() < until:
        for act in acts:
            act()
        clock.forward(minutes=minutes)


def deliver(ctx: Context) -> None:
    """Telegram takes all that is due."""
    for parcel in outbox.claim(ctx, Channel.TELEGRAM, limit=1000):
        outbox.delivered(ctx, parcel.id, "1")


def post(ctx: Context, *ways: Way) -> list[Letter]:
    """All that is due is taken by the carriers."""
    letters = [letter for way in ways or BOTH for letter in outreach_post.claim(ctx, way, AT, limit=1000)]
    for letter in letters:
        outreach_post.sent(ctx, letter, f"external-{letter.id}")
    return letters


def change(ctx: Context, table: type, key: str, **values: object) -> None:
    with ctx.database.writing() as session:
        row = lock_one(session, table, key)
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)


def chat_of(ctx: Context, referral: Referral) -> Conversation:
    with ctx.database.reading() as session:
        return session.exec(select(Conversation).where(Conversation.referral_id == referral.id)).one()
