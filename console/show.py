"""How times and lengths of time are written on the pages: London clocks, few words."""

from datetime import date, datetime, timedelta

from jinja2 import pass_context
from jinja2.runtime import Context as Given
from markupsafe import Markup

from programme.rules import london

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def clock(at: datetime) -> str:
    """3:04pm."""
    local = london.local(at)
    return f"{local.hour % 12 or 12}:{local:%M}{'am' if local.hour < 12 else 'pm'}"


def day(at: date | datetime) -> str:
    """Tue 1 Dec 2026."""
    local = london.local(at) if isinstance(at, datetime) else at
    return f"{local:%a} {local.day} {local:%b %Y}"


def short_day(at: date) -> str:
    """1 Dec 2026."""
    return f"{at.day} {at:%b %Y}"


def written_day(text: str) -> str:
    """A day that is kept as it stands in a file, 2026-12-01, as `day` says it."""
    return day(date.fromisoformat(text)) if text else ""


def when(at: datetime) -> str:
    """Tue 1 Dec 2026, 3:04pm."""
    return f"{day(at)}, {clock(at)}"


def stamp(at: datetime, text: str | None = None) -> Markup:
    """The instant as a <time> that programs read too."""
    return Markup('<time datetime="{}">{}</time>').format(at.isoformat(timespec="seconds"), text or when(at))


def length(span: timedelta) -> str:
    """How long: under 1 min, 4 min, 2 h 5 min, 3 days."""
    if span < MINUTE:
        return "under 1 min"
    if span < HOUR:
        return f"{span // MINUTE} min"
    if span < DAY:
        return f"{span // HOUR} h {span % HOUR // MINUTE} min"
    days = span // DAY
    return f"{days} day{'s' if days > 1 else ''}"


@pass_context
def ago(given: Given, at: datetime) -> str:
    """How long since then, as `length` says it."""
    now: datetime = given["now"]
    return length(now - at)


FILTERS = {
    "clock": clock,
    "day": day,
    "short_day": short_day,
    "written_day": written_day,
    "when": when,
    "stamp": stamp,
    "length_of_time": length,
    "ago": ago,
}
