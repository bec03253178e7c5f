"""Shifts: who is there for people now. Only who is on shift can take a conversation."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, update

from programme import audit, setting
from programme import owner as owners
from programme.context import Context
from programme.request import give_to_queue
from programme.rules import handoff as rules
from programme.rules import london
from storage import account as accounts
from storage import handoff as handoffs
from storage.account import Account, Shift
from storage.conversation import Conversation
from storage.enums import HandoffState, Role
from storage.handoff import HandoffRequest
from storage.row import add_unless_there, lock_one, lock_row

GRACE, GRACE_MINUTES = "worker_grace_minutes", 10  # a locked phone is no desertion
SHIFT_GRACE, SHIFT_GRACE_MINUTES = "shift_grace_minutes", 60  # after so long in silence the shift is over


@dataclass(frozen=True)
class OnShift:
    account_id: str
    name: str
    role: Role
    began_at: datetime
    beat_at: datetime


def begin(ctx: Context, account_id: str) -> None:
    """The worker is there from now on; pressed twice it is one shift."""
    now = ctx.clock()
    with ctx.database.writing() as session:
        account = session.get_one(Account, account_id)
        if not owners.may_talk(account):
            raise owners.NotAllowedError(owners.NotAllowedError.__doc__)
        shift = Shift(id=ctx.new_id(), account_id=account_id, began_at=now, beat_at=now)
        if add_unless_there(session, shift, ["account_id"], accounts.OPEN):
            _record(session, ctx, account_id, "shift:begin", audit.worker(account_id))


def beat(ctx: Context, account_id: str) -> bool:
    """The worker's browser is still there; False where they are not on shift."""
    with ctx.database.writing() as session:
        return beat_in(session, account_id, ctx.clock())


def beat_in(session: Session, account_id: str, now: datetime) -> bool:
    """The same, in a transaction that goes on."""
    changed = (
        update(Shift)
        .where(col(Shift.account_id) == account_id, col(Shift.ended_at).is_(None))
        .values(beat_at=now)
        .returning(col(Shift.id))
    )
    return session.execute(changed).first() is not None


def end(ctx: Context, account_id: str) -> list[str]:
    """The worker goes home: what they had goes back to the queue. The ids of these conversations."""
    return _end(ctx, account_id, audit.worker(account_id))


def _end(ctx: Context, account_id: str, actor: str, silent_since: datetime | None = None) -> list[str]:
    with ctx.database.writing() as session:
        found = accounts.open_shift_of(session, account_id)
        shift = lock_row(session, Shift, found.id) if found else None
        if shift is None or shift.ended_at is not None:
            return []
        if silent_since is not None and shift.beat_at > silent_since:
            return []  # heard of again just now
        shift.ended_at = ctx.clock()
        session.add(shift)
        session.flush()
        _record(session, ctx, account_id, "shift:end", actor)
        theirs = [request.conversation_id for request in handoffs.taken_by(session, account_id)]
        return [each for each in sorted(theirs) if _give_back(session, ctx, each, account_id, actor)]


def _give_back(session: Session, ctx: Context, conversation_id: str, account_id: str, actor: str) -> bool:
    conversation = lock_one(session, Conversation, conversation_id)
    request = handoffs.open_request_of(session, conversation_id)
    if request is None or request.state != HandoffState.TAKEN or request.account_id != account_id:
        return False
    give_to_queue(session, ctx, conversation, request, "shift_end", actor)
    return True


def end_silent(ctx: Context) -> list[str]:
    """Ends the shifts of browsers that have not been heard for long. The ids of conversations that went back."""
    now = ctx.clock()
    with ctx.database.reading() as session:
        limit = now - _minutes(session, SHIFT_GRACE, SHIFT_GRACE_MINUTES, now)
        gone = [shift.account_id for shift in accounts.open_shifts(session) if shift.beat_at <= limit]
    return [each for account_id in gone for each in _end(ctx, account_id, owners.CLOCK, silent_since=limit)]


def on_shift(ctx: Context) -> list[OnShift]:
    """Everybody who is there, the longest first."""
    with ctx.database.reading() as session:
        return on_shift_in(session)


def on_shift_in(session: Session) -> list[OnShift]:
    """The same, in a transaction that goes on."""
    found = []
    for shift in accounts.open_shifts(session):
        account = session.get_one(Account, shift.account_id)
        if owners.may_talk(account):
            found.append(OnShift(account.id, account.name, account.role, shift.began_at, shift.beat_at))
    return found


def is_on(ctx: Context, account_id: str) -> bool:
    """Whether this worker is on shift."""
    with ctx.database.reading() as session:
        return accounts.open_shift_of(session, account_id) is not None


def is_gone(session: Session, request: HandoffRequest, now: datetime) -> rules.Cause | None:
    """Why a taken request must go back to the queue, if it must: its worker fell silent, or is no longer on shift."""
    shift = accounts.open_shift_of(session, request.account_id or "")
    account = session.get(Account, request.account_id or "")
    if shift is None or not owners.may_talk(account):
        return "shift_end"
    heard_at = max(shift.beat_at, request.beat_at or shift.beat_at)
    return "idle" if rules.is_silent(heard_at, now, _minutes(session, GRACE, GRACE_MINUTES, now)) else None


def _minutes(session: Session, key: str, usual: int, now: datetime) -> timedelta:
    return timedelta(minutes=setting.number(setting.facts(session), key, london.today(now)) or usual)


def _record(session: Session, ctx: Context, account_id: str, action: str, actor: str) -> None:
    audit.note(session, ctx, actor, action, "account", account_id)
