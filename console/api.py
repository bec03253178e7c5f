"""/api/referrals: other systems send referrals, with a token, by the same checks as a file; described by OpenAPI."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Annotated, Any, Literal

import structlog
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from programme import api_token, referral_entry, referral_words
from programme.context import Context
from programme.referral_entry import Taken
from programme.referral_plan import Plan
from programme.referral_words import Column
from programme.rules.limit import Limit, too_fast
from programme.rules.referral_row import FIELDS

log = structlog.get_logger()
AT = "/api/referrals"
LARGEST = 5 * 1024 * 1024  # bytes
MOST = 5_000  # referrals at once
HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
VERSION = "1.0"
Cell = Annotated[str, Field(max_length=2_000)]
Result = Literal["added", "changed", "same", "repeated", "wrong"]
Code = Literal["not_signed_in", "too_large", "too_fast", "not_json", "bad_body", "broken"]
OFTEN = Limit(60, timedelta(minutes=1))  # for a token, by each process: a night's referrals come in one
STATUS: Mapping[Code, int] = {
    "bad_body": 400,
    "not_json": 400,
    "not_signed_in": 401,
    "too_large": 413,
    "too_fast": 429,
    "broken": 500,
}


class Referrals(BaseModel):
    """What is sent: each referral by field, as a row of a file; `check_only`: nothing is written."""

    model_config = ConfigDict(extra="forbid")
    referrals: Annotated[list[dict[str, Cell]], Field(min_length=1, max_length=MOST)]
    check_only: bool = False


class Line(BaseModel):
    """One referral of those that were sent; the first is 1."""

    line: int
    result: Result


class Problem(BaseModel):
    """What is wrong with a referral, and the words to put it right."""

    line: int
    field: str
    code: str
    reason: str
    fix: str


class Answer(BaseModel):
    """What came of it. `written` is false where one is wrong or it was only to be checked: nothing was written.
    `repeated`: say exactly what one before them says, and are counted once."""

    written: bool
    added: int
    changed: int
    same: int
    repeated: int
    lines: list[Line]
    problems: list[Problem]


class Refusal(BaseModel):
    """Why nothing was read; `reason`: the same in words; `where`: places in the body."""

    error: Code
    reason: str
    where: list[str] = []


def routes(ctx: Context) -> list[BaseRoute]:
    """The address to send to, and its description."""

    sent: dict[str, deque[datetime]] = {}  # by token: when, so far as it counts

    async def take(request: Request) -> Response:
        return await _take(ctx, request, sent)

    async def describe(request: Request) -> Response:
        columns = await asyncio.to_thread(referral_entry.columns, ctx)
        return JSONResponse(description(columns, ctx.found_at or str(request.base_url).rstrip("/")), headers=HEADERS)

    return [
        Route(AT, _safely(take), methods=["POST"]),
        Route(f"{AT}/openapi.json", _safely(describe)),
    ]


def _safely(handler: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        try:
            return await handler(request)
        except Exception as error:
            log.error("referrals api failed", exc_info=error)
            return _refuse("broken")

    return answer


async def _take(ctx: Context, request: Request, sent_at: dict[str, deque[datetime]]) -> Response:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    known = scheme.casefold() == "bearer" and token.strip()
    actor = await asyncio.to_thread(api_token.use, ctx, token.strip()) if known else None
    if actor is None:
        return _refuse("not_signed_in", **{"WWW-Authenticate": "Bearer"})
    times, now = sent_at.setdefault(actor, deque(maxlen=OFTEN.count)), ctx.clock()
    if too_fast(times, now, OFTEN):
        return _refuse("too_fast", **{"Retry-After": str(int(OFTEN.window.total_seconds()))})
    times.append(now)
    body = await _body(request)
    if body is None:
        return _refuse("too_large")
    try:
        sent = Referrals.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        return _refuse(
            "not_json" if found[0]["type"] == "json_invalid" else "bad_body",
            [".".join(map(str, each["loc"])) for each in found[:20]],
        )
    unknown = sorted({field for one in sent.referrals for field in one} - set(FIELDS))
    if unknown:
        return _refuse("bad_body", [f"referrals.{field[:40]}" for field in unknown[:20]])
    taken = await asyncio.to_thread(referral_entry.take, ctx, actor, sent.referrals, check_only=sent.check_only)
    return JSONResponse(_answer(taken).model_dump(), 422 if taken.plan.wrong else 200, headers=HEADERS)


async def _body(request: Request) -> bytes | None:
    chunks, length = [], 0
    async for chunk in request.stream():
        length += len(chunk)
        if length > LARGEST:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _answer(taken: Taken) -> Answer:
    plan = taken.plan
    wrong = [
        Problem(line=one.line, field=one.field, code=one.code, reason=one.reason, fix=one.fix) for one in plan.wrong
    ]
    return Answer(
        written=taken.done,
        added=len(plan.added),
        changed=len(plan.changed),
        same=len(plan.same),
        repeated=len(plan.repeated),
        lines=_lines(plan),
        problems=wrong,
    )


def _lines(plan: Plan) -> list[Line]:
    found: list[tuple[Result, list[int]]] = [
        ("added", [row.line for row in plan.added]),
        ("changed", [row.line for row in plan.changed]),
        ("same", list(plan.same)),
        ("repeated", [line for line, _ in plan.repeated]),
        ("wrong", [one.line for one in plan.wrong]),
    ]
    results = {line: result for result, lines in found for line in lines}
    return [Line(line=line, result=result) for line, result in sorted(results.items())]


def _refuse(error: Code, where: Sequence[str] = (), **headers: str) -> Response:
    told = Refusal(error=error, reason=referral_words.refusal(error), where=list(where))
    return JSONResponse(told.model_dump(), STATUS[error], headers=HEADERS | headers)


def description(columns: Sequence[Column], origin: str) -> dict[str, Any]:
    """The OpenAPI document, from the models above and the template's columns."""
    reference = "#/components/schemas/{model}"
    schemas = {
        model.__name__: _without_defs(model.model_json_schema(ref_template=reference))
        for model in (Referrals, Line, Problem, Answer, Refusal)
    }
    schemas["Referral"] = {
        "type": "object",
        "required": ["reference", "date_of_birth"],
        "additionalProperties": False,
        "properties": {one.field: _property(one) for one in columns},
    }
    schemas["Referrals"]["properties"]["referrals"]["items"] = {"$ref": reference.format(model="Referral")}
    answer, refusal = _content(reference.format(model="Answer")), _content(reference.format(model="Refusal"))
    return {
        "openapi": "3.1.0",
        "info": {"title": "Referrals", "version": VERSION},
        "servers": [{"url": origin}],
        "security": [{"token": []}],
        "paths": {
            AT: {
                "post": {
                    "operationId": "sendReferrals",
                    "requestBody": {"required": True} | _content(reference.format(model="Referrals")),
                    "responses": {
                        "200": {"description": "Written, or with check_only only checked."} | answer,
                        "422": {"description": "Something is wrong with one at least. Nothing was written."} | answer,
                        **{
                            str(status): {"description": referral_words.refusal(code)} | refusal
                            for code, status in STATUS.items()
                        },
                    },
                }
            }
        },
        "components": {"schemas": schemas, "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


def _without_defs(schema: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in schema.items() if name != "$defs"}


def _property(one: Column) -> dict[str, Any]:
    about: dict[str, Any] = {"type": "string", "title": one.title, "description": one.about}
    return about | ({"examples": [one.example]} if one.example else {})


def _content(reference: str) -> dict[str, Any]:
    return {"content": {"application/json": {"schema": {"$ref": reference}}}}
