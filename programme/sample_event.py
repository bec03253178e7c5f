"""What may happen in the sample's week, each told through the use case that does it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, col, select

from programme import (
    attendance,
    audit,
    booking,
    callback,
    case,
    danger,
    decision,
    feedback,
    handoff,
    note,
    offers,
    referral_state,
    reply,
    shift,
    verification,
    waiting_list,
)
from programme import conversation as conversations
from programme import turn as turns
from programme.concern import Said
from programme.context import Context
from programme.outbox import Reply
from programme.rules import preference
from programme.turn import Incoming
from storage import booking as bookings
from storage.case import Case
from storage.conversation import Conversation
from storage.decision import standing_decision
from storage.enums import CaseReason, HandoffState, MessageKind, OutState, TurnEnd, Urgency
from storage.handoff import HandoffRequest
from storage.identity import ChannelIdentity
from storage.message import MessageOut
from storage.referral import Referral
from storage.row import lock_one
from storage.session import Course, CourseSession, venues

SURE, UNSURE = 0.93, 0.31
OTHERS, OFFERED = 2, timedelta(minutes=30)
LONGEST = timedelta(hours=4)  # no session takes longer

Event = Mapping[str, Any]


@dataclass
class Told:
    """One person's story so far. `conversation`: None until they open a chat; `now`: from where it is told."""

    referral: str
    reference: str
    born: str
    now: datetime
    conversation: str | None = None
    said: int = 0

    @property
    def talk(self) -> str:
        if self.conversation is None:
            raise LookupError("A story begins with `open`.")
        return self.conversation


def at(moment: datetime) -> Callable[[], datetime]:
    """A clock that stands there."""
    return lambda: moment


def _open(ctx: Context, told: Told, event: Event, _: Mapping[str, str]) -> None:
    if event["open"] == "telegram":
        told.conversation = conversations.open_telegram(ctx, f"99{int(told.referral[:8], 16)}")
    else:
        told.conversation = conversations.open_web(ctx, None, None).conversation_id


def _verify(ctx: Context, told: Told, _event: Event, _: Mapping[str, str]) -> None:
    born = datetime.fromisoformat(told.born).date()
    verification.check(ctx, told.talk, told.reference, born)


def _say(ctx: Context, told: Told, event: Event, _: Mapping[str, str]) -> None:
    """The person writes; the assistant answers, unless a worker has the conversation."""
    told.said += 1
    incoming = Incoming(f"sample-{told.said}", MessageKind.TEXT, event["says"])
    begun = turns.receive(ctx, told.talk, incoming, event.get("danger"), begin=True).begun
    if begun is None:
        return
    missed = event.get("missed")
    intent = "nlu_fallback" if missed else event.get("intent", event.get("danger", "give_details"))
    ranking = [{"name": name, "confidence": UNSURE - 0.05 * at} for at, name in enumerate(missed or [])]
    understood = {"intent": {"name": intent, "confidence": SURE}, "ranking": ranking}
    answers = event.get("answers", [f"utter_{intent}"] if f"utter_{intent}" in ctx.answers.names() else [])
    owned = handoff.owner(ctx, told.talk).value == "worker"
    ended = TurnEnd.LEFT_TO_WORKER if owned else TurnEnd.ANSWERED
    turns.end_turn(ctx, begun, ended, [] if owned else [Reply(name) for name in answers], understood)


def _ask(ctx: Context, told: Told, event: Event, _: Mapping[str, str]) -> None:
    handoff.ask(ctx, told.talk, "request_human", Urgency(event["asks"]), event.get("says"))


def _take(ctx: Context, told: Told, event: Event, staff: Mapping[str, str]) -> None:
    account = staff[event["take"]]
    shift.begin(ctx, account)
    handoff.take(ctx, told.talk, account)


def _write(ctx: Context, told: Told, event: Event, _: Mapping[str, str]) -> None:
    with ctx.database.reading() as session:
        request = session.exec(
            select(HandoffRequest).where(
                HandoffRequest.conversation_id == told.talk, HandoffRequest.state == HandoffState.TAKEN
            )
        ).one()
        account = request.account_id or ""
    reply.say(ctx, told.talk, account, event["writes"], ctx.new_id())


def _hand_back(ctx: Context, told: Told, event: Event, staff: Mapping[str, str]) -> None:
    account = staff[event["hand_back"]]
    with ctx.database.reading() as session:
        request = session.exec(
            select(HandoffRequest.id).where(
                HandoffRequest.conversation_id == told.talk, HandoffRequest.state == HandoffState.TAKEN
            )
        ).one()
    handoff.hand_back(ctx, told.talk, account, event["outcome"])
    shift.end(ctx, account)
    if "rated" in event:
        feedback.rate(ctx, told.talk, request, event["rated"])


def _note(ctx: Context, told: Told, event: Event, staff: Mapping[str, str]) -> None:
    if told.conversation:
        note.add(ctx, told.conversation, staff["worker"], event["note"])
    else:
        note.add_on_referral(ctx, told.referral, staff["worker"], event["note"])


def _case(ctx: Context, told: Told, event: Event, _: Mapping[str, str]) -> None:
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, told.talk)
        case.open_for(session, ctx, CaseReason(event["case"]), Urgency.ROUTINE, conversation)


