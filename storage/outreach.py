"""What we tried to tell somebody unasked: each way once for each occasion, and what came of it. Staff read it as the
reached-or-not ledger."""

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import Index, UniqueConstraint, or_, update
from sqlmodel import Field, Session, col, select

from storage.enums import Channel, OutreachKind, OutreachState, OutState, Way
from storage.keys import Keyring
from storage.message import MessageOut
from storage.referral import LINK, PersonalLink
from storage.row import Row, is_writing
from storage.types import Instant, Sealed, word

CHATS = (Way.WEB, Way.TELEGRAM)


class Outreach(Row, table=True):
    """One try by one way. In a chat the words are a message of the outbox, and what came of it stands there."""

    __table_args__ = (
        UniqueConstraint("occasion", "way"),
        Index("ix_outreach_due", "way", "state", "next_try_at"),
        Index("ix_outreach_kind_state", "kind", "state", "followed_up_at"),
        Index("ix_outreach_message", "message_id", "state"),
    )

    id: str = Field(primary_key=True, max_length=32)
    occasion: str = Field(max_length=120)  # "reminder:<booking id>:<session>:7d", "nudge:<referral id>:after24h", …
    kind: OutreachKind = Field(sa_type=word(OutreachKind, "outreach.kind"))
    way: Way = Field(sa_type=word(Way, "outreach.way"))
    referral_id: str = Field(foreign_key="referral.id", index=True, max_length=32)
    booking_id: str | None = Field(default=None, foreign_key="booking.id", index=True, max_length=32)
    message_id: str | None = Field(default=None, foreign_key="message_out.id", max_length=32)
    link_id: str | None = Field(default=None, foreign_key="personal_link.id", index=True, max_length=32)
    state: OutreachState = Field(default=OutreachState.WAITING, sa_type=word(OutreachState, "outreach.state"))
    text: str | None = Field(default=None, sa_type=Sealed("outreach.text"))  # as it was sent, but for the link's token
    tries: int = 0
    next_try_at: datetime | None = Field(default=None, sa_type=Instant)
    useful_until: datetime | None = Field(default=None, sa_type=Instant)
    failure: str | None = Field(default=None, max_length=100)  # a code
    external_id: str | None = Field(default=None, max_length=80)  # the carrier's own
    created_at: datetime = Field(sa_type=Instant)
    sent_at: datetime | None = Field(default=None, sa_type=Instant)
    delivered_at: datetime | None = Field(default=None, sa_type=Instant)
    seen_at: datetime | None = Field(default=None, sa_type=Instant)  # they opened the link that was in it
    followed_up_at: datetime | None = Field(default=None, sa_type=Instant)  # it failed, and what comes next was done


AGAIN = "again"


def link_again(referral_id: str, new_id: str) -> str:
    """The occasion of a personal link that is sent once more, to a contact that is new."""
    return f"link:{referral_id}:{AGAIN}:{new_id[:12]}"


def is_again(row: Outreach) -> bool:
    """Whether this personal link went to a contact that was put in later."""
    return row.kind is OutreachKind.LINK and f":{AGAIN}:" in row.occasion


def state_of(row: Outreach, message: MessageOut | None) -> OutreachState:
    """What came of it; in a chat what came of its message."""
    if row.seen_at is not None:
        return OutreachState.SEEN
    if message is None:
        return row.state
    if message.state is OutState.DELIVERED and row.way is Way.WEB:  # a page says so once it has shown it
        return OutreachState.SEEN
    return OutreachState(message.state.value)


def of_occasions(session: Session, occasions: Collection[str]) -> dict[str, list[tuple[Outreach, OutreachState]]]:
    """What was tried for each of these, the earliest first."""
    found: dict[str, list[tuple[Outreach, OutreachState]]] = {}
    wanted = list(occasions)
    for start in range(0, len(wanted), 500):
        part = col(Outreach.occasion).in_(wanted[start : start + 500])
        for row, message in _with_messages(session, [part]):
            found.setdefault(row.occasion, []).append((row, state_of(row, message)))
    return found


