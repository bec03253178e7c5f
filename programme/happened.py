"""What happened, or is open still, since a moment: cases, requests for a person, deadlines, messages that were lost."""

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlmodel import Session, and_, col, or_, select

from programme.rules import hours, london, working_day
from programme.rules import reference as references
from programme.rules.hours import Hours
from programme.rules.referral import may_book
from programme.setting import Closed
from storage.account import Account
from storage.booking import Booking
from storage.case import Case
from storage.conversation import Conversation
from storage.enums import BookingState, CaseReason, Channel, HandoffState, OutState, ReferralState, Urgency
from storage.handoff import HandoffRequest
from storage.message import MessageOut
from storage.person import Person
from storage.referral import Referral

WORKING_DAYS = 3  # so near a deadline without a place is work for today
READ = 1000  # rows of a kind; a page shows far fewer
UNBOOKED = [state for state in ReferralState if may_book(state.value) and state is not ReferralState.BOOKED]


@dataclass(frozen=True)
class Who:
    """Whom a row is about, and where it leads. `name`, `reference`: only of who proved who they are, or is looked up
    by their referral."""

    conversation_id: str | None
    referral_id: str | None
    name: str | None
    reference: str | None


@dataclass(frozen=True)
class CaseRow:
    """A case. `taken_by`, `taken_at`: the first worker who had the conversation after it was opened."""

    who: Who
    reason: CaseReason
    opened_at: datetime
    taken_by: str | None
    taken_at: datetime | None
    closed_by: str | None
    closed_at: datetime | None


@dataclass(frozen=True)
class RequestRow:
    """A request for a person. `until`: when a worker wrote, or it ended; None: they wait still. `closed`: it was asked
    outside the opening hours."""

    who: Who
    urgency: Urgency
    reason: str
    since: datetime
    until: datetime | None
    answered: bool
    state: HandoffState
    taken_by: str | None
    escalated_at: datetime | None
    closed: bool


@dataclass(frozen=True)
class DeadlineRow:
    """Somebody without a place. `left`: working days; `past`: the day is over; `finish`: it is the day to finish by."""

    who: Who
    day: date
    finish: bool
    left: int
    past: bool


@dataclass(frozen=True)
class FailedRow:
    """Messages of a conversation that did not arrive. `at`: of the last; `failure`: a code; `open`: a worker is still
    to find another way."""

    who: Who
    at: datetime
    channel: Channel | None
    times: int
    failure: str | None
    open: bool


