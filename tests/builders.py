"""Rows for tests: each builder writes what is needed to a database and returns the row; anything can be named.

`a_booking(database)` makes the referral, the person and the course by itself. Times hang on NOW, where the clock of
tests/conftest.py starts.
"""

import itertools
import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

from storage.account import Account, email_lookup
from storage.booking import Booking, Offer
from storage.case import Case
from storage.conversation import Conversation
from storage.database import Database
from storage.enums import CaseReason, Channel, MessageKind, OutreachKind, Role, Sender, Urgency, Way
from storage.handoff import HandoffRequest
from storage.identity import ChannelIdentity, external_lookup
from storage.message import ButtonToken, MessageIn, MessageOut, add_in, add_out
from storage.miss import Miss
from storage.outreach import Outreach
from storage.person import Person
from storage.referral import PersonalLink, Referral, link_lookup, reference_lookup
from storage.row import Kind
from storage.session import Course, CourseSession, Venue
from storage.setting import Setting

NOW = datetime(2026, 12, 1, 10, 0, tzinfo=UTC)
_numbers = itertools.count(1)


def new_id() -> str:
    return uuid.uuid4().hex


def a_person(database: Database, **given: Any) -> Person:
    values = {"name": "Alex Green", "date_of_birth": "1990-03-14", "phone": "07700 900123", "email": "alex@example.org"}
    return _save(database, Person(**{"id": new_id(), "created_at": NOW} | values | given))


def a_referral(database: Database, **given: Any) -> Referral:
    """`reference` is canonical; its keyed hash is made here. Give `person` or `person_id` for somebody known."""
    person = given.pop("person", None)
    if "person_id" not in given:
        given["person_id"] = (person or a_person(database)).id
    reference = given.pop("reference", f"TVP{next(_numbers):06d}")
    values = {
        "referred_on": date(2026, 11, 20),
        "book_by": date(2026, 12, 31),
        "finish_by": date(2027, 1, 31),
        "reference": reference,
        "reference_lookup": reference_lookup(database.keyring, reference),
    }
    return _save(database, Referral(**{"id": new_id(), "created_at": NOW} | values | given))


def a_link(database: Database, referral: Referral, token: str = "link-token", **given: Any) -> PersonalLink:
    values = {"referral_id": referral.id, "token_lookup": link_lookup(database.keyring, token)}
    times = {"created_at": NOW, "expires_at": NOW + timedelta(days=30)}
    return _save(database, PersonalLink(**{"id": new_id()} | values | times | given))


def an_outreach(database: Database, referral: Referral, **given: Any) -> Outreach:
    """A personal link by text message, planned and not sent yet."""
    values = {"kind": OutreachKind.LINK, "way": Way.SMS, "occasion": f"link:{referral.id}", "created_at": NOW}
    return _save(database, Outreach(**{"id": new_id(), "referral_id": referral.id} | values | given))


def a_venue(database: Database, **given: Any) -> Venue:
    values = {"name": "Reading Central Library", "place": "Reading", "address": "Abbey Square, Reading RG1 3BQ"}
    return _save(database, Venue(**{"id": new_id()} | values | given))


def a_course(database: Database, *, sessions: int = 1, hours: float = 3, **given: Any) -> Course:
    """A course of weekly sessions. Give `starts_at` (of the first), `venue`, `capacity`, …"""
    starts_at = given.pop("starts_at", NOW + timedelta(days=7, hours=8))
    venue = given.pop("venue", None)
    if "venue_id" not in given:
        given["venue_id"] = (venue or a_venue(database)).id
    values = {"id": new_id(), "capacity": 15, "first_starts_at": starts_at, "created_at": NOW}
    course = _save(database, Course(**values | given))
    for number in range(sessions):
        begins = starts_at + timedelta(weeks=number)
        a_course_session(database, course, number=number + 1, starts_at=begins, ends_at=begins + timedelta(hours=hours))
    return course


def a_course_session(database: Database, course: Course, **given: Any) -> CourseSession:
    return _save(database, CourseSession(**{"id": new_id(), "course_id": course.id} | given))


