"""What stands in the way of erasing somebody, when that comes, and how a lead keeps it all a while longer."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, func, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from programme import audit, happening, police_row, setting
from programme.context import Context
from programme.rules import london
from programme.rules import retention as rules
from programme.rules.retention import Block
from storage.account import Account
from storage.booking import Booking
from storage.callback import Callback
from storage.case import Case
from storage.conversation import Conversation
from storage.decision import Decision
from storage.enums import BookingState, DecisionState, HandoffState, Owner, ReferralState
from storage.handoff import HandoffRequest
from storage.person import Person
from storage.referral import Referral
from storage.referral_change import ReferralChange
from storage.row import lock_one
from storage.session import CourseSession

ENDED_DAYS = "keep_ended_days"
LONGEST_WHY = 500
MOST = 200  # on one page
Pairs = Any  # a query of two columns: a referral, and something about it
KEPT, LET_GO = "keep", "keep_no_longer"
# A conversation belongs to whoever proved there who they are, else to whose link it was opened by.
THEIRS: ColumnElement[str] = func.coalesce(Conversation.referral_id, Conversation.linked_referral_id)


class NoReasonError(ValueError):
    """Write why, so that a colleague understands it later."""


class LongReasonError(ValueError):
    """This is too long. Please write less than 500 letters."""


class ErasedError(LookupError):
    """What was known of this person has been erased."""


@dataclass(frozen=True)
class Keeping:
    """How long it is kept what is known of somebody. `ended_on`: None while the referral goes on; `erased_on`: None
    where it goes on, or the setting is empty; `blocks`: what stands in the way now; the rest: a lead keeps it."""

    ended_on: date | None
    erased_on: date | None
    blocks: tuple[Block, ...]
    kept_by: str
    kept_at: datetime | None
    kept_why: str


@dataclass(frozen=True)
class One:
    """Somebody who is kept for longer than the days that are set."""

    referral_id: str
    name: str
    blocks: tuple[Block, ...]
    kept_why: str


def read(ctx: Context, referral_id: str) -> Keeping:
    """What is shown on a person's page. Raises NoResultFound."""
    with ctx.database.reading() as session:
        row = session.get_one(Referral, referral_id)
        days = setting.number(setting.facts(session), ENDED_DAYS, london.today(ctx.clock()))
        ended = ended_at(session, row) if rules.may_erase(row.state.value) else None
        by = session.get(Account, row.kept_by) if row.kept_by else None
        return Keeping(
            ended_on=london.today(ended) if ended else None,
            erased_on=rules.erased_on(ended, days) if ended and days else None,
            blocks=tuple(sorted(blocks(session, ctx, referral_id).get(referral_id, ()))),
            kept_by=by.name if by else "",
            kept_at=row.kept_at,
            kept_why=row.kept_why or "",
        )


def listed(ctx: Context) -> tuple[tuple[One, ...], int]:
    """Everybody whom a lead keeps, and whose day is over while something stands in the way, the longest kept first, but
    no more than MOST; and how many there are. Nobody where nothing is erased at all, but for those who are kept."""
    with ctx.database.reading() as session:
        day = before(session, ctx, ENDED_DAYS)
        over = set(session.exec(ended_before(day))) if day else set[str]()
        blocked = blocks(session, ctx)
        keys = [key for key, why in blocked.items() if "kept" in why or key in over]
        found = select(Referral, Person.name).join(Person).where(col(Referral.id).in_(keys[:MOST]))
        rows = session.exec(found.order_by(col(Referral.referred_on), col(Referral.id))).all()
        shown = (One(row.id, name, tuple(sorted(blocked[row.id])), row.kept_why or "") for row, name in rows)
        return tuple(shown), len(keys)


def keep(ctx: Context, referral_id: str, account_id: str, why: str) -> None:
    """Keeps it all until somebody lets it go. Raises NoReasonError, LongReasonError, ErasedError, NoRowError."""
    _put(ctx, referral_id, account_id, KEPT, _words(why))


def let_go(ctx: Context, referral_id: str, account_id: str, why: str) -> None:
    """The time counts again. Raises as `keep`."""
    _put(ctx, referral_id, account_id, LET_GO, _words(why))


def is_erased(ctx: Context, table: type[Referral] | type[Conversation], key: str) -> bool:
    """Whether there was something about somebody, and it was erased."""
    with ctx.database.reading() as session:
        return session.exec(select(table.erased_at).where(table.id == key)).first() is not None


