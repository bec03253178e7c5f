"""Our commands: what a person types with a slash, and what it means. Any other slash is just text."""

import re
from dataclasses import dataclass

INTENTS = {
    "start": "greet",
    "book": "book_course",
    "mybooking": "check_booking",
    "human": "request_human",
    "help": "ask_capabilities",
    "privacy": "ask_privacy",
    "stop": "stop_messages",
}
MENU = ("book", "mybooking", "human", "help", "privacy", "stop")  # in the order of the command menu
_COMMAND = re.compile(r"/(?P<name>[A-Za-z]+)(?:@(?P<bot>\w+))?(?:\s+(?P<rest>\S+))?\s*")


@dataclass(frozen=True)
class Command:
    """`token`: what a personal link adds to /start; it is not kept with the message."""

    name: str
    intent: str
    token: str | None = None

    @property
    def text(self) -> str:
        """The command as it is stored."""
        return f"/{self.name}"


def read_command(text: str, username: str) -> Command | None:
    """The command of ours that this whole text is, meant for this bot; else None."""
    found = _COMMAND.fullmatch(text.strip())
    if not found or found["name"].lower() not in INTENTS:
        return None
    name = found["name"].lower()
    meant_for_us = found["bot"] is None or found["bot"].lower() == username.lower()
    if not meant_for_us or (found["rest"] and name != "start"):
        return None
    return Command(name, INTENTS[name], found["rest"])
