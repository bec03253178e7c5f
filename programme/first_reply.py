"""By when a worker should have written to somebody who waits, and whether the time runs at all."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlmodel import Session

from programme import setting
from programme.answers import Fact
from programme.rules import hours, london
from storage import account as accounts
from storage.enums import Urgency
from storage.handoff import HandoffRequest

DANGER_SETTING, DANGER_SECONDS = "danger_first_reply_seconds", 60
REPLY_SETTING, REPLY_MINUTES = "first_reply_minutes", 10
ON_CALL = "on_call_text"  # how the person on call is reached; empty: nobody is on call


class Due:
    """The times as they stand at `now`, for any number of requests.

    For danger the time runs while somebody is on shift or on call, else in the opening hours: a night or a break does
    not count, the time begins again after it.
    """

    def __init__(self, session: Session, now: datetime) -> None:
        self._now = now
        facts, today = setting.facts(session), london.today(now)
        self._danger = timedelta(seconds=setting.number(facts, DANGER_SETTING, today) or DANGER_SECONDS)
        self._usual = timedelta(minutes=setting.number(facts, REPLY_SETTING, today) or REPLY_MINUTES)
        shifts = accounts.open_shifts(session)
        self._manned_since = min((shift.began_at for shift in shifts), default=None)
        self._on_call = ON_CALL in facts and bool(facts[ON_CALL].value.strip())
        self._open_since = _open_since(facts, now)

    def begins(self, request: HandoffRequest) -> datetime | None:
        """Since when the time of this request runs; None: it stands still now."""
        since = request.waits_since
        if request.urgency is not Urgency.DANGER:
            return max(since, self._open_since) if self._open_since else None
        if self._on_call:
            return since
        return max(since, self._manned_since) if self._manned_since else None

    def limit(self, request: HandoffRequest) -> timedelta:
        """How long nobody may have written to this person."""
        return self._danger if request.urgency is Urgency.DANGER else self._usual

    def is_half(self, request: HandoffRequest) -> bool:
        """Half of the time is over and nobody has written: a word to the workers may still be in time."""
        return self._is_over(request, self.limit(request) / 2)

    def is_late(self, request: HandoffRequest) -> bool:
        """The time is over and nobody has written."""
        return self._is_over(request, self.limit(request))

    def _is_over(self, request: HandoffRequest, limit: timedelta) -> bool:
        begins = None if request.was_answered else self.begins(request)
        return begins is not None and self._now - begins >= limit


def _open_since(facts: Mapping[str, Fact], now: datetime) -> datetime | None:
    """Since when it is open, where it is open now."""
    clock = london.local(now)
    for start, end in hours.spans(setting.opening_hours(facts), clock.date()):
        if start <= clock.time() < end:
            return london.at(clock.date(), start)
    return None
