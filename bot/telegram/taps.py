"""What happens to a button after its tap: Telegram's clock stops, and the used keyboard goes away."""

import contextlib

import structlog
from telegram import CallbackQuery
from telegram.error import TelegramError
from telegram.ext import ExtBot

log = structlog.get_logger()
LONGEST_TOAST = 200


def title_of(query: CallbackQuery) -> str | None:
    """What stands on the tapped button, shown for a moment so that the person sees what was taken."""
    markup = getattr(query.message, "reply_markup", None)
    buttons = [button for row in markup.inline_keyboard for button in row] if markup else []
    return next((b.text[:LONGEST_TOAST] for b in buttons if b.callback_data == query.data), None)


async def settle(bot: ExtBot[int], query: CallbackQuery) -> None:
    """Answers the tap and clears its keyboard.

    A tap that came twice is settled twice: that the query is too old or the keyboard is gone already is no error.
    """
    with contextlib.suppress(TelegramError):
        await bot.answer_callback_query(query.id, text=title_of(query))
    if query.message is None:
        return
    try:
        await bot.edit_message_reply_markup(query.message.chat.id, query.message.message_id, reply_markup=None)
    except TelegramError as error:
        log.debug("keyboard_not_cleared", error=type(error).__name__)
