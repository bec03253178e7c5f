"""A context for use cases: a database, the real words, a clock that can be moved, and somebody who is known."""

from itertools import count
from pathlib import Path

from programme import conversation as conversations
from programme.answers import Answers
from programme.context import Context
from storage import message as messages
from storage.case import Case
from storage.case import open_cases as all_open_cases
from storage.conversation import Conversation
from storage.database import Database
from storage.referral import Referral
from tests.builders import a_setting, new_id
from tests.conftest import Clock

ANSWERS = Answers.load(Path(__file__).parents[2] / "nlu" / "answers")
_tokens = count(1)


def a_context(database: Database, clock: Clock, holder: str = "test") -> Context:
    return Context(database, ANSWERS, clock, new_id, lambda: f"{new_id()[:20]}{next(_tokens):06d}", holder)


def rules(database: Database, cutoff_hours: str = "24", most_moves: str = "2") -> None:
    """The settings on changing a place."""
    a_setting(database, "change_cutoff_hours", cutoff_hours)
    a_setting(database, "most_moves", most_moves)


def opened(ctx: Context, address: str | None = None, link: str | None = None) -> str:
    """A new web conversation's id."""
    return conversations.open_web(ctx, address, link).conversation_id


def proved(ctx: Context, referral: Referral) -> str:
    """A conversation in which somebody has proved that this referral is theirs."""
    conversation_id = opened(ctx)
    with ctx.database.writing() as session:
        row = session.get_one(Conversation, conversation_id)
        row.referral_id, row.verified_at = referral.id, ctx.clock()
        session.add(row)
    return conversation_id


def told(ctx: Context, conversation_id: str) -> list[str]:
    """The answers that were said, but for the welcome."""
    with ctx.database.reading() as session:
        return [row.answer or "" for row in messages.after(session, conversation_id, 0)][1:]


def text(ctx: Context, conversation_id: str) -> str:
    """The words of what was said last."""
    with ctx.database.reading() as session:
        return messages.after(session, conversation_id, 0)[-1].text


def open_cases(ctx: Context) -> list[Case]:
    with ctx.database.reading() as session:
        return all_open_cases(session)
