"""Cases: what a worker must look at. Opened once for the same reason and subject, however often it happens."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from programme import audit
from programme.context import Context
from programme.rules import deadline
from storage import case as cases
from storage.case import Case
from storage.conversation import Conversation
from storage.enums import CaseReason, Urgency
from storage.referral import Referral

ANSWER = "answer:"  # how the subject of an unanswered question begins
ASKED = "asked"  # the audit log's word for one asking of it


def open_danger(session: Session, ctx: Context, conversation: Conversation, danger: str, turn_id: str) -> Case:
    """A case of the highest urgency, due now."""
    return _open(
        session,
        ctx,
        CaseReason(danger),
        Urgency.DANGER,
        conversation,
        ctx.clock(),
        {"turn": turn_id},
    )


def open_for(
    session: Session,
    ctx: Context,
    reason: CaseReason,
    urgency: Urgency,
    conversation: Conversation,
    detail: Mapping[str, Any] | None = None,
) -> Case:
    """A case about this conversation's person, due by the rule on deadlines."""
    now = ctx.clock()
    referral = session.get(Referral, conversation.referral_id) if conversation.referral_id else None
    known = deadline.Deadlines(referral.book_by, referral.finish_by) if referral else deadline.Deadlines(None, None)
    return _open(session, ctx, reason, urgency, conversation, deadline.case_due(known, now), detail or {})


def open_about(
    session: Session, ctx: Context, reason: CaseReason, urgency: Urgency, referral: Referral, detail: Mapping[str, Any]
) -> Case:
    """A case about somebody who has no chat, or whose chat has nothing to do with it; due as `open_for` has it."""
    now = ctx.clock()
    return cases.open_case(
        session,
        Case(
            id=ctx.new_id(),
            reason=reason,
            subject=f"referral:{referral.id}",
            urgency=urgency,
            referral_id=referral.id,
            detail=json.dumps(detail),
            opened_at=now,
            due_at=deadline.case_due(deadline.Deadlines(referral.book_by, referral.finish_by), now),
        ),
    )


def adopt(session: Session, conversation: Conversation) -> None:
    """It is known now whose conversation this is: what was opened in it before is theirs."""
    subject = f"referral:{conversation.referral_id}"
    for row in cases.cases_of_conversation(session, conversation.id):
        row.referral_id = conversation.referral_id
        if cases.open_case_of(session, row.reason, subject) is None:  # else both stay, each with what was said
            row.subject = subject
        session.add(row)
        session.flush()


def open_unanswered(session: Session, ctx: Context, answer: str, message_in_id: str | None = None) -> None:
    """A question that could not be answered, since a fact is missing or past its review: one case for each answer,
    whoever asks, and a line of the audit log for each asking. Open ones are the unanswered list."""
    now, subject = ctx.clock(), f"{ANSWER}{answer}"
    opened = cases.open_case_of(session, CaseReason.NOT_ANSWERED, subject) or cases.open_case(
        session,
        Case(
            id=ctx.new_id(),
            reason=CaseReason.NOT_ANSWERED,
            subject=subject,
            urgency=Urgency.ROUTINE,
            detail=json.dumps({"answer": answer}),
            opened_at=now,
            due_at=deadline.case_due(deadline.Deadlines(None, None), now),
        ),
    )  # looked up first: many ask at once, and none of them should wait for another
    audit.note(
        session,
        ctx,
        "assistant",
        ASKED,
        "case",
        opened.id,
        {"message": message_in_id} if message_in_id else None,
        at=now,
    )


def _open(
    session: Session,
    ctx: Context,
    reason: CaseReason,
    urgency: Urgency,
    conversation: Conversation,
    due_at: datetime,
    detail: Mapping[str, Any],
) -> Case:
    referral_id = conversation.referral_id
    return cases.open_case(
        session,
        Case(
            id=ctx.new_id(),
            reason=reason,
            subject=f"referral:{referral_id}" if referral_id else f"conversation:{conversation.id}",
            urgency=urgency,
            conversation_id=conversation.id,
            referral_id=referral_id,
            detail=json.dumps(detail),
            opened_at=ctx.clock(),
            due_at=due_at,
        ),
    )
