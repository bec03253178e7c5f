"""How the sample's people were reached, and what came of their sessions: worked out of each one's story by the
programme's own steps, and told between its events."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from programme import attendance_sheet as sheet
from programme import booked, outbox, outreach, outreach_news, outreach_post, outreach_words, second_chance, setting
from programme import outreach_due as due
from programme.answers import Fact
from programme.context import Context
from programme.occasion import Occasion
from programme.outbox import Reply
from programme.rules import outreach as rules
from programme.rules.attendance import SETTLES
from programme.sample_event import Event, Told, at, course_of
from storage import absence as absences
from storage import booking as bookings
from storage import outreach as tries
from storage.booking import Booking
from storage.conversation import Conversation
from storage.enums import Mark, OutreachKind, OutreachState, ReferralState, Way
from storage.outreach import Outreach
from storage.referral import Referral
from storage.row import lock_one
from storage.session import whole_course

HEARD = ("says", "book", "confirmed", "asks")  # what shows that they looked at the chat
HOLDS = ("book", "put_down", "case", "asks", "callback", "waits", "danger")  # after these nobody was nudged
LISTED = timedelta(minutes=10)  # after the session its list is filled in
NEWS = timedelta(minutes=15)
SOON = timedelta(minutes=2)
LINK = f"https://chat.example.org/r/{outreach_post.HIDDEN}"
Moments = Sequence[tuple[datetime, Event]]


def follow(ctx: Context, told: Told, person: Event, story: Moments) -> Iterator[tuple[datetime, Event]]:
    """What happened besides `story`, each with its moment: the link, nudges, reminders, the list, what was said of
    it."""
    with ctx.database.reading() as session:
        pace = due.pace(setting.facts(session), told.now)
        referral = session.get_one(Referral, told.referral)
        place = _place(session, told, story)
        linked_at = rules.next_loud(pace.quiet, referral.created_at) + SOON
        found = [(linked_at, {"try": "link"}), *_nudges(referral, story, pace)]
    if place is not None:
        made_at, times, mark = place
        found += _reminders(times, story, made_at, pace)
        if (ended := times[-1][1] if person.get("part") is None else times[0][1]) < told.now - NEWS:
            found += [(ended + LISTED, {"marked": mark}), (ended + LISTED + SETTLES, {"settled": True})]
            found += [(rules.next_loud(pace.quiet, ended + NEWS), {"try": "news"})]
    came = next((at for at, event in story if event.get("open") == "web"), None)  # by the link that we had sent
    for moment, event in found:
        if moment < told.now:
            seen_at = came if event.get("try") == "link" else None
            yield moment, {**event, "ways": _ways(person, story, moment), "seen_at": seen_at}


def ended(ctx: Context, told: Told, story: Moments) -> datetime | None:
    """When the session was over that they booked last, if it was."""
    with ctx.database.reading() as session:
        place = _place(session, told, story)
    return place[1][0][1] if place is not None and place[1][0][1] < told.now else None


def _place(
    session: Session, told: Told, story: Moments
) -> tuple[datetime, Sequence[tuple[datetime, datetime]], str] | None:
    """When they booked last, the sessions (starts, ends), and what its list says of them."""
    made = [(moment, event) for moment, event in story if "book" in event]
    if not made:
        return None
    moment, event = made[-1]
    course = whole_course(session, course_of(session, event, told.now).id)
    times = [(each.starts_at, each.ends_at) for each in course.sessions] if course else []
    return (moment, times, event.get("came", "attended")) if times else None


def _nudges(referral: Referral, story: Moments, pace: due.Pace) -> list[tuple[datetime, dict[str, Any]]]:
    """To book, while they had no place: not while they talked with us, nor once a worker had something to settle."""
    until = min(
        (moment for moment, event in story if any(key in event for key in ("book", "put_down", *HOLDS))), default=None
    )
    steps = rules.nudges(referral.created_at, referral.book_by, pace.after_hours, pace.before_days, pace.quiet)
    talks = [moment for moment, event in story if "says" in event]
    return [
        (step.due, {"try": "nudge", "step": step.name})
        for step in steps
        if (until is None or step.due < until) and not any(at < step.due < at + due.TALKING for at in talks)
    ]


def _reminders(
    times: Sequence[tuple[datetime, datetime]], story: Moments, made_at: datetime, pace: due.Pace
) -> list[tuple[datetime, dict[str, Any]]]:
    coming = min((moment for moment, event in story if "confirmed" in event), default=None)
    return [
        (step.due, {"try": "reminder", "step": step.name, "number": number, "times": times[number - 1]})
        for number, step in rules.reminders(times, pace.days, pace.hours, made_at, pace.quiet)
        if coming is None or step.due < coming
    ]


def _ways(person: Event, story: Moments, moment: datetime) -> list[tuple[Way, OutreachState]]:
    """Each way that was tried at this moment, with what came of it: the next one where one had failed."""
    opened = next((event["open"] for at, event in story if "open" in event and at <= moment), None)
    looked = any(at > moment and any(key in event for key in HEARD) for at, event in story)
    if opened == "telegram":
        return [(Way.TELEGRAM, OutreachState.DELIVERED)]
    found = [(Way.WEB, OutreachState.SEEN)] if opened == "web" and looked else []
    if not found and "phone" in person:
        found.append((Way.SMS, OutreachState(person.get("sms", "delivered"))))
    if "email" in person and all(state is OutreachState.FAILED for _, state in found):
        found.append((Way.EMAIL, OutreachState.SENT))  # nothing tells whether it was read
    return found


def try_all(ctx: Context, some: Iterable[tuple[datetime, Told, Event]]) -> None:
    """What was tried, one after the other; in one transaction, since there is much of it."""
    with ctx.database.writing() as session:
        facts = setting.facts(session)
        for moment, told, event in some:
            _try(session, replace(ctx, clock=at(moment)), facts, told, event)


def _try(session: Session, ctx: Context, facts: Mapping[str, Fact], told: Told, event: Event) -> None:
    """One thing to be told, by one way after the other; where no way of theirs is known, that is a worker's."""
    chat = lock_one(session, Conversation, told.conversation) if told.conversation else None
    referral = lock_one(session, Referral, told.referral)
    if event["try"] == "link" and not event["ways"]:
        outreach.welcome(session, ctx, referral)
        return
    occasion = _occasion(session, ctx, referral, event)
    if occasion is None:
        return
    for way, state in event["ways"]:
        row = _row(ctx, occasion, way, OutreachState.SEEN if event["seen_at"] else state, event["seen_at"])
        if way in tries.CHATS and chat is not None:
            row.message_id = outbox.say(session, ctx, chat, _replies(session, ctx, chat, occasion, referral))[0].id
            row.state, row.sent_at, row.delivered_at = OutreachState.WAITING, None, None
        else:
            row.text = outreach_post.words(session, ctx, facts, row, occasion, referral, LINK)[1]
        session.add(row)
        if row.delivered_at is not None:
            outreach.note_reached(session, ctx, referral.id, way.value)
    if event["try"] == "link" and all(state is OutreachState.FAILED for _, state in event["ways"]):
        outreach.open_unreached(session, ctx, referral, outreach.NOT_ARRIVED)


