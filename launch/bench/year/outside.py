"""The world outside: a text message service, a mail server and Telegram, with what goes wrong at each, by the seed."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from random import Random
from types import SimpleNamespace
from typing import Any

from telegram.error import Forbidden, RetryAfter, TimedOut

from launch.bench.year.clock import Agenda, FastClock
from launch.bench.year.fault import Fault
from launch.outreach import NotSentError
from programme import outreach_post
from programme.context import Context
from programme.outreach_post import Letter
from storage.enums import Way

Got = Callable[[str, str], None]  # somebody got a letter: its id, its words
Rang = Callable[[int], None]  # something came into this chat of Telegram


@dataclass
class Counts:
    """What the outside has taken, and how often it refused."""

    sms: int = 0
    email: int = 0
    telegram: int = 0
    refused: int = 0


class Post:
    """Takes letters as GOV.UK Notify and a mail server do. `is_right`: whether the letter's number, or address, is of
    the person; it is told of what arrives."""

    def __init__(
        self, ctx: Context, clock: FastClock, agenda: Agenda, rng: Random, is_right: Callable[[str], bool], got: Got
    ) -> None:
        self._ctx, self._clock, self._agenda, self._rng = ctx, clock, agenda, rng
        self._is_right, self._got = is_right, got
        self._taken: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.counts = Counts()

    async def __call__(self, letter: Letter) -> str | None:
        """Raises NotSentError, TimeoutError."""
        if letter.way is Way.SMS and letter.tries > 1 and letter.id in self._taken:
            return self._taken[letter.id]  # Notify is asked about our reference before it is sent again
        chance = self._rng.random()
        if chance < 0.02:
            self.counts.refused += 1
            raise NotSentError("notify_500")
        if chance < 0.03:
            self.counts.refused += 1
            raise NotSentError("notify_429", timedelta(minutes=2))
        if letter.way is Way.EMAIL and not self._is_right(letter.id):
            raise NotSentError("refused", final=True)
        self._take(letter)
        if letter.way is Way.SMS and chance < 0.035:
            raise TimeoutError  # it was taken, and its answer was lost on the way
        return self._taken[letter.id]

    def _take(self, letter: Letter) -> None:
        if letter.id in self._taken:
            self.faults.append(Fault("doubled", "letter", letter.id))
        self._taken[letter.id] = f"carrier-{len(self._taken)}"
        now = self._clock()
        if letter.way is Way.EMAIL:
            self.counts.email += 1
            self._agenda.at(now + timedelta(minutes=1), self._arrival(letter))
            return
        self.counts.sms += 1
        if self._is_right(letter.id):
            self._agenda.at(now + timedelta(seconds=4), self._arrival(letter))
            if self._rng.random() < 0.97:  # of the others nothing is ever heard
                late = timedelta(seconds=5 + self._rng.expovariate(1 / 600))
                self._agenda.at(now + late, self._receipt(letter.id, "delivered"))
        else:
            self._agenda.at(now + timedelta(minutes=3), self._receipt(letter.id, "permanent-failure"))

    def _arrival(self, letter: Letter) -> Callable[[], Any]:
        async def arrive() -> None:
            self._got(letter.id, letter.text)

        return arrive

    def _receipt(self, key: str, status: str) -> Callable[[], Any]:
        async def tell() -> None:
            await asyncio.to_thread(outreach_post.receipt, self._ctx, key, status)
            if self._rng.random() < 0.02:  # told twice
                await asyncio.to_thread(outreach_post.receipt, self._ctx, key, status)

        return tell


class Telegram:
    """A bot's client that answers as Telegram does."""

    username = "year_bot"

    def __init__(self, rng: Random, rang: Rang) -> None:
        self._rng, self._rang = rng, rang
        self._number = 0
        self.blocked: set[int] = set()
        self.counts = Counts()

    async def send_message(self, chat_id: str, _text: str, **_about: Any) -> Any:
        """Raises Forbidden, RetryAfter, TimedOut."""
        chat, chance = int(chat_id), self._rng.random()
        if chat in self.blocked:
            raise Forbidden("Forbidden: bot was blocked by the user")
        if chance < 0.01:
            self.counts.refused += 1
            raise RetryAfter(30)
        if chance < 0.015:
            self.counts.refused += 1
            raise TimedOut
        self.counts.telegram += 1
        self._number += 1
        self._rang(chat)
        return SimpleNamespace(message_id=self._number)

    async def send_document(self, *_given: Any, **_about: Any) -> None:
        """A calendar file."""

    async def answer_callback_query(self, *_given: Any, **_about: Any) -> None:
        """A tap is settled."""

    async def edit_message_reply_markup(self, *_given: Any, **_about: Any) -> None:
        """A used keyboard goes away."""

    async def send_chat_action(self, *_given: Any, **_about: Any) -> None:
        """ "… is typing"."""
