"""Erasing: what is taken out of each table for good, and what stays so that numbers can still be counted.

Words, names, numbers, addresses and keyed hashes go; states, days, venues and channels stay, in rows that lead to
nobody. Nothing sealed is opened here. Every statement may run twice.
"""

from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, update
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from storage.absence import Absence
from storage.audit import Audit
from storage.booking import Booking
from storage.callback import Callback
from storage.case import Case
from storage.conversation import Conversation
from storage.decision import Decision
from storage.enums import LessonState, OutreachState, OutState, Owner
from storage.feedback import Feedback
from storage.handoff import HandoffRequest
from storage.identity import ChannelIdentity
from storage.keys import Keyring
from storage.lesson import Lesson
from storage.message import ButtonToken, MessageIn, MessageOut
from storage.miss import Miss
from storage.note import Draft, Note
from storage.outreach import Outreach
from storage.paper import Paper
from storage.person import Person
from storage.police_list import PoliceListRow
from storage.referral import PersonalLink, Referral, reference_lookup
from storage.referral_change import ReferralChange
from storage.row import Row
from storage.waiting import Waiting

GONE = "erased:"  # before a row's own id, where something must stand that nobody else has
NOBODY_BORN = "0001-01-01"  # a day that can be read, and is nobody's
AT_ONCE = 500

# What stays without its words, by table and by what leads to it.
OF_CONVERSATION: tuple[tuple[type[Row], dict[str, Any]], ...] = (
    (HandoffRequest, {"last_words": None, "outcome_note": None}),
    (Feedback, {"words": None}),
    (Callback, {"number": "", "good_time": None, "outcome_note": None}),
    (Case, {"detail": None}),
    (Waiting, {"wanted": None}),
)
OF_REFERRAL: tuple[tuple[type[Row], dict[str, Any]], ...] = (
    (ReferralChange, {"why": None}),
    (Absence, {"why": None}),
    (Decision, {"reason": "", "evidence": "{}", "second_reason": None, "overturned_reason": None}),
    (Outreach, {"text": None, "external_id": None, "link_id": None}),
    (Callback, {"number": "", "good_time": None, "outcome_note": None}),
    (Case, {"detail": None}),
    (Waiting, {"wanted": None}),
)
# What goes as a whole. Messages go too, after what points at them.
GO_WITH_CONVERSATION: tuple[type[Row], ...] = (ButtonToken, Draft, Note)
GO_WITH_REFERRAL: tuple[type[Row], ...] = (Note, Paper, PersonalLink)
# Whose lines of the audit log lose their details, by what the log calls them.
AUDITED_OF_CONVERSATION: dict[str, type[Row]] = {
    "callback": Callback,
    "case": Case,
    "feedback": Feedback,
    "message_in": MessageIn,
    "note": Note,
    "waiting": Waiting,
}
AUDITED_OF_REFERRAL: dict[str, type[Row]] = {
    "booking": Booking,
    "callback": Callback,
    "case": Case,
    "note": Note,
    "waiting": Waiting,
}


def erase_conversations(session: Session, ids: Collection[str], now: datetime) -> None:
    """What was said in these (locked) conversations, and on which channel account. They end with it."""
    _silence(session, "conversation", ids)
    for kind, table in AUDITED_OF_CONVERSATION.items():
        _silence(session, kind, _keys(table, "conversation_id", ids))
    _let_go_of_messages(session, ids)
    for table in GO_WITH_CONVERSATION:
        _delete(session, table, "conversation_id", ids)
    for table in (MessageOut, MessageIn):
        _delete(session, table, "conversation_id", ids)
    for kept, values in OF_CONVERSATION:
        _blank(session, kept, "conversation_id", ids, values)
    _blank(
        session,
        Conversation,
        "id",
        ids,
        {
            "owner": Owner.BOT,
            "address_lookup": None,
            "language": None,
            "lease_holder": None,
            "lease_expires_at": None,
            "out_of_step_since": None,
            "fence": Conversation.fence + 1,  # whoever still works on it must not write it
            "closed_at": func.coalesce(Conversation.closed_at, now),
            "erased_at": now,
        },
    )
    _erase_identities(session, ids)


def erase_referral(
    session: Session, keyring: Keyring, referral: Referral, now: datetime, new_token: Callable[[], str]
) -> None:
    """All that is personal of this (locked) referral, but for its conversations and what the police were given."""
    ids = [referral.id]
    _silence(session, "referral", ids)
    _silence(session, "person", [referral.person_id])
    for kind, table in AUDITED_OF_REFERRAL.items():
        _silence(session, kind, _keys(table, "referral_id", ids))
    for kept, values in OF_REFERRAL:
        _blank(session, kept, "referral_id", ids, values)
    unsent = [col(Outreach.referral_id) == referral.id, col(Outreach.state) == OutreachState.WAITING]
    run(session, update(Outreach).where(*unsent).values(state=OutreachState.DROPPED))
    for table in GO_WITH_REFERRAL:
        _delete(session, table, "referral_id", ids)
    for key in session.exec(select(Booking.id).where(Booking.referral_id == referral.id)).all():
        opened = {"calendar_token": new_token(), "calendar_uid": new_token(), "offer_token": None}
        _blank(session, Booking, "id", [key], opened)
    reference = f"{GONE}{referral.id}"
    about = {
        "reference": reference,
        "reference_lookup": reference_lookup(keyring, reference),
        "erased_at": now,
        **dict.fromkeys(("matching_word", "source_lookup", "import_id", "kept_at", "kept_by", "kept_why")),
    }
    _blank(session, Referral, "id", ids, about)
    _erase_person(session, referral.person_id)


