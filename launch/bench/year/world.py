"""A simulated year from its first to its last minute: people, staff, carriers and the clock's work on one clock."""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from functools import partial
from random import Random
from typing import Any, cast

from bot.dialogue import Dialogue
from bot.limits import Limits
from bot.service import ConversationService
from bot.telegram.background import Background
from bot.telegram.busy import Busy
from bot.telegram.delivery import TelegramDelivery
from bot.telegram.inbox import Inbox
from bot.telegram.other import other_answer
from launch.bench.year.clock import Agenda, FastClock
from launch.bench.year.desk import Desk
from launch.bench.year.office import Office
from launch.bench.year.outside import Post, Telegram
from launch.bench.year.people import People
from launch.bench.year.someone import Someone
from launch.bench.year.talk import Doors
from launch.outreach import Reaching
from launch.wiring import make_languages, make_safety
from programme import timers
from programme.context import Context
from programme.rules import london
from storage.enums import Way
from storage.outreach import Outreach

LINK = re.compile(r"/r/([\w-]+)")
OPENS, CLOSES = time(9, 5), time(16, 25)
NIGHT = (22, 23, 0, 1, 2)  # London hours after which the next step is a long one
AT = "https://chat.example.org"


@dataclass(frozen=True)
class Plan:
    """How long and how many. `step`: of the clock's work; `crowd`: how many people talk at once; `processes`: how many
    run the clock's work and send, side by side."""

    referrals: int = 5000
    weeks: int = 52
    seed: int = 20270104
    step: timedelta = timedelta(hours=1)
    crowd: int = 1
    processes: int = 2

    @property
    def a_week(self) -> int:
        """Referrals of a usual week."""
        return max(1, round(self.referrals / self.weeks))


