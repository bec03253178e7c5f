"""The outlook: places that are free against people who must have one before their deadlines, week by week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

WEEK = timedelta(weeks=1)


@dataclass(frozen=True)
class Week:
    """`places`: free places whose course ends in this week; `people`: who must have been to one by a day in it;
    `short`: those among them for whom there is none in time, whoever takes which."""

    monday: date
    places: int
    people: int
    short: int


def monday(day: date) -> date:
    """The first day of its week."""
    return day - timedelta(days=day.weekday())


def outlook(places: Iterable[tuple[date, int]], finish_by: Iterable[date], today: date, weeks: int) -> list[Week]:
    """The weeks from today's on. `places`: the last day of each course, and how many are free on it; `finish_by`: the
    last day of each person without a place, none of them over.

    Who has the least time is placed first: as every place is good for whoever has longer, no other order places more.
    """
    free = sorted((day, count) for day, count in places if day >= today and count > 0)
    due = sorted(finish_by)
    short: Counter[date] = Counter()
    ahead, room = 0, 0
    for day in due:
        while ahead < len(free) and free[ahead][0] <= day:
            room += free[ahead][1]
            ahead += 1
        if room:
            room -= 1
        else:
            short[monday(day)] += 1
    by_places: Counter[date] = Counter()
    for day, count in free:
        by_places[monday(day)] += count
    by_people = Counter(monday(day) for day in due)
    first = monday(today)
    mondays = [first + WEEK * number for number in range(weeks)]
    return [Week(each, by_places[each], by_people[each], short[each]) for each in mondays]
