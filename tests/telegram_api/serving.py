"""The stand-in for the length of a test, with a control side: the Bot API under /bot<token>/, ours under /control/."""

import asyncio
import contextlib
import json
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from launch.stand_in import person
from launch.stand_in.server import bind, bot_api, post_updates
from launch.stand_in.world import TOKEN, Fault, World
from tests.telegram_api.control import Control


def make_app(world: World) -> Starlette:
    """The server's application over one world."""

    async def control(request: Request) -> Response:
        body = json.loads(await request.body() or b"{}")
        try:
            return JSONResponse(await _control(world, request.path_params["what"], body))
        except LookupError as error:
            return JSONResponse({"error": repr(error)}, status_code=404)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        posting = asyncio.create_task(post_updates(world))
        yield
        posting.cancel()

    return Starlette(
        routes=[
            bot_api(world),
            Route("/control/{what}", control, methods=["POST"]),
        ],
        lifespan=lifespan,
    )


async def _control(world: World, what: str, body: dict[str, Any]) -> Any:
    match what:
        case "say":
            return await person.say(world, **body)
        case "send":
            return await person.send(world, **body)
        case "edit":
            return await person.edit(world, **body)
        case "tap":
            return await person.tap(world, **body)
        case "block":
            return await person.block(world, **body)
        case "add_to":
            return await person.add_to(world, **body)
        case "replay":
            return await world.replay(**body)
        case "hold":
            world.held = []
            return None
        case "release":
            return await world.release(**body)
        case "fault":
            return world.faults.append(Fault(**body))
        case "chat":
            chat = world.chats[body["chat_id"]]
            return {"messages": list(chat.messages.values()), "actions": chat.actions, "member": chat.member}
        case "state":
            names = (
                "calls",
                "commands",
                "description",
                "short_description",
                "webhook",
                "posted",
                "toasts",
                "confirmed",
            )
            return {name: getattr(world, name) for name in names} | {
                "queue": len(world.queue) + len(world.replayed),
                "token": world.token,
            }
    raise LookupError(what)


def serve(world: World, bound: socket.socket) -> uvicorn.Server:
    """A server for the bound socket; `run(sockets=[bound])` serves until `should_exit`."""
    config = uvicorn.Config(make_app(world), log_level="critical", ws="none", timeout_graceful_shutdown=1)
    return uvicorn.Server(config)


@contextlib.contextmanager
def telegram_api(token: str = TOKEN) -> Iterator[Control]:
    """The stand-in in a thread of its own, with a loop of its own, for as long as the block lasts."""
    bound = bind()
    ready: threading.Event = threading.Event()
    server: list[uvicorn.Server] = []

    def run() -> None:
        async def main() -> None:
            server.append(serve(World(token), bound))
            ready.set()
            await server[0].serve(sockets=[bound])

        asyncio.run(main())

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    ready.wait()
    control = Control(f"http://127.0.0.1:{bound.getsockname()[1]}", token)
    try:
        control.wait_until_up()
        yield control
    finally:
        control.close()
        server[0].should_exit = server[0].force_exit = True  # a poll that still waits is cut off
        thread.join(timeout=5)
        bound.close()