class Work:
    """Reads in one transaction; names and colleagues are fetched for a whole list at once."""

    def __init__(self, session: Session, now: datetime, start: datetime, opening: Hours) -> None:
        self._session, self._now, self._start, self._opening = session, now, start, opening
        self._staff = {row.id: row.name for row in session.exec(select(Account))}

    def cases(self, reasons: Sequence[CaseReason]) -> list[CaseRow]:
        """Cases that were opened or closed since the start, or are open: open ones first, then the newest."""
        recent = or_(
            col(Case.opened_at) >= self._start, col(Case.closed_at).is_(None), col(Case.closed_at) >= self._start
        )
        found = select(Case).where(col(Case.reason).in_(reasons), recent)
        rows = list(self._session.exec(found.order_by(col(Case.opened_at).desc(), col(Case.id)).limit(READ)))
        who = self._who([(row.conversation_id, row.referral_id) for row in rows])
        taken = self._taken({row.conversation_id for row in rows if row.conversation_id})
        shown = []
        for row in rows:
            times = [each for each in taken.get(row.conversation_id or "", []) if each[0] >= row.opened_at]
            first = min(times, default=None)
            shown.append(
                CaseRow(
                    who=who[row.conversation_id, row.referral_id],
                    reason=row.reason,
                    opened_at=row.opened_at,
                    taken_by=self._staff.get(first[1]) if first else None,
                    taken_at=first[0] if first else None,
                    closed_by=self._staff.get(row.closed_by or ""),
                    closed_at=row.closed_at,
                )
            )
        return sorted(shown, key=lambda each: each.closed_at is not None)

    def requests(self) -> list[RequestRow]:
        """Requests that were open at any time since the start, who waits still first, then the newest."""
        ended = col(HandoffRequest.ended_at)
        found = select(HandoffRequest).where(or_(ended.is_(None), ended >= self._start))
        newest = col(HandoffRequest.requested_at).desc(), col(HandoffRequest.id)
        rows = list(self._session.exec(found.order_by(*newest).limit(READ)))
        who = self._who([(row.conversation_id, None) for row in rows])
        shown = [self._request(row, who[row.conversation_id, None]) for row in rows]
        return sorted(shown, key=lambda each: each.until is not None)

    def deadlines(self) -> list[DeadlineRow]:
        """People without a place whose day to book or to finish by is near, or went by since the start."""
        today, first = london.today(self._now), london.today(self._start)
        off = Closed(frozenset(), bank_holidays=True)
        last = working_day.ahead(today, WORKING_DAYS, off)
        held = select(Booking.referral_id).where(Booking.state == BookingState.ACTIVE)
        near = [and_(day >= first, day <= last) for day in (col(Referral.book_by), col(Referral.finish_by))]
        found = select(Referral).where(col(Referral.state).in_(UNBOOKED), col(Referral.id).not_in(held), or_(*near))
        rows = list(self._session.exec(found.limit(READ)))
        talks = self._latest_conversations({row.id for row in rows})
        who = self._who([(talks.get(row.id), row.id) for row in rows])
        shown = []
        for row in rows:
            days = [(day, finish) for day, finish in ((row.book_by, False), (row.finish_by, True)) if day is not None]
            day, finish = min(each for each in days if first <= each[0] <= last)
            left = working_day.between(today, day, off)
            shown.append(DeadlineRow(who[talks.get(row.id), row.id], day, finish, left, day < today))
        return sorted(shown, key=lambda each: (each.day, each.who.name or ""))

    def failed(self) -> list[FailedRow]:
        """Conversations with messages that were given up since the start, or whose case of that is open."""
        lost = col(MessageOut.state).in_([OutState.FAILED, OutState.BLOCKED])
        found = select(MessageOut).where(lost, col(MessageOut.created_at) >= self._start)
        by_talk: dict[str, list[MessageOut]] = {}
        for row in self._session.exec(found.order_by(col(MessageOut.created_at)).limit(READ)):
            by_talk.setdefault(row.conversation_id, []).append(row)
        waiting = select(Case).where(Case.reason == CaseReason.NOT_DELIVERED, col(Case.closed_at).is_(None))
        cases = {row.conversation_id: row for row in self._session.exec(waiting.limit(READ)) if row.conversation_id}
        ids = [*by_talk, *(each for each in cases if each not in by_talk)]
        who = self._who([(each, None) for each in ids])
        talks = select(Conversation.id, Conversation.channel).where(col(Conversation.id).in_(ids))
        channels = {talk: Channel(channel) for talk, channel in self._session.exec(talks)}
        shown = []
        for each in ids:
            rows, case = by_talk.get(each, []), cases.get(each)
            at = rows[-1].created_at if rows else cases[each].opened_at
            failure = rows[-1].failure if rows else json.loads(cases[each].detail or "{}").get("failure")
            shown.append(FailedRow(who[each, None], at, channels.get(each), len(rows) or 1, failure, case is not None))
        return sorted(shown, key=lambda each: (not each.open, -each.at.timestamp()))

    def _request(self, row: HandoffRequest, who: Who) -> RequestRow:
        until = row.first_reply_at if row.was_answered else row.ended_at
        return RequestRow(
            who=who,
            urgency=row.urgency,
            reason=row.reason,
            since=row.waits_since,
            until=until,
            answered=row.was_answered,
            state=row.state,
            taken_by=self._staff.get(row.account_id or ""),
            escalated_at=row.escalated_at,
            closed=not hours.is_open(self._opening, row.waits_since),
        )

    def _taken(self, conversation_ids: Collection[str]) -> dict[str, list[tuple[datetime, str]]]:
        """When, and by whom, each conversation was taken."""
        found: dict[str, list[tuple[datetime, str]]] = {}
        rows = select(HandoffRequest.conversation_id, HandoffRequest.taken_at, HandoffRequest.account_id).where(
            col(HandoffRequest.conversation_id).in_(conversation_ids), col(HandoffRequest.taken_at).is_not(None)
        )
        for conversation_id, taken_at, account_id in self._session.exec(rows):
            if taken_at is not None:
                found.setdefault(conversation_id, []).append((taken_at, account_id or ""))
        return found

    def _latest_conversations(self, referral_ids: Collection[str]) -> dict[str, str]:
        """The newest conversation of each of these people."""
        rows = select(Conversation.referral_id, Conversation.id).where(col(Conversation.referral_id).in_(referral_ids))
        return {of or "": one for of, one in self._session.exec(rows.order_by(col(Conversation.created_at)))}

    def _who(self, wanted: Iterable[tuple[str | None, str | None]]) -> dict[tuple[str | None, str | None], Who]:
        """By (conversation, referral): a conversation's own referral, where it has one, goes before."""
        pairs = set(wanted)
        talks = {one for one, _ in pairs if one}
        own = dict(
            self._session.exec(
                select(Conversation.id, Conversation.referral_id).where(col(Conversation.id).in_(talks))
            ).all()
        )
        ids = {own.get(talk or "") or of for talk, of in pairs} - {None}
        rows = self._session.exec(
            select(Referral.id, Referral.reference, Person.name).join(Person).where(col(Referral.id).in_(ids))
        )
        known = {of: (name, references.show(reference)) for of, reference, name in rows}
        found = {}
        for talk, of in pairs:
            referral_id = own.get(talk or "") or of
            name, reference = known.get(referral_id or "", (None, None))
            found[talk, of] = Who(talk, referral_id, name, reference)
        return found
