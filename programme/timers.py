"""What falls due while people wait: vanished workers, ended shifts, first replies that do not come, requests that
nobody took; places that are kept for people on the waiting list. Called each second; every step happens once, however
many processes call."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial

from sqlmodel import Session

from programme import (
    alert,
    calling_off,
    first_reply,
    handoff,
    kept_place,
    request,
    second_chance,
    setting,
    shift,
    unread,
)
from programme import owner as owners
from programme.context import Context
from programme.rules import london
from storage import handoff as handoffs
from storage.conversation import Conversation
from storage.enums import HandoffState, Urgency
from storage.handoff import HandoffRequest
from storage.row import lock_one

EXPIRES, EXPIRES_DAYS = "request_expires_days", 7


@dataclass
class Ticked:
    """What was due. `changed`: conversations in which something is to be shown; the others are requests' ids."""

    changed: list[str] = field(default_factory=list)
    warned: list[str] = field(default_factory=list)
    escalated: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    expired: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Step:
    """One thing that is done once for each wait: `mark` is where that is noted."""

    mark: str
    is_due: Callable[[first_reply.Due, HandoffRequest], bool]
    act: Callable[[Session, Context, Conversation, HandoffRequest], None]


def tick(ctx: Context) -> Ticked:
    """Does all that is due now. What fails is left for the next time and holds up nothing else; then raises it."""
    ticked, failed = Ticked(), list[Exception]()
    work: list[Callable[[], None]] = [
        lambda: ticked.changed.extend(shift.end_silent(ctx)),
        lambda: ticked.changed.extend(handoff.requeue_silent(ctx)),
        lambda: ticked.changed.extend(calling_off.tick(ctx)),
        lambda: second_chance.tick(ctx),
        lambda: ticked.changed.extend(kept_place.tick(ctx)),
        lambda: unread.tick(ctx),
        *[partial(_do, ctx, conversation_id, step, ticked) for conversation_id, step in _due(ctx)],
        *[partial(_expire, ctx, conversation_id, ticked) for conversation_id in _too_old(ctx)],
    ]
    for act in work:
        try:
            act()
        except Exception as error:  # one conversation that cannot be helped must not keep the others waiting
            failed.append(error)
    if failed:
        raise failed[0]
    ticked.changed = list(dict.fromkeys(ticked.changed))
    return ticked


def _warn(session: Session, ctx: Context, _: Conversation, row: HandoffRequest) -> None:
    """Half of the time is over: the workers are told once more, while it can still be met."""
    alert.raise_alert(session, ctx, request.subject("late", row), row.urgency)


def _escalate(session: Session, ctx: Context, _: Conversation, row: HandoffRequest) -> None:
    """The time is over: whoever is on call is told."""
    alert.raise_alert(session, ctx, request.subject("escalation", row), row.urgency)


def _tell(session: Session, ctx: Context, conversation: Conversation, row: HandoffRequest) -> None:
    """The time is over: the person is told so, and what they can do."""
    in_danger = row.urgency is Urgency.DANGER
    request.tell(session, ctx, conversation, "notice_takes_longer_danger" if in_danger else "notice_takes_longer")


STEPS: Sequence[_Step] = (
    _Step("warned_at", first_reply.Due.is_half, _warn),
    _Step("escalated_at", first_reply.Due.is_late, _escalate),
    _Step("told_at", first_reply.Due.is_late, _tell),
)


def _due(ctx: Context) -> list[tuple[str, _Step]]:
    """What looks due; whether it is, is asked again under the conversation's lock."""
    with ctx.database.reading() as session:
        due = first_reply.Due(session, ctx.clock())
        return [
            (row.conversation_id, step)
            for row in handoffs.open_requests(session)
            for step in STEPS
            if _is_open_step(row, step) and step.is_due(due, row)
        ]


def _is_open_step(row: HandoffRequest, step: _Step) -> bool:
    done_at = getattr(row, step.mark)
    return done_at is None or done_at < row.waits_since


def _do(ctx: Context, conversation_id: str, step: _Step, ticked: Ticked) -> None:
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        row = handoffs.open_request_of(session, conversation_id)
        if row is None or not _is_open_step(row, step) or not step.is_due(first_reply.Due(session, ctx.clock()), row):
            return
        if not handoffs.mark_once(session, row.id, step.mark, ctx.clock()):
            return
        step.act(session, ctx, conversation, row)
        _audit(session, ctx, row, step)
    {"warned_at": ticked.warned, "escalated_at": ticked.escalated, "told_at": ticked.told}[step.mark].append(row.id)
    ticked.changed.append(conversation_id)


def _audit(session: Session, ctx: Context, row: HandoffRequest, step: _Step) -> None:
    owners.log(session, ctx, row.conversation_id, f"first_reply:{step.mark.removesuffix('_at')}", owners.CLOCK)


def _too_old(ctx: Context) -> list[str]:
    with ctx.database.reading() as session:
        limit = ctx.clock() - _expires_after(session, ctx)
        waiting = handoffs.open_requests(session, HandoffState.WAITING)
        return [row.conversation_id for row in waiting if _is_too_old(row, limit)]


def _is_too_old(row: HandoffRequest, limit: datetime) -> bool:
    """Never where somebody is in danger: that waits until a worker has looked."""
    return row.urgency is not Urgency.DANGER and row.waits_since <= limit


def _expire(ctx: Context, conversation_id: str, ticked: Ticked) -> None:
    """Nobody came for days: it is said, instead of leaving somebody in a queue that does not move."""
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        row = handoffs.open_request_of(session, conversation_id)
        limit = ctx.clock() - _expires_after(session, ctx)
        if row is None or row.state != HandoffState.WAITING or not _is_too_old(row, limit):
            return
        request.end(session, ctx, conversation, row, HandoffState.EXPIRED, "expired", owners.CLOCK)
        request.tell(session, ctx, conversation, "notice_nobody_came")
    ticked.expired.append(row.id)
    ticked.changed.append(conversation_id)


def _expires_after(session: Session, ctx: Context) -> timedelta:
    today = london.today(ctx.clock())
    return timedelta(days=setting.number(setting.facts(session), EXPIRES, today) or EXPIRES_DAYS)
