"""Offering courses: what fits deadlines and wishes, five at a time; an honest receipt where nothing does."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from sqlmodel import Session

from programme import booked, case
from programme.answers import ButtonSpec
from programme.context import Context
from programme.rules import deadline, london, offer, preference
from programme.rules import referral as referral_rules
from storage import booking as bookings
from storage import session as courses
from storage.absence import newest_of
from storage.booking import Offer
from storage.conversation import Conversation
from storage.enums import CaseReason, Urgency
from storage.person import Person
from storage.referral import Referral
from storage.row import lock_one

OFFER_MINUTES = 30


class NotVerifiedError(PermissionError):
    """Nobody has proved in this conversation who they are."""


class OffersKind(StrEnum):
    OFFERS = "offers"
    NONE_FITS = "none_fits"  # there are places, but none as was asked for
    NONE_FREE = "none_free"  # no place at all before the deadline
    NO_MORE = "no_more"
    NOT_OPEN = "not_open"  # the referral is over, or waits for a worker
    DEADLINE_UNKNOWN = "deadline_unknown"
    DEADLINE_PAST = "deadline_past"


@dataclass(frozen=True)
class OfferView:
    """One offered course, as it is shown. `sessions`: (starts, ends) in UTC, in order."""

    token: str
    course_id: str
    place: str
    venue: str
    online: bool
    step_free: bool
    sessions: tuple[tuple[datetime, datetime], ...]
    places_left: int

    @property
    def starts(self) -> tuple[datetime, ...]:
        """When each session begins."""
        return tuple(starts for starts, _ in self.sessions)

    @property
    def ends(self) -> datetime:
        """When the first session ends."""
        return self.sessions[0][1]

    @property
    def slot(self) -> offer.Slot:
        return offer.Slot(
            self.course_id, self.place, self.online, self.step_free, self.starts, self.sessions[-1][1], self.places_left
        )


@dataclass(frozen=True)
class Offered:
    kind: OffersKind
    offers: tuple[OfferView, ...] = ()
    more: bool = False
    asked_at: datetime | None = None  # for the receipt


ENGLISH = (None, "en")


def open_to(session: Session, referral: Referral, now: datetime, any_day: bool = False) -> list[courses.WholeCourse]:
    """The open courses that have not begun and are for this person, the soonest first. `any_day`: also those after the
    last day of a second chance, which a worker may give."""
    found = courses.courses_from(session, now, referral.id)
    missed = None if any_day else newest_of(session, [referral.id]).get(referral.id)
    others = not_for(found, session.get_one(Person, referral.person_id).language, missed.until if missed else None)
    return [row for row in found if row.course.id not in others]


def any_open(session: Session, referral: Referral, now: datetime) -> bool:
    """Whether there is anything that could be offered to this person."""
    limits = deadline.Deadlines(referral.book_by, referral.finish_by)
    slots = [as_slot(row) for row in open_to(session, referral, now)]
    return bool(offer.choose(slots, None, limits, now, limit=1).slots)


def not_for(found: Sequence[courses.WholeCourse], own: str | None, until: date | None) -> set[str]:
    """The ids of those courses that are neither in English nor in this person's `own` language, or that begin after the
    last day of their second chance."""
    others = {row.course.id for row in found if row.course.language not in (*ENGLISH, own)}
    if until is None:
        return others
    return others | {row.course.id for row in found if london.today(row.course.first_starts_at) > until}


def places(ctx: Context) -> list[str]:
    """What the venues' towns are called."""
    with ctx.database.reading() as session:
        return sorted({venue.place for venue in courses.venues(session)})


def make(ctx: Context, conversation_id: str, wanted: preference.Preference | None, more: bool = False) -> Offered:
    """Offers the next courses. `more`: beside those on the table, else a fresh list. Raises NotVerifiedError."""
    now = ctx.clock()
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        if conversation.referral_id is None:
            raise NotVerifiedError(NotVerifiedError.__doc__)
        referral = session.get_one(Referral, conversation.referral_id)
        limits = deadline.Deadlines(referral.book_by, referral.finish_by)
        if not referral_rules.may_book(referral.state.value):
            return _must_check(session, ctx, conversation, OffersKind.NOT_OPEN)
        if (state := deadline.state(limits, london.today(now))) != "open":
            kind = OffersKind.DEADLINE_PAST if state == "past" else OffersKind.DEADLINE_UNKNOWN
            return _must_check(session, ctx, conversation, kind)
        shown = bookings.live_offers(session, conversation_id, now) if more else []
        more = bool(shown)  # what is no longer on the table has nothing beside it: a fresh list
        if not more:
            bookings.withdraw_offers(session, conversation_id, now)
        held = bookings.active_booking(session, referral.id)
        skip = {row.course_id for row in shown} | ({held.course_id} if held else set())
        open_courses = open_to(session, referral, now)
        slots = {row.course.id: row for row in open_courses}
        chosen = offer.choose([as_slot(row) for row in open_courses], wanted, limits, now, already_shown=skip)
        if not chosen.slots:
            return _none(session, ctx, conversation, [as_slot(r) for r in open_courses], wanted, limits, more, skip)
        batch = max((row.batch for row in shown), default=0) + 1
        views = tuple(
            _offer(session, ctx, conversation, referral, slots[slot.course_id], batch, position)
            for position, slot in enumerate(chosen.slots, 1)
        )
        return Offered(OffersKind.OFFERS, views, chosen.more)


