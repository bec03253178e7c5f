"""The data keys of this start: from DATA_KEYS, or a file in VAR_DIR that is made for sample data only."""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from launch.settings import BadSettingsError, Settings
from storage.keys import KEY_BYTES, BadKeyError, Keyring, read_key, write_key

FILE, PASSWORD_FILE = "sample-data-keys", "sample-password"


class NoKeysError(BadSettingsError):
    """DATA_KEYS is not set, and this database is not a sample: a real programme needs keys that are kept safe.

    Set DATA_KEYS to the keys that the data was sealed with, newest first, with commas between them. For a programme
    that is only beginning, make one with: openssl rand -base64 32 | tr '+/' '-_'
    and keep a copy of it where the database is not.
    """


class LostKeysError(BadSettingsError):
    """The sample's database is there but the file with its keys is gone from VAR_DIR. Remove the sample's database
    to start with a new one, or set DATA_KEYS."""


def read_keyring(settings: Settings) -> Keyring:
    """The keyring of DATA_KEYS, else of the sample's file. Raises BadSettingsError, LostKeysError."""
    if settings.data_keys:
        return Keyring(_read_keys(settings.data_keys.get_secret_value()))
    file = _file(settings)
    if not file.exists():
        raise LostKeysError(_in_words(LostKeysError))
    return Keyring(_read_keys(file.read_text()))


def make_sample_keys(settings: Settings) -> None:
    """Makes the sample's key file unless there is one."""
    _make(settings, FILE, lambda: write_key(os.urandom(KEY_BYTES)))


def sample_password(settings: Settings) -> str:
    """The password of the sample's accounts, made at the first start."""
    return _make(settings, PASSWORD_FILE, lambda: "-".join(_syllables() for _ in range(4)))


def _syllables() -> str:
    """Easy to type from one screen to another; four of these are 54 bits."""
    return "".join(secrets.choice(letters) for letters in ("bdfgkmnprstvz", "aeiou", "bdfgkmnprstvz", "aeiou", "lnrst"))


def _make(settings: Settings, name: str, content: Callable[[], str]) -> str:
    """What the file in VAR_DIR holds; made where it is missing: whole or not at all, for its owner alone."""
    settings.make_var_dir()
    file = settings.var_dir / name
    if file.exists():
        return file.read_text().strip()
    new = file.with_name(f".{name}.{secrets.token_hex(8)}")
    with os.fdopen(os.open(new, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600), "w") as writing:
        writing.write(content() + "\n")
        writing.flush()
        os.fsync(writing.fileno())
    try:
        os.link(new, file)  # unlike a rename, never over the keys of another process that was quicker
    except FileExistsError:
        pass
    finally:
        new.unlink()
    return file.read_text().strip()


def refuse_real_programme(settings: Settings) -> None:
    """For a database that is not a sample. Raises NoKeysError where DATA_KEYS is not set."""
    if not settings.data_keys:
        raise NoKeysError(_in_words(NoKeysError))


def _file(settings: Settings) -> Path:
    return settings.var_dir / FILE


def _read_keys(text: str) -> list[bytes]:
    try:
        return [read_key(key) for key in text.split(",") if key.strip()] or [read_key("")]
    except BadKeyError as error:
        raise BadSettingsError(f"DATA_KEYS: {error}") from None


def _in_words(error: type[Exception]) -> str:
    return "\n".join(line.strip() for line in (error.__doc__ or "").splitlines())
