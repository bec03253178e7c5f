"""The clock's work of reaching people: finds what is due, writes it once each way, and turns to the next way where one
did not get through. Called every few seconds; each thing happens once, however many processes call."""

from collections.abc import Callable, Collection, Mapping, MutableMapping
from datetime import datetime, timedelta
from functools import partial
from itertools import islice

from sqlmodel import Session, col, select

from programme import (
    letter_post,
    outbox,
    outreach,
    outreach_known,
    outreach_news,
    outreach_tidy,
    outreach_words,
    setting,
)
from programme import outreach_due as due
from programme.answers import Fact
from programme.context import Context
from programme.occasion import Occasion
from programme.outbox import Reply
from programme.rules import outreach as rules
from programme.rules.outreach import Tried
from storage import outreach as tries
from storage.booking import Booking
from storage.conversation import Conversation
from storage.enums import BookingState, CourseState, OutreachKind, OutreachState, Way
from storage.outreach import Outreach
from storage.person import Person
from storage.referral import Referral
from storage.row import add_unless_there, lock_one, lock_row
from storage.session import Course, CourseSession

CARRIED = (Way.SMS, Way.EMAIL)


def plan(
    ctx: Context,
    carriers: Collection[Way],
    most: int | None = None,
    looked: MutableMapping[str, datetime] | None = None,
) -> list[str]:
    """Does what is due, for `most` people at most; says in which conversations something was written. `carriers`: which
    of text messages and e-mail are set up. `looked`: the caller's memory of whose unread messages were looked at when,
    kept from call to call: many wait for days on a page, and need no look every few seconds. What fails is left for the
    next time and holds up nothing else; then raises it."""
    changed, failed = list[str](), list[Exception]()
    work: list[Callable[[], list[str]]] = [
        partial(outreach_tidy.tidy, ctx, each) for each in outreach_tidy.unsent(ctx, looked)
    ]
    work += [partial(_follow_up, ctx, each, carriers) for each in _links(ctx, most)]
    work += [partial(_reach, ctx, each, carriers) for each in candidates(ctx, most)]
    for act in work:
        try:
            changed += act()
        except Exception as error:  # one person who cannot be reached must not keep the others waiting
            failed.append(error)
    if failed:
        raise failed[0]
    return list(dict.fromkeys(changed))


def candidates(ctx: Context, most: int | None = None) -> list[str]:
    """Referrals of which something may be due now and is not done, who has a place first; it is looked at again under
    their lock."""
    now = ctx.clock()
    with ctx.database.reading() as session:
        facts = setting.facts(session)
        if rules.is_quiet(due.pace(facts, now).quiet, now):
            return []
        keys = {
            **outreach_news.due(session, now),
            **_reminders_due(session, facts, now),
            **_nudges_due(session, facts, now),
        }
        tried, patience = tries.of_occasions(session, keys), due.pace(facts, now).patience
        open_ = dict.fromkeys(keys[key] for key in keys if _is_open(tried.get(key, []), now, patience))
        known = outreach_known.of(session, open_)
        rows = outreach_known.these(session, open_)
        return list(islice((row.id for row in rows if due.due_for(session, facts, row, now, known[row.id])), most))


def _reminders_due(session: Session, facts: Mapping[str, Fact], now: datetime) -> dict[str, str]:
    """Occasions by their key, with the referral's id."""
    of = due.pace(facts, now)
    ahead = now + timedelta(days=max((*of.days, 2)) + 1, hours=max(of.hours, default=0))
    held = col(CourseSession.cancelled_at).is_(None)
    soon = select(CourseSession.course_id).where(CourseSession.starts_at > now, CourseSession.starts_at < ahead, held)
    found = select(Booking.id, Booking.referral_id, Booking.course_id, Booking.made_at).where(
        Booking.state == BookingState.ACTIVE, col(Booking.confirmed_at).is_(None), col(Booking.course_id).in_(soon)
    )
    rows = session.exec(found.join(Course).where(Course.state == CourseState.OPEN)).all()
    sessions: dict[str, list[tuple[datetime, datetime]]] = {}
    numbers: dict[str, list[int]] = {}
    wanted = select(CourseSession).where(col(CourseSession.course_id).in_(soon), held)
    for each in session.exec(wanted.order_by(col(CourseSession.number))):
        sessions.setdefault(each.course_id, []).append((each.starts_at, each.ends_at))
        numbers.setdefault(each.course_id, []).append(each.number)
    keys = {}
    for booking_id, referral_id, course_id, made_at in rows:
        for number, step in rules.reminders(sessions[course_id], of.days, of.hours, made_at, of.quiet):
            if step.due <= now < step.until:
                keys[due.reminder_key(booking_id, numbers[course_id][number - 1], step.name)] = referral_id
    return keys


