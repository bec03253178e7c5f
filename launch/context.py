"""What every use case is given, made from the settings: for the app, the action server and preparing alike."""

import os
import secrets
import uuid

from launch.keys import read_keyring
from launch.moved_clock import make_clock
from launch.settings import PROJECT, Settings
from programme.answers import Answers
from programme.context import Context
from storage.database import Database

TOKEN_BYTES = 16


def make_context(settings: Settings) -> Context:
    """The database, the words, the clock and randomness."""
    return Context(
        database=Database(settings.database_url, read_keyring(settings)),
        answers=Answers.load(PROJECT / "nlu" / "answers"),
        clock=make_clock(settings.demo_clock),
        new_id=lambda: uuid.uuid4().hex,
        new_token=lambda: secrets.token_urlsafe(TOKEN_BYTES),
        holder=f"{os.getpid()}-{secrets.token_hex(4)}",
        found_at=settings.public_url or "",
    )
