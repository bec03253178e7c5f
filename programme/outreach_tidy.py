"""What is written in a chat and not out yet: taken back where it is not wanted any more, and for the night."""

from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from datetime import datetime, timedelta

from sqlmodel import Session

from programme import outreach, outreach_known, setting
from programme import outreach_due as due
from programme.answers import Fact
from programme.context import Context
from programme.outreach_known import Known
from storage import outreach as tries
from storage.message import MessageOut
from storage.outreach import Outreach
from storage.referral import Referral
from storage.row import lock_one

IN_FLIGHT = timedelta(minutes=2)  # what may be on its way just now is not written anew
Unsent = tuple[Outreach, MessageOut | None]
LOOK_AGAIN = timedelta(minutes=1)  # at what waits to be read


def unsent(ctx: Context, looked: MutableMapping[str, datetime] | None) -> list[str]:
    """Referrals of which a chat message that is not out yet is to be taken back, but for those that were looked at just
    now; it is looked at again under their lock."""
    now = ctx.clock()
    with ctx.database.reading() as session:
        found: dict[str, list[Unsent]] = {}
        for row, message in tries.unsent_in_chats(session):
            found.setdefault(row.referral_id, []).append((row, message))
        lately = {key: at for key, at in (looked or {}).items() if at > now - LOOK_AGAIN}
        facts, new = setting.facts(session), sorted(key for key in found if key not in lately)
        known = outreach_known.of(session, new)
        people = outreach_known.these(session, new)
        due_now = [one.id for one in people if any(_to_tidy(session, facts, one, found[one.id], now, known[one.id]))]
    if looked is not None:
        looked.clear()
        looked.update(lately | dict.fromkeys(new, now))
    return due_now


def tidy(ctx: Context, referral_id: str) -> list[str]:
    """Takes back what is not wanted any more; what the night has caught is written again in the morning."""
    now = ctx.clock()
    with ctx.database.writing() as session:
        referral = lock_one(session, Referral, referral_id)
        rows = [each for each in tries.unsent_of_referral(session, referral_id) if each[0].way in tries.CHATS]
        for row, message, is_wanted in list(_to_tidy(session, setting.facts(session), referral, rows, now)):
            if is_wanted and message is not None:
                _take_back(session, row, message)
            else:
                is_over = row.useful_until is not None and row.useful_until <= now
                outreach.drop(session, row, message, "too_late" if is_over else "not_wanted")
    return []


def _to_tidy(
    session: Session,
    facts: Mapping[str, Fact],
    referral: Referral,
    rows: Iterable[Unsent],
    now: datetime,
    known: Known | None = None,
) -> Iterator[tuple[Outreach, MessageOut | None, bool]]:
    """What is to be taken back of this person's messages in chats, and whether it is still wanted: then it was caught
    by the night, and is written again."""
    wanted = {each.key for each in due.wanted(session, facts, referral, now, known)}
    for row, message in rows:
        if row.occasion not in wanted:
            yield row, message, False
        elif message is not None and _is_caught(message, now):
            yield row, message, True


def _take_back(session: Session, row: Outreach, message: MessageOut) -> None:
    """Until the morning, unless the channel took it just now."""
    if outreach.unsay(session, message, "quiet"):
        row.message_id = None
        session.add(row)


def _is_caught(message: MessageOut, now: datetime) -> bool:
    return message.useful_until is not None and message.useful_until + IN_FLIGHT <= now
