"""A referral moves from state to state here and nowhere else; each change is kept with who, when and why."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from programme import audit
from programme.context import Context
from programme.rules import referral as rules
from programme.rules.referral import Event
from storage.account import Account
from storage.enums import Mark, ReferralState
from storage.referral import Referral
from storage.referral_change import ReferralChange, changes_of
from storage.row import lock_one

REFER = "refer"  # the first change: it came in
LISTED = "listed"  # what the lists of their sessions say
BY_HAND: tuple[Event, ...] = ("reach", "withdraw", "close")  # what staff may put down on a referral's page
LONGEST_WHY = 500


class NotFromHereError(ValueError):
    """This cannot follow from where the referral stands now."""


class NoReasonError(ValueError):
    """Write why, so that a colleague understands it later."""


class LongReasonError(ValueError):
    """This is too long. Please write less than 500 letters."""


@dataclass(frozen=True)
class Change:
    """One line of a referral's history. `by`: a name where staff did it, else "person", "system" and the like."""

    at: datetime
    event: str
    was: ReferralState | None
    now: ReferralState
    by: str
    why: str | None


def begin(session: Session, ctx: Context, referral: Referral, actor: str) -> None:
    """The first line of a (new) referral's history."""
    session.add(_row(ctx, referral.id, REFER, None, referral.state, actor, None))


def move(
    session: Session, ctx: Context, referral: Referral, event: Event, actor: str, why: str | None = None
) -> ReferralState | None:
    """The (locked) referral's state after `event`; None where it may not follow: then nothing changes. What leaves it
    where it is leaves no line either."""
    after = rules.next_state(referral.state.value, event)
    if after is None:
        return None
    return _change(session, ctx, referral, event, ReferralState(after), actor, why)


def listed(
    session: Session, ctx: Context, referral: Referral, marks: Sequence[Mark | None], actor: str
) -> ReferralState:
    """The (locked) referral's state by what the lists of its course say, in order; they can be put right."""
    after = ReferralState(rules.as_listed(referral.state.value, marks))
    return _change(session, ctx, referral, LISTED, after, actor, None)


def put_right(session: Session, ctx: Context, referral: Referral, after: ReferralState, actor: str) -> None:
    """The (locked) referral is where a list that was put right has it (programme.rules.referral.as_put_right)."""
    _change(session, ctx, referral, LISTED, after, actor, None)


def _change(
    session: Session,
    ctx: Context,
    referral: Referral,
    event: str,
    after: ReferralState,
    actor: str,
    why: str | None,
) -> ReferralState:
    was, referral.state = referral.state, after
    session.add(referral)
    if was is not after:
        session.add(_row(ctx, referral.id, event, was, after, actor, why))
    return after


def put_down(ctx: Context, referral_id: str, account_id: str, event: str, why: str) -> ReferralState:
    """What a member of staff knows from elsewhere: reached by phone, withdrawn by the police, closed; with why.

    Raises NotFromHereError, NoReasonError, LongReasonError, NoRowError.
    """
    why = " ".join(why.split())
    if not why:
        raise NoReasonError(NoReasonError.__doc__)
    if len(why) > LONGEST_WHY:
        raise LongReasonError(LongReasonError.__doc__)
    with ctx.database.writing() as session:
        row = lock_one(session, Referral, referral_id)
        known = next((each for each in BY_HAND if each == event), None)
        after = move(session, ctx, row, known, audit.worker(account_id), why) if known else None
        if after is None:
            raise NotFromHereError(NotFromHereError.__doc__)
        return after


def possible(state: ReferralState) -> tuple[str, ...]:
    """What staff may put down on a referral in this state."""
    return tuple(each for each in BY_HAND if rules.next_state(state.value, each) not in (None, state.value))


def history(ctx: Context, referral_id: str) -> tuple[Change, ...]:
    """How it came to stand where it stands, the newest first."""
    with ctx.database.reading() as session:
        return changes(session, referral_id)


def changes(session: Session, referral_id: str) -> tuple[Change, ...]:
    """`history` inside a transaction."""
    rows = changes_of(session, referral_id)
    return tuple(
        Change(row.at, row.event, row.was, row.now, _name(session, row.actor), row.why) for row in reversed(rows)
    )


def _name(session: Session, actor: str) -> str:
    key = audit.account_of(actor)
    account = session.get(Account, key) if key else None
    return account.name if account else actor


def _row(
    ctx: Context, key: str, event: str, was: ReferralState | None, now: ReferralState, actor: str, why: str | None
) -> ReferralChange:
    return ReferralChange(
        id=ctx.new_id(), referral_id=key, at=ctx.clock(), event=event, was=was, now=now, actor=actor, why=why
    )
