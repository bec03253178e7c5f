"""The people of a simulated year: invented, drawn by the seed, each with a way of their own."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from random import Random

from storage.enums import Channel

LETTERS = "ACDEFGHJKMNPQRTUVWXY"
SPREAD = 1_299_709  # a prime: numbers that follow each other give references that do not
FIRST = ("Alex", "Sam", "Robin", "Jo", "Lee", "Kim", "Chris", "Pat", "Ash", "Morgan", "Jamie", "Drew", "Casey", "Kit")
LAST = ("Green", "Brown", "Hill", "Wood", "Field", "Lake", "Stone", "Marsh", "Rivers", "Dale", "Heath", "Brook", "Ford")
OLDEST, YOUNGEST = date(1950, 1, 1), date(2006, 12, 31)


@dataclass(frozen=True)
class Ways:
    """What somebody will do. `needs`: how many messages it takes until they come; None: they never do. `after`: hours
    from the message to their visit. `comes`: of their sessions in turn, whether they do; then the last one holds."""

    needs: int | None
    after: float
    comes: tuple[str, ...]  # attended, absent, late
    confirms: bool = False
    moves: bool = False
    cancels: bool = False
    again: bool = True  # after a cancelled place, or a missed session, they take another one
    asks_person: bool = False
    stops: bool = False
    danger: bool = False
    blocks: bool = False
    declines: bool = False
    wrong_person: bool = False
    disputes: bool = False
    gone: bool = False  # never opens the page again after booking


@dataclass
class Someone:
    """One person. `phone` and `email` are what the force wrote down; `reachable`: whether those are right."""

    number: int
    reference: str
    name: str
    born: date
    phone: str | None
    email: str | None
    channel: Channel
    ways: Ways
    reachable: bool = True
    referral_id: str = ""
    link: str | None = None  # the token of the newest personal link they have
    letters: int = 0
    coming: bool = False  # a visit is planned
    done: set[str] = field(default_factory=set)  # what they do once
    sessions: int = 0

    @property
    def chat_number(self) -> int:
        """Their chat in Telegram."""
        return 700_000_000 + self.number


def draw(rng: Random, number: int) -> Someone:
    """The person with this number, by the seed."""
    contact = rng.random()
    phone = f"07700 {900_000 + number % 1_000:06d}" if contact < 0.9 else None  # Ofcom's numbers for drama
    email = f"person{number}@example.org" if contact > 0.5 and contact < 0.96 else None
    born = OLDEST + timedelta(days=rng.randrange((YOUNGEST - OLDEST).days))
    channel = Channel.TELEGRAM if rng.random() < 0.3 else Channel.WEB
    reachable = rng.random() > 0.05
    name = f"{rng.choice(FIRST)} {rng.choice(LAST)}"
    return Someone(number, reference(number), name, born, phone, email, channel, _ways(rng), reachable)


def reference(number: int) -> str:
    """A reference of the programme's form, a different one for each number below four million."""
    left = number * SPREAD % 4_000_000
    left, two = divmod(left, 100)
    left, second = divmod(left, len(LETTERS))
    left, one = divmod(left, 10)
    first_digit, first = divmod(left, len(LETTERS))
    return f"TVP-{first_digit}{LETTERS[first]}{one}{LETTERS[second]}-{two:02d}"


def _ways(rng: Random) -> Ways:
    needs = rng.choices((0, 1, 2, 3, None), (45, 15, 10, 6, 24))[0]
    first = rng.choices(("attended", "absent", "late"), (84, 14, 2))[0]
    return Ways(
        needs=needs,
        after=min(60.0, rng.expovariate(1 / 8)),
        comes=(first, rng.choices(("attended", "absent"), (80, 20))[0]),
        confirms=rng.random() < 0.35,
        moves=rng.random() < 0.1,
        cancels=rng.random() < 0.05,
        again=rng.random() < 0.6,
        asks_person=rng.random() < 0.06,
        stops=rng.random() < 0.03,
        danger=rng.random() < 0.01,
        blocks=rng.random() < 0.04,
        declines=rng.random() < 0.02,
        wrong_person=rng.random() < 0.005,
        disputes=rng.random() < 0.2,
        gone=rng.random() < 0.05,
    )
