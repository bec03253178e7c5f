"""The tracker store: sealed, fail-closed, one row a conversation, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import stat
from pathlib import Path

import pytest
from rasa.shared.core.events import (
    ActionExecuted,
    UserUttered,
)

from nlu.rows import open_rows
from nlu.tracker import BadTrackerKeys, SealedTrackerStore, UnreadableTracker
from tests.nlu.rasa.tracking import NEW, OLD, SECRET_WORD, a_session, state, talk


def test_what_was_saved_comes_back_whole(open_store):
    async def run():
        store = open_store()
        tracker = talk(store)
        await store.save(tracker)
        for again in (store, open_store()):  # from memory, and from the database
            found = await again.retrieve("c")
            assert state(found) == state(tracker)
            assert [*found.events] == [*tracker.events]
        assert await store.retrieve("somebody else") is None

    asyncio.run(run())


def test_the_held_conversation_stays_what_the_database_says(open_store):
    async def run():
        store = open_store()
        for text in ("one", "two", "three"):
            tracker = await store.retrieve("c") or talk(store)
            tracker.update(UserUttered(text, {"name": "greet"}, message_id=text))
            tracker.update(ActionExecuted("action_listen"))
            await store.save(tracker)
            assert state(await store.retrieve("c")) == state(await open_store().retrieve("c"))

    asyncio.run(run())


def test_only_the_latest_session_is_kept(open_store):
    async def run():
        store = open_store()
        tracker = talk(store)
        tracker.update_with_events(a_session("second"), store.domain)
        await store.save(tracker)
        found = await open_store().retrieve("c")
        assert len(found.events) == len(a_session(""))
        assert found.events[0].action_name == "action_session_start"
        assert SECRET_WORD not in json.dumps(state(found))

    asyncio.run(run())


def test_nothing_of_a_conversation_can_be_read_from_its_file(tmp_path, domain):
    async def run():
        store = SealedTrackerStore(domain, host=f"sqlite:///{tmp_path}/tracker.db", keys=NEW)
        for number in range(20):
            await store.save(talk(store, f"conversation-{number}"))
        raw = b"".join(path.read_bytes() for path in tmp_path.iterdir())
        assert len(raw) > 10_000
        for word in (SECRET_WORD, "conversation-7", "book_course", "utter", "reference"):
            assert word.encode() not in raw
        for path in tmp_path.iterdir():
            assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
        store.close()

    asyncio.run(run())


def test_the_file_is_written_through(tmp_path, domain):
    store = SealedTrackerStore(domain, host=f"sqlite:///{tmp_path}/tracker.db", keys=NEW)
    ask = store._rows._db.execute
    assert ask("PRAGMA journal_mode").fetchone() == ("wal",)
    assert ask("PRAGMA synchronous").fetchone() == (2,)  # FULL
    assert ask("PRAGMA busy_timeout").fetchone() == (5000,)
    store.close()


@pytest.mark.parametrize("address", ["sqlite://", "sqlite:///relative.db", "mysql://x", "", "tracker.db"])
def test_other_addresses_are_refused(address):
    with pytest.raises(ValueError, match="TRACKER_URL"):
        open_rows(address)


# Keys -----------------------------------------------------------------------------------------------------------------


def test_an_old_key_still_opens_and_the_next_write_uses_the_new_one(open_store):
    async def run():
        before = open_store(OLD)
        tracker = talk(before)
        await before.save(tracker)
        turning = open_store(f"{NEW},{OLD}")
        found = await turning.retrieve("c")
        assert state(found) == state(tracker)
        found.update(ActionExecuted("action_listen"))
        await turning.save(found)
        assert len((await open_store(NEW).retrieve("c")).events) == len(tracker.events) + 1
        assert await open_store(OLD).retrieve("c") is None  # the row has a new name, and there is no second one

    asyncio.run(run())


def test_forgetting_finds_rows_of_old_keys(open_store):
    async def run():
        before = open_store(OLD)
        await before.save(talk(before))
        await open_store(f"{NEW},{OLD}").delete("c")
        assert await open_store(OLD).retrieve("c") is None

    asyncio.run(run())


@pytest.mark.parametrize("keys", ["", "x", OLD[:-2], f"{OLD},", f"{OLD},{'A' * 42}=", "é" * 44])
def test_keys_that_are_no_keys_are_refused(tmp_path, domain, keys):
    with pytest.raises(BadTrackerKeys):
        SealedTrackerStore(domain, host=f"sqlite:///{tmp_path}/tracker.db", keys=keys)


# It fails closed ------------------------------------------------------------------------------------------------------


def change_row(path: Path, change: str) -> None:
    with sqlite3.connect(path) as db:
        db.execute(f"UPDATE tracker SET {change}")
    db.close()


@pytest.mark.parametrize(
    "change",
    [
        "sealed = substr(sealed, 1, length(sealed) - 1)",
        "sealed = x''",
        "sealed = zeroblob(100)",
        "sealed = CAST(substr(sealed, 1, 30) || x'00' || substr(sealed, 32) AS BLOB)",
    ],
)
def test_a_row_that_was_changed_is_an_error_never_an_empty_conversation(tmp_path, domain, change):
    async def run():
        address = f"sqlite:///{tmp_path}/tracker.db"
        store = SealedTrackerStore(domain, host=address, keys=NEW)
        await store.save(talk(store))
        store.close()
        change_row(tmp_path / "tracker.db", change)
        again = SealedTrackerStore(domain, host=address, keys=NEW)
        with pytest.raises(UnreadableTracker):
            await again.retrieve("c")
        again.close()

    asyncio.run(run())


def test_one_conversations_row_does_not_open_as_anothers(tmp_path, domain):
    async def run():
        address = f"sqlite:///{tmp_path}/tracker.db"
        store = SealedTrackerStore(domain, host=address, keys=NEW)
        await store.save(talk(store, "mine"))
        change_row(tmp_path / "tracker.db", f"name = '{store.name_of('yours')}'")
        with pytest.raises(UnreadableTracker):
            await store.retrieve("yours")
        store.close()

    asyncio.run(run())


def test_the_app_sees_that_a_row_cannot_be_opened(make_server):
    first = make_server()
    first.start()
    first.answers_of("c", "t1", "book")
    first.stop()
    change_row(first.tracker, "sealed = zeroblob(100)")
    second = make_server()
    second.start()
    assert second.turn("c", "t2", "hello") == {"ok": False, "turn": "t2", "reason": "unreadable"}
    assert second.ask("renew", {"conversation": "c"})[1] == {"ok": False, "reason": "unreadable"}
    assert second.answers_of("d", "t1", "hello") == ["utter_hello"]  # the others are served
    assert second.ask("forget", {"conversation": "c"})[1] == {"ok": True}
    assert second.answers_of("c", "t2", "hello") == ["utter_hello"]


def test_the_app_sees_that_the_database_is_gone(make_server):
    server = make_server()
    server.start()
    server.answers_of("c", "t1", "hello")
    with sqlite3.connect(server.tracker) as db:
        db.execute("DROP TABLE tracker")
    db.close()
    assert server.turn("c", "t2", "hello")["reason"] == "error"
    assert server.ask("health")[0] == 503
