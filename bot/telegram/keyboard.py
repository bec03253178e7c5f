"""How a message looks in Telegram: its buttons in rows, and a text that is too long in parts."""

from collections.abc import Mapping, Sequence

from telegram import InlineKeyboardButton, InlineKeyboardMarkup

SHORT = 16  # characters; two such titles fit beside each other on a small phone
MAX_TEXT = 4096  # UTF-16 units, as Telegram counts


def keyboard(buttons: Sequence[Mapping[str, str]]) -> InlineKeyboardMarkup | None:
    """Buttons of `{"title", "payload"}` in their order; two short ones share a row."""
    rows: list[list[InlineKeyboardButton]] = []
    for button in buttons:
        made = InlineKeyboardButton(button["title"], callback_data=button["payload"])
        beside = rows and len(rows[-1]) == 1 and len(rows[-1][0].text) <= SHORT and len(button["title"]) <= SHORT
        if beside:
            rows[-1].append(made)
        else:
            rows.append([made])
    return InlineKeyboardMarkup(rows) if rows else None


def parts(text: str) -> list[str]:
    """The text in pieces that Telegram takes, cut where a line or a word ends."""
    pieces = []
    while _units(text) > MAX_TEXT:
        longest = text[:MAX_TEXT]
        while _units(longest) > MAX_TEXT:
            longest = longest[:-1]
        cut = next((at for at in (longest.rfind(mark) for mark in ("\n\n", "\n", " ")) if at > 0), len(longest))
        pieces.append(text[:cut].rstrip())
        text = text[cut:].lstrip()
    return [*pieces, text]


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
