"""`make misses`: what was not understood, masked, for whoever labels it, until the console has a page for it."""

from collections.abc import Callable
from dataclasses import asdict
from typing import Any

from launch.context import make_context
from launch.fitness import known_intents
from launch.settings import PROJECT, Settings
from programme import miss
from programme.rules import london

SHOWN = 50
GUESSES = 3

Say = Callable[[str], None]


class NoMissError(LookupError):
    """No message that still waits for a label has this number."""


class NoIntentError(NoMissError):
    """This is no intent of nlu/intents.yml. Give one that is there, or leave it out to put the message aside."""


def list_misses(settings: Settings, say: Say) -> dict[str, Any]:
    """The newest first: when, its number, the masked words, where the person stood, what it was nearly taken for.

    Gives the same by name, with the whole ranking.
    """
    ctx = make_context(settings)
    try:
        found = miss.listed(ctx, SHOWN)
    finally:
        ctx.database.close()
    if not found:
        say("Nothing waits: everything was understood, or has been dealt with.")
    for one in found:
        say(f"{one.missed_at.astimezone(london.ZONE):%d %b %H:%M}  {one.id}  “{one.text}”")
        if one.step:
            say(f"    at the step: {one.step}")
        guesses = ", ".join(f"{intent} {chance:.0%}" for intent, chance in one.ranking[:GUESSES])
        say(f"    nearly taken for: {guesses or 'nothing'}")
        if one.intent:
            say(f"    the person then chose: {one.intent}")
    return {"misses": [{**asdict(one), "missed_at": one.missed_at.isoformat()} for one in found]}


def settle_miss(settings: Settings, number: str, intent: str, say: Say) -> dict[str, Any]:
    """Takes a message off the list, with what it meant or without. Raises NoMissError, NoIntentError."""
    if intent and intent not in known_intents(PROJECT):
        raise NoIntentError(NoIntentError.__doc__)
    ctx = make_context(settings)
    try:
        if not miss.settle(ctx, number, intent or None):
            raise NoMissError(NoMissError.__doc__)
    finally:
        ctx.database.close()
    say(f"Off the list{f': it meant {intent}' if intent else ''}.")
    return {"done": number, "intent": intent or None}
