"""The versions of what pages show, for console/live.py: counts and newest instants, never anything sealed."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, func, select
from sqlmodel import Session

from console.live import Topic, Versions
from programme.rules.role import Permission
from storage.account import Account, Invitation, Shift, StaffSession
from storage.audit import Audit
from storage.booking import Booking
from storage.callback import Callback
from storage.case import Case
from storage.conversation import Conversation
from storage.enums import HandoffState, OutState
from storage.feedback import Feedback
from storage.handoff import HandoffRequest
from storage.lesson import Lesson, TrainingRun
from storage.message import MessageOut
from storage.miss import Miss
from storage.note import Note
from storage.row import Row
from storage.setting import Setting, SettingVersion

TYPING = timedelta(seconds=6)  # that somebody types is shown for so long after the last key
Asked = Select[Any]


def _columns(table: type[Row]) -> Any:
    return table.__table__.c  # type: ignore[attr-defined]


def _newest(table: type[Row], *columns: str) -> Asked:
    """How many rows there are, and the newest instant of each column."""
    of = _columns(table)
    return select(func.count(), *(func.max(of[name]) for name in columns)).select_from(of.id.table)


def _how_many(table: type[Row], column: str) -> Asked:
    """How many rows have each value."""
    of = _columns(table)[column]
    return select(of, func.count()).group_by(of).order_by(of)


def _whole(*asked: Asked) -> Versions:
    """The version of a topic without keys: the rows of these queries."""

    def versions(session: Session, keys: Sequence[str], _now: datetime) -> Mapping[str, object]:
        found = [tuple(row) for each in asked for row in session.execute(each)]
        return dict.fromkeys(keys, found)

    return versions


_request, _conversation, _out = _columns(HandoffRequest), _columns(Conversation), _columns(MessageOut)
_case, _shift, _booking, _session = _columns(Case), _columns(Shift), _columns(Booking), _columns(StaffSession)
_setting, _training, _audit = _columns(Setting), _columns(TrainingRun), _columns(Audit)

WAITING = (
    select(
        _request.id,
        _request.state,
        _request.urgency,
        _request.account_id,
        _request.wanted_account_id,
        _conversation.owner,
        _conversation.next_in_seq,
    )
    .join(_conversation.id.table, _conversation.id == _request.conversation_id)
    .where(_request.state.in_([HandoffState.WAITING, HandoffState.TAKEN]))
    .order_by(_request.id)
)
OPEN_CASES = select(func.count(), func.max(_case.opened_at)).where(_case.closed_at.is_(None))
ON_SHIFT = select(_shift.account_id).where(_shift.ended_at.is_(None)).order_by(_shift.account_id)
UNDELIVERED = select(func.count()).where(_out.state.in_([OutState.FAILED, OutState.BLOCKED]))
CALLBACKS = _newest(Callback, "asked_at", "tried_at", "closed_at")
CASES = _newest(Case, "opened_at", "closed_at")
REQUESTS = _newest(HandoffRequest, "requested_at", "taken_at", "ended_at")
# What is disabled and enabled again is as it was before, but for this.
ACCOUNTS_CHANGED = select(func.count(), func.max(_audit.at)).where(_audit.subject_kind == "account")
TRAINING = select(_training.id, _training.state, _training.progress, _training.phase).order_by(_training.id)


def _mine(session: Session, keys: Sequence[str], _now: datetime) -> Mapping[str, object]:
    """The conversations that each account has, and what came into them."""
    found: dict[str, list[object]] = {key: [] for key in keys}
    rows = (
        select(_request.account_id, _request.id, _conversation.owner, _conversation.next_in_seq)
        .join(_conversation.id.table, _conversation.id == _request.conversation_id)
        .where(_request.state == HandoffState.TAKEN, _request.account_id.in_(keys))
        .order_by(_request.id)
    )
    for account_id, *rest in session.execute(rows):
        found[account_id].append(tuple(rest))
    return found


def _talk(session: Session, keys: Sequence[str], now: datetime) -> Mapping[str, object]:
    """Messages both ways and what became of them, who types, notes, requests, cases, and the place that is held."""
    found: dict[str, list[object]] = {key: [] for key in keys}
    about = _conversation
    shown = (about.id, about.referral_id, about.person_typing_at, about.owner, about.next_in_seq, about.next_out_seq)
    referrals: dict[str, list[str]] = {}
    for key, referral_id, typing_at, *rest in session.execute(
        select(*shown, about.verified_at, about.paused_at).where(about.id.in_(keys))
    ):
        typing = typing_at is not None and now - typing_at < TYPING
        found[key].append((typing, referral_id, *rest))
        if referral_id:
            referrals.setdefault(referral_id, []).append(key)
    for asked in _beside(keys):
        for key, *rest in session.execute(asked):
            found[key].append(tuple(rest))
    places = select(_booking.referral_id, func.count(), func.max(_booking.made_at), func.max(_booking.ended_at))
    for referral_id, *rest in session.execute(
        places.where(_booking.referral_id.in_(list(referrals))).group_by(_booking.referral_id)
    ):
        for key in referrals[referral_id]:
            found[key].append(tuple(rest))
    return found


def _beside(keys: Sequence[str]) -> list[Asked]:
    """What hangs on conversations, counted for each."""
    delivered = select(_out.conversation_id, _out.state, func.count(), func.max(_out.delivered_at))
    states = (_out.conversation_id, _out.state)
    asked = [delivered.where(_out.conversation_id.in_(keys)).group_by(*states).order_by(*states)]
    for table, *newest in (
        (Note, "written_at"),
        (Case, "opened_at", "closed_at"),
        (Callback, "asked_at", "tried_at", "closed_at"),
        (Feedback, "given_at"),
        (HandoffRequest, "requested_at", "taken_at", "ended_at"),
    ):
        of = _columns(table)
        counted = select(of.conversation_id, func.count(), *(func.max(of[name]) for name in newest))
        asked.append(counted.where(of.conversation_id.in_(keys)).group_by(of.conversation_id))
    return asked


def _sessions(session: Session, keys: Sequence[str], _now: datetime) -> Mapping[str, object]:
    counted = select(_session.account_id, func.count(), func.max(_session.revoked_at))
    rows = session.execute(counted.where(_session.account_id.in_(keys)).group_by(_session.account_id))
    return {key: tuple(rest) for key, *rest in rows}


TOPICS = [
    Topic("waiting", Permission.CONVERSATIONS, _whole(WAITING, OPEN_CASES, ON_SHIFT)),
    Topic("mine", Permission.CONVERSATIONS, _mine, own=True),
    Topic(
        "all",
        Permission.CONVERSATIONS,
        _whole(_how_many(Conversation, "owner"), _newest(Conversation, "last_in_at", "created_at")),
    ),
    Topic("conversation", Permission.CONVERSATIONS, _talk),
    Topic("callbacks", Permission.CALLBACKS, _whole(CALLBACKS)),
    Topic(
        "since",
        Permission.SINCE,
        _whole(UNDELIVERED, CASES, CALLBACKS, REQUESTS, _newest(Booking, "made_at", "ended_at")),
    ),
    Topic(
        "programme",
        Permission.PROGRAMME,
        _whole(
            select(func.count(), func.max(_setting.updated_at)),
            _newest(SettingVersion, "proposed_at", "decided_at"),
            CASES,  # a question that nothing answers is one
        ),
    ),
    Topic(
        "training",
        Permission.TRAIN,
        _whole(
            TRAINING,
            _newest(TrainingRun, "asked_at", "ended_at"),
            _newest(Lesson, "taught_at", "undone_at"),
            _newest(Miss, "missed_at", "settled_at"),
        ),
    ),
    Topic(
        "people",
        Permission.PEOPLE,
        _whole(
            ON_SHIFT,
            _how_many(Account, "role"),
            _newest(Account, "created_at", "disabled_at", "totp_confirmed_at"),
            ACCOUNTS_CHANGED,
            _newest(Invitation, "created_at", "accepted_at", "revoked_at"),
        ),
    ),
    Topic("sessions", Permission.OWN, _sessions, own=True),
    Topic("audit", Permission.AUDIT, _whole(_newest(Audit, "at"))),
]
