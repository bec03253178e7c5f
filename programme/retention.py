"""Erasing what may not be kept any longer, as the settings say: by the clock, a few at a time, each for good.

An empty setting erases nothing, nor does one whose review date is over. What is needed still is left (`keeping`).
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from programme import audit, keeping, retention_lines
from programme.context import Context
from programme.owner import CLOCK
from programme.rules import retention as rules
from storage import retention as storage
from storage.callback import Callback
from storage.case import Case
from storage.conversation import Conversation
from storage.enums import HandoffState, Owner
from storage.handoff import HandoffRequest
from storage.police_list import PoliceList, PoliceListRow
from storage.referral import Referral
from storage.row import lock_row

UNPROVED_DAYS, LIST_DAYS, RECORD_DAYS = "keep_unproved_days", "keep_police_list_days", "keep_record_days"
PEOPLE, CHATS, LINES = 10, 20, 200  # in one transaction
KIND = "retention"  # of what the audit log calls it


@dataclass
class Erased:
    """How much was erased. `more`: there is more to do at once."""

    people: int = 0
    chats: int = 0
    rows: int = 0
    records: int = 0
    more: bool = False


def tick(ctx: Context) -> Erased:
    """Erases some of what is due. What fails is left for the next time and holds up nothing else; then raises it."""
    erased, failed = Erased(), list[Exception]()
    for work in (_people, _strangers, _listed, _records):
        try:
            work(ctx, erased)
        except Exception as error:  # one that cannot be erased must not keep all others
            failed.append(error)
    if failed:
        raise failed[0]
    return erased


def to_forget(ctx: Context, most: int) -> list[str]:
    """Conversations that were erased here, and not yet in the dialogue's own store."""
    with ctx.database.reading() as session:
        erased = [col(Conversation.erased_at).is_not(None), col(Conversation.forgotten_at).is_(None)]
        return list(session.exec(select(Conversation.id).where(*erased).order_by(Conversation.id).limit(most)))


def forgotten(ctx: Context, conversation_id: str) -> None:
    """The dialogue has forgotten it too."""
    with ctx.database.writing() as session:
        row = lock_row(session, Conversation, conversation_id)
        if row is not None:
            row.forgotten_at = ctx.clock()
            session.add(row)


def _people(ctx: Context, erased: Erased) -> None:
    with ctx.database.reading() as session:
        before = keeping.before(session, ctx, keeping.ENDED_DAYS)
        if before is None:
            return
        over = list(session.exec(keeping.ended_before(before)))
        blocked = keeping.blocks(session, ctx) if over else {}
    due = [key for key in over if key not in blocked]
    erased.people += _some(ctx, due[:PEOPLE], partial(_erase_people, before=before))
    erased.more |= len(due) > PEOPLE
    retention_lines.searches(ctx, before, LINES)


def _erase_people(ctx: Context, keys: Sequence[str], before: datetime) -> int:
    looked_at = ctx.clock()
    with ctx.database.reading() as session:  # these are many lines: nobody waits for them to be opened
        searches = retention_lines.searched_for(session, keys)
    with ctx.database.writing() as session:
        chats = {key: _chats_of(session, key) for key in keys}
        for chat in sorted(chat for each in chats.values() for chat in each):
            lock_row(session, Conversation, chat)
        searches |= retention_lines.searched_for(session, keys, looked_at)
        done = [key for key in keys if _erase_one(session, ctx, key, chats[key], before)]
        retention_lines.forget_searches(session, searches)
        _note(session, ctx, "erased", {"people": len(done), "chats": sum(len(chats[key]) for key in done)})
        return len(done)


def _chats_of(session: Session, referral_id: str) -> list[str]:
    theirs = select(Conversation.id).where(referral_id == keeping.THEIRS, col(Conversation.erased_at).is_(None))
    return list(session.exec(theirs))


def _erase_one(session: Session, ctx: Context, key: str, chats: Collection[str], before: datetime) -> bool:
    """Asked once more under the locks: whatever came up meanwhile goes before."""
    row = lock_row(session, Referral, key)
    if row is None or row.erased_at is not None or not rules.may_erase(row.state.value):
        return False
    if keeping.ended_at(session, row) >= before or keeping.blocks(session, ctx, key).get(key):
        return False
    storage.erase_conversations(session, chats, ctx.clock())
    storage.erase_referral(session, ctx.database.keyring, row, ctx.clock(), ctx.new_token)
    return True


