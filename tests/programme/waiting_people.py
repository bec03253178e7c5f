"""People who wait for a worker, and the alerts that tell of them."""

from sqlmodel import select

from programme import handoff
from programme import turn as turns
from programme.context import Context
from programme.turn import Incoming
from storage.alert import Alert
from storage.enums import MessageKind
from tests.builders import (
    new_id,
)
from tests.programme.desk import opened


def alerts(ctx: Context) -> list[str]:
    """The kinds of what was raised, in order of its kinds."""
    with ctx.database.reading() as session:
        return sorted(row.subject.partition(":")[0] for row in session.exec(select(Alert)))


def danger(ctx: Context) -> str:
    chat = opened(ctx)
    turns.receive(ctx, chat, Incoming(new_id(), MessageKind.TEXT, "i want to die"), "risk_of_suicide")
    return chat


def asked(ctx: Context) -> str:
    chat = opened(ctx)
    handoff.ask(ctx, chat, "request_human")
    return chat
