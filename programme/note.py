"""Notes: what staff write about somebody for one another. They live in a table of their own and are never a message."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, or_, select

from programme import audit
from programme.context import Context
from storage import note as notes
from storage.account import Account
from storage.conversation import Conversation
from storage.note import Note
from storage.referral import Referral

LONGEST = 4000  # characters


class EmptyNoteError(ValueError):
    """There is nothing in this note."""


class LongNoteError(ValueError):
    """This note is too long."""


@dataclass(frozen=True)
class NoteView:
    """`by`: the name of who wrote it; `here`: in this conversation, not in another one of the same person."""

    id: str
    text: str
    by: str
    written_at: datetime
    here: bool


def add(ctx: Context, conversation_id: str, account_id: str, text: str) -> str:
    """A note on a conversation, and on its person where it is known who that is; its id.

    Raises EmptyNoteError, LongNoteError.
    """
    with ctx.database.writing() as session:
        conversation = session.get_one(Conversation, conversation_id)
        return _write(session, ctx, account_id, text, conversation.referral_id, conversation.id)


def add_on_referral(ctx: Context, referral_id: str, account_id: str, text: str) -> str:
    """A note on somebody who has no conversation, or about a call. Raises EmptyNoteError, LongNoteError."""
    with ctx.database.writing() as session:
        return _write(session, ctx, account_id, text, session.get_one(Referral, referral_id).id, None)


def listed(session: Session, conversation_id: str | None, referral_id: str | None) -> tuple[NoteView, ...]:
    """The notes on a conversation and on its person, in order."""
    about = [col(Note.conversation_id) == conversation_id] if conversation_id else []
    if referral_id:
        about.append(col(Note.referral_id) == referral_id)
    if not about:
        return ()
    found = select(Note, Account).join(Account, col(Account.id) == col(Note.account_id)).where(or_(*about))
    rows = session.exec(found.order_by(col(Note.written_at), col(Note.id))).all()
    return tuple(
        NoteView(row.id, row.text, account.name, row.written_at, row.conversation_id == conversation_id)
        for row, account in rows
    )


def _write(
    session: Session, ctx: Context, account_id: str, text: str, referral_id: str | None, conversation_id: str | None
) -> str:
    text = text.strip()
    if not text:
        raise EmptyNoteError(EmptyNoteError.__doc__)
    if len(text) > LONGEST:
        raise LongNoteError(LongNoteError.__doc__)
    now = ctx.clock()
    row = notes.Note(
        id=ctx.new_id(),
        conversation_id=conversation_id,
        referral_id=referral_id,
        account_id=account_id,
        text=text,
        written_at=now,
    )
    session.add(row)
    audit.note(
        session,
        ctx,
        audit.worker(account_id),
        "note",
        "conversation" if conversation_id else "referral",
        conversation_id or referral_id or "",
        at=now,
    )
    return row.id
