"""A yes outside the form: only to what was asked just now."""

import pytest

from programme.context import Context
from storage.enums import Owner
from tests.actions.calls import call
from tests.programme.desk import opened

USER = {"event": "user", "text": "yes", "parse_data": {"intent": {"name": "affirm"}}}
LISTEN = {"event": "action", "name": "action_listen"}


def slot(value: str | None) -> dict[str, object]:
    return {"event": "slot", "name": "pending", "value": value}


def yes(ctx: Context, chat: str, pending: str | None, events: list[dict[str, object]]) -> list[str]:
    return call(
        ctx, chat, "action_affirm", text="yes", intent="affirm", slots={"pending": pending}, events=events
    )[0]  # fmt: skip


def owner(ctx: Context, chat: str) -> Owner:
    from programme import handoff

    return handoff.owner(ctx, chat)


@pytest.mark.parametrize("events", [
    [USER, slot("action_request_human"), LISTEN, USER],
    [LISTEN, slot("action_request_human"), LISTEN, USER],  # a renewed session
])  # fmt: skip
def test_to_the_last_question(ctx: Context, events: list[dict[str, object]]) -> None:
    chat = opened(ctx)
    assert yes(ctx, chat, "action_request_human", events)[0].startswith("utter_handoff_")
    assert owner(ctx, chat) is Owner.QUEUED


@pytest.mark.parametrize(("pending", "events"), [
    (None, [USER]),
    ("action_request_human", [USER, slot("action_request_human"), LISTEN, USER, LISTEN, USER]),
    ("action_request_human", [USER, slot("action_request_human"), LISTEN, USER, slot(None), LISTEN, USER]),
    ("action_danger", [USER, slot("action_danger"), LISTEN, USER]),  # never meant by a yes
])  # fmt: skip
def test_to_nothing(ctx: Context, pending: str | None, events: list[dict[str, object]]) -> None:
    chat = opened(ctx)
    assert yes(ctx, chat, pending, events) == ["utter_yes_to_what"]
    assert owner(ctx, chat) is Owner.BOT
