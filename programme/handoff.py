"""Asking for a person and being helped by one: one open request a conversation, told truthfully; a worker takes it, and
gives it back. The assistant goes on helping for as long as nobody has taken it."""

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from programme import audit, feedback, queue, setting, shift
from programme import owner as owners
from programme.context import Context
from programme.owner import NotAllowedError, NotOnShiftError, NotYoursError
from programme.queue import Place
from programme.request import CAME_BACK, end, give_to_queue, join, tell
from programme.rules import handoff as rules
from programme.rules import hours
from programme.rules.danger import DANGERS
from storage import handoff as handoffs
from storage.account import Account
from storage.conversation import Conversation
from storage.enums import HandoffState, Owner, Urgency
from storage.handoff import HandoffRequest
from storage.row import lock_one

__all__ = ["NotAllowedError", "NotOnShiftError", "NotYoursError"]  # raised here; callers find them here
TAKEN_UNASKED = "taken"  # the reason of a request that a worker made by taking what nobody had asked for


class MustStayError(NotAllowedError):
    """After danger somebody must look, whether or not the person waits."""


class WaitsForColleagueError(NotAllowedError):
    """This person just spoke with a colleague who is on shift; it waits a few minutes for them."""


class UnknownOutcomeError(ValueError):
    """This outcome is not one of the list."""


@dataclass(frozen=True)
class Asked:
    """`new`: not asked before. `open_now`: the hours say that workers are there. `opens_at`: UTC, when they are next;
    None: not known. `on_shift`: somebody is there now. `place`: in the queue; None: a worker has it already."""

    new: bool
    open_now: bool
    opens_at: datetime | None
    on_shift: bool = False
    place: Place | None = None


@dataclass(frozen=True)
class Taken:
    """`won`: it is yours now. `by`: else the name of who has it, where it is known."""

    won: bool
    by: str | None = None


def ask(
    ctx: Context, conversation_id: str, reason: str, urgency: Urgency = Urgency.ASKED, last_words: str | None = None
) -> Asked:
    """Records the request, once, and puts the conversation in the queue."""
    now = ctx.clock()
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        before = handoffs.open_request_of(session, conversation_id)
        new = before is None or not _asked_by_person(before)
        request = join(session, ctx, conversation, reason, urgency, last_words=last_words)
        if new and request is not None:
            request.reason, request.last_words = reason, last_words or request.last_words
            session.add(request)
        session.flush()
        opening = setting.opening_hours(setting.facts(session))
        return Asked(
            new,
            hours.is_open(opening, now),
            hours.next_opening(opening, now),
            bool(shift.on_shift_in(session)),
            queue.place_in(session, conversation_id),
        )


def _asked_by_person(request: HandoffRequest) -> bool:
    return request.reason not in DANGERS and request.reason not in (CAME_BACK, TAKEN_UNASKED)


def withdraw(ctx: Context, conversation_id: str) -> bool:
    """The person no longer wants to wait; False where nobody was waiting. Raises MustStayError after danger."""
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        waiting = handoffs.open_request_of(session, conversation_id)
        if waiting is None or waiting.state != HandoffState.WAITING:
            return False
        if waiting.urgency is Urgency.DANGER:
            raise MustStayError(MustStayError.__doc__)
        end(session, ctx, conversation, waiting, HandoffState.CANCELLED, "withdrawn", owners.PERSON)
        return True


def owner(ctx: Context, conversation_id: str) -> Owner:
    """Who answers this conversation now."""
    with ctx.database.reading() as session:
        return session.get_one(Conversation, conversation_id).owner


def take(ctx: Context, conversation_id: str, account_id: str) -> Taken:
    """A worker on shift takes a conversation that no worker has, waiting or not: one of many wins, the others are told
    who did. From now on the assistant is silent there, and the person knows who is with them.

    Raises NotOnShiftError, WaitsForColleagueError.
    """
    with ctx.database.writing() as session:
        account = owners.on_shift(session, account_id)
        won = handoffs.claim(session, conversation_id, rules.owners_before("take"))
        conversation = lock_one(session, Conversation, conversation_id)
        request = handoffs.open_request_of(session, conversation_id)
        if not won:
            return _lost(session, request, account_id)
        if request is not None and queue.waits_for(session, request, ctx.clock()) not in (None, account_id):
            raise WaitsForColleagueError(WaitsForColleagueError.__doc__)
        _hold(session, ctx, conversation, request, account)
        return Taken(True)


def _hold(
    session: Session, ctx: Context, conversation: Conversation, request: HandoffRequest | None, account: Account
) -> None:
    now = ctx.clock()
    request = request or HandoffRequest(
        id=ctx.new_id(),
        conversation_id=conversation.id,
        reason=TAKEN_UNASKED,
        urgency=Urgency.ASKED,
        requested_at=now,
        waiting_since=now,
    )
    request.state, request.account_id, request.wanted_account_id = HandoffState.TAKEN, account.id, None
    request.taken_at = request.beat_at = now
    session.add(request)
    owners.note(session, ctx, conversation.id, "take", audit.worker(account.id), {"request": request.id})
    tell(session, ctx, conversation, "notice_worker_here", account)


