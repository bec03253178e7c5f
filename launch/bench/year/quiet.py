"""What left unasked while nobody may be written to: London's clocks, by the programme's setting."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from launch.bench.year.fault import Fault
from programme import outreach_due, setting
from programme.rules import outreach as rules
from storage.conversation import Conversation
from storage.enums import Channel, Sender, Way
from storage.message import MessageIn, MessageOut
from storage.outreach import Outreach

IN_TALK = timedelta(hours=1)  # who has just written is awake, and is being answered


def letters(session: Session, now: datetime) -> Iterator[Fault]:
    """Text messages and e-mail that a carrier took in quiet hours."""
    hours = outreach_due.pace(setting.facts(session), now).quiet
    found = select(Outreach.id, col(Outreach.sent_at)).where(
        col(Outreach.way).in_([Way.SMS, Way.EMAIL]), col(Outreach.sent_at).is_not(None)
    )
    for key, sent_at in session.exec(found):
        if sent_at is not None and rules.is_quiet(hours, sent_at):
            yield Fault("quiet", "letter", key)


def rings(session: Session, now: datetime) -> Iterator[Fault]:
    """Notices of ours that rang a phone at night, in a chat whose person had not just written."""
    hours = outreach_due.pace(setting.facts(session), now).quiet
    found = (
        select(MessageOut.id, MessageOut.conversation_id, col(MessageOut.sent_at))
        .join(Conversation)
        .where(
            Conversation.channel == Channel.TELEGRAM,
            MessageOut.sender != Sender.WORKER,
            col(MessageOut.reply_to_id).is_(None),
            col(MessageOut.sent_at).is_not(None),
        )
    )
    for key, chat, sent_at in session.exec(found):
        if sent_at is None or not rules.is_quiet(hours, sent_at):
            continue
        wrote = select(MessageIn.id).where(
            MessageIn.conversation_id == chat,
            MessageIn.received_at > sent_at - IN_TALK,
            MessageIn.received_at <= sent_at,
        )
        if session.exec(wrote.limit(1)).first() is None:
            yield Fault("quiet", "ring", key)


COUNTERS = (letters, rings)
