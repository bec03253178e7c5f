"""How the dialogue reaches the action server: one kept-alive connection pool, a limit of seconds, no silent failure.

Rasa opens a new connection for every action and sends the whole domain, all answers included, with each. Here the
connections stay open, and the domain goes over once: the action server keeps it under its digest (rasa-sdk's own
protocol: 449 means "I do not have that one"), without the answers, which no action reads.
"""

from __future__ import annotations

import contextvars
import hashlib
import json
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from rasa.core.actions.action import RemoteAction
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

SECONDS = 5.0  # for one action, connecting included
IDLE_SECONDS = 15.0  # a connection unused for this long is closed; rasa-sdk closes after 120
REJECTED = 400  # rasa-sdk: the action declines to run, which is a form's normal way to let a question through
DOMAIN_UNKNOWN = 449  # rasa-sdk: send the domain too
UNREAD = ("responses", "session_config")  # parts of the domain that no action reads

# What went wrong between us and the action server in the turn that is being taken: Rasa swallows some of it.
failures: contextvars.ContextVar[list[str] | None] = contextvars.ContextVar("failures", default=None)


class BadAnswer(aiohttp.ClientError):
    """The action server's answer is not one."""

    status = None  # Rasa asks for it


class ActionServer(EndpointConfig):
    """The endpoint that Rasa's remote actions call. Its failures are noted in `failures`, then raised."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._session: aiohttp.ClientSession | None = None
        self._domain: tuple[Any, str, str] | None = None  # the domain as it came, as JSON, and its digest

    @classmethod
    def like(cls, endpoint: EndpointConfig) -> ActionServer:
        """The same address and headers as an endpoint that Rasa read from nlu/endpoints.yml."""
        url = endpoint.url if urlsplit(endpoint.url).path.strip("/") else endpoint.url.rstrip("/") + "/webhook"
        return cls(url, endpoint.params, endpoint.headers, cafile=endpoint.cafile)

    async def request(  # type: ignore[override]  # Rasa's remote actions give a method, a time and compression too
        self, method: str = "post", json: dict[str, Any] | None = None, **_: Any
    ) -> Any:
        """Run one action. Raises `ClientResponseError` (400: the action declines), `TimeoutError` and aiohttp's."""
        call = dict(json or {})
        domain = call.pop("domain", None)
        noted = failures.get()
        try:
            status, body = await self._post(method, self._written(call, domain, whole=False))
            if status == DOMAIN_UNKNOWN:
                status, body = await self._post(method, self._written(call, domain, whole=True))
        except TimeoutError:
            if noted is not None:
                noted.append("action_timeout")
            raise
        except Exception:
            if noted is not None:
                noted.append("action_failed")
            raise
        if status >= REJECTED:
            if status != REJECTED and noted is not None:
                noted.append("action_failed")
            raise ClientResponseError(status, "", body.decode(errors="replace"))
        answer = _read(body)
        if not _is_answer(answer):
            if noted is not None:
                noted.append("action_failed")
            raise BadAnswer
        return answer

    async def close(self) -> None:
        if self._session:
            await self._session.close()
            self._session = None

    def session(self) -> aiohttp.ClientSession:
        """The one session, made inside the running loop when first needed."""
        if self._session is None or self._session.closed:
            self._session = aiohttp.ClientSession(
                headers={**self.headers, "Content-Type": "application/json"},
                connector=aiohttp.TCPConnector(keepalive_timeout=IDLE_SECONDS, limit=0),
                timeout=aiohttp.ClientTimeout(total=SECONDS),
                trust_env=False,  # no proxy stands between two processes of one machine
            )
        return self._session

    async def _post(self, method: str, content: bytes) -> tuple[int, bytes]:
        async with self.session().request(method, self.url, data=content, params=self.params) as answer:
            return answer.status, await answer.read()

    def _written(self, call: dict[str, Any], domain: Any, *, whole: bool) -> bytes:
        text = _write(call)
        if domain is None:
            return text.encode()
        if self._domain is None or self._domain[0] is not domain:
            slim = _write({key: value for key, value in domain.items() if key not in UNREAD})
            self._domain = (domain, slim, hashlib.sha256(slim.encode()).hexdigest())
        _, slim, digest = self._domain
        part = f',"domain":{slim}' if whole else ""
        return f'{text[:-1]},"domain_digest":"{digest}"{part}}}'.encode()


def _write(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _read(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _is_answer(answer: Any) -> bool:
    """Whether this is what rasa-sdk's protocol says: named events, and responses."""
    return (
        isinstance(answer, dict)
        and all(isinstance(answer.get(part, []), list) for part in ("events", "responses"))
        and all(isinstance(one, dict) and isinstance(one.get("event"), str) for one in answer.get("events", []))
        and all(isinstance(one, dict) for one in answer.get("responses", []))
    )


def _checked_already(*_: Any) -> bool:
    """Rasa checks each answer with jsonschema, and the schema itself each time: 15 ms an action, 90% of a turn.

    `_is_answer` has looked at its shape, and reading an event of an unknown kind raises.
    """
    return True


RemoteAction._validate_action_result = _checked_already
