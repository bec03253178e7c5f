"""How actions are called: the secret, the domain sent once, connections kept, and failures noted."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from aiohttp import web
from rasa.utils.endpoints import ClientResponseError, EndpointConfig

from nlu import action_server
from nlu.action_server import ActionServer, BadAnswer, failures

DOMAIN = {"slots": {"a": {"type": "text"}}, "responses": {"utter_x": [{"text": "x"}]}, "session_config": {}}
FINE = {"events": [], "responses": []}


class Recorder:
    """An action server that remembers what it was asked, and answers as it is told."""

    def __init__(self, answer: Callable[[dict[str, Any]], web.StreamResponse | Awaitable[web.StreamResponse]]) -> None:
        self.calls: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.peers: set[tuple[str, int]] = set()
        self._answer = answer

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.calls.append(await request.json())
        self.headers.append(dict(request.headers))
        self.peers.add(request.transport.get_extra_info("peername"))
        answer = self._answer(self.calls[-1])
        return await answer if isinstance(answer, Awaitable) else answer


def talk(answer: Any, script: Callable[[ActionServer, Recorder], Awaitable[None]], path: str = "/webhook") -> list[str]:
    """Run a script against a recorder; returns the failures that were noted meanwhile."""

    async def run() -> list[str]:
        recorder = Recorder(answer if callable(answer) else lambda _: web.json_response(answer))
        app = web.Application()
        app.router.add_post("/webhook", recorder.handle)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port = runner.addresses[0][1]
        given = EndpointConfig(f"http://127.0.0.1:{port}{path}", headers={"Authorization": "Bearer the secret"})
        endpoint = ActionServer.like(given)
        noted: list[str] = []
        failures.set(noted)
        try:
            await script(endpoint, recorder)
        finally:
            await endpoint.close()
            await runner.cleanup()
        return noted

    return asyncio.run(run())


@pytest.mark.parametrize("path", ["/webhook", "", "/"])
def test_the_secret_goes_with_every_call_and_connections_are_kept(path):
    async def script(endpoint, recorder):
        for _ in range(5):
            assert await endpoint.request(json={"next_action": "a"}, method="post", timeout=300, compress=False) == FINE
        assert {headers["Authorization"] for headers in recorder.headers} == {"Bearer the secret"}
        assert len(recorder.peers) == 1

    assert talk(FINE, script, path) == []


def test_the_domain_goes_over_once_and_without_the_answers():
    known: set[str] = set()

    def like_rasa_sdk(call):
        if "domain" in call:
            known.add(call["domain_digest"])
        return web.json_response(FINE) if call["domain_digest"] in known else web.json_response({}, status=449)

    async def script(endpoint, recorder):
        for _ in range(3):
            await endpoint.request(json={"next_action": "a", "domain": DOMAIN})
        assert ["domain" in call for call in recorder.calls] == [False, True, False, False]
        assert recorder.calls[1]["domain"] == {"slots": DOMAIN["slots"]}
        known.clear()  # the action server was started again
        await endpoint.request(json={"next_action": "a", "domain": DOMAIN})
        assert ["domain" in call for call in recorder.calls[4:]] == [False, True]

    assert talk(like_rasa_sdk, script) == []


def test_a_rejection_is_raised_and_is_no_failure():
    async def script(endpoint, _):
        with pytest.raises(ClientResponseError) as refused:
            await endpoint.request(json={})
        assert refused.value.status == 400
        assert "no" in refused.value.text

    assert talk(lambda _: web.json_response({"action_name": "a", "error": "no"}, status=400), script) == []


@pytest.mark.parametrize("status", [401, 404, 449, 500, 503])
def test_any_other_status_is_a_failure(status):
    async def script(endpoint, _):
        with pytest.raises(ClientResponseError):
            await endpoint.request(json={"domain": DOMAIN})

    assert talk(lambda _: web.json_response({}, status=status), script) == ["action_failed"]


@pytest.mark.parametrize(
    "body",
    [
        "",
        "not JSON",
        "null",
        "[]",
        '"x"',
        '{"events": {}}',
        '{"events": [5]}',
        '{"events": [{"name": "x"}]}',
        '{"events": [{"event": null}]}',
        '{"responses": ["x"]}',
    ],
)
def test_an_answer_that_is_none_is_a_failure(body):
    async def script(endpoint, _):
        with pytest.raises(BadAnswer):
            await endpoint.request(json={})

    assert talk(lambda _: web.Response(text=body), script) == ["action_failed"]


def test_a_slow_answer_is_a_failure(monkeypatch):
    monkeypatch.setattr(action_server, "SECONDS", 0.2)

    async def slow(_):
        await asyncio.sleep(1)

    async def script(endpoint, _):
        with pytest.raises(TimeoutError):
            await endpoint.request(json={})

    assert talk(slow, script) == ["action_timeout"]


def test_a_server_that_is_not_there_is_a_failure():
    async def script(endpoint, _):
        endpoint.url = "http://127.0.0.1:9/webhook"
        with pytest.raises(OSError, match=r"127\.0\.0\.1"):
            await endpoint.request(json={})

    assert talk(FINE, script) == ["action_failed"]
