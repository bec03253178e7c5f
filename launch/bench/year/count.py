"""What went wrong in a year, counted from the rows of the database alone: nothing here asks the services."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from launch.bench.year import doubled, lost, quiet
from launch.bench.year.fault import Fault

Counter = Callable[[Session, datetime], Iterable[Fault]]
COUNTERS: tuple[Counter, ...] = (*lost.COUNTERS, *doubled.COUNTERS, *quiet.COUNTERS)


@dataclass(frozen=True)
class Counted:
    """`faults`: each once, by what was wrong."""

    faults: tuple[Fault, ...]

    def of(self, kind: str) -> int:
        """How many of one kind: lost, doubled or quiet."""
        return sum(each.kind == kind for each in self.faults)

    def what(self) -> dict[str, int]:
        """How many by "kind: what", for whoever looks for the cause."""
        found: dict[str, int] = {}
        for each in self.faults:
            found[f"{each.kind}: {each.what}"] = found.get(f"{each.kind}: {each.what}", 0) + 1
        return found

    @property
    def line(self) -> str:
        """The last line of the year."""
        return f"year: lost {self.of('lost')}, doubled {self.of('doubled')}, quiet {self.of('quiet')}"


def count(session: Session, now: datetime, besides: Sequence[Fault] = ()) -> Counted:
    """Everything that is wrong at `now`. `besides`: what the carriers have seen, which no row tells."""
    found = [each for counter in COUNTERS for each in counter(session, now)]
    return Counted(tuple(dict.fromkeys([*found, *besides])))
