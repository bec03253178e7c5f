"""A person's record as staff see it: who they are, where they stand, what was said and noted. Each look is logged."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from programme import audit, canned_reply, exchange, feedback, note, outreach
from programme import person as persons
from programme.canned_reply import Filled
from programme.context import Context
from programme.exchange import Line
from programme.feedback import FeedbackView
from programme.note import NoteView
from programme.outreach import Ledger
from programme.person import CaseView, PersonView
from storage import callback as callbacks
from storage import handoff as handoffs
from storage.account import Account
from storage.audit import Audit
from storage.conversation import Conversation
from storage.enums import Channel, HandoffState, Owner, Urgency
from storage.handoff import HandoffRequest
from storage.message import MessageIn
from storage.note import Draft
from storage.referral import Referral

VIEWED, SHOWN = "viewed", "shown_hidden"
LATEST, MOST = 120, 2000  # messages on a page; of a whole transcript
SAME_LOOK = timedelta(minutes=30)  # a page that renews itself is one look for so long
TYPING_LASTS = timedelta(seconds=6)


class NoRecordError(LookupError):
    """There is no such conversation, message or person."""


@dataclass(frozen=True)
class RequestView:
    """`by`: the name of who has it; `outcome` of one that has ended."""

    id: str
    reason: str
    urgency: Urgency
    state: HandoffState
    requested_at: datetime
    taken_at: datetime | None
    ended_at: datetime | None
    by: str | None
    outcome: str | None
    outcome_note: str | None


@dataclass(frozen=True)
class Ring:
    """They asked to be rung. `number`: E.164; `good_time`: in their words."""

    number: str
    good_time: str | None
    due_at: datetime
    tries: int


@dataclass(frozen=True)
class Record:
    """All of a conversation. `mine`: whoever looks has it; `linked`: by a personal link only, nothing is proved."""

    conversation_id: str
    channel: Channel
    owner: Owner
    owner_name: str | None
    mine: bool
    language: str | None
    linked: bool
    paused: bool
    stopped: bool
    left: bool
    typing: bool
    person: PersonView | None
    request: RequestView | None
    earlier_requests: tuple[RequestView, ...]
    ring: Ring | None
    feedback: tuple[FeedbackView, ...]
    cases: tuple[CaseView, ...]
    notes: tuple[NoteView, ...]
    lines: tuple[Line, ...]
    earlier: bool
    draft: str
    canned: tuple[Filled, ...]


@dataclass(frozen=True)
class Chat:
    """One of a person's conversations."""

    id: str
    channel: Channel
    owner: Owner
    last_in_at: datetime | None
    created_at: datetime


@dataclass(frozen=True)
class PersonRecord:
    """A person without a conversation before one's eyes: somebody on the phone."""

    person: PersonView
    cases: tuple[CaseView, ...]
    notes: tuple[NoteView, ...]
    chats: tuple[Chat, ...]
    reaching: Ledger


def read(ctx: Context, conversation_id: str, account_id: str, *, live: bool = False, whole: bool = False) -> Record:
    """A conversation with all that belongs to it; that somebody looked is logged. `live`: an open page renews itself,
    which is no new look. `whole`: the earlier messages too. Raises NoRecordError."""
    _look(ctx, Conversation, "conversation", conversation_id, account_id, live)
    with ctx.database.reading() as session:
        conversation = session.get_one(Conversation, conversation_id)
        lines, earlier = exchange.read(session, conversation, account_id, MOST if whole else LATEST)
        requests = _requests(session, conversation_id)
        taken = handoffs.open_request_of(session, conversation_id)
        is_taken = taken is not None and taken.state is HandoffState.TAKEN
        typed, draft = conversation.person_typing_at, _draft(session, conversation_id, account_id)
        return Record(
            conversation_id=conversation_id,
            channel=conversation.channel,
            owner=conversation.owner,
            owner_name=_name(session, taken.account_id) if taken and is_taken else None,
            mine=bool(taken and is_taken and taken.account_id == account_id and conversation.owner is Owner.WORKER),
            language=conversation.language,
            linked=conversation.linked_referral_id is not None,
            paused=conversation.paused_at is not None,
            stopped=conversation.messages_stopped_at is not None,
            left=conversation.closed_at is not None,
            typing=typed is not None and ctx.clock() - typed < TYPING_LASTS,
            person=persons.read(session, ctx, conversation.referral_id) if conversation.referral_id else None,
            request=next((each for each in requests if each.ended_at is None), None),
            earlier_requests=tuple(each for each in requests if each.ended_at is not None),
            ring=_ring(session, conversation_id),
            feedback=tuple(feedback.listed(session, conversation_id)),
            cases=persons.cases(session, conversation_id, conversation.referral_id),
            notes=note.listed(session, conversation_id, conversation.referral_id),
            lines=lines,
            earlier=earlier,
            draft=draft.text if draft else "",
            canned=canned_reply.filled(session, ctx, conversation, account_id),
        )