def an_identity(database: Database, channel: Channel = Channel.WEB, **given: Any) -> ChannelIdentity:
    """`external` is the Telegram chat id (kept, sealed) or the web session's token (only its hash is kept)."""
    external = given.pop("external", str(next(_numbers)))
    values = {
        "channel": channel,
        "external_lookup": external_lookup(database.keyring, channel, external),
        "external": external if channel is Channel.TELEGRAM else None,
    }
    return _save(database, ChannelIdentity(**{"id": new_id(), "created_at": NOW} | values | given))


def a_conversation(database: Database, channel: Channel = Channel.WEB, **given: Any) -> Conversation:
    if "identity_id" not in given:
        given["identity_id"] = an_identity(database, channel).id
    return _save(database, Conversation(**{"id": new_id(), "channel": channel, "created_at": NOW} | given))


def a_message_in(database: Database, conversation: Conversation, text: str = "hello", **given: Any) -> MessageIn:
    values = {"id": new_id(), "channel_message_id": new_id(), "kind": MessageKind.TEXT, "received_at": NOW}
    with database.writing() as session:
        return add_in(session, MessageIn(**values | {"conversation_id": conversation.id, "text": text} | given))


def a_message_out(database: Database, conversation: Conversation, text: str = "Hello.", **given: Any) -> MessageOut:
    values = {"id": new_id(), "sender": Sender.ASSISTANT, "created_at": NOW}
    with database.writing() as session:
        return add_out(session, MessageOut(**values | {"conversation_id": conversation.id, "text": text} | given))


def a_miss(database: Database, message: MessageIn, **given: Any) -> Miss:
    values = {"id": new_id(), "message_in_id": message.id, "text": "hmm", "ranking": "[]", "missed_at": NOW}
    return _save(database, Miss(**values | given))


def a_button(database: Database, message: MessageOut, **given: Any) -> ButtonToken:
    values = {"title": "Yes", "choice": '{"intent": "affirm", "values": {}}', "created_at": NOW}
    ids = {"token": new_id(), "conversation_id": message.conversation_id, "message_id": message.id}
    return _save(database, ButtonToken(**ids | values | given))


def an_offer(database: Database, conversation: Conversation, referral: Referral, course: Course, **given: Any) -> Offer:
    ids = {"conversation_id": conversation.id, "referral_id": referral.id, "course_id": course.id}
    values = {
        "token": new_id(),
        "batch": 1,
        "position": 1,
        "offered_at": NOW,
        "expires_at": NOW + timedelta(minutes=30),
    }
    return _save(database, Offer(**ids | values | given))


def a_booking(
    database: Database, referral: Referral | None = None, course: Course | None = None, **given: Any
) -> Booking:
    referral, course = referral or a_referral(database), course or a_course(database)
    values = {"calendar_uid": new_id(), "calendar_token": new_id(), "made_at": NOW}
    ids = {"id": new_id(), "referral_id": referral.id, "course_id": course.id}
    return _save(database, Booking(**ids | values | given))


def a_case(database: Database, **given: Any) -> Case:
    values = {"reason": CaseReason.NO_SESSION, "urgency": Urgency.DEADLINE, "subject": f"referral:{next(_numbers)}"}
    times = {"opened_at": NOW, "due_at": NOW + timedelta(days=1)}
    return _save(database, Case(**{"id": new_id()} | values | times | given))


def a_handoff_request(database: Database, conversation: Conversation, **given: Any) -> HandoffRequest:
    values = {"reason": "request_human", "urgency": Urgency.ASKED, "requested_at": NOW}
    return _save(database, HandoffRequest(**{"id": new_id(), "conversation_id": conversation.id} | values | given))


def a_setting(database: Database, key: str, value: str, **given: Any) -> Setting:
    days = {"approved_on": date(2026, 11, 1), "review_by": date(2027, 11, 1), "updated_at": NOW}
    values = {"key": key, "value": value, "source": "a test", "approver": "a test"}
    return _save(database, Setting(**values | days | given))


def _save(database: Database, row: Kind) -> Kind:
    with database.writing() as session:
        session.add(row)
    return row


def an_account(database: Database, **given: Any) -> Account:
    """A member of staff; a worker unless said otherwise."""
    email = given.pop("email", f"worker{next(_numbers)}@example.org")
    values = {"name": "Wren Worker", "role": Role.WORKER, "password_hash": "no hash", "created_at": NOW}
    lookup = email_lookup(database.keyring, email)
    return _save(database, Account(**{"id": new_id(), "email": email, "email_lookup": lookup} | values | given))
