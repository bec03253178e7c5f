"""The waiting list: who joins it and leaves it, and when a worker must look. What is offered: kept_place.py."""

import json
from collections.abc import Container, Sequence
from datetime import date
from enum import StrEnum

from sqlmodel import Session, col, select

from programme import audit, case, chat, concern, offers, setting
from programme import owner as owners
from programme.concern import Said
from programme.context import Context
from programme.rules import deadline, london, offer, preference
from programme.rules import referral as referral_rules
from programme.rules.preference import Preference
from storage import waiting
from storage.booking import active_booking, holders
from storage.conversation import Conversation
from storage.enums import CaseReason, HoldEnd, Urgency, WaitingState
from storage.referral import Referral
from storage.row import lock_one
from storage.waiting import Waiting


class Joined(StrEnum):
    """What became of a wish to be on the list."""

    JOINED = "joined"
    ALREADY = "already"
    WORKER = "worker"  # a worker's case: not known who it is, has a place, may not book, or there are places now


def join(ctx: Context, conversation_id: str, said: Said, wanted: Preference | None) -> Joined:
    """Puts somebody on the list whom no free place suits; else a worker hears of it."""
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        referral = lock_one(session, Referral, conversation.referral_id) if conversation.referral_id else None
        row = waiting.waiting_of(session, referral.id) if referral else None
        packed = json.dumps(preference.pack(wanted)) if wanted and not wanted.anything else None
        if row is not None:
            row.wanted = packed or row.wanted
            session.add(row)
            return Joined.ALREADY
        if referral is None or not _may_wait(session, ctx, referral) or _has_room(session, ctx, referral, wanted):
            concern.write(session, ctx, conversation, CaseReason.WAITING_LIST, said)
            return Joined.WORKER
        row = Waiting(
            id=ctx.new_id(),
            referral_id=referral.id,
            conversation_id=conversation.id,
            wanted=packed,
            joined_at=ctx.clock(),
        )
        session.add(row)
        note(session, ctx, "join", row.id, "person")
        return Joined.JOINED


def leave(ctx: Context, conversation_id: str) -> bool:
    """Off the list, and what is kept for them is free; whether they were on it."""
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        if conversation.referral_id is None:
            return False
        referral = lock_one(session, Referral, conversation.referral_id)
        row = waiting.waiting_of(session, referral.id)
        if row is None:
            return False
        end(session, ctx, row, WaitingState.LEFT, "person")
        return True


def look_after(ctx: Context) -> list[str]:
    """Takes off the list whom nothing can come of any more, and tells a worker where time runs out; the referrals that
    still wait."""
    with ctx.database.reading() as session:  # asked each second: all in one transaction
        rows = waiting.on_the_list(session)
        standing = _standing(session, ctx, rows) if rows else {}
    for row in rows:
        over, close = standing[row.id]
        if over or (close and row.warned_at is None):
            _look_after(ctx, row)
    return [row.referral_id for row in rows]


def _look_after(ctx: Context, row: Waiting) -> None:
    """Off the list where nothing can come of it; a worker is told where time runs out, or nobody can be told here."""
    with ctx.database.writing() as session:
        referral = lock_one(session, Referral, row.referral_id)
        now_row = session.get_one(Waiting, row.id)
        over, close = _standing(session, ctx, [now_row])[now_row.id]
        if now_row.state != WaitingState.WAITING:
            return
        if close and now_row.warned_at is None:
            now_row.warned_at = ctx.clock()
            session.add(now_row)
            detail = {"why": "time_runs_out"}
            case.open_about(session, ctx, CaseReason.WAITING_LIST, Urgency.DEADLINE, referral, detail)
        if over:
            end(session, ctx, now_row, WaitingState.ENDED, owners.CLOCK)


def _standing(session: Session, ctx: Context, rows: Sequence[Waiting]) -> dict[str, tuple[bool, bool]]:
    """Of each, by its id: whether it is over, and whether a worker must look."""
    closed, keys = setting.opening_hours(setting.facts(session)).closures, [row.referral_id for row in rows]
    referrals = {each.id: each for each in session.exec(select(Referral).where(col(Referral.id).in_(keys)))}
    placed, told_here, today = holders(session, keys), chat.with_chat(session, keys), london.today(ctx.clock())
    found = {}
    for row in rows:
        over, close = _at(referrals[row.referral_id], today, row.referral_id in placed, closed)
        found[row.id] = (over, close or (not over and row.referral_id not in told_here))
    return found


def _at(referral: Referral, today: date, has_place: bool, closed: Container[date]) -> tuple[bool, bool]:
    """By the calendar: whether it is over, and whether a worker must look."""
    if not referral_rules.may_book(referral.state.value) or has_place:
        return True, False
    if deadline.state(deadline.Deadlines(referral.book_by, referral.finish_by), today) != "open":
        return True, True
    days = [day for day in (referral.book_by, referral.finish_by) if day]
    return False, any(deadline.is_close(day, today, closed) for day in days)


def end(session: Session, ctx: Context, row: Waiting, state: WaitingState, actor: str) -> None:
    """Off the list, in a transaction that has locked the referral; what is kept for them is free."""
    hold = waiting.hold_of(session, row.referral_id)
    if hold is not None:
        waiting.end_hold(session, hold, HoldEnd.ENDED, ctx.clock())
    row.state, row.ended_at = state, ctx.clock()
    session.add(row)
    note(session, ctx, state.value, row.id, actor)


def _may_wait(session: Session, ctx: Context, referral: Referral) -> bool:
    limits = deadline.Deadlines(referral.book_by, referral.finish_by)
    open_still = deadline.state(limits, london.today(ctx.clock())) == "open"
    return open_still and referral_rules.may_book(referral.state.value) and not active_booking(session, referral.id)


def _has_room(session: Session, ctx: Context, referral: Referral, wanted: Preference | None) -> bool:
    """Whether there is a place now that suits them: then there is nothing to wait for, but something to choose."""
    now = ctx.clock()
    slots = [offers.as_slot(row) for row in offers.open_to(session, referral, now)]
    limits = deadline.Deadlines(referral.book_by, referral.finish_by)
    return bool(offer.choose(slots, wanted, limits, now, limit=1).slots)


def note(session: Session, ctx: Context, what: str, subject: str, actor: str) -> None:
    """A line of the audit log about somebody's place on the list."""
    audit.note(session, ctx, actor, f"waiting_list:{what}", "waiting", subject)