def _nudges_due(session: Session, facts: Mapping[str, Fact], now: datetime) -> dict[str, str]:
    of = due.pace(facts, now)
    has_place = select(Booking.id).where(Booking.referral_id == Referral.id, Booking.state == BookingState.ACTIVE)
    found = select(Referral.id, Referral.created_at, col(Referral.book_by)).where(
        col(Referral.state).in_(due.NUDGED), ~has_place.exists()
    )
    keys = {}
    for referral_id, created_at, book_by in session.exec(found):
        for step in rules.nudges(created_at, book_by, of.after_hours, of.before_days, of.quiet):
            if step.due <= now < step.until:
                keys[due.nudge_key(referral_id, step.name)] = referral_id
    return keys


def _is_open(
    rows: Collection[tuple[Outreach, OutreachState]], now: datetime, patience: Mapping[str, timedelta]
) -> bool:
    """Whether there may be something left to do. What was taken back in a chat is written again, but not where the same
    has left another way meanwhile."""
    if any(row.way is Way.NONE for row, _ in rows):
        return False
    tried = [_tried(row, state) for row, state in rows if not _is_planned(row, state)]
    return rules.next_way(["another"], tried, now, patience) is not None


def _tried(row: Outreach, state: OutreachState) -> Tried:
    return Tried(row.way.value, state.value, row.created_at)


def _is_planned(row: Outreach, state: OutreachState) -> bool:
    """A chat message that was taken back, for the night or while it was not wanted, and is to be written again."""
    caught = row.message_id is None and row.state is OutreachState.WAITING
    return row.way in tries.CHATS and (caught or state is OutreachState.DROPPED)


def _reach(ctx: Context, referral_id: str, carriers: Collection[Way]) -> list[str]:
    """Writes what is due for one person. Returns the conversations in which something was said."""
    changed = []
    with ctx.database.writing() as session:
        for chat_id in sorted(chat.id for chat in due.chats_of(session, referral_id)):
            lock_one(session, Conversation, chat_id)
        referral = lock_one(session, Referral, referral_id)
        facts = setting.facts(session)
        for occasion in due.due_for(session, facts, referral, ctx.clock()):
            if (said_in := _advance(session, ctx, facts, referral, occasion, carriers)) is not None:
                changed.append(said_in)
    return changed


def _advance(
    session: Session,
    ctx: Context,
    facts: Mapping[str, Fact],
    referral: Referral,
    occasion: Occasion,
    carriers: Collection[Way],
) -> str | None:
    """The next way for one occasion; the conversation in which something was said."""
    now = ctx.clock()
    rows = tries.of_occasions(session, [occasion.key]).get(occasion.key, [])
    patience = due.pace(facts, now).patience
    if not _is_open(rows, now, patience):
        return None
    if again := next((row for row, state in rows if _is_planned(row, state)), None):
        return _say(session, ctx, facts, referral, occasion, again)
    order = due.order_of_ways(session, facts, referral, carriers)
    if occasion.is_said:
        order = [way for way in order if way in CARRIED]
    tried = [_tried(row, state) for row, state in rows]
    way = rules.next_way([each.value for each in order], tried, now, patience)
    row = _row(ctx, occasion, Way(way) if way else Way.NONE)
    if way is None:  # the end: nothing more can be done by a machine
        row.state, row.failure = OutreachState.FAILED, outreach.NO_WAY
        waits_on_page = any(state in (OutreachState.WAITING, OutreachState.SENT) for _, state in rows)
        if (
            add_unless_there(session, row, ["occasion", "way"])
            and not waits_on_page
            and not occasion.is_said  # then it is for programme/unread.py, or for what gave the chat up
            and not _is_held(session, facts, occasion, now)
        ):
            outreach.open_unreached(session, ctx, referral, outreach.NOT_ARRIVED if rows else outreach.NO_WAY)
        return None
    if not add_unless_there(session, row, ["occasion", "way"]) or row.way in CARRIED:
        return None
    return _say(session, ctx, facts, referral, occasion, session.get_one(Outreach, row.id))


