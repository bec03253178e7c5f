"""The capacity outlook: a chart that is drawn here, with its table and its words."""

import asyncio
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.page import AT, Page
from programme import outlook
from programme.outlook import Outlook
from programme.rules.outlook import Week
from programme.rules.role import Permission

HERE = f"{AT}/sessions/outlook"
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 760, 300, 48, 16, 44  # of the chart, in its own units
STEPS = (1, 2, 5)
MOST_LINES = 5


@dataclass(frozen=True)
class Bar:
    """A bar of the chart; y grows downwards."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Pair:
    """A week's two bars; `short` is the upper part of the second, people for whom there is no place in time."""

    week: Week
    middle: float
    places: Bar
    people: Bar
    short: Bar


@dataclass(frozen=True)
class Chart:
    width: int
    height: int
    left: int
    base: float
    pairs: tuple[Pair, ...]
    lines: tuple[tuple[int, float], ...]  # a number of the axis, and its y


def draw(found: Outlook) -> Chart:
    """Where everything of the chart stands."""
    most = max([1, *(max(week.places, week.people) for week in found.weeks)])
    step = _step(most)
    top = -(-most // step) * step
    base = HEIGHT - BOTTOM
    unit = (base - TOP) / top
    wide = (WIDTH - LEFT) / max(1, len(found.weeks))
    pairs = []
    for number, week in enumerate(found.weeks):
        x, bar = LEFT + number * wide, wide * 0.34
        places, people, short = (unit * value for value in (week.places, week.people, week.short))
        pairs.append(
            Pair(
                week,
                round(x + wide / 2, 1),
                _bar(x + wide * 0.14, base, bar, places),
                _bar(x + wide * 0.52, base, bar, people),
                _bar(x + wide * 0.52, base - people + short, bar, short),
            )
        )
    lines = tuple((value, round(base - unit * value, 1)) for value in range(0, top + 1, step))
    return Chart(WIDTH, HEIGHT, LEFT, base, tuple(pairs), lines)


def _bar(x: float, foot: float, width: float, height: float) -> Bar:
    return Bar(round(x, 1), round(foot - height, 1), round(width, 1), round(height, 1))


def _step(most: int) -> int:
    """A round number that needs few lines: 1, 2, 5, 10, 20, …"""
    ten = 1
    while True:
        for step in STEPS:
            if most <= step * ten * MOST_LINES:
                return step * ten
        ten *= 10


async def _show(request: Request) -> Response:
    found = await asyncio.to_thread(outlook.read, pages.ctx(request))
    return pages.render(request, "outlook.html", here=HERE, outlook=found, chart=draw(found))


PAGES = [Page(HERE, _show, Permission.SESSIONS)]
