"""A fresh personal link from the command line, for a worker who sends it by hand."""

from launch.context import make_context
from launch.settings import Settings
from programme import referral


class NoReferralError(LookupError):
    """No referral has this reference."""


def make_link(settings: Settings, reference: str) -> str:
    """What follows the address of the web chat, and of the Telegram bot. Raises NoReferralError."""
    ctx = make_context(settings)
    try:
        token = referral.new_link(ctx, reference)
    finally:
        ctx.database.close()
    if token is None:
        raise NoReferralError(NoReferralError.__doc__)
    return f"Web chat: /r/{token}\nTelegram: ?start={token}"
