"""The fixed words that rows are marked with; what may follow what is decided in programme/rules/."""

from enum import StrEnum


class Channel(StrEnum):
    WEB = "web"
    TELEGRAM = "telegram"


class Owner(StrEnum):
    """Who answers a conversation."""

    BOT = "bot"
    QUEUED = "queued"
    WORKER = "worker"


class Sender(StrEnum):
    """Who speaks in a message that goes out; the words of CONTRACTS' `from`."""

    ASSISTANT = "assistant"
    WORKER = "worker"
    NOTICE = "notice"


class TurnState(StrEnum):
    """How far the handling of an incoming message has come."""

    WAITING = "waiting"
    HANDLING = "handling"
    ENDED = "ended"


class TurnEnd(StrEnum):
    """How the handling of an incoming message ended."""

    ANSWERED = "answered"
    MENU = "menu"
    LEFT_TO_WORKER = "left_to_worker"
    IGNORED = "ignored"


class MessageKind(StrEnum):
    """What an incoming message is: words, a tap on a button of ours, or something we cannot read."""

    TEXT = "text"
    CHOICE = "choice"
    OTHER = "other"


class OutState(StrEnum):
    """Where an outgoing message is. `sent`: given to the channel; `delivered`: seen, or accepted by Telegram."""

    WAITING = "waiting"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    BLOCKED = "blocked"
    DROPPED = "dropped"


class ReferralState(StrEnum):
    REFERRED = "referred"
    REACHED = "reached"
    VERIFIED = "verified"
    BOOKED = "booked"
    ATTENDED = "attended"
    COMPLETED = "completed"
    MISSED = "missed"
    SECOND_CHANCE = "second_chance"
    RETURNED = "returned"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"


class CourseState(StrEnum):
    OPEN = "open"
    CANCELLED = "cancelled"
    ENDED = "ended"


class BookingState(StrEnum):
    ACTIVE = "active"
    MOVED = "moved"
    CANCELLED = "cancelled"
    MISSED = "missed"  # given up for another chance, after its session


class Mark(StrEnum):
    """What a session's list says of somebody."""

    ATTENDED = "attended"
    ABSENT = "absent"
    LATE = "late"  # came, and was turned away


class AbsenceStep(StrEnum):
    """What was done at once about a session that was missed."""

    DATES = "dates"  # the next one may be chosen
    NO_SESSION = "no_session"  # it might, but there is none: a worker looks
    WORKER = "worker"  # a worker decides


class WaitingState(StrEnum):
    """Of somebody on the waiting list. All but the first are over."""

    WAITING = "waiting"
    PLACED = "placed"
    LEFT = "left"
    ENDED = "ended"  # the deadline is over, or the referral


class HoldEnd(StrEnum):
    """How it ended that a place was kept for somebody on the waiting list."""

    TAKEN = "taken"
    DECLINED = "declined"
    EXPIRED = "expired"
    CALLED_OFF = "called_off"  # with its session, by us
    ENDED = "ended"  # they took another place, or left the list


class CaseReason(StrEnum):
    """Why a worker must look."""

    MEDICAL_EMERGENCY = "medical_emergency"
    RISK_OF_SUICIDE = "risk_of_suicide"
    RISK_TO_OTHERS = "risk_to_others"
    SAFEGUARDING_CONCERN = "safeguarding_concern"
    MENTAL_HEALTH_CRISIS = "mental_health_crisis"
    NO_SESSION = "no_session"
    DEADLINE_UNKNOWN = "deadline_unknown"
    DEADLINE_PAST = "deadline_past"
    MORE_TIME = "more_time"
    NO_REFERENCE = "no_reference"
    NOT_VERIFIED = "not_verified"
    CUT_OFF = "cut_off"
    NOT_ANSWERED = "not_answered"
    NOT_DELIVERED = "not_delivered"
    NOT_OPEN = "not_open"  # a place is wanted, and the referral is over or waits for a worker
    MISSED_SESSION = "missed_session"
    ATTENDANCE_DISPUTED = "attendance_disputed"  # says that they were there
    RUNNING_LATE = "running_late"
    WAITING_LIST = "waiting_list"
    CONTACT_CHANGE = "contact_change"
    DECLINED = "declined"  # does not want the programme
    WRONG_PERSON = "wrong_person"
    TECHNICAL_PROBLEM = "technical_problem"
    COMPLAINT = "complaint"
    DATA_REQUEST = "data_request"
    THIRD_PARTY = "third_party"  # somebody asks for another person
    UNDER_18 = "under_18"
    ELIGIBILITY = "eligibility"
    OFFENCE_DISPUTED = "offence_disputed"
    OFFENCE_TOLD = "offence_told"  # told us of an offence before we could stop them
    COURT_LETTER = "court_letter"
    ACCESS_NEEDS = "access_needs"
    LANGUAGE = "language"  # an interpreter is wanted


