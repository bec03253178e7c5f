"""The evidence pack: all that a fair decision on somebody must look at, what we did not do included."""

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime

from sqlmodel import Session, col, select

from programme import booked, failing, happening, referral_state
from programme import person as persons
from programme.context import Context
from programme.failing import Failing
from programme.person import PersonView
from programme.referral_state import Change
from programme.rules import decision as rules
from programme.rules import london
from programme.rules.decision import Standing
from storage import booking as bookings
from storage import case as cases
from storage import outreach as tries
from storage.booking import Offer
from storage.case import Case
from storage.conversation import Conversation
from storage.enums import CaseReason, Channel, MessageKind, OutreachState, Sender, Way
from storage.message import MessageIn, MessageOut
from storage.referral import Referral

MOST = 2000  # messages each way, the newest
NO_LETTER = (*tries.CHATS, Way.NONE)  # in a chat the words are a message of it; where no way was left there are none


@dataclass(frozen=True)
class Offered:
    """A session that was offered. `taken`: it was booked from this offer."""

    at: datetime
    place: str
    starts_at: datetime
    taken: bool


@dataclass(frozen=True)
class Sent:
    """Something of ours: in a chat, by text message, e-mail or letter. `state` is what the way told of it."""

    at: datetime
    way: Way
    sender: Sender
    text: str
    state: OutreachState
    delivered_at: datetime | None
    failure: str | None


@dataclass(frozen=True)
class Heard:
    """What they said; `text` is None where it was hidden from whoever does not need it."""

    at: datetime
    channel: Channel
    text: str | None


@dataclass(frozen=True)
class CaseLine:
    reason: CaseReason
    opened_at: datetime
    due_at: datetime
    closed_at: datetime | None
    outcome: str | None


@dataclass(frozen=True)
class Pack:
    """All of it, in order of time. `blocks`: what stands in the way of deciding; `findings`: what may be found."""

    made_at: datetime
    referred_on: date
    person: PersonView
    standing: Standing
    blocks: tuple[rules.Block, ...]
    findings: tuple[rules.Finding, ...]
    offers: tuple[Offered, ...]
    sent: tuple[Sent, ...]
    heard: tuple[Heard, ...]
    cases: tuple[CaseLine, ...]
    changes: tuple[Change, ...]
    failings: tuple[Failing, ...]

    def kept(self) -> str:
        """The pack as JSON, to be sealed with the decision that rests on it."""
        return json.dumps(asdict(self), default=str)


def read(session: Session, ctx: Context, referral: Referral) -> Pack:
    """The pack as it is now."""
    talks = select(Conversation).where(Conversation.referral_id == referral.id)
    channels = {row.id: row.channel for row in session.exec(talks)}
    standing = stands(session, ctx, referral)
    own_cases = cases.cases_of_referral(session, referral.id)
    return Pack(
        made_at=ctx.clock(),
        referred_on=referral.referred_on,
        person=persons.read(session, ctx, referral.id),
        standing=standing,
        blocks=rules.blocks(standing),
        findings=rules.findings(standing),
        offers=_offers(session, referral.id),
        sent=_sent(session, referral.id, channels),
        heard=_heard(session, channels),
        cases=tuple(_case(row) for row in reversed(own_cases)),
        changes=tuple(reversed(referral_state.changes(session, referral.id))),
        failings=failing.read(session, ctx, referral, tuple(channels)),
    )


def stands(session: Session, ctx: Context, referral: Referral) -> Standing:
    """What the rules on deciding ask about somebody."""
    open_now = happening.open_cases(session, referral.id).get(referral.id, set())
    held, today = bookings.active_booking(session, referral.id), london.today(ctx.clock())
    over = any(day is not None and day < today for day in (referral.book_by, referral.finish_by))
    return Standing(
        state=referral.state.value,
        reached=referral.id in happening.reached(session, referral.id),
        missed=referral.id in happening.missed(session, referral.id),
        declined=CaseReason.DECLINED in open_now,
        danger_open=bool(open_now & happening.DANGER),
        no_session_open=CaseReason.NO_SESSION in open_now,
        disputed_open=CaseReason.ATTENDANCE_DISPUTED in open_now,
        place_ahead=held is not None and booked.view(session, held).sessions[-1][1] > ctx.clock(),
        deadline_over=over,
    )


def _offers(session: Session, referral_id: str) -> tuple[Offered, ...]:
    rows = session.exec(select(Offer).where(Offer.referral_id == referral_id).order_by(col(Offer.offered_at))).all()
    taken = {row.offer_token for row in bookings.bookings_of(session, referral_id)}
    known = {row.course_id: booked.whole_course(session, row.course_id) for row in rows}
    return tuple(
        Offered(
            row.offered_at,
            known[row.course_id].venue.place,
            known[row.course_id].course.first_starts_at,
            row.token in taken,
        )
        for row in rows
    )


def _sent(session: Session, referral_id: str, channels: dict[str, Channel]) -> tuple[Sent, ...]:
    """All that was said in their chats, and all that went, or should have gone, another way."""
    rows = select(MessageOut).where(col(MessageOut.conversation_id).in_(channels))
    newest = rows.order_by(col(MessageOut.created_at).desc(), col(MessageOut.seq).desc()).limit(MOST)
    said = [_in_chat(row, tries.way_of(channels[row.conversation_id])) for row in reversed(session.exec(newest).all())]
    ledger = [row for row, _ in reversed(tries.of_referral(session, referral_id)) if row.way not in NO_LETTER]
    posted = [
        Sent(
            row.sent_at or row.created_at,
            row.way,
            Sender.NOTICE,
            row.text or "",
            tries.state_of(row, None),
            row.seen_at or row.delivered_at,
            row.failure,
        )
        for row in ledger
    ]
    return tuple(sorted([*said, *posted], key=lambda each: each.at))


def _in_chat(row: MessageOut, way: Way) -> Sent:
    """A page says so once it has shown a message: then it was seen."""
    state = OutreachState(row.state.value)
    seen = way is Way.WEB and state is OutreachState.DELIVERED
    shown = OutreachState.SEEN if seen else state
    return Sent(row.created_at, way, row.sender, row.text, shown, row.delivered_at, row.failure)


def _heard(session: Session, channels: dict[str, Channel]) -> tuple[Heard, ...]:
    rows = select(MessageIn).where(
        col(MessageIn.conversation_id).in_(channels), col(MessageIn.kind) != MessageKind.OTHER
    )
    return tuple(
        Heard(row.received_at, channels[row.conversation_id], None if row.sensitive_at else row.text)
        for row in session.exec(rows.order_by(col(MessageIn.received_at), col(MessageIn.seq)).limit(MOST))
    )


def _case(row: Case) -> CaseLine:
    return CaseLine(row.reason, row.opened_at, row.due_at, row.closed_at, row.outcome)
