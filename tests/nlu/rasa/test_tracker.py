"""The tracker store: sealed, fail-closed, one row a conversation, on SQLite and on PostgreSQL."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import stat
from pathlib import Path

import pytest
from rasa.shared.core.domain import Domain
from rasa.shared.core.events import (
    ActionExecuted,
    ActionExecutionRejected,
    ActiveLoop,
    BotUttered,
    LoopInterrupted,
    SessionStarted,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker, EventVerbosity

from nlu.rows import PostgresRows, StaleTracker, open_rows
from nlu.tracker import BadTrackerKeys, SealedTrackerStore, UnreadableTracker, read_line, write_line

BOT = Path(__file__).parent / "data" / "bot"
OLD, NEW, OTHER = ("A" * 43 + "=", "B" * 42 + "A=", "C" * 42 + "A=")
SECRET_WORD = "xylophone"


@pytest.fixture(scope="module")
def domain() -> Domain:
    return Domain.load(str(BOT / "nlu" / "domain.yml"))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/tracker.db"
    address = request.getfixturevalue("postgres")
    rows = PostgresRows(address)
    with rows._cursor() as cursor:
        cursor.execute("DELETE FROM tracker")
    rows.close()
    return address


@pytest.fixture
def open_store(url: str, domain: Domain):
    made = []

    def open_it(keys: str = NEW) -> SealedTrackerStore:
        made.append(SealedTrackerStore(domain, host=url, keys=keys))
        return made[-1]

    yield open_it
    for store in made:
        store.close()


def talk(store: SealedTrackerStore, conversation: str = "c", text: str = f"my {SECRET_WORD}"):
    """A conversation with one of each kind of event that ours have, not saved yet."""
    tracker = store.init_tracker(conversation)
    tracker.update_with_events(a_session(text), store.domain)
    return tracker


def a_session(text: str):
    ranking = [{"name": f"intent_{n}", "confidence": 0.1} for n in range(40)]
    entities = [{"entity": "note", "value": text, "start": 0, "end": 3}]
    return [
        ActionExecuted("action_session_start", policy="RulePolicy", confidence=1.0),
        SessionStarted(),
        ActionExecuted("action_listen"),
        UserUttered(
            text,
            {"name": "book_course", "confidence": 0.9},
            entities,
            {"intent": {"name": "book_course", "confidence": 0.9}, "entities": entities, "intent_ranking": ranking},
            message_id="t1",
            metadata={"channel": "web", "verified": False},
            input_channel="dialogue",
        ),
        SlotSet("note", text),
        ActiveLoop("booking_form"),
        LoopInterrupted(True),
        ActionExecuted("booking_form"),
        SlotSet("requested_slot", "reference"),
        SlotSet("birthday", None),
        BotUttered(None, {"custom": {"answer": "utter_x", "values": {"none": None, "empty": {}}}}, {}),
        BotUttered(None, None, {"utter_action": "utter_cost"}),
        ActionExecutionRejected("booking_form", "RulePolicy", 1.0),
        ActionExecuted("action_listen"),
    ]


def state(tracker: DialogueStateTracker) -> dict:
    """Everything that actions and policies can see of a tracker, as JSON would carry it."""
    seen = json.loads(json.dumps(tracker.current_state(EventVerbosity.ALL)))
    for event in [*seen["events"], {"parse_data": seen["latest_message"]}]:
        if "parse_data" in event:
            event["parse_data"]["intent_ranking"] = event["parse_data"].get("intent_ranking", [])[:5]
    if seen["active_loop"]:
        seen["active_loop"]["trigger_message"].pop("intent_ranking", None)
    return seen


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


# Keys ----------------------------------------------------------------------------------------------------------------


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


# It fails closed -----------------------------------------------------------------------------------------------------


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


# Several processes ---------------------------------------------------------------------------------------------------


def test_a_write_that_would_undo_anothers_is_refused(open_store):
    async def run():
        one, two = open_store(), open_store()
        await one.save(talk(one))
        mine, theirs = await one.retrieve("c"), await two.retrieve("c")
        theirs.update(ActionExecuted("action_listen"))
        await two.save(theirs)
        mine.update(SlotSet("note", "stale"))
        with pytest.raises(StaleTracker):
            await one.save(mine)
        assert state(await one.retrieve("c")) == state(theirs)  # what is held in memory is not trusted after that

    asyncio.run(run())


def test_of_two_first_writes_one_is_refused(open_store):
    async def run():
        one, two = open_store(), open_store()
        await one.save(talk(one))
        with pytest.raises(StaleTracker):
            await two.save(talk(two))

    asyncio.run(run())


def test_a_conversation_forgotten_meanwhile_is_not_written_again(open_store):
    async def run():
        one, two = open_store(), open_store()
        await one.save(talk(one))
        mine = await one.retrieve("c")
        await two.delete("c")
        with pytest.raises(StaleTracker):
            await one.save(mine)
        assert await one.retrieve("c") is None

    asyncio.run(run())


def test_a_broken_connection_to_postgresql_is_replaced(postgres, domain):
    async def run():
        store = SealedTrackerStore(domain, host=postgres, keys=NEW)
        await store.delete("broken")
        await store.save(talk(store, "broken"))
        with store._rows._cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (backend,) = cursor.fetchone()
        other = PostgresRows(postgres)
        with other._cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", (backend,))
        other.close()
        with pytest.raises(Exception, match=r"terminat|closed"):
            await store.check()
        assert await store.retrieve("broken")
        store.close()

    asyncio.run(run())


def test_what_another_process_wrote_is_seen(make_server):
    one, two = make_server(), make_server()
    one.start()
    two.start()
    assert one.answers_of("c", "t1", "book") == ["utter_ask_reference"]
    assert two.answers_of("c", "t2", "tvp 1") == ["utter_ask_birthday"]
    assert one.answers_of("c", "t3", "2 May") == ["utter_done"]
    assert two.turn("c", "t1", "book")["replayed"]


# Small print ---------------------------------------------------------------------------------------------------------


def test_a_copy_is_a_copy(open_store):
    store = open_store()
    tracker = talk(store)
    before, twin = state(tracker), tracker.copy()
    assert state(twin) == before
    twin.update_with_events(
        [SlotSet("note", "other"), ActiveLoop(None), UserUttered("x"), ActionExecuted("utter_cost")], store.domain
    )
    assert state(tracker) == before


def test_remembered_states_are_those_that_rasa_works_out(open_store, domain):
    store = open_store()
    tracker = store.init_tracker("c")
    for event in a_session("x"):
        tracker.update(event)
        plain = DialogueStateTracker.from_events("c", list(tracker.events), domain.slots)
        for _ in range(2):
            states = tracker.past_states(domain, rule_only_data={"rule_only_slots": []})
            assert states == plain.past_states(domain)
            states[-1].clear()  # Rasa takes things out of what it is given


def test_lines_are_written_once_and_without_what_can_be_told(open_store):
    said = a_session("x" * 50)[3]
    line = write_line(said)
    assert line.count("x" * 50) == 2  # the text, and the entity's value
    assert "intent_5" not in line
    assert write_line(said) is line
    assert write_line(read_line(line)) is line


def test_what_was_told_of_an_offence_is_not_kept(open_store):
    told = UserUttered("i was selling it", {"name": "disclose_offence", "confidence": 0.9}, input_channel="dialogue")
    asked = UserUttered("how long is it", {"name": "ask_duration", "confidence": 0.9}, input_channel="dialogue")
    assert "selling" not in write_line(told)
    assert read_line(write_line(told)).intent_name == "disclose_offence"
    assert read_line(write_line(asked)).text == "how long is it"
    beside = {"intent": {"name": "ask_cost", "confidence": 0.9}, "told": ["disclose_offence"]}
    also = UserUttered("what does it cost, i was selling it", parse_data=beside, input_channel="dialogue")
    again = read_line(write_line(also))
    assert "selling" not in write_line(also)
    assert (again.intent_name, again.parse_data["told"]) == ("ask_cost", ["disclose_offence"])


def test_ids_are_not_to_be_had(open_store):
    with pytest.raises(NotImplementedError):
        asyncio.run(open_store().keys())
