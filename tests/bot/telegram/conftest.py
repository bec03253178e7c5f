"""The channel, python-telegram-bot as it comes, over HTTP against the stand-in; the service and the database are real.

Only the dialogue is scripted: it says what it was asked.
"""

import asyncio
import contextlib
import functools
import shutil
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlmodel import select

from bot.dialogue import Answered, Dialogue
from bot.limits import Limits
from bot.service import ConversationService
from bot.telegram.channel import TelegramChannel
from bot.telegram.connection import TelegramSettings
from bot.telegram.other import other_answer
from programme import notice
from programme.answers import Answers, ButtonSpec
from programme.context import Context
from programme.meanwhile import Meanwhile
from programme.outbox import Reply
from programme.safety import Safety
from programme.turn import Turn
from storage.conversation import Conversation
from storage.database import Database
from storage.identity import ChannelIdentity
from storage.keys import Keyring
from storage.message import MessageIn, MessageOut
from tests.telegram_api import Control, telegram_api

PROJECT = Path(__file__).parents[3]
SAM, ROBIN = 5001, 5002
PATIENCE = 20.0
# Named so that the project's own answers, where there are any, win.
OWN_ANSWERS = """
responses:
  utter_echo: [{text: "You said: {said}"}]
  utter_choose: [{text: "Which one?"}]
""" + "".join(
    f"  utter_danger_{kind}: [{{text: 'Call 999 now.'}}]\n"
    for kind in (
        "medical_emergency",
        "risk_of_suicide",
        "safeguarding_concern",
        "risk_to_others",
        "mental_health_crisis",
    )
)


class Script(Dialogue):
    """Answers "You said: …"; to "choose" with buttons. `seconds`: how long it thinks."""

    def __init__(self) -> None:
        self.asked: list[Turn] = []
        self.seconds = 0.0
        self.overheard: list[Meanwhile | None] = []

    async def ask(self, turn: Turn, seconds: float) -> Answered:
        self.asked.append(turn)
        await asyncio.sleep(self.seconds)
        if turn.text == "choose":
            buttons = [
                ButtonSpec("choose_session", title="Tuesday", carries={"offer": "one"}),
                ButtonSpec("choose_session", title="Friday", carries={"offer": "two"}),
                ButtonSpec("show_more", title="Show me some other days, please"),
            ]
            return Answered((Reply("utter_choose", buttons=buttons),), {})
        return Answered((Reply("utter_echo", {"said": turn.intent or turn.text}),), {})

    async def renew(self, conversation_id: str, seconds: float, meanwhile: Meanwhile | None = None) -> None:
        """There is no session to renew; what it would have been told is kept."""
        self.overheard.append(meanwhile)

    @property
    def texts(self) -> list[str]:
        return [turn.text for turn in self.asked]

    @property
    def intents(self) -> list[str | None]:
        return [turn.intent for turn in self.asked]


class Shaky(ConversationService):
    """The service, whose storing can be made to fail or to hang."""

    failing: Callable[[str | None], Exception | None] | None = None
    hanging = False
    hung = 0

    async def accept(self, conversation_id: str, incoming: Any) -> Any:
        if self.hanging:
            self.hung += 1
            await asyncio.sleep(60)
        error = self.failing(incoming.text) if self.failing else None
        if error:
            raise error
        return await super().accept(conversation_id, incoming)


class Bench:
    """One process of the app as far as Telegram needs it, and the people outside."""

    def __init__(self, api: Control, ctx: Context, safety: Safety, **settings: Any) -> None:
        self.api, self.ctx = api, ctx
        self.dialogue = Script()
        self.service = Shaky(ctx, self.dialogue, safety, other_answer)
        limits = Limits(ctx.clock)
        known = TelegramSettings(api.token, api.api_url, **settings)
        self.channel = TelegramChannel(ctx, self.service, known, limits, safety, Random(7))

    async def hears(self, chat_id: int, words: str, seconds: float = PATIENCE, after: int = 0) -> dict[str, Any]:
        """What the bot says in a chat with these words."""
        return await asyncio.to_thread(self.api.wait_for, chat_id, words, seconds, after)

    async def until(self, true: Callable[[], Any], seconds: float = PATIENCE) -> Any:
        """Returns what `true` gives once that is true."""
        async with asyncio.timeout(seconds):
            while not (found := await asyncio.to_thread(true)):  # noqa: ASYNC110 - what is waited for is outside
                await asyncio.sleep(0.03)
            return found

    async def settled(self) -> None:
        """Returns when what would come has come."""
        await self.until(lambda: not self.api.state()["queue"])
        await asyncio.sleep(0.4)

    def rows(self, table: Any) -> list[Any]:
        with self.ctx.database.reading() as session:
            return list(session.exec(select(table)))

    def conversation(self) -> Conversation:
        (only,) = self.rows(Conversation)
        return only

    def identity(self) -> ChannelIdentity:
        (only,) = self.rows(ChannelIdentity)
        return only

    def received(self) -> list[MessageIn]:
        return sorted(self.rows(MessageIn), key=lambda row: row.seq)

    def sent(self) -> list[MessageOut]:
        return sorted(self.rows(MessageOut), key=lambda row: row.seq)

    async def tell(self, said: str, **more: Any) -> None:
        """Something is put in the outbox of the only conversation."""
        reply = Reply("utter_echo", {"said": said}, **more)
        await asyncio.to_thread(notice.say, self.ctx, self.conversation().id, reply)


@pytest.fixture
def api() -> Iterator[Control]:
    with telegram_api() as control:
        yield control


@pytest.fixture(scope="session")
def safety() -> Safety:
    return Safety.load(PROJECT / "nlu" / "safety")


@pytest.fixture
def make_context(sqlite_url: str, keyring: Keyring, tmp_path: Path) -> Iterator[Callable[[str], Context]]:
    """A process's context on the one database."""
    folder = tmp_path / "answers"
    shutil.copytree(PROJECT / "nlu" / "answers", folder)
    (folder / "00_test.yml").write_text(OWN_ANSWERS)
    answers, opened = Answers.load(folder), []

    def make(holder: str) -> Context:
        database = Database(sqlite_url, keyring)
        opened.append(database)
        new_id = functools.partial(lambda: uuid.uuid4().hex)
        return Context(database, answers, lambda: datetime.now(UTC), new_id, new_id, holder)

    yield make
    for database in opened:
        database.close()


@pytest.fixture
async def start(
    api: Control, make_context: Callable[[str], Context], safety: Safety
) -> AsyncIterator[Callable[..., Any]]:
    """Starts a process of the app; all are stopped at the end."""
    running: list[Bench] = []

    async def begin(holder: str = "one", **settings: Any) -> Bench:
        bench = Bench(api, make_context(holder), safety, **settings)
        await bench.service.start()
        await bench.channel.start()
        running.append(bench)
        return bench

    yield begin
    for bench in running:
        with contextlib.suppress(asyncio.CancelledError):
            await bench.channel.stop()
            await bench.service.stop()


@pytest.fixture
async def bench(start: Callable[..., Any]) -> Bench:
    """The app, with Telegram connected."""
    begun: Bench = await start()
    await begun.until(lambda: begun.channel.ready)
    return begun
