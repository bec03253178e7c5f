"""What somebody is to be told unasked just now: reminders of their place, or a nudge to book one. The settings decide
when, and what holds it back is looked at each time anew, so that nothing has to be taken out of a calendar."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from sqlmodel import Session, col, select

from programme import outreach_known, outreach_news, phone, setting
from programme.answers import Fact
from programme.occasion import Occasion
from programme.outreach_known import Known
from programme.rules import london
from programme.rules import outreach as rules
from programme.rules.danger import DANGERS
from programme.rules.outreach import Quiet
from storage.booking import Booking
from storage.conversation import Conversation
from storage.enums import CaseReason, Channel, CourseState, OutreachKind, Owner, ReferralState, Way
from storage.identity import ChannelIdentity
from storage.outreach import way_of
from storage.person import Person
from storage.referral import Referral

TALKING = timedelta(hours=2)  # after their last message nobody is nudged: they are here
NUDGED = (ReferralState.REFERRED, ReferralState.REACHED, ReferralState.VERIFIED, ReferralState.SECOND_CHANCE)
REMINDED = (ReferralState.BOOKED, ReferralState.ATTENDED)
# A worker has something to settle with them first, and asking them to book would be wrong or unkind.
HOLDS_NUDGES = (CaseReason.NO_SESSION, CaseReason.WAITING_LIST, CaseReason.DECLINED, CaseReason.ELIGIBILITY,
                CaseReason.OFFENCE_DISPUTED, CaseReason.MORE_TIME, CaseReason.UNDER_18)  # fmt: skip
HOLDS_ALL = (CaseReason.WRONG_PERSON,)
MOBILE = ("+447", "07")
PLAIN_MOBILE = re.compile(r"07[1-57-9]\d{8}")


@dataclass(frozen=True)
class Pace:
    """The settings: days and hours before a session, hours after the referral, days before the deadline; how long a
    page that nobody opens is waited for before the next way is tried."""

    days: tuple[int, ...]
    hours: tuple[int, ...]
    after_hours: tuple[int, ...]
    before_days: tuple[int, ...]
    quiet: Quiet
    patience: Mapping[str, timedelta]


def pace(facts: Mapping[str, Fact], now: datetime) -> Pace:
    """The settings as they are now; the usual ones where they are empty or past their review."""
    today = london.today(now)

    def several(key: str, usual: tuple[int, ...]) -> tuple[int, ...]:
        fact = facts.get(key)
        if fact is None or fact.review_by < today:
            return usual
        found = rules.numbers(fact.value)
        return found if found or fact.value.strip() == "0" else usual  # what cannot be read stops nothing

    def hour(key: str, usual: int) -> time:
        given = setting.number(facts, key, today)
        return time(given if given is not None and given < 24 else usual)

    return Pace(
        days=several("reminder_days", (7, 3, 1)),
        hours=several("reminder_hours", (2,)),
        after_hours=several("nudge_after_hours", (168, 72, 24)),
        before_days=several("nudge_before_days", (3, 1)),
        quiet=Quiet(hour("quiet_from_hour", 21), hour("quiet_until_hour", 8)),
        patience={Way.WEB.value: timedelta(minutes=setting.number(facts, "second_way_minutes", today) or 30)},
    )


def chats_of(session: Session, referral_id: str) -> list[Conversation]:
    """The chats in which this person proved who they are, the one they used last first."""
    found = select(Conversation).where(Conversation.referral_id == referral_id)
    return sorted(session.exec(found), key=lambda chat: chat.last_in_at or chat.created_at, reverse=True)


def chats_by_link(session: Session, referral_id: str) -> list[Conversation]:
    """The chats that this person's own link has opened, in which nobody has proved yet who they are."""
    found = select(Conversation).where(
        Conversation.linked_referral_id == referral_id, col(Conversation.referral_id).is_(None)
    )
    return list(session.exec(found))


def due_for(
    session: Session, facts: Mapping[str, Fact], referral: Referral, now: datetime, known: Known | None = None
) -> list[Occasion]:
    """What this person is to be told now; nothing in quiet hours. `known`: as for `wanted`."""
    quiet = pace(facts, now).quiet
    return [] if rules.is_quiet(quiet, now) else wanted(session, facts, referral, now, known)


