"""How the bot presents itself: its command menu, and what stands in the empty chat before the first message."""

from telegram import BotCommand
from telegram.ext import ExtBot

from bot.telegram.command import MENU
from programme.answers import Answers


async def present(bot: ExtBot[int], answers: Answers) -> None:
    """Sets what differs, since Telegram counts each change. Raises TelegramError."""
    menu = tuple(BotCommand(name, answers.label(f"label_telegram_command_{name}")) for name in MENU)
    if await bot.get_my_commands() != menu:
        await bot.set_my_commands(menu)
    description = answers.label("label_telegram_description").strip()
    if (await bot.get_my_description()).description != description:
        await bot.set_my_description(description)
    short = answers.label("label_telegram_short_description").strip()
    if (await bot.get_my_short_description()).short_description != short:
        await bot.set_my_short_description(short)
