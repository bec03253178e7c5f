"""What is done to both systems, alternately, in one run; and the figures that come of it."""

import asyncio
import statistics
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter

from launch.bench.messages import Deck, Message
from launch.bench.people import Person, Said
from launch.bench.sides import Memory, Side
from launch.bench.training import Training

Tell = Callable[[str], None]
LIMIT_SECONDS = 10.5
WINDOW = 10  # messages around the 10th and the last of a long conversation


@dataclass(frozen=True)
class Plan:
    """How much is measured. One person may write 25 messages in 10 s, so nobody writes more at a time."""

    rounds: int = 15  # A B A B …
    a_round: int = 20  # messages of one new person
    actions: int = 8  # … and then so many that call an action
    long_people: int = 2  # conversations that grow by `a_round` messages a round, to 300
    crowd: int = 32  # people at once
    crowd_messages: int = 20  # each
    crowd_rounds: int = 3
    starts: int = 2
    pause: float = 0.03  # seconds that one person takes to read, the same for both sides; in the crowd nobody pauses
    warm: int = 3  # messages that are not counted, after each start

    def scaled(self, rounds: int | None) -> "Plan":
        """The same with so many rounds, and a smaller crowd where they are few: to try the bench itself."""
        if rounds is None or rounds == self.rounds:
            return self
        crowd_rounds = max(1, min(self.crowd_rounds, rounds // 3))
        return replace(self, rounds=rounds, crowd_rounds=crowd_rounds, starts=min(self.starts, crowd_rounds))


@dataclass
class Figures:
    """What was measured of one side; times in seconds."""

    training: Training | None = None
    ready: list[float] = field(default_factory=list)
    memory_at_rest: Memory | None = None
    memory: Memory | None = None
    turns: list[Said] = field(default_factory=list)
    actions: list[Said] = field(default_factory=list)
    crowd: list[Said] = field(default_factory=list)
    crowd_rates: list[float] = field(default_factory=list)  # replies a second
    long: list[list[Said]] = field(default_factory=list)  # a person's messages, in order

    def early(self) -> list[float]:
        """Turns around the 10th message of long conversations."""
        return [said.seconds for person in self.long for said in person[5 : 5 + WINDOW]]

    def late(self) -> list[float]:
        """Turns at the end of long conversations."""
        return [said.seconds for person in self.long for said in person[-WINDOW:]]

    def right(self) -> float:
        """Share of questions that were given the answer that was meant."""
        heard = [*self.turns, *self.crowd, *(said for person in self.long for said in person)]
        return statistics.fmean(said.right for said in heard) if heard else 0.0


async def measure_starts(
    sides: Sequence[Side], figures: dict[str, Figures], plan: Plan, deck: Deck, tell: Tell
) -> None:
    """Starts each side several times, in turn; all are running at the end, and warm."""
    for number in range(plan.starts):
        for side in sides:
            seconds = await side.start()
            tell(f"{side.name}: ready after {seconds:.1f} s")
            figures[side.name].ready.append(seconds)
            if number < plan.starts - 1:
                await side.stop()
    warming = deck.answers(plan.warm) + deck.actions(plan.warm)
    for side in sides:
        figures[side.name].memory_at_rest = side.memory()
        await _one_after_another(side, warming, plan)


async def measure_turns(sides: Sequence[Side], figures: dict[str, Figures], plan: Plan, deck: Deck, tell: Tell) -> None:
    """One person at a time: new ones, and some whose conversations grow long."""
    long: dict[str, list[Person]] = {}
    rested: dict[str, float] = {}
    for side in sides:
        long[side.name] = [await side.join() for _ in range(plan.long_people)]
        figures[side.name].long = [[] for _ in range(plan.long_people)]
    try:
        for number in range(plan.rounds):
            fresh, acting = deck.answers(plan.a_round), deck.actions(plan.actions)
            growing = [deck.answers(plan.a_round) for _ in range(plan.long_people)]
            for side in sides:
                found = figures[side.name]
                found.turns += await _one_after_another(side, fresh, plan)
                found.actions += await _one_after_another(side, acting, plan)
                await _wait_for_limit(rested.get(side.name, 0.0))
                for person, messages, kept in zip(long[side.name], growing, found.long, strict=True):
                    kept.extend(await _say_all(person, messages, plan.pause))
                rested[side.name] = perf_counter()
            tell(f"one person, round {number + 1} of {plan.rounds}: {_compare(sides, figures)}")
    finally:
        for people in long.values():
            await asyncio.gather(*(person.leave() for person in people), return_exceptions=True)


async def measure_crowd(sides: Sequence[Side], figures: dict[str, Figures], plan: Plan, deck: Deck, tell: Tell) -> None:
    """Many people at once, each waiting for the answer before the next message."""
    for number in range(plan.crowd_rounds):
        shares = [deck.answers(plan.crowd_messages) for _ in range(plan.crowd)]
        for side in _in_turn(sides, number):
            people = [await side.join() for _ in shares]
            began = perf_counter()
            heard = await asyncio.gather(*map(_say_all, people, shares))
            rate = sum(map(len, heard)) / (perf_counter() - began)
            figures[side.name].crowd_rates.append(rate)
            figures[side.name].crowd += [said for one in heard for said in one]
            await asyncio.gather(*(person.leave() for person in people))
            tell(f"{plan.crowd} at once, round {number + 1} of {plan.crowd_rounds}: {side.name} {rate:.1f} a second")
    for side in sides:
        figures[side.name].memory = side.memory()


async def in_new_conversation(
    join: Callable[[], Awaitable[Person]], messages: Sequence[Message], pause: float = 0.0
) -> list[Said]:
    """Somebody new says all this, one message after another."""
    person = await join()
    try:
        return await _say_all(person, messages, pause)
    finally:
        await person.leave()


async def _one_after_another(side: Side, messages: Sequence[Message], plan: Plan) -> list[Said]:
    return await in_new_conversation(side.join, messages, plan.pause)


async def _say_all(person: Person, messages: Sequence[Message], pause: float = 0.0) -> list[Said]:
    said = []
    for message in messages:
        said.append(await person.say(message))
        if pause:
            await asyncio.sleep(pause)
    return said


async def _wait_for_limit(rested: float) -> None:
    """Nobody may write more than 25 messages in 10 s: a conversation goes on when its last messages are older."""
    await asyncio.sleep(max(0.0, rested + LIMIT_SECONDS - perf_counter()))


def _in_turn(sides: Sequence[Side], number: int) -> list[Side]:
    """A B, then B A: neither always comes after the other."""
    return list(sides) if number % 2 == 0 else list(reversed(sides))


def _compare(sides: Sequence[Side], figures: dict[str, Figures]) -> str:
    medians = ((side.name, statistics.median(said.seconds for said in figures[side.name].turns)) for side in sides)
    return ", ".join(f"{name} {seconds * 1000:.0f} ms" for name, seconds in medians)