class Urgency(StrEnum):
    """Most urgent first."""

    DANGER = "danger"
    DEADLINE = "deadline"
    ASKED = "asked"
    STUCK = "stuck"
    COMPLAINT = "complaint"
    ROUTINE = "routine"


class HandoffState(StrEnum):
    WAITING = "waiting"
    TAKEN = "taken"
    CANCELLED = "cancelled"
    CLOSED = "closed"
    HANDED_BACK = "handed_back"  # to the assistant
    EXPIRED = "expired"  # nobody came in time


class AttemptKind(StrEnum):
    """What a failed identity check is counted against."""

    IDENTITY = "identity"
    ADDRESS = "address"
    REFERENCE = "reference"
    ACCOUNT = "account"
    STAFF_ADDRESS = "staff_address"


class Role(StrEnum):
    """What a member of staff may do is in programme/rules/role.py."""

    WORKER = "worker"
    TRAINER = "trainer"
    LEAD = "lead"
    MANAGER = "manager"


class CallbackOutcome(StrEnum):
    REACHED = "reached"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    CANCELLED = "cancelled"


class Rating(StrEnum):
    GOOD = "good"
    MIXED = "mixed"
    BAD = "bad"


class VersionState(StrEnum):
    """Of a setting's version: proposed until a second person agrees, where two are needed."""

    PROPOSED = "proposed"
    LIVE = "live"
    REFUSED = "refused"


class LessonState(StrEnum):
    LABELLED = "labelled"
    NOT_OURS = "not_ours"
    SENT_BACK = "sent_back"


class RunKind(StrEnum):
    """What a trainer asked for: a model of all that is taught, a model for everybody, the model before it."""

    TRAIN = "train"
    LIVE = "live"
    BACK = "back"


class RunState(StrEnum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class AlertKind(StrEnum):
    """Which way an alert goes out."""

    TELEGRAM = "telegram"
    EMAIL = "email"


class AlertState(StrEnum):
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"
    DROPPED = "dropped"


class ImportState(StrEnum):
    """Of a file of referrals."""

    CHECKED = "checked"
    IMPORTING = "importing"
    DONE = "done"
    FAILED = "failed"


class Way(StrEnum):
    """By which somebody can be reached unasked; `none`: no way was left."""

    WEB = "web"
    TELEGRAM = "telegram"
    SMS = "sms"
    EMAIL = "email"
    POST = "post"  # a letter on paper, which staff print
    NONE = "none"


class OutreachKind(StrEnum):
    """What we write unasked: the personal link, a reminder of a session, a nudge to book; that a session was missed,
    that a place or time has changed, that the course is completed."""

    LINK = "link"
    REMINDER = "reminder"
    NUDGE = "nudge"
    MISSED = "missed"
    CHANGED = "changed"
    COMPLETED = "completed"


class OutreachState(StrEnum):
    """What came of one try. `sent`: a carrier took it; `delivered`: it says that it arrived; `seen`: they opened it."""

    WAITING = "waiting"
    SENT = "sent"
    DELIVERED = "delivered"
    SEEN = "seen"
    FAILED = "failed"
    BLOCKED = "blocked"
    DROPPED = "dropped"


class Finding(StrEnum):
    """Why somebody did not come, as a worker found."""

    DID_NOT_COME = "did_not_come"
    DID_NOT_BOOK = "did_not_book"
    REFUSED = "refused"  # told us that they do not want it
    NOT_REACHED = "not_reached"  # nothing that we sent is known to have got through


class DecisionState(StrEnum):
    PROPOSED = "proposed"  # waits for a second worker
    FINAL = "final"
    REFUSED = "refused"  # by the second worker
    OVERTURNED = "overturned"


class ListKind(StrEnum):
    """The two lists for the police."""

    COMPLETED = "completed"
    NOT_ATTENDED = "not_attended"


class PaperKind(StrEnum):
    """What a person can show to others."""

    CERTIFICATE = "certificate"
    PROOF_OF_BOOKING = "proof_of_booking"
