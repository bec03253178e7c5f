"""A person's account on a channel: whether it can still be written to."""

from programme.context import Context
from storage import identity as identities
from storage.enums import Channel


def set_blocked(ctx: Context, channel: Channel, external: str, blocked: bool) -> None:
    """The person has blocked us, or let us in again. An account that never wrote to us is not remembered for it."""
    with ctx.database.writing() as session:
        identity = identities.find_identity(session, ctx.database.keyring, channel, external)
        if identity is not None:
            identity.blocked_at = ctx.clock() if blocked else None
            session.add(identity)
