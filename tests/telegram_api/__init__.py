"""A stand-in for Telegram's Bot API: launch/stand_in/ in a thread, with a control side.

In a test: `with telegram_api() as control:`. As a process of its own: `python -m tests.telegram_api --port N`, then
`Control("http://127.0.0.1:N")`. The bot's base address is `control.api_url`, its token `control.token`.
"""

from tests.telegram_api.control import Control
from tests.telegram_api.serving import telegram_api

__all__ = ["Control", "telegram_api"]
