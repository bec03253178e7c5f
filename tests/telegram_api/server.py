"""The HTTP server: the Bot API under /bot<token>/, the control side under /control/, updates posted to a webhook."""

import asyncio
import contextlib
import email.message
import email.parser
import email.policy
import json
import re
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any
from urllib.parse import parse_qsl

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from tests.telegram_api import person
from tests.telegram_api.control import Control
from tests.telegram_api.methods import METHODS
from tests.telegram_api.world import TOKEN, ApiError, Fault, World


def make_app(world: World) -> Starlette:
    """The server's application over one world."""

    async def api(request: Request) -> Response:
        return await _answer(world, request)

    async def control(request: Request) -> Response:
        body = json.loads(await request.body() or b"{}")
        try:
            return JSONResponse(await _control(world, request.path_params["what"], body))
        except LookupError as error:
            return JSONResponse({"error": repr(error)}, status_code=404)

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        posting = asyncio.create_task(_post_updates(world))
        yield
        posting.cancel()

    return Starlette(
        routes=[
            Route("/bot{token}/{method}", api, methods=["GET", "POST"]),
            Route("/control/{what}", control, methods=["POST"]),
        ],
        lifespan=lifespan,
    )


async def _answer(world: World, request: Request) -> Response:
    token, method = request.path_params["token"], request.path_params["method"]
    params = await _params(request)
    call = {"method": method, "params": {k: v for k, v in params.items() if not isinstance(v, dict)}, "code": 200}
    world.calls.append(call)
    fault = None
    try:
        if token != world.token:
            well_formed = re.fullmatch(r"\d+:[\w-]+", token)
            raise ApiError(401, "Unauthorized") if well_formed else ApiError(404, "Not Found")
        fault = world.fault_for(method, params.get("chat_id"))
        await _meet(fault)
        run = METHODS.get(method.lower())
        if run is None:
            raise ApiError(404, "Not Found")
        result = await run(world, params)
    except ApiError as error:
        call["code"] = error.code
        body: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
        if error.retry_after:
            body["parameters"] = {"retry_after": error.retry_after}
        return JSONResponse(body, status_code=error.code)
    except ConnectionAbortedError:
        call["code"] = 0
        return _broken_off()
    if fault and fault.kind == "drop_after":
        return _broken_off()
    return JSONResponse({"ok": True, "result": result})


async def _meet(fault: Fault | None) -> None:
    match fault.kind if fault else None:
        case "429":
            after = fault.retry_after
            raise ApiError(429, f"Too Many Requests: retry after {after}", after)
        case "500":
            raise ApiError(500, "Internal Server Error")
        case "502":
            raise ApiError(502, "Bad Gateway")
        case "drop":
            raise ConnectionAbortedError
        case "slow":
            await asyncio.sleep(fault.seconds)


def _broken_off() -> Response:
    """A connection that ends in mid-answer."""

    async def stub() -> AsyncIterator[bytes]:
        yield b'{"ok":'

    return StreamingResponse(stub(), headers={"content-length": "1000", "connection": "close"})


async def _params(request: Request) -> dict[str, Any]:
    """Arguments from the query, a form, JSON, or a form with files."""
    params: dict[str, Any] = dict(request.query_params)
    kind, body = request.headers.get("content-type", ""), await request.body()
    if kind.startswith("application/json"):
        return params | json.loads(body or b"{}")
    if kind.startswith("multipart/form-data"):
        head = f"Content-Type: {kind}\r\n\r\n".encode()
        form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
        return params | dict(_part(part) for part in form.iter_parts())
    return params | dict(parse_qsl(body.decode(), keep_blank_values=True))


def _part(part: email.message.Message) -> tuple[str, Any]:
    name = str(part.get_param("name", header="content-disposition"))
    content = part.get_payload(decode=True)
    text = content.decode() if isinstance(content, bytes) else ""
    if part.get_filename():
        return name, {"file_name": part.get_filename(), "content": text}
    return name, text


async def _post_updates(world: World) -> None:
    """Posts updates to the webhook one after another, and again while it answers anything but 200."""
    async with httpx.AsyncClient() as client:
        while True:
            async with world.news:
                await world.news.wait_for(lambda: world.webhook["url"] and (world.queue or world.replayed))
                update, hook = (world.replayed or world.queue)[0], world.webhook
            headers = {"X-Telegram-Bot-Api-Secret-Token": hook["secret"]} if hook.get("secret") else {}
            try:
                code = (await client.post(hook["url"], json=update, headers=headers)).status_code
            except httpx.HTTPError:
                code = 0
            world.posted.append({"update_id": update["update_id"], "code": code})
            if code == 200:
                (world.replayed or world.queue).remove(update)
            else:
                await asyncio.sleep(0.2)


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


def bind(port: int = 0) -> socket.socket:
    """A listening socket on loopback; port 0 is one chosen free."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    return bound


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
