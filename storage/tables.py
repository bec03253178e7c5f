"""All tables in one place, for whoever needs the whole metadata (migrations, tests)."""

from storage.audit import Audit
from storage.booking import Booking, Offer
from storage.case import Case
from storage.conversation import Conversation, Lease
from storage.handoff import HandoffRequest
from storage.identity import Attempt, ChannelIdentity
from storage.message import ButtonToken, MessageIn, MessageOut
from storage.miss import Miss
from storage.person import Person
from storage.referral import PersonalLink, Referral
from storage.row import Row
from storage.session import Course, CourseSession, Venue
from storage.setting import Setting

metadata = Row.metadata

__all__ = [
    "Attempt",
    "Audit",
    "Booking",
    "ButtonToken",
    "Case",
    "ChannelIdentity",
    "Conversation",
    "Course",
    "CourseSession",
    "HandoffRequest",
    "Lease",
    "MessageIn",
    "MessageOut",
    "Miss",
    "Offer",
    "Person",
    "PersonalLink",
    "Referral",
    "Setting",
    "Venue",
    "metadata",
]