def lay(session: Session, ctx: Context, conversation: Conversation, referral: Referral, most: int) -> list[OfferView]:
    """A fresh list of the soonest courses for somebody who did not ask, in a transaction that has locked their chat;
    empty where nothing fits or may be booked."""
    now = ctx.clock()
    if not referral_rules.may_book(referral.state.value):
        return []
    bookings.withdraw_offers(session, conversation.id, now)
    found = {row.course.id: row for row in open_to(session, referral, now)}
    limits = deadline.Deadlines(referral.book_by, referral.finish_by)
    chosen = offer.choose([as_slot(row) for row in found.values()], None, limits, now, limit=most)
    return [
        _offer(session, ctx, conversation, referral, found[slot.course_id], 1, position)
        for position, slot in enumerate(chosen.slots, 1)
    ]


def keep(
    session: Session, ctx: Context, conversation: Conversation, referral: Referral, course_id: str, until: datetime
) -> OfferView:
    """Puts this one course on the table, until then."""
    row = booked.whole_course(session, course_id, referral.id)
    bookings.withdraw_offers(session, conversation.id, ctx.clock())
    return _offer(session, ctx, conversation, referral, row, 1, 1, until)


def button(view: OfferView, label: str | None = None) -> ButtonSpec:
    """What takes an offer with one tap; the label is when and where, if no other is given."""
    values = {"starts_at": view.starts[0].isoformat(), "place": view.place}
    own = "label_offer_online" if view.online else "label_offer"
    return ButtonSpec("choose_session", label or own, values=values, carries={"offer": view.token})


def latest(ctx: Context, conversation_id: str) -> tuple[OfferView, ...]:
    """The list on the table: what was shown last and has neither expired nor been withdrawn."""
    now = ctx.clock()
    with ctx.database.reading() as session:
        rows = bookings.live_offers(session, conversation_id, now)
        last = max((row.batch for row in rows), default=0)
        open_courses = {row.course.id: row for row in courses.courses_from(session, now)}
        return tuple(
            _view(row.token, open_courses[row.course_id])
            for row in rows
            if row.batch == last and row.course_id in open_courses
        )


def find(ctx: Context, conversation_id: str, token: str) -> OfferView | None:
    """An offer that was made in this conversation and has neither expired nor been used, whether or not another list
    came after it."""
    now = ctx.clock()
    with ctx.database.reading() as session:
        row = bookings.offer_in(session, conversation_id, token)
        if row is None or row.expires_at <= now or bookings.booking_by_offer(session, token):
            return None
        course = courses.whole_course(session, row.course_id)
        return _view(token, course) if course else None


def _must_check(session: Session, ctx: Context, conversation: Conversation, kind: OffersKind) -> Offered:
    case.open_for(session, ctx, CaseReason(kind.value), Urgency.DEADLINE, conversation)
    return Offered(kind, asked_at=ctx.clock())


def _none(
    session: Session,
    ctx: Context,
    conversation: Conversation,
    slots: Sequence[offer.Slot],
    wanted: preference.Preference | None,
    limits: deadline.Deadlines,
    more: bool,
    skip: set[str],
) -> Offered:
    now = ctx.clock()
    if more:
        return Offered(OffersKind.NO_MORE)
    if wanted and not wanted.anything and offer.choose(slots, None, limits, now, already_shown=skip).slots:
        return Offered(OffersKind.NONE_FITS)
    detail = {"asked_at": now.isoformat(), "wanted": preference.pack(wanted) if wanted else {}}
    case.open_for(session, ctx, CaseReason.NO_SESSION, Urgency.DEADLINE, conversation, detail)
    return Offered(OffersKind.NONE_FREE, asked_at=now)


def as_slot(row: courses.WholeCourse) -> offer.Slot:
    """A course as the rule on offers looks at it."""
    return offer.Slot(
        course_id=row.course.id,
        place=row.venue.place,
        online=row.venue.online,
        step_free=row.venue.step_free,
        starts=tuple(each.starts_at for each in row.sessions),
        ends=max(each.ends_at for each in row.sessions),
        places_left=row.free,
    )


def _view(token: str, row: courses.WholeCourse) -> OfferView:
    slot = as_slot(row)
    return OfferView(
        token,
        slot.course_id,
        slot.place,
        row.venue.name,
        slot.online,
        slot.step_free,
        tuple((each.starts_at, each.ends_at) for each in row.sessions),
        slot.places_left,
    )


def _offer(
    session: Session,
    ctx: Context,
    conversation: Conversation,
    referral: Referral,
    row: courses.WholeCourse,
    batch: int,
    position: int,
    until: datetime | None = None,
) -> OfferView:
    now = ctx.clock()
    made = Offer(
        token=ctx.new_token(),
        conversation_id=conversation.id,
        referral_id=referral.id,
        course_id=row.course.id,
        batch=batch,
        position=position,
        offered_at=now,
        expires_at=until or now + timedelta(minutes=OFFER_MINUTES),
    )
    session.add(made)
    return _view(made.token, row)
