"""Reaching people unasked: the personal link when they are referred, what is taken back, and the reached-or-not ledger
of what was tried."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import insert
from sqlmodel import Session, col, select

from programme import audit, happening, referral_state
from programme.context import Context
from programme.occasion import THEN
from programme.outreach_due import chats_of, ways_to
from programme.rules import london
from storage import case as cases
from storage import message as messages
from storage import outreach as tries
from storage.booking import Booking
from storage.case import Case
from storage.enums import CaseReason, OutreachKind, OutreachState, OutState, Urgency, Way
from storage.message import MessageOut
from storage.outreach import Outreach
from storage.person import Person
from storage.referral import Referral
from storage.referral_change import changes_of
from storage.row import lock_row

STEPPED = (OutreachKind.REMINDER, OutreachKind.NUDGE)
AT_ONCE = 500  # people read together
DUE, LEAST = (
    time(17),
    timedelta(hours=1),
)  # by when a worker rings or writes: today, or what is too late for it tomorrow
NO_CONTACT, NO_WAY, NOT_ARRIVED = "no_contact", "no_way", "not_arrived"


@dataclass(frozen=True)
class Try:
    """One line of the ledger. `step`: "7d", "after24h", … of a reminder or a nudge, "again" of a link to a contact that
    was put in later; `text`: as it was sent."""

    id: str
    kind: OutreachKind
    step: str
    way: Way
    state: OutreachState
    failure: str | None
    text: str
    planned_at: datetime
    sent_at: datetime | None
    delivered_at: datetime | None
    seen_at: datetime | None


@dataclass(frozen=True)
class Ledger:
    """`tries`: the newest first. `reached_at`: when we first know that we got through, or that they wrote to us
    themselves; None: not reached, as far as anybody can tell."""

    tries: tuple[Try, ...]
    reached_at: datetime | None

    @property
    def reached(self) -> bool:
        """Whether anything is known to have reached them."""
        return self.reached_at is not None


def welcome(session: Session, ctx: Context, referral: Referral) -> None:
    """`welcome_all` for one."""
    session.flush()
    welcome_all(session, ctx, [referral.id])


def welcome_all(session: Session, ctx: Context, referral_ids: Sequence[str]) -> None:
    """Plans the personal link for people whose referral came in: a text message, else an e-mail, as soon as it is not
    quiet. Nothing that they could be written to: a worker's case, to ring or write today. Once for a referral."""
    for start in range(0, len(referral_ids), AT_ONCE):
        some = referral_ids[start : start + AT_ONCE]
        known = select(Outreach.referral_id).where(Outreach.kind == OutreachKind.LINK)
        done = set(session.exec(known.where(col(Outreach.referral_id).in_(some))))
        who = select(Referral.id, Person.phone, Person.email).join(Person).where(col(Referral.id).in_(some))
        ways = {key: ways_to(phone, email) for key, phone, email in session.exec(who) if key not in done}
        if ways:
            session.execute(insert(Outreach), [_link(ctx, key, next(iter(to), None)) for key, to in ways.items()])
        for key in (key for key, to in ways.items() if not to):
            session.add(_unreached(ctx, key, NO_CONTACT))
    session.flush()


def _link(ctx: Context, referral_id: str, way: Way | None) -> dict[str, Any]:
    """The plan of a personal link, or that there was no way to send one."""
    now = ctx.clock()
    return {
        "id": ctx.new_id(),
        "occasion": f"link:{referral_id}",
        "kind": OutreachKind.LINK,
        "way": way or Way.NONE,
        "referral_id": referral_id,
        "state": OutreachState.WAITING if way else OutreachState.FAILED,
        "failure": None if way else NO_CONTACT,
        "tries": 0,
        "created_at": now,
        "followed_up_at": None if way else now,
    }


def open_unreached(session: Session, ctx: Context, referral: Referral, why: str) -> Case:
    """A worker must ring or write to this person today: nothing we sent got through. One open case a person.

    `why`: no_contact, no_way, not_arrived.
    """
    return cases.open_case(session, _unreached(ctx, referral.id, why))


