"""One thing that went wrong in a simulated year."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Fault:
    """`what`: a code; `id`: of the row, or of whom it happened to."""

    kind: Literal["lost", "doubled", "quiet"]
    what: str
    id: str
