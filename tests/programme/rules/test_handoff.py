"""One owner at a time, and only the table says what changes it."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from programme.rules.handoff import (
    CAUSED_BY,
    OUTCOMES,
    TRANSITIONS,
    URGENCIES,
    By,
    Cause,
    Owner,
    may_cause,
    most_urgent,
    next_owner,
    rank,
)
from storage.enums import Urgency
from tests.programme.desk import ANSWERS

OWNERS, CAUSES, BY = get_args(Owner), get_args(Cause), get_args(By)
causes = st.lists(st.sampled_from(CAUSES), max_size=30)


def run(owner: str, happened: list[str]) -> str:
    for cause in happened:
        owner = next_owner(owner, cause) or owner
    return owner


def test_the_table_names_only_owners_and_causes() -> None:
    assert {owner for owner, _ in TRANSITIONS} | set(TRANSITIONS.values()) == set(OWNERS)
    assert {cause for _, cause in TRANSITIONS} == set(CAUSES)


@given(causes)
def test_only_a_taken_conversation_is_a_workers(happened: list[str]) -> None:
    """Whatever happens, the assistant is never silenced unless somebody took it."""
    owner = "bot"
    for cause in happened:
        before, owner = owner, next_owner(owner, cause) or owner
        if owner == "worker" and before != "worker":
            assert cause == "take"


@given(causes)
def test_from_anywhere_there_is_a_way_back_and_a_way_to_a_person(happened: list[str]) -> None:
    owner = run("bot", happened)
    assert run(owner, ["close", "take", "hand_back"]) == "bot"
    assert run(owner, ["asked"]) in ("queued", "worker")
    assert run(owner, ["danger"]) in ("queued", "worker")


def test_two_cannot_take_the_same() -> None:
    assert next_owner("queued", "take") == "worker"
    assert next_owner("worker", "take") is None


def test_what_is_not_in_the_table_is_refused() -> None:
    assert next_owner("bot", "hand_back") is None
    assert next_owner("queued", "idle") is None
    assert next_owner("nobody", "take") is None


def test_a_silent_worker_loses_it_to_the_queue_and_an_unmanned_queue_to_the_assistant() -> None:
    assert run("worker", ["idle"]) == "queued"
    assert run("worker", ["idle", "expired"]) == "bot"


def test_for_each_change_it_is_said_who_may_cause_it() -> None:
    assert set(CAUSED_BY) == set(TRANSITIONS)
    assert {by for kinds in CAUSED_BY.values() for by in kinds} == set(BY)


def test_only_a_worker_on_shift_silences_the_assistant_and_only_who_has_it_gives_it_back() -> None:
    for owner in ("bot", "queued"):
        assert [by for by in BY if may_cause(owner, "take", by)] == ["on_shift"]
    for cause in ("hand_back", "pass_on", "requeue", "close"):
        assert [by for by in BY if may_cause("worker", cause, by)] == ["holder"]
    assert not any(may_cause("worker", "withdrawn", by) for by in BY)


def test_nobody_but_the_clock_calls_a_worker_silent() -> None:
    assert [by for by in BY if may_cause("worker", "idle", by)] == ["clock"]


def test_urgencies_are_those_that_are_stored_in_their_order() -> None:
    assert tuple(each.value for each in Urgency) == URGENCIES
    assert most_urgent(["asked", "danger", "routine"]) == "danger"
    assert rank("danger") == 0


def test_each_outcome_has_its_words() -> None:
    assert all(f"label_outcome_{each}" in ANSWERS.labels for each in OUTCOMES)
