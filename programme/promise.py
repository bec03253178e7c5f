"""What somebody who wants a person is told: their place while workers are there, else when they are back. Never more
than is known."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from math import ceil

from programme.context import Context
from programme.handoff import Asked
from programme.outbox import Reply
from programme.rules import hours
from programme.rules.hours import Nearness

AT: Mapping[Nearness, str] = {
    "today": "label_at_today",
    "tomorrow": "label_at_tomorrow",
    "weekday": "label_at_weekday",
    "date": "label_at_date",
}
FROM: Mapping[Nearness, str] = {
    "today": "label_from_today",
    "tomorrow": "label_from_tomorrow",
    "weekday": "label_from_weekday",
    "date": "label_from_date",
}
SOON = timedelta(minutes=15)
HOUR, EXACT = 60, 10  # minutes; a longer wait is told in steps of five


def reply(ctx: Context, asked: Asked) -> Reply:
    """What is true about when a worker comes."""
    if asked.on_shift and asked.place is not None:
        answer = "utter_handoff_place" if asked.new else "utter_handoff_still_place"
        wait = asked.place.usual_wait_minutes
        words = {"usual_wait": usual_wait(ctx, wait)} if wait is not None else {}
        return Reply(answer, {"queue_number": asked.place.number, **words})
    if asked.open_now:
        return Reply("utter_handoff_open" if asked.new else "utter_handoff_still_waiting")
    if asked.opens_at is None:
        return Reply("utter_handoff_hours_unknown")
    return Reply("utter_handoff_closed", {"opens": at(ctx, asked.opens_at)})


def at(ctx: Context, instant: datetime) -> str:
    """An instant to come as people say it: "tomorrow at 9am", "on Monday at 9am"."""
    return ctx.answers.label(AT[hours.nearness(instant, ctx.clock())], {"at": instant})


def since(ctx: Context, instant: datetime) -> str:
    """The same where it is not before then, but may be later: "tomorrow from 9am"; "as soon as…" where it is near."""
    now = ctx.clock()
    if instant <= now + SOON:
        return ctx.answers.label("label_from_now")
    return ctx.answers.label(FROM[hours.nearness(instant, now)], {"at": instant})


def usual_wait(ctx: Context, minutes: int) -> str:
    """How long it usually takes, no more exact than it is."""
    if minutes <= 1:
        return ctx.answers.label("label_wait_minute")
    if minutes > HOUR:
        return ctx.answers.label("label_wait_hours", {"hours": ceil(minutes / HOUR)})
    rounded = minutes if minutes <= EXACT else ceil(minutes / 5) * 5
    return ctx.answers.label("label_wait_hour" if rounded == HOUR else "label_wait_minutes", {"minutes": rounded})
