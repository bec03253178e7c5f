"""The way to the Bot API: python-telegram-bot's client, and what it must not write to the logs."""

import logging
from dataclasses import dataclass
from datetime import timedelta

from telegram.error import RetryAfter
from telegram.ext import AIORateLimiter, ExtBot
from telegram.request import HTTPXRequest

TELEGRAM = "https://api.telegram.org"
# What is asked for: edits are seen so that they can be answered, and being let in or thrown out is noticed.
UPDATES = ("message", "edited_message", "callback_query", "my_chat_member")


class WebhookSecretMissingError(ValueError):
    """TELEGRAM_WEBHOOK_URL needs TELEGRAM_WEBHOOK_SECRET: without it anybody could write in a person's name."""


@dataclass(frozen=True, repr=False)
class TelegramSettings:
    """`api_url`: a Bot API server's base address. With `webhook_url` updates are posted to us, else we poll."""

    token: str
    api_url: str | None = None
    webhook_url: str | None = None
    webhook_secret: str | None = None

    def __post_init__(self) -> None:
        if self.webhook_url and not self.webhook_secret:
            raise WebhookSecretMissingError(WebhookSecretMissingError.__doc__)


def make_bot(settings: TelegramSettings) -> ExtBot[int]:
    """A client of the Bot API with flood limits kept; not yet connected."""
    quieten_libraries()
    base = (settings.api_url or TELEGRAM).rstrip("/")
    return ExtBot(
        token=settings.token,
        base_url=f"{base}/bot",
        base_file_url=f"{base}/file/bot",
        request=HTTPXRequest(connection_pool_size=64, read_timeout=10, pool_timeout=5),
        get_updates_request=HTTPXRequest(connection_pool_size=1, read_timeout=5, pool_timeout=5),
        rate_limiter=AIORateLimiter(),
    )


def quieten_libraries() -> None:
    """httpx logs addresses that hold the bot's token; python-telegram-bot logs what people wrote if it cannot read it.

    What goes wrong is logged by us, by the error's name.
    """
    for name in ("httpx", "httpcore"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("telegram").setLevel(logging.CRITICAL + 1)


def wait_of(error: RetryAfter) -> timedelta:
    """How long Telegram asks us to wait."""
    wait = error.retry_after  # the library is moving from seconds to timedelta
    return wait if isinstance(wait, timedelta) else timedelta(seconds=wait)
