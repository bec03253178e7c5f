"""What somebody is told once, since something has happened: by the way that reminders go, and never in quiet hours."""

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, or_, select

from programme import booked, happening, second_chance
from programme.booked import BookingView
from programme.context import Context
from programme.occasion import Occasion, called_off_key
from programme.outbox import Reply
from programme.outreach_known import Known
from programme.rules.attendance import SETTLES
from storage import absence as absences
from storage import message as messages
from storage import outreach as tries
from storage.absence import Absence
from storage.booking import Booking
from storage.conversation import Conversation
from storage.enums import AbsenceStep, BookingState, Channel, CourseState, OutreachKind, OutState, Owner, ReferralState
from storage.referral import Referral
from storage.referral_change import ReferralChange, changes_of
from storage.session import Course

LASTS = timedelta(days=7)
LOOKED_AT = timedelta(minutes=5)  # a page that is open shows at once what is said on it
TEXTS = {"completed": "notice_text_completed", "changed": "notice_text_changed", "called_off": "notice_text_called_off"}
MAILS = {"completed": "notice_mail_completed", "changed": "notice_mail_changed", "called_off": "notice_mail_called_off"}
KINDS = (OutreachKind.MISSED, OutreachKind.CHANGED, OutreachKind.COMPLETED)


def due(session: Session, now: datetime) -> dict[str, str]:
    """What may be due, by its key, with the referral's id; it is looked at again under its lock."""
    found = {missed_key(row.id): row.referral_id for row in absences.noted_from(session, now - LASTS)}
    done = select(ReferralChange.referral_id).where(
        ReferralChange.now == ReferralState.COMPLETED, ReferralChange.at > now - LASTS
    )
    found |= {completed_key(key): key for key in session.exec(done)}
    lately = select(Course.id, Course.changed_at).where(col(Course.changed_at) > now - LASTS)
    changed = {key: at for key, at in session.exec(lately) if at is not None}  # few: first, so that few places are read
    stands = or_(col(Booking.state) == BookingState.ACTIVE, col(Booking.called_off_at).is_not(None))
    held = select(Booking.id, Booking.referral_id, Booking.course_id).where(col(Booking.course_id).in_(changed), stands)
    places = session.exec(held).all() if changed else ()
    return found | {changed_key(key, changed[of]): referral_id for key, referral_id, of in places}


def wanted(session: Session, referral: Referral, theirs: Known, now: datetime) -> list[Occasion]:
    """What this person is to be told of now. Nothing while they may be in danger, or a worker talks with them."""
    found: list[Occasion] = []
    for held in theirs.places[:1]:  # what they have, or had last
        found += [*_missed(theirs, held, now), *_changed(theirs, held, now), *_called_off(session, theirs, held, now)]
        found += _completed(session, referral, held, now)
    if not found or any(chat.paused_at is not None or chat.owner is not Owner.BOT for chat in theirs.chats):
        return []
    in_danger = happening.open_cases(session, referral.id).get(referral.id, set()) & happening.DANGER
    return [] if in_danger else found


def missed_unheard(session: Session, referral_id: str, now: datetime) -> Absence | None:
    """What a list says of the session that they missed last, where they are to be told and nothing has got through."""
    row = absences.newest_of(session, [referral_id]).get(referral_id)
    if row is None or row.session_id is None or now >= row.noted_at + LASTS:
        return None
    key = missed_key(row.id)
    tried = tries.of_occasions(session, [key]).get(key, [])
    return None if any(state in happening.ARRIVED for _, state in tried) else row


def missed_key(absence_id: str) -> str:
    """How the occasion of a missed session is written."""
    return f"missed:{absence_id}"


def changed_key(booking_id: str, at: datetime) -> str:
    """How the occasion of a place or a time that changed is written."""
    return f"changed:{booking_id}:{int(at.timestamp())}"


def completed_key(referral_id: str) -> str:
    """How the occasion of a completed course is written."""
    return f"completed:{referral_id}"


def replies(session: Session, ctx: Context, conversation: Conversation, occasion: Occasion, key: str) -> list[Reply]:
    """What is said in a chat; one `key` each."""
    if occasion.kind is OutreachKind.MISSED:
        row = session.get_one(Absence, occasion.key.rpartition(":")[2])
        return second_chance.replies(session, ctx, conversation, row, key)
    view = booked.view(session, session.get_one(Booking, occasion.booking_id or ""))
    if occasion.kind is OutreachKind.COMPLETED:
        return [Reply("notice_completed", _with_paper(ctx, conversation, view), unique_key=key)]
    return [Reply("notice_changed_online" if view.online else "notice_changed", view.values(), unique_key=key)]


