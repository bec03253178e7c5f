"""Changing keys and making links from the command line; the dialogue's rows are changed in Rasa's own environment."""

import base64
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from launch.context import make_context
from launch.keys import read_keyring
from launch.link import NoReferralError, make_link
from launch.prepare import prepare
from launch.rotate import DialogueNotRotatedError, rotate_keys
from launch.settings import PROJECT, RASA_PYTHON, Settings, read_settings
from programme import conversation as conversations
from programme import verification
from programme.context import Context
from programme.verification import Outcome
from storage.keys import write_key
from storage.referral import by_reference

OLD, NEW = (base64.urlsafe_b64encode(bytes([number]) * 32).decode() for number in (1, 2))
BORN = date(1990, 3, 14)
Read, Open = Callable[..., Settings], Callable[[Settings], Context]
# Writes a conversation's row, or says what a row holds; with the store's own code.
WRITE = """
import sys
from nlu.keys import Keys
from nlu.rows import open_rows
url, keys, conversation, words = sys.argv[1:]
rows, keys = open_rows(url), Keys(keys)
if words:
    rows.write(keys.names(conversation)[0], keys.seal(words.encode(), conversation), None)
else:
    row = rows.read(keys.names(conversation), -1)
    print(keys.open(row, conversation).decode() if row else "no row")
"""


@pytest.fixture
def settings(database_url: str, tmp_path: Path) -> Callable[..., Settings]:
    def read(keys: str) -> Settings:
        return read_settings({"VAR_DIR": str(tmp_path / "var"), "DATABASE_URL": database_url, "DATA_KEYS": keys})

    return read


@pytest.fixture
def opened() -> Iterator[Callable[[Settings], Context]]:
    """Makes contexts that are closed at the end."""
    made: list[Context] = []

    def make(settings: Settings) -> Context:
        made.append(make_context(settings))
        return made[-1]

    yield make
    for ctx in made:
        ctx.database.close()


def dialogue(settings: Settings, conversation: str, words: str = "") -> str:
    keys = ",".join(write_key(key) for key in read_keyring(settings).derive("tracker"))
    command = [str(RASA_PYTHON), "-c", WRITE, settings.tracker_url, keys, conversation, words]
    return subprocess.run(command, cwd=PROJECT, check=True, capture_output=True, text=True).stdout.strip()


def test_afterwards_only_the_newest_key_is_needed(settings: Read, opened: Open) -> None:
    prepare(settings(OLD))
    before = opened(settings(OLD))
    chat = conversations.open_web(before, None, None)
    dialogue(settings(OLD), chat.conversation_id, "what was said")
    both = settings(f"{NEW},{OLD}")
    assert conversations.find_by_token(opened(both), chat.token) == chat.conversation_id  # the page comes back
    rows, talks = rotate_keys(both)
    assert rows > 6
    assert talks == 1
    assert rotate_keys(both) == (0, 0)
    now = opened(settings(NEW))
    assert conversations.find_by_token(now, chat.token) == chat.conversation_id
    assert verification.check(now, chat.conversation_id, "TVP4F7K92", BORN).outcome is Outcome.VERIFIED
    assert dialogue(settings(NEW), chat.conversation_id) == "what was said"
    assert dialogue(settings(OLD), chat.conversation_id) == "no row"


def test_a_conversation_that_no_key_opens_is_said_and_kept(settings: Read, opened: Open) -> None:
    prepare(settings(OLD))
    chat = conversations.open_web(opened(settings(OLD)), None, None)
    dialogue(settings(OLD), chat.conversation_id, "what was said")
    changed = settings(f"{NEW},{OLD}")
    _spoil(changed, chat.conversation_id)
    with pytest.raises(DialogueNotRotatedError):
        rotate_keys(changed)


def _spoil(settings: Settings, conversation: str) -> None:
    spoil = (
        WRITE.split("if words", maxsplit=1)[0]
        + "row = rows.read(keys.names(conversation), -1)\nrows.write(row.name, b'x', row)"
    )
    keys = ",".join(write_key(key) for key in read_keyring(settings).derive("tracker"))
    command = [str(RASA_PYTHON), "-c", spoil, settings.tracker_url, keys, conversation, ""]
    subprocess.run(command, cwd=PROJECT, check=True)


def test_a_link_is_printed_that_opens_the_chat_with_the_reference(settings: Read, opened: Open) -> None:
    prepare(settings(OLD))
    web, telegram = make_link(settings(OLD), "tvp 4f7k92").splitlines()
    token = web.removeprefix("Web chat: /r/")
    assert telegram == f"Telegram: ?start={token}"
    assert len(token) <= 64, "Telegram takes no more"
    ctx = opened(settings(OLD))
    chat = conversations.open_web(ctx, None, token).conversation_id
    assert conversations.standing(ctx, chat) == (False, True)
    assert verification.check(ctx, chat, None, BORN).outcome is Outcome.VERIFIED
    with pytest.raises(NoReferralError):
        make_link(settings(OLD), "TVP-0000-00")


def test_a_link_opens_nothing_once_it_is_taken_back(settings: Read, opened: Open) -> None:
    prepare(settings(OLD))
    ctx = opened(settings(OLD))
    token = make_link(settings(OLD), "TVP-4F7K-92").splitlines()[0].rpartition("/")[2]
    with ctx.database.writing() as session:
        found = by_reference(session, ctx.database.keyring, "TVP4F7K92")
        assert found is not None
        verification.revoke_links(session, ctx, found.id)
    assert conversations.standing(ctx, conversations.open_web(ctx, None, token).conversation_id) == (False, False)


@pytest.mark.parametrize("arguments", [["link"], ["rotate", "more"], ["link", "one", "two"], ["nonsense"], []])
def test_what_is_asked_for_wrongly_is_answered_with_what_there_is(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "launch", *arguments], cwd=PROJECT, check=False, capture_output=True, text=True
    )
    assert done.returncode == 2
    assert "link <reference>" in done.stderr
