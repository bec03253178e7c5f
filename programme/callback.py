"""Callbacks: somebody asked to be rung. One open callback a conversation; a worker rings, tries again, or closes it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from programme import audit, dates, outbox, phone, setting
from programme.context import Context
from programme.outbox import Reply
from programme.rules import good_time, hours
from programme.rules.good_time import ANYTHING, Due, GoodTime
from storage import callback as callbacks
from storage.callback import Callback
from storage.conversation import Conversation
from storage.enums import CallbackOutcome, Channel
from storage.person import Person
from storage.referral import Referral
from storage.row import lock_one

AGAIN = timedelta(hours=1)  # after a try that nobody answered
OVERDUE = timedelta(minutes=30)
PATIENCE = timedelta(days=1)  # where nobody knows the opening hours
LONGEST_WORDS, LONGEST_NOTE = 200, 1000
# The person is told where nobody rings them any more, and why; what they know already is not said again.
TOLD = {CallbackOutcome.NO_ANSWER: "notice_callback_no_answer", CallbackOutcome.WRONG_NUMBER: "notice_callback_wrong"}


class NoNumberError(LookupError):
    """There is no number for this person that can be rung."""


class NoSuchCallbackError(LookupError):
    """There is no such callback, or it has been closed already."""


@dataclass(frozen=True)
class CallbackView:
    """A callback as it is shown. `number`: E.164, for a link; `written`: as one reads it out; `good_time`: in the
    person's words; `name`: of who proved who they are; `is_due`, `overdue`: held against the clock now."""

    id: str
    conversation_id: str | None
    name: str | None
    verified: bool
    channel: Channel | None
    number: str
    written: str
    good_time: str | None
    due_at: datetime
    is_due: bool
    overdue: bool
    tries: int
    tried_at: datetime | None
    asked_at: datetime
    outcome: CallbackOutcome | None
    outcome_note: str | None
    closed_at: datetime | None


def when(ctx: Context, words: str | None) -> Due | None:
    """When somebody would be rung who says this of a good time (None: any); None where it cannot be read."""
    now = ctx.clock()
    said = good_time.read(dates.plainly(words, now), now) if words is not None else GoodTime(ANYTHING)
    if said is None:
        return None
    with ctx.database.reading() as session:
        return good_time.due(said, setting.opening_hours(setting.facts(session)), now)


def known_ending(ctx: Context, conversation_id: str) -> str | None:
    """The last two digits of the number on the referral of whoever proved who they are; None where there is none that
    can be rung. Before that nobody is told anything of it."""
    with ctx.database.reading() as session:
        conversation = session.get(Conversation, conversation_id)
        number = _known_number(session, conversation) if conversation else None
        return phone.ending(number) if number else None


def _known_number(session: Session, conversation: Conversation) -> str | None:
    if conversation.referral_id is None:
        return None
    person = session.get(Person, session.get_one(Referral, conversation.referral_id).person_id)
    found = phone.find(person.phone) if person is not None and person.phone else None
    return found.number if found else None


def ask(
    ctx: Context, conversation_id: str, number: str | None, words: str | None, due_at: datetime | None = None
) -> CallbackView:
    """Asks for a call: `number` as it was read (None: the one on the referral, of whoever proved who they are), `words`
    on a good time, `due_at` as it was confirmed. An open callback of this conversation is changed.

    Raises NoNumberError.
    """
    now = ctx.clock()
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        number = number or _known_number(session, conversation)
        if number is None:
            raise NoNumberError(NoNumberError.__doc__)
        row = callbacks.open_callback_of(session, conversation_id)
        action = "callback:asked" if row is None else "callback:changed"
        row = row or Callback(id=ctx.new_id(), conversation_id=conversation_id, number=number, due_at=now, asked_at=now)
        row.number, row.good_time = number, (words or "").strip()[:LONGEST_WORDS] or None
        row.referral_id = conversation.referral_id
        row.due_at = due_at if due_at is not None and due_at > now else _next_time(session, due_at, now)
        session.add(row)
        session.flush()
        _note(session, ctx, row.id, action, "person")
        return _view(session, row, now)


def _next_time(session: Session, due_at: datetime | None, now: datetime) -> datetime:
    opening = hours.next_opening(setting.opening_hours(setting.facts(session)), now)
    return opening or max(now, due_at or now + PATIENCE)


def current(ctx: Context, conversation_id: str) -> CallbackView | None:
    """The open callback of a conversation."""
    with ctx.database.reading() as session:
        row = callbacks.open_callback_of(session, conversation_id)
        return _view(session, row, ctx.clock()) if row else None


def withdraw(ctx: Context, conversation_id: str) -> bool:
    """The person no longer wants to be rung; False where there is nothing to take back."""
    with ctx.database.writing() as session:
        lock_one(session, Conversation, conversation_id)
        return _withdraw(session, ctx, callbacks.open_callback_of(session, conversation_id))