def _lost(session: Session, request: HandoffRequest | None, account_id: str) -> Taken:
    if request is None or request.account_id is None:
        return Taken(False)
    if request.account_id == account_id:
        return Taken(True)  # a second press
    holder = session.get(Account, request.account_id)
    return Taken(False, holder.name if holder else None)


def hand_back(
    ctx: Context, conversation_id: str, account_id: str, outcome: str = "answered", note: str | None = None
) -> None:
    """The worker gives it back to the assistant, which says so. `note`: for colleagues, never for the person.

    Raises NotYoursError, UnknownOutcomeError.
    """
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        request = owners.held(session, conversation_id, account_id)
        _outcome(request, outcome, note)
        end(session, ctx, conversation, request, HandoffState.HANDED_BACK, "hand_back", audit.worker(account_id))
        tell(session, ctx, conversation, "notice_assistant_back", session.get(Account, account_id))
        feedback.invite(session, ctx, conversation, request)


def close(
    ctx: Context, conversation_id: str, account_id: str, outcome: str = "answered", note: str | None = None
) -> None:
    """Done: the worker who has it closes it, or any worker on shift closes what waits (helped by phone, for one).

    Raises NotYoursError, NotOnShiftError, UnknownOutcomeError.
    """
    with ctx.database.writing() as session:
        owners.on_shift(session, account_id)
        conversation = lock_one(session, Conversation, conversation_id)
        request = handoffs.open_request_of(session, conversation_id)
        if request is None:
            raise NotYoursError(NotYoursError.__doc__)
        if request.state == HandoffState.TAKEN:
            owners.held(session, conversation_id, account_id)
        had_it = request.state == HandoffState.TAKEN
        request.account_id = account_id
        _outcome(request, outcome, note)
        end(session, ctx, conversation, request, HandoffState.CLOSED, "close", audit.worker(account_id))
        if had_it:
            tell(session, ctx, conversation, "notice_worker_done", session.get(Account, account_id))
            feedback.invite(session, ctx, conversation, request)


def _outcome(request: HandoffRequest, outcome: str, note: str | None) -> None:
    if outcome not in rules.OUTCOMES:
        raise UnknownOutcomeError(UnknownOutcomeError.__doc__)
    request.outcome, request.outcome_note = outcome, (note or "").strip() or None


def pass_on(ctx: Context, conversation_id: str, account_id: str, to_account_id: str | None = None) -> None:
    """To a colleague who is on shift, or (None) to the queue with its place kept. The person is told.

    Raises NotYoursError, NotOnShiftError where the colleague is not there.
    """
    with ctx.database.writing() as session:
        colleague = owners.on_shift(session, to_account_id) if to_account_id else None
        conversation = lock_one(session, Conversation, conversation_id)
        request = owners.held(session, conversation_id, account_id)
        if colleague is None:
            give_to_queue(session, ctx, conversation, request, "requeue", audit.worker(account_id))
            return
        if colleague.id == account_id:
            return
        detail = {"request": request.id, "to": colleague.id}
        owners.change(session, ctx, conversation, "pass_on", audit.worker(account_id), detail)
        request.account_id, request.beat_at = colleague.id, ctx.clock()
        session.add(request)
        tell(session, ctx, conversation, "notice_worker_here", colleague)


def beat(ctx: Context, conversation_id: str, account_id: str) -> None:
    """The worker who has it is still there. Raises NotYoursError."""
    now = ctx.clock()
    with ctx.database.writing() as session:
        if not handoffs.beat(session, conversation_id, account_id, now):
            raise NotYoursError(NotYoursError.__doc__)
        shift.beat_in(session, account_id, now)


def requeue_silent(ctx: Context) -> list[str]:
    """What a worker had who has fallen silent, or whose shift is over, goes back to the queue, its place kept.

    The ids of these conversations.
    """
    with ctx.database.reading() as session:
        taken = handoffs.open_requests(session, HandoffState.TAKEN)
        gone = [request.conversation_id for request in taken if shift.is_gone(session, request, ctx.clock())]
    return [conversation_id for conversation_id in gone if _requeue_silent(ctx, conversation_id)]


def _requeue_silent(ctx: Context, conversation_id: str) -> bool:
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        request = handoffs.open_request_of(session, conversation_id)
        if request is None or request.state != HandoffState.TAKEN:
            return False
        cause = shift.is_gone(session, request, ctx.clock())
        if cause is None:
            return False
        give_to_queue(session, ctx, conversation, request, cause, owners.CLOCK)
        return True
