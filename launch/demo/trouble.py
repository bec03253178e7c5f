"""What the stage can break, and what was seen of it: each is told step by step while it goes on."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from time import monotonic
from typing import Any

import httpx
from sqlalchemy import func
from sqlmodel import select
from websockets.exceptions import WebSocketException

from launch.demo import race
from launch.demo.system import System
from launch.demo.until import until
from launch.demo.visitor import TelegramVisitor, WebVisitor
from launch.stand_in.world import World
from programme.context import Context
from storage.conversation import conversation_of
from storage.enums import Channel, TurnState
from storage.identity import find_identity
from storage.message import MessageIn, MessageOut

BACK_SECONDS = 180.0
SETTLE_SECONDS = 2.0
TIMES = 5
WORDS = ("hello", "how much is it?", "where is it?")
ASKED = "where is it?"
FAILURES = (OSError, TimeoutError, httpx.HTTPError, WebSocketException, LookupError, ValueError)


@dataclass
class Told:
    """One attempt. `steps`: {"code", "at": seconds since it began, …}; `figures`: once it is over."""

    state: str = "new"  # then "running", "done" or "failed"
    steps: list[dict[str, Any]] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    began: float = 0.0

    def step(self, code: str, **values: Any) -> None:
        self.steps.append({"code": code, "at": round(monotonic() - self.began, 1), **values})


class Trouble:
    """One at a time. `told`: by name, what the page shows."""

    def __init__(self, system: System, world: World, ctx: Callable[[], Context]) -> None:
        self._system = system
        self._world = world
        self._ctx = ctx
        self._task: asyncio.Task[None] | None = None
        self._works: dict[str, Callable[[Told], Awaitable[None]]] = {
            "kill": self._kill,
            "replay": self._replay,
            "race": self._race,
        }
        self.told = {name: Told() for name in self._works}

    def begin(self, name: str) -> bool:
        """Begins it in the background; False while another one goes on. Raises LookupError for an unknown name."""
        work = self._works[name]
        if self._task is not None and not self._task.done():
            return False
        told = self.told[name] = Told("running", began=monotonic())
        self._task = asyncio.create_task(self._watch(work, told))
        return True

    def shown(self) -> dict[str, Any]:
        """All of it, for the page."""
        return {
            name: {"state": told.state, "steps": told.steps, "figures": told.figures}
            for name, told in self.told.items()
        }

    async def stop(self) -> None:
        """Leaves what goes on."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _watch(self, work: Callable[[Told], Awaitable[None]], told: Told) -> None:
        try:
            await work(told)
            told.state = "done"
        except FAILURES as error:
            told.step("failed", what=type(error).__name__)
            told.state = "failed"

    async def _kill(self, told: Told) -> None:
        """The dialogue server dies; two people write meanwhile; then it is back."""
        web, phone = WebVisitor(self._system.address), TelegramVisitor(self._world)
        await asyncio.gather(web.enter(), web_hello(phone))
        told.began = monotonic()
        pid = self._system.kill_dialogue()
        if pid is None:
            raise LookupError
        told.step("killed", pid=pid)
        watching = asyncio.create_task(self._wait_for(told, lambda parts: not parts["dialogue"], "noticed"))
        await asyncio.gather(self._ask(told, "web", web), self._ask(told, "telegram", phone))
        await watching
        back = await self._wait_for(told, lambda parts: all(parts.values()), "back")
        words = await web.say(ASKED)
        told.step("answers_again", words=first_line(words))
        chats = [web.conversation, await asyncio.to_thread(self._conversation, phone.chat)]
        counts = await asyncio.to_thread(self._counts, chats)
        told.figures = {"seconds": back, **counts, "lost": counts["messages"] - counts["answered"]}

    async def _ask(self, told: Told, where: str, visitor: WebVisitor | TelegramVisitor) -> None:
        began = monotonic()
        words = await visitor.say(ASKED)
        told.step("answered", where=where, words=first_line(words), seconds=round(monotonic() - began, 1))

    async def _wait_for(self, told: Told, seen: Callable[[dict[str, bool]], bool], code: str) -> float:

        async def look() -> bool:
            return seen(await self._system.parts())

        await until(look, BACK_SECONDS)
        took = round(monotonic() - told.began, 1)
        told.step(code, seconds=took)
        return took

    async def _replay(self, told: Told) -> None:
        """What was said once comes again, under the same ids, by both ways."""
        web, phone = WebVisitor(self._system.address), TelegramVisitor(self._world)
        await web.enter()
        for words in WORDS:
            await asyncio.gather(web.say(words), phone.say(words))
        await asyncio.sleep(SETTLE_SECONDS)  # what follows an answer by itself has come too
        chats = [web.conversation, await asyncio.to_thread(self._conversation, phone.chat)]
        before = await asyncio.to_thread(self._counts, chats)
        told.step("said", **before)
        again = 0
        for _ in range(TIMES):
            await self._world.replay(phone.updates)
            await self._taken()
            again += len(phone.updates)
        told.step("telegram_again", count=again)
        by_web = await web.send_again(TIMES)
        told.step("web_again", count=by_web)
        await asyncio.sleep(SETTLE_SECONDS)
        after = await asyncio.to_thread(self._counts, chats)
        told.figures = {
            "said": before["messages"],
            "again": again + by_web,
            "answered": after["answered"],
            "doubled": after["messages"] - before["messages"] + after["replies"] - before["replies"],
        }

    async def _taken(self) -> None:
        """Until the assistant has asked for updates once more, so that what it was given is in hand."""
        asked = self._world.poll

        async def taken() -> bool:
            return not self._world.replayed and self._world.poll > asked

        await until(taken, BACK_SECONDS)

    async def _race(self, told: Told) -> None:
        ctx = self._ctx()
        course, runners = await asyncio.to_thread(race.line_up, ctx)
        told.step("lined_up", people=len(runners), places=race.PLACES)
        finish = await asyncio.to_thread(race.race, ctx, course, runners, monotonic)
        told.step("raced", seconds=finish.seconds)
        told.figures = asdict(finish)
        await asyncio.to_thread(race.go_home, ctx, runners)

    def _conversation(self, chat: int) -> str:
        ctx = self._ctx()
        with ctx.database.reading() as session:
            found = find_identity(session, ctx.database.keyring, Channel.TELEGRAM, str(chat))
            talk = conversation_of(session, found.id) if found else None
        if talk is None:
            raise LookupError
        return talk.id

    def _counts(self, chats: list[str]) -> dict[str, int]:
        """In the database: messages that came in, how many of them have an answer, and all answers to them."""
        messages = answered = replies = 0
        with self._ctx().database.reading() as session:
            for chat in chats:
                came = session.exec(
                    select(MessageIn.id, MessageIn.state).where(MessageIn.conversation_id == chat)
                ).all()
                said = session.exec(
                    select(MessageOut.reply_to_id, func.count())
                    .where(MessageOut.conversation_id == chat)
                    .group_by(MessageOut.reply_to_id)
                ).all()
                by_turn = {turn: count for turn, count in said if turn is not None}
                messages += len(came)
                answered += sum(state is TurnState.ENDED and turn in by_turn for turn, state in came)
                replies += sum(by_turn.values())
        return {"messages": messages, "answered": answered, "replies": replies}


async def web_hello(phone: TelegramVisitor) -> None:
    """A chat that is under way before anything breaks."""
    await phone.say("hello")


def first_line(words: str) -> str:
    """The beginning of an answer, for a narrow strip."""
    return next((line for line in words.splitlines() if line.strip()), "")
