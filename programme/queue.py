"""The queue: everybody who waits for a worker, most urgent first, then the longest waiting; and one's place in it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from math import ceil
from statistics import median

from sqlmodel import Session, col, select

from programme import first_reply, transcript
from programme.context import Context
from programme.rules import handoff as rules
from storage import account as accounts
from storage import case as cases
from storage import handoff as handoffs
from storage import message as messages
from storage.account import Account
from storage.booking import Booking
from storage.case import Case
from storage.conversation import Conversation
from storage.enums import BookingState, Channel, HandoffState, Owner, Urgency
from storage.handoff import HandoffRequest
from storage.person import Person
from storage.referral import Referral

REPLIES = 20  # so many of the last first replies tell how long it usually takes


@dataclass(frozen=True)
class Waiting:
    """Somebody who waits: by a request, by open cases, or both. `since`: UTC; `reasons`: of the request, then of the
    cases, without repeats; `name`, `access_needs` and `deadline` (the London day to book by, while nothing is booked)
    only of who proved who they are; `wanted_by`: the name of the worker for whom it is kept just now."""

    conversation_id: str
    request_id: str | None
    since: datetime
    urgency: Urgency
    reasons: list[str]
    last_words: str | None
    channel: Channel
    name: str | None
    verified: bool
    language: str | None
    access_needs: str | None
    deadline: date | None
    wanted_by: str | None
    overdue: bool


@dataclass(frozen=True)
class Place:
    """`number`: 1 is next. `usual_wait_minutes`: until a worker writes, as it was of late; None: not known."""

    number: int
    usual_wait_minutes: int | None


def waiting(ctx: Context) -> list[Waiting]:
    """One row a conversation that no worker has, though a request waits there or a case is open."""
    now = ctx.clock()
    with ctx.database.reading() as session:
        requests = {row.conversation_id: row for row in handoffs.open_requests(session, HandoffState.WAITING)}
        open_cases: dict[str, list[Case]] = {}
        for case in cases.open_cases(session):
            if case.conversation_id:
                open_cases.setdefault(case.conversation_id, []).append(case)
        found = _Found(ctx, session, {*requests, *open_cases})
        rows = [
            found.row(conversation, requests.get(conversation.id), open_cases.get(conversation.id, []), now)
            for conversation in found.conversations
            if conversation.owner is not Owner.WORKER
        ]
    return sorted(rows, key=lambda row: (rules.rank(row.urgency), row.since, row.conversation_id))


class _Found:
    """What is told of many conversations, read in a few questions."""

    def __init__(self, ctx: Context, session: Session, ids: Iterable[str]) -> None:
        self._ctx, self._session = ctx, session
        self.conversations = list(session.exec(select(Conversation).where(col(Conversation.id).in_(list(ids)))))
        known = [each.referral_id for each in self.conversations if each.referral_id]
        referrals = session.exec(select(Referral).where(col(Referral.id).in_(known)))
        self._referrals = {each.id: each for each in referrals}
        people = [each.person_id for each in self._referrals.values()]
        self._people = {each.id: each for each in session.exec(select(Person).where(col(Person.id).in_(people)))}
        held = select(Booking.referral_id).where(
            col(Booking.referral_id).in_(known), Booking.state == BookingState.ACTIVE
        )
        self._booked = set(session.exec(held))
        self._last = messages.last_texts(session, [each.id for each in self.conversations])
        self._due = first_reply.Due(session, ctx.clock())

    def row(
        self, conversation: Conversation, request: HandoffRequest | None, open_cases: Sequence[Case], now: datetime
    ) -> Waiting:
        referral = self._referrals.get(conversation.referral_id or "")
        person = self._people.get(referral.person_id) if referral else None
        asked = [(request.urgency, request.requested_at, request.reason)] if request else []
        whys = asked + [(case.urgency, case.opened_at, case.reason.value) for case in open_cases]
        last = self._last.get(conversation.id)
        late = request is not None and self._due.is_late(request)
        return Waiting(
            conversation_id=conversation.id,
            request_id=request.id if request else None,
            since=min(since for _, since, _ in whys),
            urgency=Urgency(rules.most_urgent([urgency for urgency, _, _ in whys])),
            reasons=list(dict.fromkeys(reason for _, _, reason in whys)),
            last_words=transcript.words_of(self._ctx, last) if last else request.last_words if request else None,
            channel=conversation.channel,
            name=person.name if person else None,
            verified=referral is not None,
            language=conversation.language,
            access_needs=person.access_needs if person else None,
            deadline=referral.book_by if referral and referral.id not in self._booked else None,
            wanted_by=self._wanted_by(request, now),
            overdue=late or any(case.due_at < now for case in open_cases),
        )

    def _wanted_by(self, request: HandoffRequest | None, now: datetime) -> str | None:
        wanted = waits_for(self._session, request, now) if request else None
        account = self._session.get(Account, wanted) if wanted else None
        return account.name if account else None


def waits_for(session: Session, request: HandoffRequest, now: datetime) -> str | None:
    """The account that alone may take this request just now: the worker whom the person knows, while they are on shift,
    for a few minutes, and never where somebody is in danger."""
    wanted = request.wanted_account_id
    if wanted is None or request.urgency is Urgency.DANGER or not rules.still_wanted(request.waits_since, now):
        return None
    return wanted if accounts.open_shift_of(session, wanted) else None


def place_of(ctx: Context, conversation_id: str) -> Place | None:
    """How many are before this one, this one counted, and how long it usually takes; None: it does not wait."""
    with ctx.database.reading() as session:
        return place_in(session, conversation_id)


def place_in(session: Session, conversation_id: str) -> Place | None:
    """The same, in a transaction that goes on."""
    rows = handoffs.open_requests(session, HandoffState.WAITING)
    rows.sort(key=lambda row: (rules.rank(row.urgency), row.requested_at, row.id))
    for number, row in enumerate(rows, 1):
        if row.conversation_id == conversation_id:
            return Place(number, usual_wait(session))
    return None


def usual_wait(session: Session) -> int | None:
    """Minutes, rounded up: the middle one of the last first replies; None where there was none yet."""
    waits = [(replied - since).total_seconds() for since, replied in handoffs.answered(session, REPLIES)]
    return max(1, ceil(median(waits) / 60)) if waits else None
