"""The Bot API over HTTP: its methods under /bot<token>/, and updates posted to a webhook."""

import asyncio
import email.message
import email.parser
import email.policy
import json
import re
import socket
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl

import httpx
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from launch.stand_in.methods import METHODS
from launch.stand_in.world import ApiError, Fault, World


def bot_api(world: World) -> Route:
    """The methods, under /bot<token>/<method>."""

    async def api(request: Request) -> Response:
        return await _answer(world, request)

    return Route("/bot{token}/{method}", api, methods=["GET", "POST"])


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
    if fault is None:
        return
    match fault.kind:
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
        return {**params, **json.loads(body or b"{}")}
    if kind.startswith("multipart/form-data"):
        head = f"Content-Type: {kind}\r\n\r\n".encode()
        form = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
        return params | dict(_part(part) for part in form.iter_parts())
    return params | dict(parse_qsl(body.decode(), keep_blank_values=True))


def _part(part: email.message.Message) -> tuple[str, Any]:
    name = str(part.get_param("name", header="content-disposition"))
    content = part.get_payload(decode=True)
    text = content.decode(errors="replace") if isinstance(content, bytes) else ""
    if part.get_filename():
        return name, {"file_name": part.get_filename(), "content": text}
    return name, text


async def post_updates(world: World) -> None:
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


def bind(port: int = 0) -> socket.socket:
    """A listening socket on loopback; port 0 is one chosen free."""
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind(("127.0.0.1", port))
    return bound
