"""What `rasa shell` shows of what only the running assistant can do: the names of its actions."""

from __future__ import annotations

import logging
import warnings
from typing import Any


def name_actions() -> None:
    """In place of asking an action server, custom actions say their names: which comes next is what a shell is for.

    Settings stay as they are written in the answers, in curly brackets: the app fills them.
    """
    from rasa.core.actions.action import RemoteAction, create_bot_utterance
    from rasa.shared.core.events import Event

    async def run(self: RemoteAction, *_: Any, **__: Any) -> list[Event]:
        if self.name().startswith("validate_"):  # a form's, beside the action that it comes with
            return []
        return [create_bot_utterance({"text": f"[{self.name()}]"})]

    RemoteAction.run = run
    logging.getLogger("rasa.core.nlg.interpolator").setLevel(logging.CRITICAL)


def hush() -> None:
    """Rasa's libraries complain about one another; whoever runs a command cannot help it."""
    warnings.filterwarnings("ignore", category=DeprecationWarning)
