"""A named lease: work that one process at a time may do, taken over when its holder falls silent."""

from programme.context import Context
from storage import conversation as conversations


def take(ctx: Context, name: str, seconds: float) -> int | None:
    """The fence under which this process now holds `name` for so long; None while another holds it."""
    with ctx.database.writing() as session:
        return conversations.take_named(session, name, ctx.holder, ctx.clock(), seconds)


def keep(ctx: Context, name: str, fence: int, seconds: float) -> bool:
    """Holds on for longer. False: it was taken over or has run out, and the work must stop."""
    with ctx.database.writing() as session:
        return conversations.extend_named(session, name, fence, ctx.clock(), seconds)


def give_back(ctx: Context, name: str, fence: int) -> None:
    """Lets the next process begin at once."""
    with ctx.database.writing() as session:
        conversations.release_named(session, name, fence, ctx.clock())
