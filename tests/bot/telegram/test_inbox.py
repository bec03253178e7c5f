"""Nothing lost, nothing twice: an update is confirmed only after it is stored, and answered once however it comes."""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.exc import OperationalError

from bot.telegram import polling
from tests.bot.telegram.conftest import ROBIN, SAM, Bench


def database_away() -> Exception:
    return OperationalError("SELECT 1", {}, Exception("gone"))


async def test_replayed_and_reordered_updates_are_answered_once(bench: Bench) -> None:
    bench.api.hold()
    said = [bench.api.say(SAM, words)["update_id"] for words in ("one", "two", "three")]
    bench.api.release(*reversed(said))
    await bench.hears(SAM, "You said: one")
    bench.api.replay(*said, *said)
    await bench.settled()
    assert sorted(bench.dialogue.texts) == ["one", "three", "two"]
    assert len(bench.api.heard(SAM)) == 3


async def test_an_update_is_confirmed_only_once_it_is_stored(bench: Bench) -> None:
    failures = [database_away() for _ in range(3)]
    bench.service.failing = lambda _text: failures.pop() if failures else None
    update = bench.api.say(SAM, "keep this")["update_id"]
    await bench.until(lambda: not failures)
    assert bench.api.state()["confirmed"] <= update
    await bench.hears(SAM, "You said: keep this")
    await bench.until(lambda: bench.api.state()["confirmed"] == update + 1)
    assert bench.dialogue.texts == ["keep this"]


async def test_what_a_dead_process_had_not_stored_is_answered_by_the_next(bench: Bench, start: Callable) -> None:
    bench.service.hanging = True
    bench.api.say(SAM, "in its hands")
    await bench.until(lambda: bench.service.hung)
    await bench.channel.stop()
    assert bench.received() == []
    following = await start("two")
    await following.hears(SAM, "You said: in its hands")
    assert len(bench.received()) == 1


async def test_an_update_that_can_never_be_stored_does_not_hold_up_the_others(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polling, "TRIES", 2)
    bench.service.failing = lambda text: ValueError() if text == "strange" else None
    bench.api.say(SAM, "strange")
    bench.api.say(ROBIN, "plain")
    await bench.hears(ROBIN, "You said: plain")
    assert bench.api.heard(SAM) == []


async def test_storing_again_is_not_counted_as_another_message(bench: Bench) -> None:
    failures = [database_away() for _ in range(4)]
    bench.service.failing = lambda _text: failures.pop() if failures else None
    for number in range(25):
        bench.api.say(SAM, f"message {number}")
    await bench.until(lambda: len(bench.received()) == 25, seconds=20)
    assert not any("a lot of messages" in text for text in bench.api.texts(SAM))


@pytest.mark.parametrize("kind", ["500", "502", "drop"])
async def test_polling_outlives_what_the_network_does(bench: Bench, kind: str) -> None:
    bench.api.fault("getUpdates", kind, times=2)
    bench.api.say(SAM, "hello")
    await bench.hears(SAM, "You said: hello")
    bench.api.say(SAM, "again")
    await bench.hears(SAM, "You said: again")


async def test_it_waits_for_a_telegram_that_is_away_at_the_start(start: Callable, api: Any) -> None:
    api.fault("getMe", "502", times=1)
    bench = await start()
    api.say(SAM, "hello")
    await bench.hears(SAM, "You said: hello")


async def test_one_process_polls_and_another_takes_over(
    bench: Bench, start: Callable, monkeypatch: pytest.MonkeyPatch
) -> None:
    second = await start("two")
    await second.until(lambda: second.channel.ready)
    for number in range(4):
        bench.api.say(SAM, f"message {number}")
    await bench.hears(SAM, "You said: message 3")
    assert second.dialogue.asked == []
    assert not [call for call in bench.api.calls("getUpdates") if call["code"] == 409]

    # Killed, it gives nothing back: its lease must run out.
    monkeypatch.setattr(bench.channel._poller, "_give_back", lambda _fence: asyncio.sleep(0))
    await bench.channel.stop()
    await bench.service.stop()
    bench.api.say(SAM, "anybody there?")
    await second.hears(SAM, "You said: anybody there?", seconds=polling.LEASE_SECONDS + 6)
    assert second.dialogue.texts == ["anybody there?"]


async def test_a_poller_that_lost_its_lease_stops(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "BEAT_SECONDS", 0.1)
    kept = []
    monkeypatch.setattr(polling.lease, "keep", lambda *given: kept.append(given) and False)
    await bench.until(lambda: len(kept) > 1)  # lost, taken again, lost again
    before = len(bench.api.calls("deleteWebhook"))
    await bench.until(lambda: len(bench.api.calls("deleteWebhook")) > before)


async def test_nothing_in_the_logs_is_the_token_or_what_was_said(
    start: Callable, api: Any, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    api.fault("sendMessage", "429", retry_after=1)
    api.fault("getUpdates", "500")
    bench = await start()
    api.say(SAM, "a very private thing")
    await bench.hears(SAM, "You said: a very private thing")
    logging.getLogger("httpx").error("caught")
    written = caplog.text + "".join(capsys.readouterr())
    assert "not_delivered" in written
    assert "caught" in written
    for secret in (api.token, "private thing", str(SAM)):
        assert secret not in written


async def test_a_part_that_ends_is_begun_anew(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.telegram.channel.AGAIN_SECONDS", 0.1)
    kept, failed = polling.lease.keep, []

    def keep(*given: Any) -> bool:
        if not failed:
            failed.append(True)
            raise ValueError("a fault of ours")
        return kept(*given)

    monkeypatch.setattr(polling.lease, "keep", keep)
    await bench.until(lambda: failed)
    bench.api.say(SAM, "still there?")
    assert await bench.hears(SAM, "You said: still there?", seconds=15)
