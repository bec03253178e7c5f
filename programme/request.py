"""A request for a person inside one transaction: begun, made more urgent, put back in the queue, ended."""

from datetime import datetime, timedelta

from sqlmodel import Session

from programme import alert, outbox, setting
from programme import owner as owners
from programme.context import Context
from programme.outbox import Reply
from programme.rules import deadline, london
from programme.rules import handoff as rules
from storage import handoff as handoffs
from storage.account import Account
from storage.booking import active_booking
from storage.conversation import Conversation
from storage.enums import HandoffState, Owner, Urgency
from storage.handoff import HandoffRequest
from storage.referral import Referral

CAME_BACK = "came_back"  # the reason of a request that was made since the person wrote again
SAME_WORKER, SAME_WORKER_HOURS = "same_worker_hours", 24
NAMING = "worker_naming"  # "first_name", or "none": what a person is told of a worker's name


def join(
    session: Session,
    ctx: Context,
    conversation: Conversation,
    reason: str,
    urgency: Urgency,
    *,
    cause: rules.Cause = "asked",
    actor: str = owners.PERSON,
    last_words: str | None = None,
    wanted: str | None = None,
) -> HandoffRequest | None:
    """Puts a (locked) conversation in the queue. Where it waits already, or a worker has it, that one request stays,
    more urgent where this is. None: a worker has it without one."""
    urgency = Urgency(rules.most_urgent([urgency, _by_deadline(session, conversation, ctx.clock())]))
    request = handoffs.open_request_of(session, conversation.id)
    if request is not None:
        _raise_urgency(session, ctx, conversation, request, urgency, cause, actor)
        return request
    if conversation.owner is Owner.WORKER:
        return None
    now = ctx.clock()
    request = HandoffRequest(
        id=ctx.new_id(),
        conversation_id=conversation.id,
        reason=reason,
        urgency=urgency,
        last_words=last_words,
        requested_at=now,
        waiting_since=now,
        wanted_account_id=wanted,
    )
    session.add(request)
    owners.change(session, ctx, conversation, cause, actor, {"request": request.id})
    alert.raise_alert(session, ctx, f"request:{request.id}", urgency)
    return request


def _raise_urgency(
    session: Session,
    ctx: Context,
    conversation: Conversation,
    request: HandoffRequest,
    urgency: Urgency,
    cause: rules.Cause,
    actor: str,
) -> None:
    """It only ever rises. Who is in danger waits anew for a worker's word, though one has written before."""
    now = ctx.clock()
    rises = rules.rank(urgency) < rules.rank(request.urgency)
    again = urgency is Urgency.DANGER and (rises or request.was_answered)
    if rises:
        request.urgency = urgency
    if again:
        request.waiting_since, request.wanted_account_id = now, None
    if rises or again:
        session.add(request)
        owners.change(session, ctx, conversation, cause, actor, {"request": request.id})
    if again:
        alert.raise_alert(session, ctx, subject("danger", request), urgency)


def subject(kind: str, request: HandoffRequest) -> str:
    """What an alert is about: the request, and which time it waits."""
    anew = request.waits_since > request.requested_at
    return f"{kind}:{request.id}" + (f":{int(request.waits_since.timestamp())}" if anew else "")


def _by_deadline(session: Session, conversation: Conversation, now: datetime) -> Urgency:
    """Whose days to book are nearly over, and who has no place, is more urgent than who only asks."""
    referral = session.get(Referral, conversation.referral_id) if conversation.referral_id else None
    if referral is None or referral.book_by is None or active_booking(session, referral.id):
        return Urgency.ROUTINE
    closed = setting.opening_hours(setting.facts(session)).closures
    return Urgency.DEADLINE if deadline.is_close(referral.book_by, london.today(now), closed) else Urgency.ROUTINE


def end(
    session: Session,
    ctx: Context,
    conversation: Conversation,
    request: HandoffRequest,
    state: HandoffState,
    cause: rules.Cause,
    actor: str,
) -> None:
    """The (locked) conversation is the assistant's again."""
    owners.change(session, ctx, conversation, cause, actor, {"request": request.id})
    if request.state == HandoffState.TAKEN:
        _fall_out_of_step(conversation, request)
    request.state, request.ended_at, request.wanted_account_id = state, ctx.clock(), None
    session.add_all([request, conversation])
    session.flush()


def leave(session: Session, ctx: Context, conversation: Conversation) -> None:
    """The person has left a (locked) conversation for good: nobody need come, unless they were in danger."""
    waiting = handoffs.open_request_of(session, conversation.id)
    if waiting is None or waiting.state != HandoffState.WAITING or waiting.urgency is Urgency.DANGER:
        return
    end(session, ctx, conversation, waiting, HandoffState.CANCELLED, "withdrawn", owners.PERSON)


def follow_up(session: Session, ctx: Context, conversation: Conversation) -> bool:
    """The person writes again soon after a worker was done: it waits for that worker first, and the person is told.
    False: it was long ago, or it is not the assistant's."""
    if conversation.owner is not Owner.BOT:
        return False
    last = handoffs.latest_request_of(session, conversation.id)
    if last is None or last.state != HandoffState.CLOSED or last.ended_at is None or last.account_id is None:
        return False
    now = ctx.clock()
    window = timedelta(
        hours=setting.number(setting.facts(session), SAME_WORKER, london.today(now)) or SAME_WORKER_HOURS
    )
    if not rules.is_same_worker(last.ended_at, now, window):
        return False
    join(session, ctx, conversation, CAME_BACK, Urgency.ASKED, cause="came_back", wanted=last.account_id)
    tell(session, ctx, conversation, "notice_same_worker", session.get(Account, last.account_id))
    return True


def give_to_queue(
    session: Session,
    ctx: Context,
    conversation: Conversation,
    request: HandoffRequest,
    cause: rules.Cause,
    actor: str,
) -> None:
    """Back to the queue, in its old place, for anybody. The assistant helps on meanwhile, and the person is told."""
    owners.change(session, ctx, conversation, cause, actor, {"request": request.id})
    _fall_out_of_step(conversation, request)
    request.state, request.taken_at, request.waiting_since = HandoffState.WAITING, None, ctx.clock()
    session.add_all([request, conversation])
    session.flush()
    alert.raise_alert(session, ctx, subject("request", request), request.urgency)
    tell(session, ctx, conversation, "notice_back_in_queue", session.get(Account, request.account_id or ""))


def _fall_out_of_step(conversation: Conversation, request: HandoffRequest) -> None:
    """What was said since it was taken is told to the dialogue with the next turn; this mark outlives every crash."""
    since = request.taken_at or request.requested_at
    conversation.out_of_step_since = min(conversation.out_of_step_since or since, since)
    conversation.worker_typing_at = None


def tell(
    session: Session, ctx: Context, conversation: Conversation, notice: str, worker: Account | None = None
) -> None:
    """Says to the person who has the conversation now, by first name where the programme wants that."""
    naming = setting.facts(session).get(NAMING)
    name = owners.first_name(worker) if naming is None or naming.value.strip() != "none" else ""
    outbox.say(session, ctx, conversation, [Reply(notice, {"worker": name} if name else {})])
