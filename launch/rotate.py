"""Changing keys from the command line: the programme's rows, then the dialogue's, which lie in Rasa's environment."""

import subprocess

from sqlmodel import select

from launch.context import make_context
from launch.keys import read_keyring
from launch.settings import PROJECT, RASA_PYTHON, Settings, child_environment
from storage.conversation import Conversation
from storage.database import Database
from storage.keys import write_key
from storage.rotate import rotate


class DialogueNotRotatedError(RuntimeError):
    """The programme's own rows are under the newest key, but the dialogue's are not: see above. Keep the old key, and
    run it again."""


def rotate_keys(settings: Settings) -> tuple[int, int]:
    """How many of the programme's rows, and how many conversations of the dialogue, were sealed anew.

    It can be stopped, run again, and run while everything serves. Raises CannotOpenError, DialogueNotRotatedError.
    """
    ctx = make_context(settings)
    try:
        return rotate(ctx.database), _rotate_dialogue(settings, ctx.database)
    finally:
        ctx.database.close()


def _rotate_dialogue(settings: Settings, database: Database) -> int:
    with database.reading() as session:
        conversations = list(session.exec(select(Conversation.id)))
    keys = read_keyring(settings).derive("tracker")
    done = subprocess.run(  # noqa: S603  # our own Python
        [str(RASA_PYTHON), "-m", "nlu.rotate"],
        cwd=PROJECT,
        env=child_environment(TRACKER_URL=settings.tracker_url, TRACKER_KEYS=",".join(map(write_key, keys))),
        input="\n".join(conversations),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise DialogueNotRotatedError(" ".join((DialogueNotRotatedError.__doc__ or "").split()))
    return int(done.stdout)