class World:
    """`ctx` must read `clock`. `dialogue`: the real one, or launch/bench/year/straight.py's."""

    def __init__(self, ctx: Context, clock: FastClock, dialogue: Dialogue, plan: Plan) -> None:
        self.ctx, self.clock, self.plan = ctx, clock, plan
        self.agenda, self.failed = Agenda(), Counter[str]()
        rng = Random(plan.seed)  # noqa: S311  # invents people, keeps no secret
        safety = make_safety()
        self._service = ConversationService(ctx, dialogue, safety, other_answer, make_languages())
        self.telegram = Telegram(rng, self._rang)
        self._working, self._sending = Background(), Background()
        bot = cast("Any", self.telegram)
        busy = Busy(ctx, bot, self._working)
        inbox = Inbox(ctx, self._service, bot, Limits(clock), safety, self._working, busy)
        self._delivery = TelegramDelivery(ctx, bot, rng, self._sending, busy)
        doors = Doors(ctx, self._service, inbox, rng, self.deliver)
        self.people = People(doors, clock, self.agenda, rng, self.telegram.blocked.add)
        self.post = Post(ctx, clock, self.agenda, rng, self._is_right, self._got)
        carriers = {Way.SMS: self.post, Way.EMAIL: self.post}
        self._contexts = [replace(ctx, holder=f"{ctx.holder}-{number}") for number in range(plan.processes)]
        self._reaching = [Reaching(each, carriers, AT, lambda _: None, rng) for each in self._contexts]
        self.office = Office(ctx, clock, self.agenda, rng, self.people, plan.a_week)
        self.office.found()
        self.desk = Desk(ctx, clock, self.agenda, rng, self.people, self.office.staff)
        self._plan_calendar()

    async def run(self, until: datetime) -> None:
        """Everything that happens until then, in order; the clock's work at each step."""
        while (now := self.clock()) < until:
            ahead = min(until, _next_step(now, self.plan.step))
            await self._live(ahead)
            self.clock.to(ahead)
            await self._tick()

    async def close(self) -> None:
        """Ends what is under way."""
        await self._service.stop()
        await self._working.close()
        await self._sending.close()

    async def deliver(self) -> None:
        """Has everything that is due in Telegram sent."""
        while True:
            self._delivery.wake.clear()
            if not await self._delivery.send_due() and not len(self._sending):
                return
            while len(self._sending):
                try:
                    async with asyncio.timeout(0.05):
                        await self._delivery.wake.wait()
                except TimeoutError:
                    continue
                self._delivery.wake.clear()
                await asyncio.sleep(0)

    async def _live(self, until: datetime) -> None:
        while (row := self.agenda.take(until)) is not None:
            crowd = [row[1]]
            self.clock.to(row[0])
            soon = min(until, row[0] + timedelta(minutes=2))
            while len(crowd) < self.plan.crowd and (more := self.agenda.take(soon)) is not None:
                self.clock.to(more[0])
                crowd.append(more[1])
            await asyncio.gather(*(self._try(act) for act in crowd))

    async def _tick(self) -> None:
        await asyncio.gather(*(self._try(_ticking(each)) for each in self._contexts))
        await asyncio.gather(*(self._try(each.plan_due) for each in self._reaching))
        await asyncio.gather(*(self._try(each.send_due) for each in self._reaching))
        await self._try(self.deliver)

    async def _try(self, act: Callable[[], Awaitable[object]]) -> None:
        """One thing that fails must not end the year; it is told at the end."""
        try:
            await act()
        except Exception as error:
            self.failed[f"{type(error).__name__}: {getattr(act, '__qualname__', '')}"] += 1
            if self.on_error is not None:
                self.on_error(error)

    on_error: Callable[[Exception], None] | None = None

    def _plan_calendar(self) -> None:
        first, plan = london.today(self.clock()), self.plan
        left = plan.referrals
        for week in range(plan.weeks):
            monday = first + timedelta(weeks=week)
            count = left if week == plan.weeks - 1 else min(left, plan.a_week)
            left -= count
            if count:
                self._on(monday, time(11), partial(self.office.refer, count))
            self._on(monday + timedelta(days=2), time(14), self.desk.decide)
            self._on(monday + timedelta(days=3), time(10), self.desk.agree)
            if week and week % 4 == 0:
                self._on(monday, time(8, 30), self.office.plan_more)
                self._on(monday + timedelta(days=4), time(15), self.desk.tell_police)
                self._on(monday + timedelta(days=1), time(15), self.desk.overturn)
            for day in range(6):
                self._plan_day(monday + timedelta(days=day))

    def _plan_day(self, day: date) -> None:
        self._on(day, OPENS, self.desk.begin)
        for half in range(1, 15):
            self._on(day, time(9 + half // 2, 10 + 30 * (half % 2)), self.desk.work)
        self._on(day, CLOSES, self.desk.end)

    def _on(self, day: date, at: time, act: Callable[[], Awaitable[None]]) -> None:
        self.agenda.at(london.at(day, at), act)

    def _rang(self, chat: int) -> None:
        self.people.rang(chat)

    def _whose(self, outreach_id: str) -> Someone | None:
        with self.ctx.database.reading() as session:
            row = session.get(Outreach, outreach_id)
        return self.people.by_referral.get(row.referral_id) if row is not None else None

    def _is_right(self, outreach_id: str) -> bool:
        someone = self._whose(outreach_id)
        return someone is not None and someone.reachable

    def _got(self, outreach_id: str, text: str) -> None:
        someone, found = self._whose(outreach_id), LINK.search(text)
        if someone is not None:
            self.people.got(someone, found[1] if found else None)


def _ticking(ctx: Context) -> Callable[[], Awaitable[object]]:
    async def tick() -> None:
        await asyncio.to_thread(timers.tick, ctx)

    return tick


def _next_step(now: datetime, step: timedelta) -> datetime:
    """Seldom at night, when nothing may leave; often enough to be seen trying."""
    return now + (3 * step if london.local(now).hour in NIGHT else step)
