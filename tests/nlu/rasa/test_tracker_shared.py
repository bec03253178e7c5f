"""A tracker store that several processes write to, and what it keeps of a conversation and what not."""

from __future__ import annotations

import asyncio

import pytest
from rasa.shared.core.events import (
    ActionExecuted,
    ActiveLoop,
    SlotSet,
    UserUttered,
)
from rasa.shared.core.trackers import DialogueStateTracker

from nlu.rows import PostgresRows, StaleTracker
from nlu.tracker import SealedTrackerStore, read_line, write_line
from tests.nlu.rasa.tracking import NEW, a_session, state, talk


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


# Small print ----------------------------------------------------------------------------------------------------------


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
