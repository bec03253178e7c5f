"""All tables in one place, for whoever needs the whole metadata (migrations, tests)."""

from storage.account import Account, Invitation, RecoveryCode, Shift, StaffSession
from storage.alert import Alert
from storage.audit import Audit
from storage.booking import Booking, Offer
from storage.callback import Callback
from storage.canned_reply import CannedReply
from storage.case import Case
from storage.conversation import Conversation, Lease
from storage.decision import Decision
from storage.feedback import Feedback
from storage.handoff import HandoffRequest
from storage.identity import Attempt, ChannelIdentity
from storage.lesson import Lesson, TrainingRun
from storage.message import ButtonToken, MessageIn, MessageOut
from storage.miss import Miss
from storage.note import Draft, Note
from storage.paper import Paper
from storage.person import Person
from storage.police_list import PoliceCorrection, PoliceList, PoliceListRow
from storage.referral import PersonalLink, Referral
from storage.row import Row
from storage.session import Course, CourseSession, Venue
from storage.setting import Setting, SettingVersion

metadata = Row.metadata

__all__ = [
    "Account",
    "Alert",
    "Attempt",
    "Audit",
    "Booking",
    "ButtonToken",
    "Callback",
    "CannedReply",
    "Case",
    "ChannelIdentity",
    "Conversation",
    "Course",
    "CourseSession",
    "Decision",
    "Draft",
    "Feedback",
    "HandoffRequest",
    "Invitation",
    "Lease",
    "Lesson",
    "MessageIn",
    "MessageOut",
    "Miss",
    "Note",
    "Offer",
    "Paper",
    "Person",
    "PersonalLink",
    "PoliceCorrection",
    "PoliceList",
    "PoliceListRow",
    "RecoveryCode",
    "Referral",
    "Setting",
    "SettingVersion",
    "Shift",
    "StaffSession",
    "TrainingRun",
    "Venue",
    "metadata",
]