def read_person(ctx: Context, referral_id: str, account_id: str, *, live: bool = False) -> PersonRecord:
    """A person's record without a conversation; that somebody looked is logged. Raises NoRecordError."""
    _look(ctx, Referral, "referral", referral_id, account_id, live)
    with ctx.database.reading() as session:
        chats = select(Conversation).where(Conversation.referral_id == referral_id)
        return PersonRecord(
            persons.read(session, ctx, referral_id),
            persons.cases(session, None, referral_id),
            note.listed(session, None, referral_id),
            tuple(
                Chat(row.id, row.channel, row.owner, row.last_in_at, row.created_at)
                for row in session.exec(chats.order_by(col(Conversation.created_at).desc()))
            ),
            outreach.ledger(session, referral_id),
        )


def show_hidden(ctx: Context, conversation_id: str, message_id: str, account_id: str) -> str:
    """The words of a message that was hidden, for somebody who needs them; it is logged. Raises NoRecordError."""
    with ctx.database.writing() as session:
        row = session.get(MessageIn, message_id)
        if row is None or row.conversation_id != conversation_id:
            raise NoRecordError(NoRecordError.__doc__)
        _log(session, ctx, account_id, SHOWN, "message_in", row.id)
        return row.text or ""


def _look(
    ctx: Context, table: type[Conversation] | type[Referral], kind: str, key: str, account_id: str, live: bool
) -> None:
    """Logs the look, and that there is something to look at. A page that renews itself wrote its line when it was
    opened; one that says so without having been opened is written down too."""
    with ctx.database.reading() as session:
        if session.get(table, key) is None:
            raise NoRecordError(NoRecordError.__doc__)
        if live and _looked_lately(session, ctx, kind, key, account_id):
            return
    with ctx.database.writing() as session:
        _log(session, ctx, account_id, VIEWED, kind, key)


def _looked_lately(session: Session, ctx: Context, kind: str, key: str, account_id: str) -> bool:
    found = select(Audit.id).where(
        Audit.subject_kind == kind,
        Audit.subject_id == key,
        Audit.actor == audit.worker(account_id),
        Audit.action == VIEWED,
        Audit.at > ctx.clock() - SAME_LOOK,
    )
    return session.exec(found.limit(1)).first() is not None


def _log(session: Session, ctx: Context, account_id: str, action: str, kind: str, key: str) -> None:
    actor = audit.worker(account_id)
    audit.note(session, ctx, actor, action, kind, key)


def _requests(session: Session, conversation_id: str) -> list[RequestView]:
    found = select(HandoffRequest).where(HandoffRequest.conversation_id == conversation_id)
    return [
        RequestView(
            row.id,
            row.reason,
            row.urgency,
            row.state,
            row.requested_at,
            row.taken_at,
            row.ended_at,
            _name(session, row.account_id),
            row.outcome,
            row.outcome_note,
        )
        for row in session.exec(found.order_by(col(HandoffRequest.requested_at).desc(), col(HandoffRequest.id)))
    ]


def _ring(session: Session, conversation_id: str) -> Ring | None:
    row = callbacks.open_callback_of(session, conversation_id)
    return Ring(row.number, row.good_time, row.due_at, row.tries) if row else None


def _name(session: Session, account_id: str | None) -> str | None:
    account = session.get(Account, account_id) if account_id else None
    return account.name if account else None


def _draft(session: Session, conversation_id: str, account_id: str) -> Draft | None:
    found = select(Draft).where(Draft.conversation_id == conversation_id, Draft.account_id == account_id)
    return session.exec(found).first()
