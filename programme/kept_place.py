"""Places that are kept for people on the waiting list: offered in order when one frees, for a set time, passed on."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from programme import booked, booking, chat, offers, setting, waiting_list
from programme import owner as owners
from programme.answers import ButtonSpec
from programme.context import Context
from programme.outbox import Reply, say
from programme.outreach_due import pace
from programme.rules import booking as booking_rules
from programme.rules import deadline, london, preference
from programme.rules import waiting_list as rules
from programme.rules.booking import Verdict
from programme.rules.outreach import is_quiet
from programme.rules.waiting_list import Waiter
from storage import session as courses
from storage import waiting
from storage.absence import newest_of
from storage.booking import active_booking
from storage.conversation import Conversation
from storage.enums import HoldEnd, WaitingState
from storage.person import Person
from storage.referral import Referral
from storage.row import lock_one
from storage.session import Course, WholeCourse
from storage.waiting import Hold, Waiting

HOLD, HOLD_HOURS = "waiting_hold_hours", 24
DECLINE, LEAVE = "decline", "leave"  # what a button of ours carries


@dataclass(frozen=True)
class Kept:
    """A place that is kept for somebody."""

    hold_id: str
    conversation_id: str


def tick(ctx: Context) -> list[str]:
    """Ends what is over, and offers what is free; the conversations in which something is to be shown."""
    now = ctx.clock()
    with ctx.database.reading() as session:
        late = [row for row in waiting.open_holds(session) if row.expires_at <= now]
    changed = [found for hold in late if (found := _expire(ctx, hold))]
    if waiting_list.look_after(ctx) and not _is_quiet(ctx):
        changed += [kept.conversation_id for kept in offer_free(ctx)]
    return changed


def decline(ctx: Context, conversation_id: str, hold_id: str) -> bool:
    """The place that was kept is free for the next one; they stay on the list. Whether it was still kept."""
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        if conversation.referral_id is None:
            return False
        referral = lock_one(session, Referral, conversation.referral_id)
        hold = waiting.hold_of(session, referral.id)
        if hold is None or hold.id != hold_id:
            return False
        waiting.end_hold(session, hold, HoldEnd.DECLINED, ctx.clock())
        waiting_list.note(session, ctx, "decline", hold.waiting_id, "person")
        return True


def offer_free(ctx: Context) -> list[Kept]:
    """Offers what is free to those who wait, in order; what is chosen is looked at once more under its locks."""
    now = ctx.clock()
    with ctx.database.reading() as session:
        found = [
            row
            for row in courses.courses_from(session, now)
            if row.free and row.course.first_starts_at - now >= rules.LEAST
        ]
        slots = [offers.as_slot(row) for row in found]
        waiters = _waiters(session, _to_be_offered(session), found) if slots else []
    made = [_keep(ctx, key, course_id) for key, course_id in rules.choose(waiters, slots, now)]
    return [kept for kept in made if kept is not None]


def _to_be_offered(session: Session) -> list[Waiting]:
    """Who has one kept already waits for that; who has no chat is a worker's case (waiting_list.py)."""
    rows, kept = waiting.on_the_list(session), {hold.referral_id for hold in waiting.open_holds(session)}
    told_here = chat.with_chat(session, [row.referral_id for row in rows])
    return [row for row in rows if row.referral_id in told_here and row.referral_id not in kept]


def _keep(ctx: Context, waiting_id: str, course_id: str) -> Kept | None:
    now = ctx.clock()
    with ctx.database.writing() as session:
        row = session.get_one(Waiting, waiting_id)
        chat_id = chat.newest(session, row.referral_id)
        if chat_id is None:
            return None
        conversation = lock_one(session, Conversation, chat_id)
        referral = lock_one(session, Referral, row.referral_id)
        lock_one(session, Course, course_id)
        row = lock_one(session, Waiting, waiting_id)
        until = _may_keep(session, ctx, row, referral, booked.whole_course(session, course_id))
        if until is None:
            return None
        view = offers.keep(session, ctx, conversation, referral, course_id, until)
        hold = Hold(
            id=ctx.new_id(),
            waiting_id=row.id,
            referral_id=referral.id,
            course_id=course_id,
            offer_token=view.token,
            held_at=now,
            expires_at=until,
        )
        session.add(hold)
        session.flush()
        waiting_list.note(session, ctx, "offer", row.id, owners.CLOCK)
        say(session, ctx, conversation, [_notice(view, hold)])
        return Kept(hold.id, conversation.id)


