"""What happened twice: told twice, answered twice, two places for one person, two people on one place, two rows."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from launch.bench.year.fault import Fault
from storage.booking import Booking
from storage.enums import BookingState, CourseState, OutreachState, OutState, Way
from storage.message import MessageOut
from storage.outreach import Outreach
from storage.police_list import PoliceListRow
from storage.session import Course
from storage.waiting import Hold

LEFT = (OutState.SENT, OutState.DELIVERED)
UNASKED = ("notice_reminder", "notice_nudge", "notice_called_off", "notice_place_kept", "notice_booked", "notice_moved")
SAME_HOUR = timedelta(hours=2)
GIVEN_UP = (OutreachState.FAILED, OutreachState.DROPPED, OutreachState.BLOCKED)


def occasions(session: Session, _now: datetime) -> Iterator[Fault]:
    """A reminder, a nudge or a personal link that left by a second way although the first had not failed. A page that
    nobody had opened by then is no message that got through."""
    found = select(Outreach, MessageOut).join(MessageOut, col(Outreach.message_id) == col(MessageOut.id), isouter=True)
    gone: defaultdict[str, list[tuple[datetime, datetime | None, bool]]] = defaultdict(list)
    for row, message in session.exec(found):
        left = message.sent_at if message and row.way is not Way.WEB else row.sent_at
        left = message.created_at if message and row.way is Way.WEB else left
        state = OutreachState(message.state.value) if message else row.state
        if left is not None and state not in GIVEN_UP:
            arrived = message.delivered_at if message else row.delivered_at
            gone[row.occasion].append((left, arrived, row.way is Way.WEB))
    for occasion, tries in gone.items():
        tries.sort(key=lambda one: one[0])
        for place, (_, arrived, page) in enumerate(tries[:-1]):
            later = tries[place + 1][0]
            if not page or (arrived is not None and arrived <= later):
                yield Fault("doubled", "occasion", occasion)
                break


def answers(session: Session, _now: datetime) -> Iterator[Fault]:
    """One message of a person's that got the same words twice."""
    twice = (
        select(col(MessageOut.reply_to_id), col(MessageOut.answer))
        .where(col(MessageOut.reply_to_id).is_not(None))
        .group_by(col(MessageOut.reply_to_id), col(MessageOut.answer))
        .having(func.count() > 1)
    )
    for key, answer in session.exec(twice).all():
        texts = session.exec(
            select(MessageOut.text).where(MessageOut.reply_to_id == key, MessageOut.answer == answer)
        ).all()
        if len(texts) != len(set(texts)):
            yield Fault("doubled", "answer", str(key))


def notices(session: Session, _now: datetime) -> Iterator[Fault]:
    """The same notice with the same words to one chat within two hours, both shown."""
    wanted = [col(MessageOut.answer).startswith(each) for each in UNASKED]
    for each in wanted:
        found = (
            select(MessageOut.id, MessageOut.conversation_id, MessageOut.created_at)
            .where(each, col(MessageOut.reply_to_id).is_(None), col(MessageOut.state).in_(LEFT))
            .order_by(col(MessageOut.conversation_id), col(MessageOut.created_at))
        )
        before: tuple[str, str, datetime] | None = None
        for row in session.exec(found).all():
            if before and before[1] == row[1] and row[2] - before[2] < SAME_HOUR:
                texts = session.exec(select(MessageOut.text).where(col(MessageOut.id).in_([before[0], row[0]]))).all()
                if len(set(texts)) == 1:
                    yield Fault("doubled", "notice", row[0])
            before = row


def places(session: Session, _now: datetime) -> Iterator[Fault]:
    """Somebody who holds two places."""
    active = select(Booking.referral_id).where(Booking.state == BookingState.ACTIVE)
    for key in session.exec(active.group_by(col(Booking.referral_id)).having(func.count() > 1)):
        yield Fault("doubled", "two_places", key)


def overfull(session: Session, _now: datetime) -> Iterator[Fault]:
    """A course with more people, booked or kept a place for, than it has places."""
    held = select(Booking.course_id, func.count()).where(Booking.state == BookingState.ACTIVE)
    taken = dict(session.exec(held.group_by(col(Booking.course_id))).all())
    kept = select(Hold.course_id, func.count()).where(col(Hold.ended_at).is_(None))
    for course_id, count in session.exec(kept.group_by(col(Hold.course_id))):
        taken[course_id] = taken.get(course_id, 0) + count
    for course in session.exec(select(Course).where(Course.state == CourseState.OPEN)):
        if taken.get(course.id, 0) > course.capacity:
            yield Fault("doubled", "overfull", course.id)


def police(session: Session, _now: datetime) -> Iterator[Fault]:
    """Somebody who is twice on the lists for the police: as new on one of them, or on both as things stand."""
    said: defaultdict[str, int] = defaultdict(int)
    last: defaultdict[str, dict[str, bool]] = defaultdict(dict)
    rows = session.exec(select(PoliceListRow).order_by(col(PoliceListRow.written_at), col(PoliceListRow.place))).all()
    for row in rows:
        said[f"{row.kind.value}:{row.referral_id}"] += row.corrects_id is None
        last[row.referral_id][row.kind.value] = not row.takes_back
    for key, number in said.items():
        if number > 1:
            yield Fault("doubled", "police_row", key)
    for key, stands in last.items():
        if sum(stands.values()) > 1:
            yield Fault("doubled", "police_both", key)


COUNTERS = (occasions, answers, notices, places, overfull, police)