def of_referral(session: Session, referral_id: str) -> list[tuple[Outreach, MessageOut | None]]:
    """All that was tried to reach this person, the newest first."""
    return _with_messages(session, [col(Outreach.referral_id) == referral_id])[::-1]


def unsent_of_booking(session: Session, booking_id: str) -> list[tuple[Outreach, MessageOut | None]]:
    """What is written for this place and not out yet."""
    return [one for one in _with_messages(session, [col(Outreach.booking_id) == booking_id]) if is_unsent(*one)]


def unsent_of_referral(session: Session, referral_id: str) -> list[tuple[Outreach, MessageOut | None]]:
    """What is written for this person and not out yet."""
    return [one for one in _with_messages(session, [col(Outreach.referral_id) == referral_id]) if is_unsent(*one)]


def unsent_in_chats(session: Session) -> list[tuple[Outreach, MessageOut | None]]:
    """Chat messages, or plans for one, that are not out yet."""
    planned = [col(Outreach.message_id).is_(None), col(Outreach.state) == OutreachState.WAITING]
    said = [col(MessageOut.state) == OutState.WAITING]
    # Two questions, neither by the way: else every chat message of a year would be read.
    found = [*_with_messages(session, planned), *_with_messages(session, said, inner=True)]
    return [(row, message) for row, message in found if row.way in CHATS]


def is_unsent(row: Outreach, message: MessageOut | None) -> bool:
    """Whether it can still be taken back."""
    return state_of(row, message) is OutreachState.WAITING


def claimable(session: Session, way: Way, now: datetime, limit: int) -> list[Outreach]:
    """Text messages or letters that are due, locked: what another process claims just now is left to it."""
    due = or_(col(Outreach.next_try_at).is_(None), col(Outreach.next_try_at) <= now)
    found = (
        select(Outreach)
        .where(Outreach.way == way, Outreach.state == OutreachState.WAITING, due)
        .order_by(col(Outreach.created_at), col(Outreach.id))
        .limit(limit)
    )
    return list(session.exec(found.with_for_update(skip_locked=True) if is_writing(session) else found))


def failed_links(session: Session, most: int | None = None) -> list[Outreach]:
    """Personal links that did not arrive, and of which nothing was made yet; `most` at most, the earliest first."""
    found = select(Outreach).where(
        Outreach.kind == OutreachKind.LINK,
        Outreach.state == OutreachState.FAILED,
        col(Outreach.followed_up_at).is_(None),
    )
    return list(session.exec(found.order_by(col(Outreach.created_at)).limit(most)))


def mark_followed(session: Session, keyring: Keyring, token: str, now: datetime) -> str | None:
    """Somebody opened the link with this token: what carried it was seen. The referral, if anything did."""
    lookups = keyring.lookups(token, LINK)
    link = session.exec(select(PersonalLink.id).where(col(PersonalLink.token_lookup).in_(lookups))).first()
    if link is None:
        return None
    return session.execute(
        update(Outreach)
        .where(col(Outreach.link_id) == link)
        .values(seen_at=now, state=OutreachState.SEEN)
        .returning(col(Outreach.referral_id))
    ).scalar()


def way_of(channel: Channel) -> Way:
    """The way that a chat is."""
    return Way(channel.value)


def _with_messages(
    session: Session, where: Sequence[object], inner: bool = False
) -> list[tuple[Outreach, MessageOut | None]]:
    found = (
        select(Outreach, MessageOut)
        .join(MessageOut, col(Outreach.message_id) == col(MessageOut.id), isouter=not inner)
        .where(*where)  # type: ignore[arg-type]
        .order_by(col(Outreach.created_at), col(Outreach.id))
    )
    return list(session.exec(found).all())