def _may_keep(session: Session, ctx: Context, row: Waiting, referral: Referral, course: WholeCourse) -> datetime | None:
    """Until when, by all the rules on booking, as things are now; None where it may not be offered."""
    now, limits = ctx.clock(), deadline.Deadlines(referral.book_by, referral.finish_by)
    starts = [each.starts_at for each in course.sessions]
    if row.state != WaitingState.WAITING or waiting.hold_of(session, referral.id) is not None:
        return None
    verdict = booking_rules.may_book(
        verified=True,
        referral_state=referral.state.value,
        has_active=active_booking(session, referral.id) is not None,
        deadlines=limits,
        starts=starts,
        places_left=booking.places(course),
        now=now,
    )
    waiters = _waiters(session, [row], [course])
    if verdict is not Verdict.YES or not rules.choose(waiters, [offers.as_slot(course)], now):
        return None
    return rules.kept_until(now, _hold(session, ctx), starts, limits)


def _notice(view: offers.OfferView, hold: Hold) -> Reply:
    values = {
        "times": [[starts.isoformat(), ends.isoformat()] for starts, ends in view.sessions],
        "venue": view.venue,
        "kept_until": hold.expires_at.isoformat(),
    }
    buttons = [
        offers.button(view, "label_take_kept"),
        ButtonSpec("join_waiting_list", "label_decline_kept", carries={"reason": DECLINE, "request": hold.id}),
        ButtonSpec("join_waiting_list", "label_leave_list", carries={"reason": LEAVE}),
    ]
    answer = "notice_place_kept_online" if view.online else "notice_place_kept"
    return Reply(answer, values, buttons, unique_key=f"kept:{hold.id}")


def _expire(ctx: Context, expired: Hold) -> str | None:
    """The time is over: free for the next one. Told by day, where they have a chat."""
    with ctx.database.writing() as session:
        chat_id = chat.newest(session, expired.referral_id)
        conversation = lock_one(session, Conversation, chat_id) if chat_id else None
        lock_one(session, Referral, expired.referral_id)
        hold = session.get_one(Hold, expired.id)
        if hold.ended_at is not None:
            return None
        waiting.end_hold(session, hold, HoldEnd.EXPIRED, ctx.clock())
        waiting_list.note(session, ctx, "expire", hold.waiting_id, owners.CLOCK)
        if conversation is None or is_quiet(pace(setting.facts(session), ctx.clock()).quiet, ctx.clock()):
            return None
        leave_it = ButtonSpec("join_waiting_list", "label_leave_list", carries={"reason": LEAVE})
        say(session, ctx, conversation, [Reply("notice_place_gone", {}, [leave_it], unique_key=f"gone:{hold.id}")])
        return conversation.id


def _is_quiet(ctx: Context) -> bool:
    """Nobody is woken by an offer: the hours are those of all that is sent unasked."""
    now = ctx.clock()
    with ctx.database.reading() as session:
        return is_quiet(pace(setting.facts(session), now).quiet, now)


def _waiters(session: Session, rows: Sequence[Waiting], found: Sequence[WholeCourse]) -> list[Waiter]:
    """`found`: the courses that are looked at; those that are not for somebody are left out."""
    keys = [row.referral_id for row in rows]
    those = select(Referral, Person).join(Person).where(col(Referral.id).in_(keys))
    people = {referral.id: (referral, person) for referral, person in session.exec(those)}
    missed, before = newest_of(session, keys), waiting.all_kept_before(session, [row.id for row in rows])
    waiters = []
    for row in rows:
        referral, person = people[row.referral_id]
        wanted = preference.unpack(json.loads(row.wanted)) if row.wanted else None
        until = missed[referral.id].until if referral.id in missed else None
        besides = before.get(row.id, set()) | offers.not_for(found, person.language, until)
        limits = deadline.Deadlines(referral.book_by, referral.finish_by)
        waiters.append(Waiter(row.id, limits, wanted, frozenset(besides)))
    return waiters


def _hold(session: Session, ctx: Context) -> timedelta:
    today = london.today(ctx.clock())
    return timedelta(hours=setting.number(setting.facts(session), HOLD, today) or HOLD_HOURS)
