"""How long what is known of somebody is kept: counted in London days from their end, and never while it is needed."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Literal

from programme.rules import london

ENDED = frozenset({"completed", "returned", "withdrawn", "closed"})
QUIET = timedelta(days=1)  # whoever wrote within it is still talking with us

# What stands in the way, whatever the settings say. case: one is open · danger: nobody has said that it is over
# decision: it waits for a second worker · place_ahead: their session is still to come · list: they are to go on a list
# for the police, or a row of theirs that went is to be put right · talking: somebody waits for us, or has just written
# kept: a lead keeps it
Block = Literal["case", "danger", "decision", "place_ahead", "list", "talking", "kept"]


def may_erase(state: str) -> bool:
    """Whether the time runs for a referral in this state at all."""
    return state in ENDED


def erased_on(ended_at: datetime, days: int) -> date:
    """The London day on which it is erased."""
    return london.today(ended_at) + timedelta(days=days)


def cut(now: datetime, days: int) -> datetime:
    """What ended before this instant is due: `erased_on` has come for it."""
    return london.at(london.today(now) - timedelta(days=days - 1), time())
