"""Sends the workers' alerts: to their Telegram group through the programme's bot, and by e-mail."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from email.message import EmailMessage
from random import Random
from urllib.parse import unquote, urlsplit

import aiosmtplib
import structlog
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError
from telegram.ext import ExtBot

from bot.telegram.connection import TelegramSettings, make_bot, wait_of
from programme import alert
from programme.alert import Line
from programme.context import Context
from storage.enums import AlertKind

log = structlog.get_logger()

SECONDS = 15.0  # for one line
TLS_PORT, PORT = 465, 587

Send = Callable[[Line], Awaitable[None]]


class NoWayError(RuntimeError):
    """An alert should go out a way that this process was not given: TELEGRAM_BOT_TOKEN or SMTP_URL is not set."""


class Alerts:
    """Sends what is due, a line of each kind at a time. `link`: the console's address."""

    def __init__(self, ctx: Context, ways: Mapping[AlertKind, Send], link: str, rng: Random) -> None:
        self._ctx = ctx
        self._ways = ways
        self._link = link
        self._rng = rng

    async def send_due(self) -> None:
        """Sends every line that is due now; one way that is stuck does not hold up the other."""
        await asyncio.gather(*(self._send_due(kind) for kind in AlertKind))

    async def _send_due(self, kind: AlertKind) -> None:
        while line := await asyncio.to_thread(alert.claim, self._ctx, kind, self._link):
            failure, wait, final = await self._try(line)
            if failure is None:
                await asyncio.to_thread(alert.sent, self._ctx, line)
                continue
            log.warning("alert_not_sent", kind=kind.value, failure=failure)
            await asyncio.to_thread(alert.not_sent, self._ctx, line, failure, self._rng, wait, final)

    async def _try(self, line: Line) -> tuple[str | None, timedelta | None, bool]:
        """What went wrong (None: nothing), how long to wait at least, and whether trying again is of no use."""
        try:
            if line.kind not in self._ways:
                raise NoWayError(NoWayError.__doc__)
            async with asyncio.timeout(SECONDS):
                await self._ways[line.kind](line)
        except RetryAfter as error:
            return "retry_after", wait_of(error), False
        except (Forbidden, BadRequest, NoWayError, aiosmtplib.SMTPRecipientsRefused) as error:
            return type(error).__name__, None, True
        except (TelegramError, aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            return type(error).__name__, None, False
        return None, None, False


class TelegramGroup:
    """The way to a Telegram chat; a connection of its own, so that people's messages and alerts do not wait for each
    other.
    """

    def __init__(self, settings: TelegramSettings) -> None:
        self._bot: ExtBot[int] = make_bot(settings)
        self._ready = False

    async def __call__(self, line: Line) -> None:
        """Raises TelegramError."""
        if not self._ready:
            await self._bot.initialize()
            self._ready = True
        await self._bot.send_message(line.to, line.text)

    async def close(self) -> None:
        """Ends the connection."""
        if self._ready:
            await self._bot.shutdown()


class Post:
    """The way by e-mail. `url`: smtp://name:password@host:port, or smtps:// for TLS from the first byte."""

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self._tls = parts.scheme == "smtps"
        self._host, self._port = parts.hostname or "", parts.port or (TLS_PORT if self._tls else PORT)
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._sender = sender

    async def __call__(self, line: Line) -> None:
        """Raises aiosmtplib.SMTPException or OSError."""
        await self.send(line.to, line.title, line.text)

    async def send(self, to: str, title: str, text: str, key: str | None = None) -> None:
        """One e-mail. `key`: makes its Message-ID, so that what is sent again is known to be the same.

        Raises aiosmtplib.SMTPException or OSError.
        """
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = self._sender, to, title
        if key is not None:
            message["Message-ID"] = f"<{key}@{self._sender.rpartition('@')[2].rstrip('>') or 'localhost'}>"
        message.set_content(text)
        await aiosmtplib.send(
            message,
            hostname=self._host,
            port=self._port,
            username=self._user,
            password=self._password,
            use_tls=self._tls,
            timeout=SECONDS,
        )
