"""The months before the sample's week: invented people who have done the course, or did not need it in the end, so that
the reports have something to draw. Written in a few large steps, since there are many of them."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

import yaml
from sqlalchemy import func, insert
from sqlmodel import Session, col, select

from programme import police_list
from programme.context import Context
from programme.rules import london
from storage import referral as referrals
from storage.absence import Absence
from storage.attendance import Attendance
from storage.booking import Booking
from storage.conversation import Conversation
from storage.enums import (
    AbsenceStep,
    BookingState,
    Channel,
    HandoffState,
    ListKind,
    Mark,
    OutreachKind,
    OutreachState,
    ReferralState,
    Urgency,
    Way,
)
from storage.handoff import HandoffRequest
from storage.identity import ChannelIdentity, external_lookup
from storage.outreach import Outreach
from storage.person import Person
from storage.referral import Referral
from storage.referral_change import ReferralChange
from storage.session import Course, CourseSession

FILE = Path(__file__).with_name("sample_past.yml")
SEED = 2026  # the same people each time
LETTERS = "CDFGHJKLMNPRTVWX"
BOOK_DAYS, FINISH_DAYS = 28, 42
SOON = timedelta(minutes=2)
IN_ORDER = (Person, Referral, ReferralChange, ChannelIdentity, Conversation, HandoffRequest, Booking, Attendance,
            Absence, Outreach)  # fmt: skip
Row = dict[str, Any]


@dataclass
class _Rows:
    """What is to be written, by table."""

    ctx: Context
    rng: Random
    content: Mapping[str, Any]
    worker: str
    of: dict[type[Any], list[Row]] = field(default_factory=lambda: {table: [] for table in IN_ORDER})

    def add(self, table: type[Any], **values: Any) -> str:
        """One row more; its id."""
        row = {"id": self.ctx.new_id(), **values}
        self.of[table].append(row)
        return str(row["id"])

    def change(
        self,
        key: str, at: datetime, event: str, was: ReferralState | None, now: ReferralState,
               why: str | None = None) -> ReferralState:  # fmt: skip
        self.add(ReferralChange, referral_id=key, at=at, event=event, was=was, now=now, actor="sample", why=why)
        return now


@dataclass(frozen=True)
class _Held:
    """A session that is over. `sessions`: how many its course has."""

    course_id: str
    session_id: str
    starts: datetime
    ends: datetime
    venue: str
    sessions: int


def tell(ctx: Context, staff: Mapping[str, str]) -> int:
    """Writes them all into a sample database that has the courses of those months; how many there are. What they have
    completed is on a list that was handed over. `staff`: an account's id by its role."""
    content: dict[str, Any] = yaml.load(FILE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    rows = _Rows(ctx, Random(SEED), content, staff["worker"])  # noqa: S311 - the same people each time
    with ctx.database.writing() as session:
        held = list(_held(session, ctx.clock() - timedelta(hours=1)))
        people = len(content["weeks"]) * int(content["a_week"])
        for number in range(people):
            _person(rows, number, held)
        for table in IN_ORDER:
            for wanted in {tuple(sorted(row)): None for row in rows.of[table]}:
                same = [row for row in rows.of[table] if tuple(sorted(row)) == wanted]
                session.execute(insert(table), same)
    list_id = police_list.sign(ctx, ListKind.COMPLETED, staff["manager"], police_list.due(ctx, ListKind.COMPLETED).mark)
    police_list.hand_over(ctx, list_id, staff["manager"], content["recipient"])
    police_list.receive(ctx, list_id, staff["manager"], content["receipt"])
    return people


def _held(session: Session, until: datetime) -> Iterator[_Held]:
    size = (
        select(func.count()).where(col(CourseSession.course_id) == col(Course.id)).correlate(Course).scalar_subquery()
    )
    of = (Course.id, CourseSession.id, CourseSession.starts_at, CourseSession.ends_at, Course.venue_id, size)
    found = select(*of).join(CourseSession).where(CourseSession.ends_at < until)  # type: ignore[call-overload]
    for row in session.exec(found.order_by(col(CourseSession.starts_at), col(Course.venue_id))):
        yield _Held(*row)


def _person(rows: _Rows, number: int, held: Sequence[_Held]) -> None:
    rng, content = rows.rng, rows.content
    week, place = divmod(number, content["a_week"])
    about = content["weeks"][week]
    fate = about.get("six", "done") if place < 6 else "done"
    if week == len(content["weeks"]) - 1 and place >= content["a_week"] - content["half"]:
        fate = "half"
    began = london.today(rows.ctx.clock()) - timedelta(weeks=content["oldest"] - week)
    day = began + timedelta(days=place % 5 - began.weekday())
    came_in = london.at(day, time(9 + rng.randrange(7), rng.randrange(60)))
    key = _referral(rows, number, day, came_in)
    state = rows.change(key, came_in, "refer", None, ReferralState.REFERRED)
    reached = fate != "unreached"
    _told(rows, key, OutreachKind.LINK, f"link:{key}", came_in + SOON, arrived=reached)
    if reached:
        state = rows.change(key, came_in + SOON, "reach", state, ReferralState.REACHED)
    if fate in ("unreached", "unknown"):
        _over(rows, key, state, came_in + timedelta(days=9), "withdraw", content["withdrawn"])
        return
    known_at = came_in + timedelta(hours=rng.choice((3, 5, 9, 26, 30, 50, 75, 98)))
    rows.of[Referral][-1]["verified_at"] = known_at
    state = rows.change(key, known_at, "verify", state, ReferralState.VERIFIED)
    _chat(rows, key, known_at, is_web=fate in ("half", "unbooked"))
    places = _places(held, known_at, fate, about)
    if fate == "unbooked" or not places:
        _over(rows, key, state, came_in + timedelta(days=12), "close", content["closed"])
        return
    _went(rows, key, state, known_at, rng.choice(places), fate)


def _places(held: Sequence[_Held], known_at: datetime, fate: str, about: Mapping[str, Any]) -> list[_Held]:
    """The sessions that somebody could have been at whom we knew from then on."""
    if fate == "half":
        return [one for one in held if one.sessions == 2 and one.starts > known_at][:1]
    near = [one for one in held if timedelta(days=2) < one.starts - known_at < timedelta(days=10) and one.sessions == 1]
    if fate != "missed":
        return near
    return [
        one for one in near if one.venue == about["venue"] and london.local(one.starts).weekday() == about["weekday"]
    ]


def _referral(rows: _Rows, number: int, day: date, at: datetime) -> str:
    rng, content = rows.rng, rows.content
    first, last = content["first"], content["last"]
    language = next((code for code, each in content["languages"].items() if number % each == 5), "en")
    person = rows.add(
        Person,
        name=f"{first[number % len(first)]} {last[number * 5 // len(first) % len(last)]}",
        date_of_birth=date(1960 + rng.randrange(45), 1 + rng.randrange(12), 1 + rng.randrange(28)).isoformat(),
        phone=f"07700 900{content['phone'] + number}",
        access_needs=content["access_needs"] if number % 8 == 3 else None,
        language=language,
        created_at=at,
    )
    letters = [LETTERS[number % 16], LETTERS[number // 16 % 16]]
    reference = f"TVP{2 + number % 7}{letters[0]}{2 + number % 5}{letters[1]}{10 + number % 89}"
    return rows.add(
        Referral,
        person_id=person,
        reference=reference,
        reference_lookup=referrals.reference_lookup(rows.ctx.database.keyring, reference),
        state=ReferralState.REFERRED,
        referred_on=day,
        book_by=day + timedelta(days=BOOK_DAYS),
        finish_by=day + timedelta(days=FINISH_DAYS),
        verified_at=None,
        created_at=at,
    )


def _told(
    rows: _Rows,
    key: str,
    kind: OutreachKind,
    occasion: str,
    at: datetime,
    booking: str | None = None,
    arrived: bool = True,
) -> None:
    """A text message; whose link came is known to have opened it."""
    seen_at = at + timedelta(hours=3) if arrived and kind is OutreachKind.LINK else None
    came = OutreachState.SEEN if seen_at else OutreachState.DELIVERED
    rows.add(
        Outreach,
        occasion=occasion,
        kind=kind,
        way=Way.SMS,
        referral_id=key,
        booking_id=booking,
        state=came if arrived else OutreachState.FAILED,
        failure=None if arrived else "permanent_failure",
        tries=1,
        created_at=at,
        sent_at=at,
        delivered_at=at + SOON if arrived else None,
        seen_at=seen_at,
        followed_up_at=None if arrived else at + SOON,
    )


def _over(rows: _Rows, key: str, state: ReferralState, at: datetime, event: str, why: str) -> None:
    after = ReferralState.WITHDRAWN if event == "withdraw" else ReferralState.CLOSED
    rows.of[Referral][-1]["state"] = rows.change(key, at, event, state, after, why)


def _chat(rows: _Rows, key: str, at: datetime, is_web: bool) -> None:
    """The chat in which they proved who they are; some asked for a person there."""
    channel = Channel.TELEGRAM if not is_web and rows.rng.random() < 0.35 else Channel.WEB
    told = rows.ctx.new_token()
    identity = rows.add(
        ChannelIdentity,
        channel=channel,
        external_lookup=external_lookup(rows.ctx.database.keyring, channel, told),
        created_at=at,
    )
    chat = rows.add(Conversation, identity_id=identity, channel=channel, referral_id=key, verified_at=at, created_at=at,
        last_in_at=at,
    )  # fmt: skip
    if rows.rng.random() < 0.4:
        replied = at + timedelta(minutes=rows.rng.choice((3, 5, 7, 9, 14, 25, 50, 90, 150, 200, 400, 700)))
        rows.add(
            HandoffRequest,
            conversation_id=chat,
            reason="request_human",
            urgency=Urgency.ASKED,
            state=HandoffState.HANDED_BACK,
            requested_at=at,
            first_reply_at=replied,
            taken_at=replied,
            ended_at=replied + timedelta(minutes=20),
            account_id=rows.worker,
            outcome="answered",
        )


def _went(rows: _Rows, key: str, state: ReferralState, known_at: datetime, held: _Held, fate: str) -> None:
    """They came, or did not."""
    thought = timedelta(hours=rows.rng.choice((0, 0, 1, 20, 44, 70)))
    made_at = min(known_at + thought, held.starts - timedelta(days=1))
    state = rows.change(key, made_at, "book", state, ReferralState.BOOKED)
    booking = _booking(rows, key, held, made_at, Mark.ABSENT if fate == "missed" else Mark.ATTENDED)
    _told(rows, key, OutreachKind.REMINDER, f"reminder:{booking}:1:1d", held.starts - timedelta(days=1), booking)
    at = held.ends + timedelta(minutes=10)
    if fate == "missed":
        why, why_at = rows.rng.choice(rows.content["why"]), at + timedelta(hours=14)
        about = {"session_id": held.session_id, "noted_at": at, "step": AbsenceStep.DATES}
        rows.add(Absence, referral_id=key, booking_id=booking, **about, why=why, why_at=why_at)
        for event, after in (("miss", ReferralState.MISSED), ("allow", ReferralState.SECOND_CHANCE)):
            state = rows.change(key, at, event, state, after)
        _over(rows, key, state, at + timedelta(days=4), "close", rows.content["closed"])
        return
    after = ReferralState.ATTENDED if fate == "half" else ReferralState.COMPLETED
    rows.of[Referral][-1]["state"] = rows.change(key, at, "listed", state, after)


def _booking(rows: _Rows, key: str, held: _Held, made_at: datetime, mark: Mark) -> str:
    token, came = rows.ctx.new_token(), mark is Mark.ATTENDED
    marked_at = held.ends + timedelta(minutes=10)
    booking = rows.add(
        Booking,
        referral_id=key,
        course_id=held.course_id,
        state=BookingState.ACTIVE if came else BookingState.MISSED,
        calendar_uid=rows.ctx.new_id(),
        calendar_token=token,
        made_at=made_at,
        ended_at=None if came else marked_at,
    )
    rows.add(Attendance, session_id=held.session_id, booking_id=booking, mark=mark, account_id=rows.worker,
             marked_at=marked_at)  # fmt: skip
    return booking