def _strangers(ctx: Context, erased: Erased) -> None:
    """Conversations of people who never proved who they are, and whom no link brought."""
    with ctx.database.reading() as session:
        before = keeping.before(session, ctx, UNPROVED_DAYS)
        due = list(session.exec(_unproved(before).limit(CHATS + 1))) if before else []
    if before is not None:
        erased.chats += _some(ctx, due[:CHATS], partial(_erase_chats, before=before))
    erased.more |= len(due) > CHATS


def _unproved(before: datetime) -> SelectOfScalar[str]:
    last = func.coalesce(Conversation.last_in_at, Conversation.created_at)
    asking = col(HandoffRequest.state).in_([HandoffState.WAITING, HandoffState.TAKEN])
    needed = [
        select(Case.conversation_id).where(col(Case.closed_at).is_(None), col(Case.conversation_id).is_not(None)),
        select(HandoffRequest.conversation_id).where(asking),
        select(Callback.conversation_id).where(
            col(Callback.closed_at).is_(None), col(Callback.conversation_id).is_not(None)
        ),
    ]
    nobodys: list[ColumnElement[bool]] = [
        keeping.THEIRS.is_(None),
        col(Conversation.erased_at).is_(None),
        col(Conversation.paused_at).is_(None),
        col(Conversation.owner) == Owner.BOT,
    ]
    unneeded = [col(Conversation.id).not_in(each) for each in needed]
    return select(Conversation.id).where(last < before, *nobodys, *unneeded).order_by(Conversation.id)


def _erase_chats(ctx: Context, keys: Sequence[str], before: datetime) -> int:
    with ctx.database.writing() as session:
        for key in sorted(keys):
            lock_row(session, Conversation, key)
        still = list(session.exec(_unproved(before).where(col(Conversation.id).in_(keys))))
        storage.erase_conversations(session, still, ctx.clock())
        _note(session, ctx, "erased_chats", {"chats": len(still)})
        return len(still)


def _listed(ctx: Context, erased: Erased) -> None:
    """What the police were given: of people who are erased, and no earlier than this setting says."""
    with ctx.database.writing() as session:
        before = keeping.before(session, ctx, LIST_DAYS)
        if before is None:
            return
        found = (
            select(PoliceListRow.id)
            .join(Referral, col(Referral.id) == col(PoliceListRow.referral_id))
            .where(PoliceListRow.written_at < before, col(PoliceListRow.erased_at).is_(None))
            .where(col(Referral.erased_at).is_not(None))
        )
        due = list(session.exec(found.order_by(PoliceListRow.id).limit(LINES)))
        storage.erase_rows(session, due, ctx.clock())
        _note(session, ctx, "erased_rows", {"rows": len(due)})
        _close_lists(session, before)
        erased.rows += len(due)
        erased.more |= len(due) == LINES


def _close_lists(session: Session, before: datetime) -> None:
    """Who took a list, and said so, is a name too: it goes with the last of its rows."""
    left = select(PoliceListRow.list_id).where(col(PoliceListRow.erased_at).is_(None))
    named = or_(col(PoliceList.recipient).is_not(None), col(PoliceList.receipt).is_not(None))
    found = select(PoliceList).where(PoliceList.signed_at < before, named, col(PoliceList.id).not_in(left))
    for row in session.exec(found).all():
        row.recipient = row.receipt = None
        session.add(row)


def _records(ctx: Context, erased: Erased) -> None:
    """What staff did, and what has a fixed time whatever is set."""
    retention_lines.short_lived(ctx)
    with ctx.database.writing() as session:
        before = keeping.before(session, ctx, RECORD_DAYS)
        if before is None:
            return
        count = retention_lines.delete_records(session, before, LINES)
        _note(session, ctx, "erased_records", {"lines": count})
        erased.records += count
        erased.more |= count >= LINES


def _some(ctx: Context, keys: Sequence[str], work: Callable[[Context, Sequence[str]], int]) -> int:
    """All in one transaction; where one of them cannot be erased, each in its own, and then raises why."""
    if not keys:
        return 0
    try:
        return work(ctx, keys)
    except Exception:
        if len(keys) == 1:
            raise
    done, failed = 0, list[Exception]()
    for key in keys:
        try:
            done += work(ctx, [key])
        except Exception as error:  # the others still go
            failed.append(error)
    if failed:
        raise failed[0]
    return done


def _note(session: Session, ctx: Context, action: str, counts: dict[str, int]) -> None:
    """That it was erased, and how many; never whose."""
    if any(counts.values()):
        audit.note(session, ctx, CLOCK, action, KIND, "", counts)