def erase_rows(session: Session, ids: Collection[str], now: datetime) -> None:
    """What these rows of lists for the police say of people. That they went, and when, stays."""
    _blank(session, PoliceListRow, "id", ids, {"cells": "{}", "reason": None, "erased_at": now})


def _let_go_of_messages(session: Session, ids: Collection[str]) -> None:
    """What came of messages is noted where it is counted; what trainers have read and taught stays, without whose."""
    theirs = col(Conversation.referral_id) == col(Outreach.referral_id)
    sent = (
        select(Outreach.id, Outreach.seen_at, MessageOut.state, theirs)
        .join(MessageOut, col(Outreach.message_id) == col(MessageOut.id))
        .join(Conversation, col(Conversation.id) == col(MessageOut.conversation_id))
        .where(col(MessageOut.conversation_id).in_(ids))
    )
    for key, seen_at, state, is_theirs in session.exec(sent).all():
        came_to = _came_to(seen_at, OutState(state), bool(is_theirs))
        _blank(session, Outreach, "id", [key], {"message_id": None, "state": came_to})
    said = select(MessageIn.id).where(col(MessageIn.conversation_id).in_(ids))
    taught = [col(Lesson.state) == LessonState.LABELLED, col(Lesson.undone_at).is_(None)]
    missed = select(Miss.id).where(col(Miss.message_in_id).in_(said))
    learnt = or_(col(Lesson.message_in_id).in_(said), col(Lesson.miss_id).in_(missed))
    run(session, update(Lesson).where(learnt, *taught).values(miss_id=None, message_in_id=None))
    run(session, delete(Lesson).where(learnt))
    run(session, delete(Miss).where(col(Miss.message_in_id).in_(said)))


def _came_to(seen_at: datetime | None, state: OutState, is_theirs: bool) -> OutreachState:
    """What arrived in a chat that turned out to be somebody else's has not arrived."""
    if seen_at is not None:
        return OutreachState.SEEN
    if state is OutState.WAITING:
        return OutreachState.DROPPED
    arrived = OutreachState(state.value)
    return arrived if is_theirs or state is not OutState.DELIVERED else OutreachState.SENT


def _erase_identities(session: Session, conversation_ids: Collection[str]) -> None:
    """A chat account is forgotten with the last of its conversations; whoever writes from it again is new to us."""
    theirs = select(Conversation.identity_id).where(col(Conversation.id).in_(conversation_ids))
    still = select(Conversation.identity_id).where(col(Conversation.erased_at).is_(None))
    found = select(ChannelIdentity.id).where(col(ChannelIdentity.id).in_(theirs), col(ChannelIdentity.id).not_in(still))
    for key in session.exec(found).all():
        values = {"external": None, "external_lookup": f"{GONE}{key}", "blocked_at": None}
        _blank(session, ChannelIdentity, "id", [key], values)


def _erase_person(session: Session, person_id: str) -> None:
    """Unless another referral of theirs is still here. That they needed something stays a number, what it was does
    not."""
    left = select(Referral.id).where(Referral.person_id == person_id, col(Referral.erased_at).is_(None))
    if session.exec(left.limit(1)).first() is not None:
        return
    nobody = {"name": "", "date_of_birth": NOBODY_BORN, "phone": None, "email": None}
    _blank(session, Person, "id", [person_id], nobody)
    needs = [col(Person.id) == person_id, col(Person.access_needs).is_not(None)]
    run(session, update(Person).where(*needs).values(access_needs=""))


def _keys(table: type[Row], by: str, ids: Collection[str]) -> SelectOfScalar[str]:
    key = next(iter(table.__table__.primary_key.columns))  # type: ignore[attr-defined]
    return select(key).where(_in(table, by, ids))


def _silence(session: Session, kind: str, ids: Collection[str] | SelectOfScalar[str]) -> None:
    """That something was done to these records stays in the audit log, its details do not."""
    said = [col(Audit.subject_kind) == kind, col(Audit.subject_id).in_(ids), col(Audit.detail).is_not(None)]
    run(session, update(Audit).where(*said).values(detail=None))


def in_parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    """As many at once as a query can name."""
    return (ids[start : start + AT_ONCE] for start in range(0, len(ids), AT_ONCE))


def _in(table: type[Row], by: str, ids: Collection[str]) -> ColumnElement[bool]:
    found: ColumnElement[bool] = getattr(table, by).in_(ids)
    return found


def _blank(session: Session, table: type[Row], by: str, ids: Collection[str], values: dict[str, Any]) -> None:
    run(session, update(table).where(_in(table, by, ids)).values(**values))


def _delete(session: Session, table: type[Row], by: str, ids: Collection[str]) -> None:
    run(session, delete(table).where(_in(table, by, ids)))


def run(session: Session, statement: Any) -> None:
    """A change of many rows at once, none of which is opened."""
    session.execute(statement.execution_options(synchronize_session=False))
