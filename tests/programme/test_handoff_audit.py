"""Each change of who owns a conversation is written down."""

from programme import handoff
from storage.audit import audit_of
from storage.database import Database
from tests.conftest import Clock
from tests.programme.desk import a_context, opened


def test_each_change_of_owner_is_in_the_audit_log(database: Database, clock: Clock) -> None:
    ctx = a_context(database, clock)
    chat = opened(ctx)
    handoff.ask(ctx, chat, "request_human")
    handoff.ask(ctx, chat, "request_human")  # asked twice is asked once
    clock.forward(minutes=1)
    handoff.withdraw(ctx, chat)
    handoff.withdraw(ctx, chat)
    with database.reading() as session:
        lines = [(line.action, line.actor) for line in audit_of(session, "conversation", chat)]
    assert lines == [("owner:asked", "person"), ("owner:withdrawn", "person")]
