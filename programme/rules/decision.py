"""Deciding that somebody did not attend: when it is possible at all, what may be found, and who may agree.

A person decides, and where the programme asks for it a second one agrees. These rules only say what is not possible.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Finding = Literal["did_not_come", "did_not_book", "refused", "not_reached"]
Block = Literal["danger", "no_session", "disputed", "completed", "over", "place_ahead", "no_list", "time_left"]

_OVER = frozenset({"returned", "withdrawn", "closed"})
_CAME = frozenset({"attended", "completed"})


@dataclass(frozen=True)
class Standing:
    """Where somebody stands. `reached`: something of ours got through, or they wrote to us; `missed`: a session of
    theirs went by without them, now or before another chance; `declined`: they told us that they do not want it; the
    others: such a case is open, they hold a place that is still to come, one of their deadlines is over."""

    state: str
    reached: bool
    missed: bool
    declined: bool
    danger_open: bool
    no_session_open: bool
    disputed_open: bool
    place_ahead: bool
    deadline_over: bool


def blocks(standing: Standing) -> tuple[Block, ...]:
    """Everything that stands in the way of a decision; none: it may be made."""
    found: list[tuple[bool, Block]] = [
        (standing.danger_open, "danger"),
        (standing.no_session_open, "no_session"),
        (standing.disputed_open, "disputed"),
        (standing.state in _CAME, "completed"),
        (standing.state in _OVER, "over"),
        (standing.place_ahead, "place_ahead"),
        (standing.state == "booked" and not standing.place_ahead, "no_list"),
        (_has_time(standing), "time_left"),
    ]
    return tuple(block for holds, block in found if holds)


def findings(standing: Standing) -> tuple[Finding, ...]:
    """What may be found; none where anything is in the way. Nobody who was not reached can have refused, or missed
    what they did not know of."""
    if blocks(standing):
        return ()
    if not standing.reached:
        return ("not_reached",)
    own: tuple[Finding, ...] = ("did_not_come",) if standing.missed or standing.state == "missed" else ("did_not_book",)
    return (*own, "refused") if standing.declined else own


def may_find(standing: Standing, finding: str) -> bool:
    """Whether this may be found now: asked when it is decided, and again when a second one agrees."""
    return finding in findings(standing)


def may_agree(decided_by: str, account_id: str) -> bool:
    """Whether this worker may be the second one."""
    return decided_by != account_id


def _has_time(standing: Standing) -> bool:
    """Who has not said no, and does not wait for us after a missed session, may still book until the deadline."""
    return not (standing.deadline_over or standing.state == "missed" or (standing.declined and standing.reached))
