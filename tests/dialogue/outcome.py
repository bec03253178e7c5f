"""What may become of a step when something comes between.

An outcome names every message that is said, in order. `Stays`: these, then the step's own question, once. `Told`: these
and nothing else, since the last of them asks the step again itself. `Goes`: these, then another step's question.
`Leaves`: these, the form is left, and "carry on" asks the step again. `Ends`: these, and nothing is left to carry on.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    said: tuple[str, ...]


class Stays(Outcome):
    pass


class Told(Outcome):
    pass


class Leaves(Outcome):
    pass


class Ends(Outcome):
    pass


@dataclass(frozen=True)
class Goes(Outcome):
    to: str


def stays(*said: str) -> Stays:
    return Stays(said)


def told(*said: str) -> Told:
    return Told(said)


def leaves(*said: str) -> Leaves:
    return Leaves(said)


def ends(*said: str) -> Ends:
    return Ends(said)


def goes(to: str, *said: str) -> Goes:
    return Goes(said, to)
