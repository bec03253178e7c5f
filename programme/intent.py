"""Intents: all that a person can mean, with what each means, from the guide that examples are labelled by."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import yaml

GUIDE = Path(__file__).parents[1] / "nlu" / "intents.yml"


@dataclass(frozen=True)
class Intent:
    """`unless`: which neighbour is meant instead, and when."""

    name: str
    topic: str
    means: str
    unless: str | None = None

    @property
    def title(self) -> str:
        """The name as words."""
        return self.name.replace("_", " ").capitalize()


@cache
def guide() -> Mapping[str, Intent]:
    """Every intent by its name, topic by topic, as the guide has them."""
    content = yaml.load(GUIDE.read_text(), Loader=yaml.CSafeLoader)
    return MappingProxyType(
        {
            name: Intent(name, topic, str(about["means"]), about.get("not"))
            for topic, intents in content.items()
            for name, about in intents.items()
        }
    )


def title(name: str) -> str:
    """A name as words, also of an intent that the guide has not (`nlu_fallback`, one of an older model)."""
    known = guide().get(name)
    return known.title if known else name.replace("_", " ").capitalize()
