"""What somebody who wants a person is told: true to shifts and hours, and said as people say it."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme import handoff, outbox, promise, shift
from programme.context import Context
from programme.handoff import Asked
from programme.queue import Place
from storage.conversation import Conversation
from storage.row import lock_one
from tests.builders import NOW, a_setting, an_account
from tests.conftest import Clock
from tests.programme.desk import ANSWERS, opened, text

WEEKDAYS = json.dumps({str(day): [["09:00", "12:30"], ["13:00", "16:00"]] for day in range(5)})


def answered(ctx: Context, chat: str) -> tuple[str, str]:
    """The answer to asking for a person, and its words."""
    reply = promise.reply(ctx, handoff.ask(ctx, chat, "request_human"))
    with ctx.database.writing() as session:
        outbox.say(session, ctx, lock_one(session, Conversation, chat), [reply])
    return reply.answer, text(ctx, chat)


@pytest.mark.parametrize(("now", "said"), [
    (datetime(2026, 12, 1, 12, 40, tzinfo=UTC), "back today at 1pm"),
    (datetime(2026, 12, 1, 17, 0, tzinfo=UTC), "back tomorrow at 9am"),
    (datetime(2026, 12, 4, 17, 0, tzinfo=UTC), "back on Monday at 9am"),
    (datetime(2026, 12, 5, 0, 30, tzinfo=UTC), "back on Monday at 9am"),
    (datetime(2026, 12, 24, 17, 0, tzinfo=UTC), "back on Tuesday at 9am"),  # over Christmas
    (datetime(2027, 3, 27, 23, 30, tzinfo=UTC), "back on Tuesday at 9am"),  # Easter, and the clocks go forward
])  # fmt: skip
def test_out_of_hours_it_says_when_we_are_back_and_who_listens_meanwhile(
    ctx: Context, clock: Clock, now: datetime, said: str
) -> None:
    a_setting(ctx.database, "opening_hours", WEEKDAYS)
    a_setting(ctx.database, "closed_on_bank_holidays", "true")
    clock.now = now
    answer, words = answered(ctx, opened(ctx))
    assert answer == "utter_handoff_closed"
    assert said in words and "116 123" in words and "999" in words


def test_a_long_way_off_it_is_a_date(ctx: Context, clock: Clock) -> None:
    a_setting(ctx.database, "opening_hours", WEEKDAYS)
    a_setting(ctx.database, "closures", json.dumps([f"2026-12-{day:02}" for day in range(1, 21)]))
    assert "back on Monday 21 December at 9am" in answered(ctx, opened(ctx))[1]


def test_while_somebody_is_on_shift_the_place_is_told_whatever_the_hours_say(ctx: Context, clock: Clock) -> None:
    shift.begin(ctx, an_account(ctx.database).id)
    first, second = opened(ctx), opened(ctx)
    assert answered(ctx, first)[0] == "utter_handoff_place"
    clock.forward(minutes=1)
    answer, words = answered(ctx, second)
    assert answer == "utter_handoff_place" and "number 2 in the queue" in words and "it took" not in words
    answer, words = answered(ctx, second)
    assert answer == "utter_handoff_still_place" and "already in the queue, number 2" in words
    handoff.withdraw(ctx, first)
    assert "number 1" in answered(ctx, second)[1]


@pytest.mark.parametrize("hours", [None, WEEKDAYS])
def test_the_teams_number_is_given_where_it_is_filled_in(ctx: Context, clock: Clock, hours: str | None) -> None:
    a_setting(ctx.database, "contact_phone", "01923 271 783")
    if hours:
        a_setting(ctx.database, "opening_hours", hours)
    chats = [opened(ctx) for _ in range(3)]
    seen = {answered(ctx, chats[0])}
    clock.now = datetime(2026, 12, 5, 10, tzinfo=UTC)
    seen |= {answered(ctx, chats[1])}
    shift.begin(ctx, an_account(ctx.database).id)
    seen |= {answered(ctx, chats[2]), answered(ctx, chats[2])}
    assert len({answer for answer, _ in seen}) == (4 if hours else 3)
    assert all("01923 271 783" in words for _, words in seen)


@pytest.mark.parametrize(("minutes", "words"), [
    (1, "about a minute"), (7, "about 7 minutes"), (11, "about 15 minutes"), (56, "about an hour"),
    (60, "about an hour"), (61, "about 2 hours"), (150, "about 3 hours"),
])  # fmt: skip
def test_a_usual_wait_is_no_more_exact_than_it_is(clock: Clock, minutes: int, words: str) -> None:
    ctx = Context(None, ANSWERS, clock, str, str, "test")  # type: ignore[arg-type]
    assert promise.usual_wait(ctx, minutes) == words
    asked = Asked(True, True, NOW, on_shift=True, place=Place(3, minutes))
    assert promise.reply(ctx, asked).values == {"queue_number": 3, "usual_wait": words}


@given(st.datetimes(datetime(2026, 10, 20), datetime(2026, 11, 5), timezones=st.just(UTC)), st.integers(0, 20_000))  # noqa: DTZ001
def test_any_time_to_come_can_be_said(now: datetime, minutes: int) -> None:
    ctx = Context(None, ANSWERS, lambda: now, str, str, "test")  # type: ignore[arg-type]
    instant = now + timedelta(minutes=minutes)
    assert promise.at(ctx, instant).split()[0] in ("today", "tomorrow", "on")
    assert promise.since(ctx, instant).split()[0] in ("as", "today", "tomorrow", "on")
