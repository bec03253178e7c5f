"""The bench on workers: a screen has words once its page is fetched anew, and the table tells how long it took."""

import asyncio
from datetime import UTC, datetime

import httpx

from launch.bench.workers import Desk, Load, Waits, as_text


def test_a_screen_has_what_was_written_once_its_page_is_fetched_anew() -> None:
    pages = {"first": "hello", "second": "hello"}
    fetched: list[str] = []

    async def lines() -> object:
        yield b"retry: 1000\n\n"
        await asyncio.sleep(0.05)
        pages["first"] = "hello, are you there"
        yield b"event: changed\ndata: conversation:first\n\n"
        await asyncio.sleep(5)

    def answer(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/console/live":
            assert request.url.params.get_list("topic") == ["conversation:first", "conversation:second"]
            return httpx.Response(200, content=lines())  # type: ignore[arg-type]
        fetched.append(request.url.path.rpartition("/")[2])
        assert request.headers["X-Live"] == "1"
        return httpx.Response(200, text=pages[fetched[-1]])

    async def look() -> None:
        desk = Desk("http://desk", "token", "form", httpx.MockTransport(answer))
        await desk.open(["first", "second"])
        seen = desk.expect("first", "are you there")
        await asyncio.wait_for(seen, 3)
        await desk.close()

    asyncio.run(look())
    assert fetched == ["first"]


def test_the_table_tells_both_ways() -> None:
    waits = Waits(to_worker=[0.1, 0.2, 0.9], to_person=[0.05])
    text = as_text(waits, Load(people=3, workers=1), datetime(2026, 11, 23, tzinfo=UTC), 0.5)
    assert "3 conversations with 1 workers" in text
    assert "| from a person's send to the worker's screen | 3 | 200 ms |" in text
    assert "| 900 ms |" in text
    assert "| from a worker's send to the person's page | 1 | 50.0 ms |" in text
