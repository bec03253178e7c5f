"""What happened to the two people on the stage, and beside them to all others, read from the programme's own tables."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from launch.demo import jump
from programme import booked, sample, setting
from programme.context import Context
from programme.rules import reference
from storage import booking as bookings
from storage import outreach as tries
from storage import referral as referrals
from storage.booking import Booking
from storage.enums import BookingState, OutreachKind, Way
from storage.outreach import Outreach
from storage.person import Person
from storage.referral import Referral
from storage.referral_change import changes_of
from storage.session import CourseSession

CHANNELS = ("web", "telegram")  # whose phone shows which, in the order of the sample's people
ENDED = {BookingState.CANCELLED: "gave_up", BookingState.MISSED: "gave_up_missed", BookingState.MOVED: "moved"}


def people(ctx: Context) -> list[dict[str, Any]]:
    """The two on the stage: who they are, where they stand, their place, and what lies ahead of them."""
    return [_person(ctx, channel, one) for channel, one in zip(CHANNELS, sample.people(), strict=False)]


def _person(ctx: Context, channel: str, one: sample.SampleReferral) -> dict[str, Any]:
    with ctx.database.reading() as session:
        row = _referral(session, ctx, one)
        name, held = session.get_one(Person, row.person_id).name, bookings.active_booking(session, row.id)
        place = _place(session, held) if held else None
    ahead = jump.ahead_of(ctx, row.id)
    return {
        "channel": channel,
        "id": row.id,
        "name": name,
        "reference": reference.show(one.reference),
        "born": f"{one.born.day} {one.born:%B %Y}",
        "state": row.state.value,
        "place": place,
        "ahead": {"step": ahead.step, "due": _iso(ahead.due), "over": _iso(ahead.over)},
    }


def _place(session: Session, held: Booking) -> dict[str, Any]:
    view = booked.view(session, held)
    found = select(CourseSession.id).where(CourseSession.course_id == held.course_id)
    first = session.exec(found.order_by(col(CourseSession.number))).first()
    return {
        "booking": held.id,
        "session": first,
        "starts": _iso(view.starts[0]),
        "place": view.place,
        "confirmed": held.confirmed_at is not None,
    }


def happened(ctx: Context, since: datetime, jumps: Sequence[datetime]) -> list[dict[str, Any]]:
    """The newest first: what was booked, sent, marked and given, with its moment (UTC). `jumps`: where each landed."""
    told: list[dict[str, Any]] = []
    with ctx.database.reading() as session:
        theirs = [_referral(session, ctx, one) for one in sample.people()[: len(CHANNELS)]]
        for channel, row in zip(CHANNELS, theirs, strict=True):
            name = session.get_one(Person, row.person_id).name
            lines = [*_bookings(session, row), *_changes(session, row), *_messages(session, row)]
            told += [{**line, "who": name, "channel": channel} for line in lines if line["at"] >= since]
        told += _others(session, [row.id for row in theirs], jumps)
    told += [{"at": at, "code": "jumped"} for at in jumps]
    told.sort(key=lambda line: line["at"], reverse=True)
    return [{**line, "at": _iso(line["at"])} for line in told]


def is_quiet_now(ctx: Context) -> bool:
    """Whether nobody may be written to unasked at this moment."""
    from programme.outreach_due import pace
    from programme.rules.outreach import is_quiet

    with ctx.database.reading() as session:
        return is_quiet(pace(setting.facts(session), ctx.clock()).quiet, ctx.clock())


def _bookings(session: Session, row: Referral) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for held in bookings.bookings_of(session, row.id):
        view = booked.view(session, held)
        about = {"starts": _iso(view.starts[0]), "place": view.place}
        lines.append({"at": held.made_at, "code": "booked", **about})
        if held.confirmed_at:
            lines.append({"at": held.confirmed_at, "code": "confirmed", **about})
        if held.ended_at and held.state in ENDED:
            lines.append({"at": held.ended_at, "code": ENDED[held.state], **about})
    return lines


def _changes(session: Session, row: Referral) -> list[dict[str, Any]]:
    """Of the referral's state; what a booking says already is left out."""
    return [
        {"at": each.at, "code": f"state_{each.now.value}", "by_list": each.event == "listed"}
        for each in changes_of(session, row.id)
        if each.event not in ("refer", "book", "cancel")
    ]


def _messages(session: Session, row: Referral) -> list[dict[str, Any]]:
    """What was sent unasked, or was not, and why."""
    return [
        {
            "at": (message.sent_at if message else None) or each.created_at,
            "code": each.kind.value,
            "step": each.occasion.rpartition(":")[2],
            "way": each.way.value,
            "state": tries.state_of(each, message).value,
        }
        for each, message in tries.of_referral(session, row.id)
        if each.kind is not OutreachKind.LINK and each.way is not Way.NONE
    ]


def _others(session: Session, but: Sequence[str], jumps: Sequence[datetime]) -> list[dict[str, Any]]:
    """How many messages went to everybody else after each jump."""
    lines: list[dict[str, Any]] = []
    for start, end in zip(jumps, [*jumps[1:], None], strict=False):
        found = select(func.count()).where(
            Outreach.created_at >= start, Outreach.kind != OutreachKind.LINK, col(Outreach.referral_id).not_in(but)
        )
        found = found.where(Outreach.way != Way.NONE)
        count = session.exec(found.where(Outreach.created_at < end) if end else found).one()
        if count:
            lines.append({"at": start, "code": "others" if count > 1 else "other", "count": count})
    return lines


def _referral(session: Session, ctx: Context, one: sample.SampleReferral) -> Referral:
    found = referrals.by_reference(session, ctx.database.keyring, one.reference)
    if found is None:
        raise LookupError(one.reference)
    return found


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