def _clear(ctx: Context, told: Told, event: Event, staff: Mapping[str, str]) -> None:
    with ctx.database.reading() as session:
        theirs = select(Case.id).where(Case.conversation_id == told.talk, col(Case.closed_at).is_(None))
        open_ones = list(session.exec(theirs))
    for key in open_ones:
        danger.clear(ctx, key, audit.worker(staff[event["clear"]]))


def _call(ctx: Context, told: Told, event: Event, _: Mapping[str, str]) -> None:
    callback.ask(ctx, told.talk, event["callback"], event.get("when"))


def _book(ctx: Context, told: Told, event: Event, staff: Mapping[str, str]) -> None:
    """`week`: 0 the first that is to come at this venue, -1 the last that was; `sessions`: how many it has."""
    with ctx.database.writing() as session:
        course = course_of(session, event, told.now)
        conversation = lock_one(session, Conversation, told.conversation) if told.conversation else None
        referral = lock_one(session, Referral, told.referral)
        lock_one(session, Course, course.id)
        held = bookings.active_booking(session, referral.id)
        token = _offered(session, ctx, conversation, referral, course.id) if conversation else None
        row = (
            booking.instead(session, ctx, referral, held, course.id, token)
            if held
            else booking.new(ctx, referral, course.id, token)
        )
        by = audit.worker(staff[event["called"]]) if "called" in event else "person"
        booking.save(session, ctx, conversation, referral, row, "move" if held else "book", None, by)


def _offered(session: Session, ctx: Context, chat: Conversation, referral: Referral, course_id: str) -> str:
    """What they chose, among others that suited less; the token of it."""
    offers.lay(session, ctx, chat, referral, OTHERS)
    return offers.keep(session, ctx, chat, referral, course_id, ctx.clock() + OFFERED).token


def course_of(session: Session, event: Event, now: datetime) -> Course:
    """Which one an event is about: one that is over by now, or one that is to come."""
    by, past = col(Course.first_starts_at), event.get("week", 0) < 0
    there = by < now - LONGEST if past else by > now
    found = select(Course).where(Course.venue_id == event["book"], there)
    size = select(func.count()).where(col(CourseSession.course_id) == col(Course.id)).scalar_subquery()
    fitting = found.where(size == event.get("sessions", 1)).order_by(by.desc() if past else by.asc()).limit(1)
    return session.exec(fitting).one()


def _wait(ctx: Context, told: Told, event: Event, _: Mapping[str, str]) -> None:
    with ctx.database.reading() as session:
        places = [row.place for row in venues(session) if not row.online]
    waiting_list.join(ctx, told.talk, Said(None, event.get("says")), preference.read(event["waits"], places))


def _why(ctx: Context, told: Told, event: Event, _: Mapping[str, str]) -> None:
    attendance.tell_why(ctx, told.talk, Said(None, why=event["why"]))


def _put_down(ctx: Context, told: Told, event: Event, staff: Mapping[str, str]) -> None:
    referral_state.put_down(ctx, told.referral, staff["worker"], event["put_down"], event["because"])


def _decide(ctx: Context, told: Told, event: Event, staff: Mapping[str, str]) -> None:
    decision.decide(ctx, told.referral, staff["worker"], event["decides"], event["because"])


def _agree(ctx: Context, told: Told, event: Event, staff: Mapping[str, str]) -> None:
    with ctx.database.reading() as session:
        row = standing_decision(session, told.referral)
    if row is not None:
        decision.agree(ctx, row.id, staff[event["agrees"]])


def _confirm(ctx: Context, told: Told, _event: Event, _: Mapping[str, str]) -> None:
    with ctx.database.writing() as session:
        held = bookings.active_booking(session, told.referral)
        if held is not None:
            held.confirmed_at = ctx.clock()
            session.add(held)


def _block(ctx: Context, told: Told, _event: Event, _: Mapping[str, str]) -> None:
    """They have blocked us: what was to be sent could not be."""
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, told.talk)
        last = session.exec(
            select(MessageOut).where(MessageOut.conversation_id == told.talk).order_by(col(MessageOut.seq).desc())
        ).first()
        if last is not None:
            last.state, last.failure = OutState.BLOCKED, "blocked"
            session.add(last)
        identity = session.get_one(ChannelIdentity, conversation.identity_id)
        identity.blocked_at = ctx.clock()
        session.add(identity)
        detail = {"message": last.id if last else None, "failure": "blocked"}
        case.open_for(session, ctx, CaseReason.NOT_DELIVERED, Urgency.STUCK, conversation, detail)


KINDS: Mapping[str, Callable[[Context, Told, Event, Mapping[str, str]], None]] = {
    "open": _open,
    "verify": _verify,
    "says": _say,
    "asks": _ask,
    "take": _take,
    "writes": _write,
    "book": _book,
    "waits": _wait,
    "why": _why,
    "put_down": _put_down,
    "decides": _decide,
    "agrees": _agree,
    "confirmed": _confirm,
    "case": _case,
    "callback": _call,
    "note": _note,
    "clear": _clear,
    "hand_back": _hand_back,
    "blocked": _block,
}
