"""All tables in one place, for whoever needs the whole metadata (migrations, tests)."""

from storage.absence import Absence
from storage.account import Account, Invitation, RecoveryCode, Shift, StaffSession
from storage.alert import Alert
from storage.api_token import ApiToken
from storage.attendance import Attendance
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
from storage.outreach import Outreach
from storage.paper import Paper
from storage.person import Person
from storage.police_list import PoliceCorrection, PoliceList, PoliceListRow
from storage.referral import PersonalLink, Referral
from storage.referral_change import ReferralChange
from storage.referral_import import ImportMapping, ReferralImport
from storage.row import Row
from storage.session import Course, CourseSession, CourseStaff, Venue
from storage.setting import Setting, SettingVersion
from storage.waiting import Hold, Waiting

metadata = Row.metadata

__all__ = [
    "Absence",
    "Account",
    "Alert",
    "ApiToken",
    "Attempt",
    "Attendance",
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
    "CourseStaff",
    "Decision",
    "Draft",
    "Feedback",
    "HandoffRequest",
    "Hold",
    "ImportMapping",
    "Invitation",
    "Lease",
    "Lesson",
    "MessageIn",
    "MessageOut",
    "Miss",
    "Note",
    "Offer",
    "Outreach",
    "Paper",
    "Person",
    "PersonalLink",
    "PoliceCorrection",
    "PoliceList",
    "PoliceListRow",
    "RecoveryCode",
    "Referral",
    "ReferralChange",
    "ReferralImport",
    "Setting",
    "SettingVersion",
    "Shift",
    "StaffSession",
    "TrainingRun",
    "Venue",
    "Waiting",
    "metadata",
]