def before(session: Session, ctx: Context, key: str) -> datetime | None:
    """What ended before this is erased by this setting; None: nothing is."""
    now = ctx.clock()
    days = setting.number(setting.facts(session), key, london.today(now))
    return rules.cut(now, days) if days else None


def ended_before(day: datetime) -> SelectOfScalar[str]:
    """The referrals that came to their end before then and are not erased."""
    later = select(ReferralChange.id).where(ReferralChange.referral_id == Referral.id, ReferralChange.at >= day)
    states = [state for state in ReferralState if rules.may_erase(state.value)]
    found = select(Referral.id).where(col(Referral.state).in_(states), col(Referral.erased_at).is_(None))
    return found.where(Referral.created_at < day, ~later.exists()).order_by(col(Referral.id))


def ended_at(session: Session, row: Referral) -> datetime:
    """When a referral that is over came to its end: its last change."""
    last = session.exec(select(func.max(ReferralChange.at)).where(ReferralChange.referral_id == row.id)).first()
    return max(last or row.created_at, row.created_at)


def blocks(session: Session, ctx: Context, only: str | None = None) -> dict[str, set[Block]]:
    """What stands in the way now, by referral; nothing of those with nothing. `only`: of this one."""
    found: defaultdict[str, set[Block]] = defaultdict(set)
    for of, reason in _rows(session, _cases(), only):
        found[of].add("danger" if reason in happening.DANGER else "case")
    for of, _ in _rows(session, select(THEIRS, Conversation.id).where(col(Conversation.paused_at).is_not(None)), only):
        found[of].add("danger")
    for block, asked in _asked(ctx.clock()).items():
        for one in asked:
            for of, _ in _rows(session, one, only):
                found[of].add(block)
    for of in police_row.waits(session, only):
        found[of].add("list")
    return found


def _asked(now: datetime) -> dict[Block, tuple[Pairs, ...]]:
    """Each gives referrals; what comes with them says nothing."""
    written = or_(
        col(Conversation.owner) != Owner.BOT,
        col(Conversation.last_in_at) > now - rules.QUIET,
        col(Conversation.lease_expires_at) > now,
    )
    asking = col(HandoffRequest.state).in_([HandoffState.WAITING, HandoffState.TAKEN])
    own = func.coalesce(Callback.referral_id, THEIRS)
    ring = select(own, Callback.id).outerjoin(Conversation, col(Callback.conversation_id) == col(Conversation.id))
    ahead = [col(CourseSession.cancelled_at).is_(None), col(CourseSession.ends_at) > now]
    held = select(Booking.referral_id, Booking.id).join(
        CourseSession, col(CourseSession.course_id) == col(Booking.course_id)
    )
    proposed = Decision.state == DecisionState.PROPOSED
    return {
        "kept": (select(Referral.id, Referral.id).where(col(Referral.kept_at).is_not(None)),),
        "decision": (select(Decision.referral_id, Decision.id).where(proposed),),
        "place_ahead": (held.where(col(Booking.state) == BookingState.ACTIVE, *ahead),),
        "talking": (
            select(THEIRS, Conversation.id).where(written, col(Conversation.erased_at).is_(None)),
            select(THEIRS, Conversation.id).join(HandoffRequest).where(asking),
            ring.where(col(Callback.closed_at).is_(None)),
        ),
    }


def _cases() -> Pairs:
    own = func.coalesce(Case.referral_id, THEIRS)
    found = select(own, Case.reason).outerjoin(Conversation, col(Case.conversation_id) == col(Conversation.id))
    return found.where(col(Case.closed_at).is_(None))


def _rows(session: Session, asked: Pairs, only: str | None) -> list[tuple[str, str]]:
    of = asked.selected_columns[0]
    found = asked.where(of.is_not(None) if only is None else of == only)
    return [(of, what) for of, what in session.execute(found)]


def _put(ctx: Context, referral_id: str, account_id: str, action: str, why: str) -> None:
    with ctx.database.writing() as session:
        row = lock_one(session, Referral, referral_id)
        if row.erased_at is not None:
            raise ErasedError(ErasedError.__doc__)
        if action == KEPT:
            row.kept_at, row.kept_by, row.kept_why = ctx.clock(), account_id, why
        else:
            row.kept_at = row.kept_by = row.kept_why = None
        session.add(row)
        audit.note(session, ctx, audit.worker(account_id), action, "referral", referral_id, {"why": why})


def _words(why: str) -> str:
    why = " ".join(why.split())
    if not why:
        raise NoReasonError(NoReasonError.__doc__)
    if len(why) > LONGEST_WHY:
        raise LongReasonError(LongReasonError.__doc__)
    return why