def _withdraw(session: Session, ctx: Context, row: Callback | None) -> bool:
    if row is None:
        return False
    row.outcome, row.closed_at = CallbackOutcome.CANCELLED, ctx.clock()
    session.add(row)
    _note(session, ctx, row.id, "callback:withdrawn", "person")
    return True


def take_back(session: Session, ctx: Context, conversation: Conversation) -> None:
    """Whoever writes in this (locked) conversation is not the person after all: nobody is rung on that person's number,
    which they never saw. A number that they typed themselves stays."""
    row = callbacks.open_callback_of(session, conversation.id)
    if row is not None and row.number == _known_number(session, conversation):
        _withdraw(session, ctx, row)


def tried(ctx: Context, callback_id: str, account_id: str) -> CallbackView:
    """A worker rang and nobody answered: due again in an hour, within the opening hours. Raises NoSuchCallbackError."""
    now = ctx.clock()
    with ctx.database.writing() as session:
        row = _open_one(session, callback_id)
        row.tries, row.tried_at = row.tries + 1, now
        row.due_at = _next_time(session, now + AGAIN, now + AGAIN)
        session.add(row)
        _note(session, ctx, row.id, "callback:tried", audit.worker(account_id))
        return _view(session, row, now)


def close(
    ctx: Context, callback_id: str, account_id: str, outcome: CallbackOutcome, note: str | None = None
) -> CallbackView:
    """A worker is done with it; where the person was not reached the chat says so. `note`: for colleagues only.

    Raises NoSuchCallbackError.
    """
    now = ctx.clock()
    with ctx.database.writing() as session:
        row = _open_one(session, callback_id)
        if outcome in (CallbackOutcome.REACHED, CallbackOutcome.NO_ANSWER, CallbackOutcome.WRONG_NUMBER):
            row.tries, row.tried_at = row.tries + 1, now
        row.outcome, row.closed_at, row.closed_by = outcome, now, account_id
        row.outcome_note = (note or "").strip()[:LONGEST_NOTE] or None
        session.add(row)
        _note(session, ctx, row.id, "callback:closed", audit.worker(account_id), outcome=outcome.value)
        if outcome in TOLD and row.conversation_id is not None:
            conversation = lock_one(session, Conversation, row.conversation_id)
            outbox.say(session, ctx, conversation, [Reply(TOLD[outcome], unique_key=f"callback:{row.id}")])
        return _view(session, row, now)


def listing(ctx: Context) -> list[CallbackView]:
    """Every open callback, the earliest due first."""
    now = ctx.clock()
    with ctx.database.reading() as session:
        return [_view(session, row, now) for row in callbacks.open_callbacks(session)]


def closed_since(ctx: Context, since: datetime) -> list[CallbackView]:
    """What was closed since then, the latest first."""
    now = ctx.clock()
    with ctx.database.reading() as session:
        return [_view(session, row, now) for row in callbacks.closed_since(session, since)]


def of_conversation(ctx: Context, conversation_id: str) -> list[CallbackView]:
    """Every callback of a conversation, the newest first."""
    now = ctx.clock()
    with ctx.database.reading() as session:
        return [_view(session, row, now) for row in callbacks.of_conversation(session, conversation_id)]


def viewed(ctx: Context, account_id: str, shown: list[CallbackView]) -> None:
    """A worker has seen these people's numbers."""
    with ctx.database.writing() as session:
        for view in shown:
            _note(session, ctx, view.id, "viewed", audit.worker(account_id))


def _open_one(session: Session, callback_id: str) -> Callback:
    """The callback, locked after its conversation as every lock is. Raises NoSuchCallbackError."""
    found = session.get(Callback, callback_id)
    if found is None:
        raise NoSuchCallbackError(NoSuchCallbackError.__doc__)
    if found.conversation_id is not None:
        lock_one(session, Conversation, found.conversation_id)
    row = lock_one(session, Callback, callback_id)
    if row.closed_at is not None:
        raise NoSuchCallbackError(NoSuchCallbackError.__doc__)
    return row


def _view(session: Session, row: Callback, now: datetime) -> CallbackView:
    conversation = session.get(Conversation, row.conversation_id) if row.conversation_id else None
    referral_id = conversation.referral_id if conversation else row.referral_id
    person = session.get(Person, session.get_one(Referral, referral_id).person_id) if referral_id else None
    is_open = row.closed_at is None
    return CallbackView(
        id=row.id,
        conversation_id=row.conversation_id,
        name=person.name if person else None,
        verified=referral_id is not None,
        channel=conversation.channel if conversation else None,
        number=row.number,
        written=phone.written(row.number),
        good_time=row.good_time,
        due_at=row.due_at,
        is_due=is_open and row.due_at <= now,
        overdue=is_open and row.due_at + OVERDUE < now,
        tries=row.tries,
        tried_at=row.tried_at,
        asked_at=row.asked_at,
        outcome=row.outcome,
        outcome_note=row.outcome_note,
        closed_at=row.closed_at,
    )


def _note(session: Session, ctx: Context, callback_id: str, action: str, actor: str, **detail: str) -> None:
    audit.note(session, ctx, actor, action, "callback", callback_id, detail if detail else None)
