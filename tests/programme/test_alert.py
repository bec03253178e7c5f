"""Alerts to the workers: once for each, danger alone, nothing of the person in them, dropped when nobody waits."""

from datetime import timedelta
from random import Random

import pytest

from programme import alert
from programme.context import Context
from storage import alert as alerts
from storage.alert import Alert
from storage.database import Database
from storage.enums import AlertKind, AlertState, HandoffState, Urgency
from storage.handoff import HandoffRequest
from tests.builders import a_conversation, a_handoff_request, a_setting
from tests.conftest import Clock
from tests.programme.desk import a_context

LINK = "https://chat.example.org/console"
TELEGRAM, EMAIL = AlertKind.TELEGRAM, AlertKind.EMAIL


@pytest.fixture
def ctx(database: Database, clock: Clock) -> Context:
    a_setting(database, "alert_telegram_chat", "-100123")
    return a_context(database, clock)


def asked(ctx: Context, urgency: Urgency = Urgency.ASKED, subject: str = "request") -> HandoffRequest:
    talk = a_conversation(ctx.database)
    row = a_handoff_request(ctx.database, talk, urgency=urgency, last_words="Robin of 5 Secret Street needs help")
    with ctx.database.writing() as session:
        alert.raise_alert(session, ctx, f"{subject}:{row.id}", urgency)
    return row


def states(ctx: Context) -> list[AlertState]:
    with ctx.database.reading() as session:
        return [row.state for row in session.query(Alert).order_by(Alert.raised_at)]  # type: ignore[arg-type]


def test_who_waits_is_told_as_one_line_with_the_link_and_nothing_of_them(ctx: Context) -> None:
    asked(ctx), asked(ctx)
    line = alert.claim(ctx, TELEGRAM, LINK)
    assert line is not None
    assert (line.to, len(line.alerts)) == ("-100123", 2)
    assert line.text == f"2 people are waiting for a worker. {LINK}"
    assert "Robin" not in line.text + line.title
    assert alert.claim(ctx, TELEGRAM, LINK) is None


def test_raised_twice_is_sent_once(ctx: Context) -> None:
    row = asked(ctx)
    with ctx.database.writing() as session:
        assert alert.raise_alert(session, ctx, f"request:{row.id}", Urgency.ASKED) == []
    line = alert.claim(ctx, TELEGRAM, LINK)
    assert line is not None
    alert.sent(ctx, line)
    assert alert.claim(ctx, TELEGRAM, LINK) is None
    assert states(ctx) == [AlertState.SENT]


def test_at_most_a_line_a_minute_but_danger_at_once_and_by_itself(ctx: Context, clock: Clock) -> None:
    asked(ctx)
    first = alert.claim(ctx, TELEGRAM, LINK)
    assert first is not None
    alert.sent(ctx, first)
    asked(ctx), asked(ctx, Urgency.DANGER, "danger"), asked(ctx, Urgency.DANGER, "danger")
    urgent = [alert.claim(ctx, TELEGRAM, LINK), alert.claim(ctx, TELEGRAM, LINK)]
    assert all(line is not None and len(line.alerts) == 1 and line.text.startswith("URGENT") for line in urgent)
    for line in urgent:
        assert line is not None
        alert.sent(ctx, line)
    assert alert.claim(ctx, TELEGRAM, LINK) is None
    clock.forward(minutes=1)
    later = alert.claim(ctx, TELEGRAM, LINK)
    assert later is not None and later.text.startswith("Somebody is waiting")


def test_a_claimed_line_that_was_never_sent_comes_back(ctx: Context, clock: Clock) -> None:
    asked(ctx, Urgency.DANGER)
    assert alert.claim(ctx, TELEGRAM, LINK) is not None
    assert alert.claim(ctx, TELEGRAM, LINK) is None
    clock.forward(seconds=31)
    assert alert.claim(ctx, TELEGRAM, LINK) is not None


def test_what_could_not_be_sent_is_tried_again_and_at_last_given_up(ctx: Context, clock: Clock) -> None:
    asked(ctx)
    for _ in range(alert.TRIES):
        line = alert.claim(ctx, TELEGRAM, LINK)
        assert line is not None
        alert.not_sent(ctx, line, "TimedOut", Random(1), timedelta(seconds=5))
        assert alert.claim(ctx, TELEGRAM, LINK) is None
        clock.forward(minutes=3)
    assert alert.claim(ctx, TELEGRAM, LINK) is None
    assert states(ctx) == [AlertState.FAILED]


def test_nobody_is_told_of_somebody_who_no_longer_waits(ctx: Context) -> None:
    row = asked(ctx)
    with ctx.database.writing() as session:
        kept = session.get_one(HandoffRequest, row.id)
        kept.state = HandoffState.TAKEN
        session.add(kept)
    assert alert.claim(ctx, TELEGRAM, LINK) is None
    assert states(ctx) == [AlertState.DROPPED]


def test_a_taken_one_without_a_first_reply_is_still_late(ctx: Context) -> None:
    row = asked(ctx, Urgency.DANGER, "escalation")
    a_setting(ctx.database, "on_call_text", "Wren on 07700 900199")
    with ctx.database.writing() as session:
        kept = session.get_one(HandoffRequest, row.id)
        kept.state = HandoffState.TAKEN
        session.add(kept)
    line = alert.claim(ctx, TELEGRAM, LINK)
    assert line is not None
    assert line.text.endswith("On call: Wren on 07700 900199")


def test_each_way_has_its_own_alerts(ctx: Context) -> None:
    a_setting(ctx.database, "alert_email", "team@example.org")
    asked(ctx)
    for kind, to in ((TELEGRAM, "-100123"), (EMAIL, "team@example.org")):
        line = alert.claim(ctx, kind, LINK)
        assert line is not None and line.to == to
    with ctx.database.reading() as session:
        assert len(alerts.waiting_alerts(session, EMAIL)) == 1
