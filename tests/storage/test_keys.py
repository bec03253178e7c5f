"""Sealing and hashing under one key and under several."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.keys import BadKeyError, CannotOpenError, Keyring, read_key, write_key

OLD, NEW = b"o" * 32, b"n" * 32


@given(st.text(), st.text(min_size=1))
def test_what_is_sealed_opens_in_its_place_alone(text: str, place: str) -> None:
    keyring = Keyring([NEW, OLD])
    sealed = keyring.seal(text, place)
    assert keyring.open(sealed, place) == text
    with pytest.raises(CannotOpenError):
        keyring.open(sealed, place + "x")


@given(st.binary(max_size=60))
def test_rubbish_does_not_open(rubbish: bytes) -> None:
    with pytest.raises(CannotOpenError):
        Keyring([NEW]).open(rubbish, "person.name")


@given(st.integers(0, 40), st.integers(1, 255))
def test_a_changed_byte_is_noticed(position: int, change: int) -> None:
    sealed = bytearray(Keyring([NEW]).seal("Alex Green", "person.name"))
    sealed[position % len(sealed)] ^= change
    with pytest.raises(CannotOpenError):
        Keyring([NEW]).open(bytes(sealed), "person.name")


def test_the_same_text_is_never_sealed_alike() -> None:
    keyring = Keyring([NEW])
    assert len({keyring.seal("Alex", "person.name") for _ in range(50)}) == 50


def test_a_new_key_opens_and_finds_what_the_old_one_stored() -> None:
    old, both, new = Keyring([OLD]), Keyring([NEW, OLD]), Keyring([NEW])
    assert both.open(old.seal("Alex", "p"), "p") == "Alex"
    assert both.lookups("Alex", "p") == [new.lookup("Alex", "p"), old.lookup("Alex", "p")]
    assert both.lookup("Alex", "p") == new.lookup("Alex", "p")
    assert both.lookup("Alex", "p") != both.lookup("Alex", "q")
    assert both.derive("web") == new.derive("web") + old.derive("web")
    with pytest.raises(CannotOpenError):
        new.open(old.seal("Alex", "p"), "p")


def test_keys_are_written_and_read() -> None:
    assert read_key(write_key(NEW) + "\n") == NEW
    for wrong in ("", "short", write_key(b"x" * 31), "é" * 44, "*" * 44):
        with pytest.raises(BadKeyError):
            read_key(wrong)
    with pytest.raises(BadKeyError):
        Keyring([])