def letter(session: Session, occasion: Occasion, is_text: bool) -> tuple[str, dict[str, Any]]:
    """The answer's name for a text message or an e-mail, and its values."""
    if occasion.kind is not OutreachKind.MISSED:
        held = session.get_one(Booking, occasion.booking_id or "")
        what = "completed" if occasion.kind is OutreachKind.COMPLETED else "changed"
        told = "called_off" if held.called_off_at is not None else what
        return (TEXTS if is_text else MAILS)[told], booked.view(session, held).values()
    row = session.get_one(Absence, occasion.key.rpartition(":")[2])
    values = second_chance.values(session, row)
    if row.step is AbsenceStep.DATES:
        return ("notice_text_missed" if is_text else "notice_mail_missed"), values
    return ("notice_text_missed_worker" if is_text else "notice_mail_missed_worker"), values


def _missed(theirs: Known, held: Booking, now: datetime) -> list[Occasion]:
    """What a list says of the place that they had last; not once they have another one, or the list was put right."""
    row = next((each for each in theirs.absences if each.booking_id == held.id), None)
    if row is None or row.session_id is None or row.put_right_at is not None or now >= row.noted_at + LASTS:
        return []
    until = row.noted_at + LASTS
    return [Occasion(missed_key(row.id), OutreachKind.MISSED, held.referral_id, until, row.booking_id)]


def _changed(theirs: Known, held: Booking, now: datetime) -> list[Occasion]:
    """That the place, the link or the times of what they hold are not what they were when it was booked."""
    course = theirs.courses[held.course_id]
    at = course.changed_at
    is_open = held.state == BookingState.ACTIVE and course.state == CourseState.OPEN
    if at is None or at <= held.made_at or not is_open or now < at + SETTLES:
        return []
    ahead = [each.starts_at for each in theirs.sessions[held.course_id] if each.starts_at > now]
    if not ahead:
        return []
    until = min(at + LASTS, ahead[0])
    return [Occasion(changed_key(held.id, at), OutreachKind.CHANGED, held.referral_id, until, held.id)]


def _called_off(session: Session, theirs: Known, held: Booking, now: datetime) -> list[Occasion]:
    """That we cancelled what they had a place in: for whoever has no chat, in which it was said at once, or has not
    looked at it there: else they set out for a session that is not held."""
    at = theirs.courses[held.course_id].changed_at
    ahead = [each.starts_at for each in theirs.sessions[held.course_id] if each.starts_at > now]
    if at is None or held.called_off_at is None or at > held.called_off_at or not ahead:
        return []
    if theirs.chats and not _is_unheard(session, theirs, held, now):
        return []
    key, until = changed_key(held.id, at), min(at + LASTS, ahead[0])
    return [Occasion(key, OutreachKind.CHANGED, held.referral_id, until, held.id, is_said=bool(theirs.chats))]


def _is_unheard(session: Session, theirs: Known, held: Booking, now: datetime) -> bool:
    """Whether what was said in their chat did not arrive, or has stood for a while on a page that nobody opened."""
    said = messages.out_by_unique_key(session, called_off_key(held.id))
    if said is None or said.state is OutState.DELIVERED:
        return False
    if said.state not in (OutState.WAITING, OutState.SENT):
        return True
    on_page = any(chat.id == said.conversation_id and chat.channel is Channel.WEB for chat in theirs.chats)
    return on_page and now >= said.created_at + LOOKED_AT


def _completed(session: Session, referral: Referral, held: Booking, now: datetime) -> list[Occasion]:
    """That they have done it all, with their certificate; once, and not before a wrong tap would be put right."""
    if referral.state is not ReferralState.COMPLETED:
        return []
    done = [row.at for row in changes_of(session, held.referral_id) if row.now is ReferralState.COMPLETED]
    if not done or not done[-1] + SETTLES <= now < done[-1] + LASTS:
        return []
    key = completed_key(held.referral_id)
    return [Occasion(key, OutreachKind.COMPLETED, held.referral_id, done[-1] + LASTS, held.id)]


def _with_paper(ctx: Context, conversation: Conversation, view: BookingView) -> dict[str, Any]:
    """The web page knows where it is; elsewhere a link needs the address, and where there is none a person helps."""
    values = view.values()
    is_whole = conversation.channel is Channel.WEB or ctx.found_at
    return values | {"proof": f"{ctx.found_at}{values['proof']}" if is_whole else None}
