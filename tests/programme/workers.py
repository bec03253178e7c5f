"""Workers for tests: on shift, with a conversation in hand."""

from programme import handoff, shift
from programme.context import Context
from storage import handoff as handoffs
from storage.account import Account
from storage.conversation import Conversation
from storage.database import Database
from storage.handoff import HandoffRequest
from tests.builders import an_account
from tests.programme.desk import opened


def at_work(ctx: Context, name: str = "Wren Worker") -> str:
    """Somebody on shift; the account's id."""
    account: Account = an_account(ctx.database, name=name)
    shift.begin(ctx, account.id)
    return account.id


def taken(ctx: Context, account_id: str, reason: str = "request_human") -> str:
    """A conversation that was asked for and that this worker has; its id."""
    chat = opened(ctx)
    handoff.ask(ctx, chat, reason)
    assert handoff.take(ctx, chat, account_id).won
    return chat


def request_of(database: Database, conversation_id: str) -> HandoffRequest:
    """The newest request of a conversation."""
    with database.reading() as session:
        row = handoffs.latest_request_of(session, conversation_id)
    assert row is not None
    return row


def row_of(database: Database, conversation_id: str) -> Conversation:
    with database.reading() as session:
        return session.get_one(Conversation, conversation_id)
