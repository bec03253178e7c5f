"""The fixed menu: what a person gets when the dialogue does not answer. It works without it."""

from programme import booked, handoff, promise
from programme.context import Context
from programme.outbox import Reply

INTENTS = frozenset({"menu_booking", "menu_contact", "menu_help_now", "menu_person", "menu_again"})


def offer() -> list[Reply]:
    """Said when the dialogue fails: what can be done all the same."""
    return [Reply("notice_menu")]


def answer(ctx: Context, conversation_id: str, intent: str) -> list[Reply]:
    """The replies to a tap on the menu."""
    match intent:
        case "menu_booking":
            return [_booking(ctx, conversation_id)]
        case "menu_person":
            return [_person(ctx, conversation_id)]
        case "menu_contact":
            return [Reply("notice_menu_contact")]
        case "menu_help_now":
            return [Reply("notice_menu_help_now")]
        case _:
            return offer()


def _booking(ctx: Context, conversation_id: str) -> Reply:
    held = booked.current(ctx, conversation_id)
    if held is None:
        return Reply("notice_menu_no_booking")
    return Reply("notice_menu_booking", held.values())


def _person(ctx: Context, conversation_id: str) -> Reply:
    return promise.reply(ctx, handoff.ask(ctx, conversation_id, "menu_person"))