def _unreached(ctx: Context, referral_id: str, why: str) -> Case:
    now = ctx.clock()
    today = london.today(now)
    evening = (
        london.at(today, DUE) if now < london.at(today, DUE) - LEAST else london.at(today + timedelta(days=1), DUE)
    )
    return Case(
        id=ctx.new_id(),
        reason=CaseReason.NOT_DELIVERED,
        subject=f"referral:{referral_id}",
        urgency=Urgency.STUCK,
        referral_id=referral_id,
        detail=json.dumps({"unreached": why}),
        opened_at=now,
        due_at=evening,
    )


def withdraw_for_booking(session: Session, held: Booking) -> None:
    """The place was moved or given up, or they said that they will be there: no reminder of it goes out any more."""
    for row, message in tries.unsent_of_booking(session, held.id):
        drop(session, row, message, "withdrawn")


def withdraw_for_person(session: Session, referral_id: str) -> None:
    """They want no reminders: what is written and not out yet is taken back, but for the way in."""
    for row, message in tries.unsent_of_referral(session, referral_id):
        if row.kind is not OutreachKind.LINK:
            drop(session, row, message, "stopped")


def drop(session: Session, row: Outreach, message: MessageOut | None, failure: str) -> None:
    """It is not sent any more, unless a channel took it just now. `failure`: why, a code."""
    if message is not None and not unsay(session, message, failure):
        return
    row.state, row.failure, row.next_try_at = OutreachState.DROPPED, failure, None
    session.add(row)


def unsay(session: Session, message: MessageOut, failure: str) -> bool:
    """Takes a message out of the outbox, with what follows it in the same breath, unless a channel took it just now."""
    locked = lock_row(session, MessageOut, message.id)
    if locked is None or locked.state is not OutState.WAITING:
        return False
    then = messages.out_by_unique_key(session, f"{locked.unique_key}{THEN}") if locked.unique_key else None
    for each in (locked, then):
        if each is not None and each.state is OutState.WAITING:
            each.state, each.failure = OutState.DROPPED, failure
            session.add(each)
    return True


def note_reached(session: Session, ctx: Context, referral_id: str, by: str) -> None:
    """A message got through to them. `by`: the way; goes into the audit log with the change of the referral's state."""
    referral = session.get_one(Referral, referral_id)
    before = referral.state
    if referral_state.move(session, ctx, referral, "reach", "assistant") in (None, before):
        return
    detail = {"way": by}
    audit.note(session, ctx, "assistant", "reach", "referral", referral_id, detail)  # fmt: skip


def note_followed(session: Session, ctx: Context, token: str) -> None:
    """Somebody opened this personal link: if a message of ours carried it, that was seen."""
    referral_id = tries.mark_followed(session, ctx.database.keyring, token, ctx.clock())
    if referral_id is not None:
        note_reached(session, ctx, referral_id, "link")


def read(ctx: Context, referral_id: str) -> Ledger:
    """The ledger of one person, in a transaction of its own."""
    with ctx.database.reading() as session:
        return ledger(session, referral_id)


def ledger(session: Session, referral_id: str) -> Ledger:
    """All that we tried in order to reach this person, with what came of it."""
    found = tuple(_try(row, message) for row, message in tries.of_referral(session, referral_id))
    arrived = [each.seen_at or each.delivered_at for each in found if _arrived(each)]
    wrote = [chat.verified_at or chat.last_in_at for chat in chats_of(session, referral_id)]
    met = [each.at for each in changes_of(session, referral_id) if each.now in happening.MET]
    known = [at for at in (*arrived, *wrote, *met) if at is not None]
    return Ledger(found, min(known, default=None))


def _arrived(each: Try) -> bool:
    return each.state in (OutreachState.DELIVERED, OutreachState.SEEN)


def _try(row: Outreach, message: MessageOut | None) -> Try:
    state = tries.state_of(row, message)
    shown = message.delivered_at if message is not None else None
    return Try(
        id=row.id,
        kind=row.kind,
        step=tries.AGAIN if tries.is_again(row) else row.occasion.rpartition(":")[2] if row.kind in STEPPED else "",
        way=row.way,
        state=state,
        failure=(message.failure if message is not None else None) or row.failure,
        text=(message.text if message is not None else None) or row.text or "",
        planned_at=row.created_at,
        sent_at=message.sent_at if message is not None else row.sent_at,
        delivered_at=shown or row.delivered_at,
        seen_at=row.seen_at or (shown if state is OutreachState.SEEN else None),
    )
