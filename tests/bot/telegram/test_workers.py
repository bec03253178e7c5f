"""A worker and somebody in Telegram: both ways, typing, and back to the assistant."""

import asyncio
from typing import Any

from programme import handoff, reply
from programme.meanwhile import Line, Meanwhile
from storage.enums import Owner
from tests.bot.telegram.conftest import SAM, Bench
from tests.programme.workers import at_work


async def do(act: Any, *given: Any) -> Any:
    return await asyncio.to_thread(act, *given)


async def test_taken_talked_with_and_handed_back(bench: Bench) -> None:
    bench.api.say(SAM, "hello")
    await bench.hears(SAM, "You said: hello")
    ctx, chat, worker = bench.ctx, bench.conversation().id, await do(at_work, bench.ctx)
    await do(handoff.take, ctx, chat, worker)
    await bench.hears(SAM, "Wren from the team is here")
    bench.api.say(SAM, "which day?")
    await bench.until(lambda: [row.text for row in bench.received() if row.ended_as == "left_to_worker"])
    assert bench.api.chat(SAM)["actions"] == []
    await do(reply.typing, ctx, chat, "worker")
    await bench.until(lambda: bench.api.chat(SAM)["actions"] == ["typing"])
    await do(reply.say, ctx, chat, worker, "Friday is free.", "1")
    await bench.hears(SAM, "Friday is free.")
    assert bench.dialogue.texts == ["hello"]
    await do(handoff.hand_back, ctx, chat, worker, "answered")
    await bench.hears(SAM, "You are back with me")
    bench.api.say(SAM, "thanks")
    await bench.hears(SAM, "You said: thanks")
    heard = Meanwhile((Line("person", "which day?"), Line("worker", "Friday is free.")), settled=True)
    assert bench.dialogue.overheard == [heard]
    assert bench.conversation().owner is Owner.BOT
