"""What must be known of people before they are told anything unasked, read for many at once: where a message waits on a
page, its person is looked at every minute, and each alone would be a dozen questions to the database."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sqlmodel import Session, and_, col, or_, select

from storage.absence import Absence
from storage.booking import Booking
from storage.case import Case
from storage.conversation import Conversation
from storage.enums import BookingState, CaseReason
from storage.referral import Referral
from storage.session import Course, CourseSession

AT_ONCE = 200  # people in one question


@dataclass
class Known:
    """Of one person. `chats`: in which they proved who they are, the one they used last first; `by_link`: that their
    own link has opened, in which nobody has proved that yet; `cases`: why a worker must look; `places`: all they have
    had, the newest first; `absences`: what they missed, the earliest first; `courses` and `sessions` (in order, without
    those that were cancelled alone), by the course's id: of the newest place, and of the one that they hold."""

    chats: list[Conversation] = field(default_factory=list)
    by_link: list[Conversation] = field(default_factory=list)
    cases: set[CaseReason] = field(default_factory=set)
    places: list[Booking] = field(default_factory=list)
    absences: list[Absence] = field(default_factory=list)
    courses: dict[str, Course] = field(default_factory=dict)
    sessions: dict[str, list[CourseSession]] = field(default_factory=dict)

    @property
    def has_stopped(self) -> bool:
        """Whether they want no reminders: said in a chat of theirs, or straight behind the link that we sent them."""
        return any(chat.messages_stopped_at for chat in (*self.chats, *self.by_link))

    @property
    def held(self) -> Booking | None:
        """The place that they hold now."""
        return next((each for each in self.places if each.state is BookingState.ACTIVE), None)


def of(session: Session, referral_ids: Iterable[str]) -> dict[str, Known]:
    """By the referral's id, of each that is asked for; six questions for `AT_ONCE` people."""
    keys = list(dict.fromkeys(referral_ids))
    found = {key: Known() for key in keys}
    for start in range(0, len(keys), AT_ONCE):
        _read(session, found, keys[start : start + AT_ONCE])
    return found


def these(session: Session, referral_ids: Iterable[str]) -> list[Referral]:
    """The referrals themselves, in this order."""
    keys, rows = list(dict.fromkeys(referral_ids)), dict[str, Referral]()
    for start in range(0, len(keys), AT_ONCE):
        found = select(Referral).where(col(Referral.id).in_(keys[start : start + AT_ONCE]))
        rows |= {row.id: row for row in session.exec(found)}
    return [rows[key] for key in keys]


def _read(session: Session, found: dict[str, Known], keys: Sequence[str]) -> None:
    for chat in _chats(session, keys):
        if chat.referral_id is not None:
            found[chat.referral_id].chats.append(chat)
        elif chat.linked_referral_id is not None:
            found[chat.linked_referral_id].by_link.append(chat)
    cases = select(Case.referral_id, col(Case.reason)).where(
        col(Case.referral_id).in_(keys), col(Case.closed_at).is_(None)
    )
    for key, reason in session.exec(cases):
        found[key or ""].cases.add(CaseReason(reason))
    places = select(Booking).where(col(Booking.referral_id).in_(keys))
    for place in session.exec(places.order_by(col(Booking.made_at).desc(), col(Booking.moves).desc())):
        found[place.referral_id].places.append(place)
    missed = select(Absence).where(col(Absence.referral_id).in_(keys))
    for absence in session.exec(missed.order_by(col(Absence.noted_at))):
        found[absence.referral_id].absences.append(absence)
    _read_courses(session, [found[key] for key in keys])


def _chats(session: Session, keys: Sequence[str]) -> list[Conversation]:
    linked = and_(col(Conversation.linked_referral_id).in_(keys), col(Conversation.referral_id).is_(None))
    found = session.exec(select(Conversation).where(or_(col(Conversation.referral_id).in_(keys), linked)))
    return sorted(found, key=lambda chat: chat.last_in_at or chat.created_at, reverse=True)


def _read_courses(session: Session, people: Sequence[Known]) -> None:
    theirs = [{each.course_id for each in (*one.places[:1], one.held) if each is not None} for one in people]
    keys = sorted(set[str]().union(*theirs))
    if not keys:
        return
    courses = {each.id: each for each in session.exec(select(Course).where(col(Course.id).in_(keys)))}
    stands = select(CourseSession).where(
        col(CourseSession.course_id).in_(keys), col(CourseSession.cancelled_at).is_(None)
    )
    sessions = defaultdict[str, list[CourseSession]](list)
    for each in session.exec(stands.order_by(col(CourseSession.number))):
        sessions[each.course_id].append(each)
    for one, own in zip(people, theirs, strict=True):
        one.courses, one.sessions = {key: courses[key] for key in own}, {key: sessions[key] for key in own}
