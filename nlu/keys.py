"""The keys of the tracker store: what names a conversation's row, seals and opens it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from nlu.rows import Row

KEY_BYTES = 32
NONCE_BYTES = 12


class UnreadableTracker(Exception):
    """A stored conversation cannot be opened: its key is missing, or the row was changed."""


class BadTrackerKeys(ValueError):
    """TRACKER_KEYS must be a comma list of urlsafe base64 keys of 32 bytes each, newest first."""


class Keys:
    """The keys of the store, newest first: one to seal and to name rows, all to find and to open them."""

    def __init__(self, listed: str) -> None:
        try:
            keys = [base64.b64decode(one.strip(), altchars=b"-_", validate=True) for one in listed.split(",")]
        except (binascii.Error, ValueError):
            raise BadTrackerKeys from None
        if any(len(key) != KEY_BYTES for key in keys):
            raise BadTrackerKeys
        self._naming = [hmac.digest(key, b"tracker: conversation name", hashlib.sha256) for key in keys]
        self._sealing = [AESGCM(hmac.digest(key, b"tracker: conversation events", hashlib.sha256)) for key in keys]

    def names(self, conversation: str) -> list[str]:
        """What a conversation's row is called under each key, newest first."""
        return [hmac.digest(key, conversation.encode(), hashlib.sha256).hex() for key in self._naming]

    def seal(self, plain: bytes, conversation: str) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._sealing[0].encrypt(nonce, plain, conversation.encode())

    def open(self, row: Row, conversation: str) -> bytes:
        """What was sealed in a row. Raises `UnreadableTracker`."""
        sealed = row.sealed or b""
        try:
            key = self._sealing[self.names(conversation).index(row.name)]
            return key.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], conversation.encode())
        except (InvalidTag, ValueError):
            raise UnreadableTracker from None