def _row(ctx: Context, occasion: Occasion, way: Way) -> Outreach:
    return Outreach(
        id=ctx.new_id(),
        occasion=occasion.key,
        kind=occasion.kind,
        way=way,
        referral_id=occasion.referral_id,
        booking_id=occasion.booking_id,
        useful_until=occasion.until,
        created_at=ctx.clock(),
    )


def _say(
    session: Session, ctx: Context, facts: Mapping[str, Fact], referral: Referral, occasion: Occasion, row: Outreach
) -> str | None:
    """Puts it into the outbox of the chat; where that was left or blocked meanwhile, this way has failed."""
    now = ctx.clock()
    chats = [chat for chat in due.chats_of(session, referral.id) if tries.way_of(chat.channel) is row.way]
    chat = next((each for each in chats if due.is_open(session, each)), None)
    if chat is None:
        row.state, row.failure = OutreachState.FAILED, "chat_closed"
        session.add(row)
        return None
    key = f"{occasion.key}:{row.way.value}:{row.tries}"
    said = outbox.say(session, ctx, chat, _replies(session, ctx, occasion, referral, chat, key))
    until = occasion.until
    if row.way is Way.TELEGRAM:  # which rings; a page is looked at when somebody wants to
        night = rules.next_quiet(due.pace(facts, now).quiet, now)
        until = min(occasion.until, night or occasion.until)
    for each in said:
        each.useful_until = until
    row.message_id, row.tries, row.state, row.failure = said[0].id, row.tries + 1, OutreachState.WAITING, None
    session.add_all([*said, row])
    return chat.id


def _replies(
    session: Session, ctx: Context, occasion: Occasion, referral: Referral, chat: Conversation, key: str
) -> list[Reply]:
    if occasion.kind in outreach_news.KINDS:
        return outreach_news.replies(session, ctx, chat, occasion, key)
    answer, values = outreach_words.words(session, ctx, occasion, referral)
    return [Reply(answer, values, unique_key=key)]


def _is_held(session: Session, facts: Mapping[str, Fact], occasion: Occasion, now: datetime) -> bool:
    """Whether a worker is not to be asked: of the sample, nor to book while a letter is on its way to them."""
    if setting.is_on(facts, setting.SAMPLE):
        return True
    return occasion.kind is OutreachKind.NUDGE and occasion.referral_id in letter_post.under_way(session, now)


def _links(ctx: Context, most: int | None) -> list[str]:
    with ctx.database.reading() as session:
        return [row.id for row in tries.failed_links(session, most)]


def _follow_up(ctx: Context, outreach_id: str, carriers: Collection[Way]) -> list[str]:
    """A personal link did not arrive: by the other contact, or else a worker rings or writes today."""
    now = ctx.clock()
    with ctx.database.writing() as session:
        failed = lock_row(session, Outreach, outreach_id)
        if failed is None or failed.followed_up_at is not None:
            return []
        failed.followed_up_at = now
        session.add(failed)
        referral = session.get_one(Referral, failed.referral_id)
        done = [_tried(row, state) for row, state in tries.of_occasions(session, [failed.occasion])[failed.occasion]]
        person = session.get_one(Person, referral.person_id)
        order = [each.value for each in due.contacts(person) if each in carriers]
        way = rules.next_way(order, done, now, {})
        if way is None:
            if not rules.got_through(done):
                outreach.open_unreached(session, ctx, referral, outreach.NOT_ARRIVED)
            return []
        row = Outreach(id=ctx.new_id(), occasion=failed.occasion, kind=failed.kind, way=Way(way),
                       referral_id=referral.id, created_at=now)  # fmt: skip
        add_unless_there(session, row, ["occasion", "way"])
    return []
