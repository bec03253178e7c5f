"""Messages out: what is due in the outbox is sent, many chats at once and in order within each."""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import structlog
from telegram import InputFile, LinkPreviewOptions
from telegram.error import BadRequest, Forbidden, RetryAfter, TelegramError
from telegram.ext import ExtBot

from bot.papers import verify_address
from bot.telegram.background import Background
from bot.telegram.busy import Busy
from bot.telegram.connection import wait_of
from bot.telegram.keyboard import keyboard, parts
from programme import booked, outbox, paper, paper_file
from programme.context import Context
from programme.outbox import Parcel
from programme.paper import NoPaperError
from storage.enums import Channel, Sender

log = structlog.get_logger()

IDLE_SECONDS = 0.5  # the rows are the truth; a hint only shortens the wait
SEND_SECONDS = 25.0  # less than a claim lasts, or another process would send the same
MOST_AT_ONCE = 30
KEPT_FOR_FIRST = 6  # of them: however many sends are slow, danger finds a free one
CALENDAR = "calendar:"
NO_PREVIEW = LinkPreviewOptions(is_disabled=True)


@dataclass
class Progress:
    """How far a message has come, so that a second try does not repeat what was sent."""

    pieces: int = 0
    files: int = 0
    message_id: str | None = None


@dataclass(frozen=True)
class File:
    """What goes with a message. `what`: its labels' name."""

    what: str
    content: bytes


class TelegramDelivery:
    """One loop. `wake` shortens its wait."""

    def __init__(self, ctx: Context, bot: ExtBot[int], rng: Random, background: Background, busy: Busy) -> None:
        self.wake = asyncio.Event()
        self._ctx = ctx
        self._bot = bot
        self._rng = rng
        self._background = background
        self._busy = busy
        self._sending: set[str] = set()
        self._progress: dict[str, Progress] = {}
        self._flooded: dict[str, datetime] = {}  # conversations that Telegram asked us to leave alone, until when

    async def run(self) -> None:
        """Never returns; ends by being cancelled."""
        while True:
            self.wake.clear()
            if not await self.send_due():
                # Not wait_for: on Python 3.11 it swallows a cancellation that comes together with the hint.
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(IDLE_SECONDS):
                        await self.wake.wait()

    async def send_due(self) -> bool:
        """Begins to send what is due; False where there was nothing to begin."""
        room = MOST_AT_ONCE - len(self._sending)
        if room < 1:
            return False
        flooded = self._flooded_now()
        first_only = len(flooded) > 1 or room <= KEPT_FOR_FIRST
        most = room if first_only else room - KEPT_FOR_FIRST
        besides = flooded if len(flooded) > 1 else ()
        try:
            parcels = await asyncio.to_thread(outbox.claim, self._ctx, Channel.TELEGRAM, most, first_only, besides)
        except Exception as error:  # a database that is away for a moment must not end the deliveries
            log.error("outbox_not_read", error=type(error).__name__)
            return False
        for parcel in parcels:
            self._sending.add(parcel.id)
            self._background.spawn(self._deliver(parcel))
        return bool(parcels)

    def _flooded_now(self) -> list[str]:
        """One chat that is asked to wait waits alone; two mean that it is us who are too fast: then danger only."""
        now = self._ctx.clock()
        self._flooded = {chat: until for chat, until in self._flooded.items() if until > now}
        return list(self._flooded)

    async def _deliver(self, parcel: Parcel) -> None:
        try:
            await self._try(parcel)
        except Exception as error:  # not marked: the claim runs out and it is tried again
            log.error("delivery_failed", message=parcel.id, error=type(error).__name__)
        finally:
            self._sending.discard(parcel.id)
            self.wake.set()

    async def _try(self, parcel: Parcel) -> None:
        self._busy.end(parcel.external)
        try:
            async with asyncio.timeout(SEND_SECONDS):
                await self._send(parcel)
        except RetryAfter as error:
            wait = wait_of(error)
            self._flooded[parcel.conversation_id] = self._ctx.clock() + wait
            await self._failed(parcel, "flood", wait)
        except Forbidden:
            self._progress.pop(parcel.id, None)
            await asyncio.to_thread(outbox.blocked, self._ctx, parcel)
        except BadRequest as error:
            self._progress.pop(parcel.id, None)
            await self._failed(parcel, type(error).__name__, final=True)
        except (TelegramError, TimeoutError) as error:
            await self._failed(parcel, type(error).__name__)
        else:
            progress = self._progress.get(parcel.id, Progress())
            await asyncio.to_thread(outbox.delivered, self._ctx, parcel.id, progress.message_id)
            self._progress.pop(parcel.id, None)

    async def _failed(
        self, parcel: Parcel, code: str, retry_after: timedelta | None = None, final: bool = False
    ) -> None:
        log.warning("not_delivered", message=parcel.id, tries=parcel.tries, code=code, final=final)
        await asyncio.to_thread(outbox.failed, self._ctx, parcel, code, self._rng, retry_after, final)

    async def _send(self, parcel: Parcel) -> None:
        progress = self._progress.setdefault(parcel.id, Progress())
        pieces = parts(self._words(parcel))
        while progress.pieces < len(pieces):
            last = progress.pieces == len(pieces) - 1
            sent = await self._bot.send_message(
                parcel.external,
                pieces[progress.pieces],
                reply_markup=keyboard(parcel.buttons) if last else None,
                link_preview_options=NO_PREVIEW,
            )
            progress.pieces += 1
            progress.message_id = str(sent.message_id)
        if parcel.attachment and parcel.attachment.startswith(CALENDAR):
            token = parcel.attachment.removeprefix(CALENDAR)
            for make in (self._calendar, self._proof)[progress.files :]:
                await self._send_file(parcel.external, await make(token))
                progress.files += 1

    def _words(self, parcel: Parcel) -> str:
        if parcel.sender is Sender.WORKER:
            return self._ctx.answers.label("label_telegram_worker", {"text": parcel.text})
        return parcel.text

    async def _calendar(self, token: str) -> File | None:
        content = await asyncio.to_thread(booked.calendar_file, self._ctx, token)
        return File("calendar", content.encode()) if content is not None else None

    async def _proof(self, token: str) -> File | None:
        """What they can show to others; only where its code leads somewhere."""
        if not self._ctx.found_at:
            return None
        try:
            content = await asyncio.to_thread(paper.issue_to_person, self._ctx, token)
        except NoPaperError:  # given up meanwhile
            return None
        address = verify_address(self._ctx.found_at, content)
        return File("proof", await asyncio.to_thread(paper_file.draw, self._ctx.answers, content, address))

    async def _send_file(self, chat_id: str, file: File | None) -> None:
        if file is None:
            return
        label = self._ctx.answers.label
        document = InputFile(file.content, filename=label(f"label_telegram_{file.what}_file"))
        try:
            await self._bot.send_document(chat_id, document, caption=label(f"label_telegram_{file.what}"))
        except BadRequest:  # the message, which says the same in words, has arrived
            log.warning("file_not_sent", what=file.what)
