"""What is written in a chat and not out yet: taken back where it is not wanted any more, and for the night."""

from collections.abc import MutableMapping
from datetime import datetime, timedelta

from sqlmodel import Session

from programme import outreach, setting
from programme import outreach_due as due
from programme.context import Context
from storage import outreach as tries
from storage.message import MessageOut
from storage.outreach import Outreach
from storage.referral import Referral
from storage.row import lock_one

IN_FLIGHT = timedelta(minutes=2)  # what may be on its way just now is not written anew
LOOK_AGAIN = timedelta(minutes=1)  # at what waits to be read


def unsent(ctx: Context, looked: MutableMapping[str, datetime] | None) -> list[str]:
    """Referrals that have a chat message which is not out yet, but for those that were looked at just now."""
    now = ctx.clock()
    with ctx.database.reading() as session:
        found = sorted({row.referral_id for row, _ in tries.unsent_in_chats(session)})
    if looked is None:
        return found
    lately = {key: at for key, at in looked.items() if at > now - LOOK_AGAIN}
    looked.clear()
    looked.update(lately | {key: now for key in found if key not in lately})
    return [key for key in found if key not in lately]


def tidy(ctx: Context, referral_id: str) -> list[str]:
    """Takes back what is not wanted any more; what the night has caught is written again in the morning."""
    now = ctx.clock()
    with ctx.database.writing() as session:
        referral = lock_one(session, Referral, referral_id)
        wanted = {each.key for each in due.wanted(session, setting.facts(session), referral, now)}
        for row, message in tries.unsent_of_referral(session, referral_id):
            if row.way not in tries.CHATS:
                continue
            if row.occasion not in wanted:
                is_over = row.useful_until is not None and row.useful_until <= now
                outreach.drop(session, row, message, "too_late" if is_over else "not_wanted")
            elif message is not None and _is_caught(message, now):
                _take_back(session, row, message)
    return []


def _take_back(session: Session, row: Outreach, message: MessageOut) -> None:
    """Until the morning, unless the channel took it just now."""
    if outreach.unsay(session, message, "quiet"):
        row.message_id = None
        session.add(row)


def _is_caught(message: MessageOut, now: datetime) -> bool:
    return message.useful_until is not None and message.useful_until + IN_FLIGHT <= now