def _occasion(session: Session, ctx: Context, referral: Referral, event: Event) -> Occasion | None:
    """As the programme would have written it; None where it did not come to that."""
    until, held = ctx.clock() + rules.NUDGE_LASTS, bookings.active_booking(session, referral.id)
    if event["try"] == "link":
        return Occasion(f"link:{referral.id}", OutreachKind.LINK, referral.id, until)
    if event["try"] == "nudge":
        return Occasion(due.nudge_key(referral.id, event["step"]), OutreachKind.NUDGE, referral.id, until)
    if event["try"] == "news":
        return _news(session, referral, held, until)
    if held is None:
        return None
    key = due.reminder_key(held.id, event["number"], event["step"])
    return Occasion(key, OutreachKind.REMINDER, referral.id, until, held.id, *event["times"])


def _news(session: Session, referral: Referral, held: Booking | None, until: datetime) -> Occasion | None:
    """That they have done it all, or that they were missed."""
    if referral.state is ReferralState.COMPLETED and held is not None:
        return Occasion(outreach_news.completed_key(referral.id), OutreachKind.COMPLETED, referral.id, until, held.id)
    rows = absences.absences_of(session, referral.id)
    if not rows:
        return None
    return Occasion(outreach_news.missed_key(rows[0].id), OutreachKind.MISSED, referral.id, until, rows[0].booking_id)


def _row(ctx: Context, occasion: Occasion, way: Way, state: OutreachState, seen_at: datetime | None) -> Outreach:
    now, arrived = ctx.clock(), state in (OutreachState.DELIVERED, OutreachState.SEEN)
    return Outreach(
        id=ctx.new_id(),
        occasion=occasion.key,
        kind=occasion.kind,
        way=way,
        referral_id=occasion.referral_id,
        booking_id=occasion.booking_id,
        state=state,
        tries=1,
        failure="permanent_failure" if state is OutreachState.FAILED else None,
        created_at=now,
        sent_at=now + SOON,
        delivered_at=now + SOON if arrived else None,
        seen_at=seen_at,
        followed_up_at=now + SOON if state is OutreachState.FAILED else None,
    )


def _replies(session: Session, ctx: Context, chat: Conversation, occasion: Occasion, referral: Referral) -> list[Reply]:
    if occasion.kind in outreach_news.KINDS:
        return outreach_news.replies(session, ctx, chat, occasion, occasion.key)
    answer, values = outreach_words.words(session, ctx, occasion, referral)
    return [Reply(answer, values, unique_key=occasion.key)]


def _mark(ctx: Context, told: Told, event: Event, staff: Mapping[str, str]) -> None:
    """What the list of the session says that was held last."""
    with ctx.database.reading() as session:
        held = bookings.active_booking(session, told.referral)
        course = booked.whole_course(session, held.course_id) if held else None
    if held is not None and course is not None:
        sheet.mark(ctx, course.sessions[0].id, held.id, Mark(event["marked"]), staff["worker"])


def _settle(ctx: Context, _told: Told, _event: Event, _: Mapping[str, str]) -> None:
    second_chance.tick(ctx)


KINDS: Mapping[str, Callable[[Context, Told, Event, Mapping[str, str]], None]] = {
    "marked": _mark,
    "settled": _settle,
}
