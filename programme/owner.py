"""One change of owner: what the table allows, and a line of it in the audit log. The one place that sets an owner."""

from collections.abc import Mapping

from sqlmodel import Session

from programme import audit
from programme.context import Context
from programme.rules import handoff as rules
from programme.rules import role
from storage import handoff as handoffs
from storage.account import Account, Shift
from storage.account import open_shift_of as shift_of
from storage.conversation import Conversation
from storage.enums import HandoffState, Owner
from storage.handoff import HandoffRequest
from storage.row import lock_row

PERSON, RULE, CLOCK = "person", "assistant", "clock"
KINDS: Mapping[str, rules.By] = {PERSON: "person", RULE: "rule", CLOCK: "clock"}


class NotAllowedError(RuntimeError):
    """That cannot be done with this conversation now."""


class NotYoursError(NotAllowedError):
    """Another worker has this conversation, or nobody has."""


class NotOnShiftError(NotAllowedError):
    """Only somebody who is on shift can do that."""


def change(
    session: Session,
    ctx: Context,
    conversation: Conversation,
    cause: rules.Cause,
    actor: str,
    detail: Mapping[str, str] | None = None,
) -> None:
    """Gives a (locked) conversation the owner that the table says, where this actor may cause it.

    Raises NotAllowedError, or NotYoursError where only the worker who has it may: nothing was changed.
    """
    before = conversation.owner.value
    changed = rules.next_owner(before, cause)
    if changed is None:
        raise NotAllowedError(NotAllowedError.__doc__)
    if not any(rules.may_cause(before, cause, by) for by in _kinds(session, conversation.id, actor)):
        raise NotYoursError(NotYoursError.__doc__)
    conversation.owner = Owner(changed)
    session.add(conversation)
    note(session, ctx, conversation.id, cause, actor, detail)


def _kinds(session: Session, conversation_id: str, actor: str) -> list[rules.By]:
    """What kinds of actor this one is for this conversation."""
    if actor in KINDS:
        return [KINDS[actor]]
    account_id = actor.removeprefix(audit.WORKER)
    request = handoffs.open_request_of(session, conversation_id)
    holds = request is not None and request.state == HandoffState.TAKEN and request.account_id == account_id
    kinds: list[rules.By] = ["holder"] if holds else []
    return [*kinds, "on_shift"] if shift_of(session, account_id) else kinds


def note(
    session: Session,
    ctx: Context,
    conversation_id: str,
    cause: rules.Cause,
    actor: str,
    detail: Mapping[str, str] | None = None,
) -> None:
    """The audit log's line of a change."""
    log(session, ctx, conversation_id, f"owner:{cause}", actor, detail)


def log(
    session: Session,
    ctx: Context,
    conversation_id: str,
    action: str,
    actor: str,
    detail: Mapping[str, str] | None = None,
) -> None:
    """Who did what with a conversation, in the audit log."""
    audit.note(session, ctx, actor, action, "conversation", conversation_id, detail if detail else None)


def held(session: Session, conversation_id: str, account_id: str) -> HandoffRequest:
    """The request by which this worker has the (locked) conversation. Raises NotYoursError."""
    request = handoffs.open_request_of(session, conversation_id)
    if request is None or request.state != HandoffState.TAKEN or request.account_id != account_id:
        raise NotYoursError(NotYoursError.__doc__)
    return request


def on_shift(session: Session, account_id: str) -> Account:
    """The account, its shift locked so that it cannot end meanwhile: ask before the conversation is locked.

    Raises NotOnShiftError.
    """
    found = shift_of(session, account_id)
    shift = lock_row(session, Shift, found.id) if found else None
    account = session.get(Account, account_id)
    if shift is None or shift.ended_at is not None or account is None or not may_talk(account):
        raise NotOnShiftError(NotOnShiftError.__doc__)
    return account


def may_talk(account: Account | None) -> bool:
    """Whether this account may be with people: it is not disabled, and its role is one that talks."""
    return account is not None and account.disabled_at is None and role.may(account.role.value, role.Permission.TALK)


def first_name(account: Account | None) -> str:
    """What a person is told of a worker's name."""
    return (account.name.split() or [""])[0] if account else ""
