"""Keys: sealing a value for its column, and keyed hashes to look a value up by."""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Callable, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

KEY_BYTES = 32
NONCE_BYTES = 12
ID_BYTES = 4


class BadKeyError(ValueError):
    """A data key must be 32 bytes, written in urlsafe base64."""


class CannotOpenError(ValueError):
    """A sealed value could not be opened: no key fits, or it was changed or moved."""


class _Key:
    def __init__(self, raw: bytes) -> None:
        self.id = hashlib.sha256(b"key id" + raw).digest()[:ID_BYTES]
        self.cipher = AESGCM(_derive(raw, b"seal"))
        self.lookup = _derive(raw, b"lookup")


def _derive(raw: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(raw)


def read_key(text: str) -> bytes:
    """Raw key from its urlsafe base64 text. Raises BadKeyError."""
    try:
        raw = base64.urlsafe_b64decode(text.strip())
    except (binascii.Error, ValueError):
        raise BadKeyError(BadKeyError.__doc__) from None
    if len(raw) != KEY_BYTES:
        raise BadKeyError(BadKeyError.__doc__)
    return raw


def write_key(raw: bytes) -> str:
    """The urlsafe base64 text of a raw key."""
    return base64.urlsafe_b64encode(raw).decode()


class Keyring:
    """Several keys, newest first: seals with the first, opens with whichever fits."""

    def __init__(self, keys: Sequence[bytes], random_bytes: Callable[[int], bytes] = os.urandom) -> None:
        if not keys:
            raise BadKeyError(BadKeyError.__doc__)
        self._raw = tuple(keys)
        self._keys = tuple(_Key(raw) for raw in keys)
        self._by_id = {key.id: key for key in self._keys}
        self._random_bytes = random_bytes

    def seal(self, text: str, place: str) -> bytes:
        """Key id (4 bytes), nonce (12), ciphertext and tag, bound to `place` ("table.column")."""
        key, nonce = self._keys[0], self._random_bytes(NONCE_BYTES)
        return key.id + nonce + key.cipher.encrypt(nonce, text.encode(), place.encode())

    def open(self, sealed: bytes, place: str) -> str:
        """The text that was sealed for `place`. Raises CannotOpenError."""
        key = self._by_id.get(sealed[:ID_BYTES])
        if key is None:
            raise CannotOpenError(CannotOpenError.__doc__)
        nonce, box = sealed[ID_BYTES : ID_BYTES + NONCE_BYTES], sealed[ID_BYTES + NONCE_BYTES :]
        try:
            return key.cipher.decrypt(nonce, box, place.encode()).decode()
        except InvalidTag:
            raise CannotOpenError(CannotOpenError.__doc__) from None

    @property
    def newest(self) -> bytes:
        """What a value begins with that was sealed under the newest key."""
        return self._keys[0].id

    def lookup(self, value: str, purpose: str) -> str:
        """Keyed hash (64 hex digits) under the newest key, to be stored beside a sealed value."""
        return _hash(self._keys[0], value, purpose)

    def lookups(self, value: str, purpose: str) -> list[str]:
        """The hash under every key, newest first, to search by while keys are being changed."""
        return [_hash(key, value, purpose) for key in self._keys]

    def derive(self, purpose: str) -> list[bytes]:
        """A 32-byte key for another use, one from each key, newest first."""
        return [_derive(raw, b"derived " + purpose.encode()) for raw in self._raw]


def _hash(key: _Key, value: str, purpose: str) -> str:
    return hmac.new(key.lookup, purpose.encode() + b"\0" + value.encode(), hashlib.sha256).hexdigest()
