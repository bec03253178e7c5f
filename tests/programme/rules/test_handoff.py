"""One owner at a time, and only the table says what changes it."""

from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from programme.rules.handoff import TRANSITIONS, Cause, Owner, next_owner

OWNERS, CAUSES = get_args(Owner), get_args(Cause)
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
