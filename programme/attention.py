"""Needs attention: everybody for whom something is to be done, each with the one next step, most pressing first."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlmodel import Session, col, select

from programme import audit, happening, letter_post, referral_state, second_chance, setting
from programme.context import Context
from programme.rules import attention as rules
from programme.rules import london, working_day
from programme.rules import reference as references
from programme.rules.attention import Standing, Step, Why
from programme.setting import Closed
from storage.absence import newest_of
from storage.booking import Booking
from storage.conversation import Conversation
from storage.enums import BookingState, CaseReason, ReferralState
from storage.person import Person
from storage.referral import Referral
from storage.row import lock_row

MOST = 100  # shown of one reason; `counts` has them all
OPEN = (
    ReferralState.REFERRED,
    ReferralState.REACHED,
    ReferralState.VERIFIED,
    ReferralState.BOOKED,
    ReferralState.ATTENDED,
    ReferralState.MISSED,
    ReferralState.SECOND_CHANCE,
)
# Cases that another reason tells better, with the step that helps.
TOLD_OTHERWISE = {CaseReason.RUNNING_LATE, CaseReason.MISSED_SESSION, CaseReason.NOT_DELIVERED}
FAR = timedelta(days=30)  # a deadline further off is not counted in working days


class NotMissedError(RuntimeError):
    """They have not missed a session, or somebody was quicker."""


@dataclass(frozen=True)
class Row:
    """Somebody. `cases`: why we must look; `phone` where they can be rung; `missed_why`: what they
    told of a session that they missed."""

    referral_id: str
    conversation_id: str | None
    name: str
    reference: str
    phone: str | None
    why: Why
    step: Step
    since: datetime
    deadline: date | None
    cases: tuple[str, ...]
    missed_why: str | None


@dataclass(frozen=True)
class Attention:
    """`counts`: how many there are of each reason; `rows`: those asked for, MOST of a reason at most."""

    counts: Mapping[Why, int]
    rows: tuple[Row, ...]


def read(ctx: Context, only: str = "") -> Attention:
    """Everybody of `only` one reason, or of all."""
    now = ctx.clock()
    today = london.today(now)
    with ctx.database.reading() as session:
        rows = session.exec(select(Referral).where(col(Referral.state).in_(OPEN))).all()
        facts = _Facts(session, now)
        found: dict[Why, list[tuple[Referral, Standing]]] = {}
        for row in rows:
            standing = facts.of(row)
            reason = rules.why(standing, now, today)
            if reason is not None:
                found.setdefault(reason, []).append((row, standing))
        counts = {each: len(found.get(each, [])) for each in rules.ORDER}
        shown = [
            (reason, row, standing)
            for reason in rules.ORDER
            if only in ("", reason)
            for row, standing in sorted(found.get(reason, []), key=_pressing)[:MOST]
        ]
        return Attention(counts, _rows(session, facts, shown))


def give_chance(ctx: Context, referral_id: str, account_id: str) -> None:
    """A worker opens the way to another place after a missed session. Raises NotMissedError."""
    with ctx.database.writing() as session:
        row = lock_row(session, Referral, referral_id)
        if row is None or referral_state.move(session, ctx, row, "allow", audit.worker(account_id)) is None:
            raise NotMissedError(NotMissedError.__doc__)
        second_chance.clear_place(session, ctx, row, audit.worker(account_id))
        audit.note(session, ctx, audit.worker(account_id), "give_chance", "referral", row.id)


class _Facts:
    """What is asked of everybody, read a table at a time."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._today = london.today(now)
        self._off = Closed(frozenset(), bank_holidays=True)
        held = select(Booking.referral_id).where(Booking.state == BookingState.ACTIVE)
        self._held = set(session.exec(held))
        self._reached, self._lost = happening.reached(session), happening.not_delivered(session)
        self._posted = letter_post.under_way(session, now)
        self.cases = happening.open_cases(session)
        newest = select(Conversation.referral_id, Conversation.id).where(col(Conversation.referral_id).is_not(None))
        self.talks = {of or "": talk for of, talk in session.exec(newest.order_by(col(Conversation.created_at)))}
        phones = select(Person.id).where(col(Person.phone).is_not(None))
        self._phones = set(session.exec(phones))

    def of(self, row: Referral) -> Standing:
        cases = self.cases.get(row.id, set())
        days = [day for day in (row.book_by, row.finish_by) if day is not None]
        deadline = min(days, default=None)
        return Standing(
            state=row.state.value,
            referred_at=row.created_at,
            booked=row.id in self._held,
            reached=row.id in self._reached,
            undelivered=row.id in self._lost,
            case=bool(cases - TOLD_OTHERWISE),
            late=CaseReason.RUNNING_LATE in cases,
            deadline=deadline,
            days_left=self._left(deadline),
            phone=row.person_id in self._phones,
            talk=row.id in self.talks,
            posted=row.id in self._posted,
            danger=bool(cases & happening.DANGER),
            unreached=CaseReason.NOT_DELIVERED in cases,
        )

    def _left(self, deadline: date | None) -> int | None:
        if deadline is None or deadline > self._today + FAR:
            return None
        return working_day.between(self._today, deadline, self._off)


def _pressing(found: tuple[Referral, Standing]) -> tuple[bool, date, datetime]:
    """Danger before everything else, then whose time is over first."""
    row, standing = found
    return not standing.danger, standing.deadline or date.max, row.created_at


def _rows(session: Session, facts: _Facts, shown: Collection[tuple[Why, Referral, Standing]]) -> tuple[Row, ...]:
    wanted = {row.person_id for _, row, _ in shown}
    people = {row.id: row for row in session.exec(select(Person).where(col(Person.id).in_(wanted)))}
    pattern = setting.reference_pattern(session)
    missed = newest_of(session, {row.id for _, row, _ in shown})
    return tuple(
        Row(
            referral_id=row.id,
            conversation_id=facts.talks.get(row.id),
            name=people[row.person_id].name,
            reference=references.show(row.reference, pattern),
            phone=people[row.person_id].phone,
            why=reason,
            step=rules.step(reason, standing),
            since=row.created_at,
            deadline=standing.deadline,
            cases=tuple(sorted(each.value for each in facts.cases.get(row.id, set()))),
            missed_why=missed[row.id].why if row.id in missed else None,
        )
        for reason, row, standing in shown
    )