def wanted(
    session: Session, facts: Mapping[str, Fact], referral: Referral, now: datetime, known: Known | None = None
) -> list[Occasion]:
    """What this person is to be told about now, were it not for quiet hours. `known`: what was read of them, where many
    are looked at in this transaction."""
    theirs = known or outreach_known.of(session, [referral.id])[referral.id]
    if not theirs.cases.isdisjoint(HOLDS_ALL) or theirs.has_stopped:
        return []
    news, of = outreach_news.wanted(session, referral, theirs, now), pace(facts, now)
    if (held := theirs.held) is not None:
        return [*news, *_reminders(referral, held, theirs, of, now)]
    if referral.state not in NUDGED or _held_back(theirs, now):
        return news
    steps = rules.nudges(referral.created_at, referral.book_by, of.after_hours, of.before_days, of.quiet)
    return [*news, *_nudges(referral, steps, now)]


def _nudges(referral: Referral, steps: Collection[rules.Step], now: datetime) -> list[Occasion]:
    return [
        Occasion(nudge_key(referral.id, step.name), OutreachKind.NUDGE, referral.id, step.until)
        for step in steps
        if step.due <= now < step.until
    ]


def _reminders(referral: Referral, held: Booking, theirs: Known, of: Pace, now: datetime) -> list[Occasion]:
    """Of a place that stands: not once they said that they will be there, nor where we have called the course off."""
    course, rows = theirs.courses[held.course_id], theirs.sessions[held.course_id]
    if held.confirmed_at is not None or referral.state not in REMINDED or course.state is not CourseState.OPEN:
        return []
    sessions, found = [(each.starts_at, each.ends_at) for each in rows], []
    for number, step in rules.reminders(sessions, of.days, of.hours, held.made_at, of.quiet):
        if step.due <= now < step.until:
            key = reminder_key(held.id, rows[number - 1].number, step.name)
            found.append(Occasion(key, OutreachKind.REMINDER, referral.id, step.until, held.id, *sessions[number - 1]))
    return found


def reminder_key(booking_id: str, number: int, step: str) -> str:
    """How a reminder's occasion is written."""
    return f"reminder:{booking_id}:{number}:{step}"


def nudge_key(referral_id: str, step: str) -> str:
    """How a nudge's occasion is written."""
    return f"nudge:{referral_id}:{step}"


def _held_back(theirs: Known, now: datetime) -> bool:
    """Nudges wait while they may be in danger, talk with us or a worker, or a worker has to settle something."""
    if any(chat.paused_at is not None or chat.owner is not Owner.BOT for chat in theirs.chats):
        return True
    missed = next((each for each in reversed(theirs.absences) if each.put_right_at is None), None)
    if missed is not None and now - missed.noted_at < rules.NUDGES_APART:
        return True  # they were offered dates just now
    if any(chat.last_in_at is not None and now - chat.last_in_at < TALKING for chat in theirs.chats):
        return True
    return not theirs.cases.isdisjoint((*HOLDS_NUDGES, *(CaseReason(each) for each in DANGERS)))


def order_of_ways(
    session: Session, facts: Mapping[str, Fact], referral: Referral, carriers: Collection[Way]
) -> list[Way]:
    """The chat they used last, their other chats, then a text message, then e-mail. `carriers`: what is set up of the
    last two. Sample people get neither."""
    found: list[Way] = []
    for chat in chats_of(session, referral.id):
        if is_open(session, chat) and way_of(chat.channel) not in found:
            found.append(way_of(chat.channel))
    if not setting.is_on(facts, setting.SAMPLE):
        found += [way for way in contacts(session.get_one(Person, referral.person_id)) if way in carriers]
    return found


def is_open(session: Session, chat: Conversation) -> bool:
    """Whether anything can be said there: it was not left, and they have not blocked us."""
    if chat.closed_at is not None:
        return False
    blocked = chat.channel is Channel.TELEGRAM and session.get_one(ChannelIdentity, chat.identity_id).blocked_at
    return not blocked


def contacts(person: Person) -> dict[Way, str]:
    """How this person can be written to outside a chat: a mobile number (E.164) first, then an address."""
    return ways_to(person.phone, person.email)


def ways_to(number: str | None, address: str | None) -> dict[Way, str]:
    """The same, of what is known as their number and address."""
    found: dict[Way, str] = {}
    if number and PLAIN_MOBILE.fullmatch(bare := number.replace(" ", "")):  # nearly every one; the whole look is slow
        found[Way.SMS] = f"+44{bare[1:]}"
    elif number and (read := phone.find(number)) is not None and read.number and read.number.startswith(MOBILE):
        found[Way.SMS] = read.number
    if address and "@" in address:
        found[Way.EMAIL] = address.strip()
    return found
