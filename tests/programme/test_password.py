"""Passwords: hashed by argon2id, at a cost, differently each time."""

from programme.password import KIB, ROUNDS, hash_password, is_old, is_password


def test_what_a_guess_costs() -> None:
    assert KIB >= 19 * 1024
    assert ROUNDS >= 2


def test_only_the_password_itself_is_right() -> None:
    kept = hash_password("brass lantern otter")
    assert kept.startswith("$argon2id$")
    assert kept != hash_password("brass lantern otter")
    assert is_password(kept, "brass lantern otter")
    assert not is_password(kept, "brass lantern otters")
    assert not is_old(kept)
    assert is_old("$argon2id$v=19$m=8,t=1,p=1$c29tZXNhbHQ$c29tZWhhc2hvZjE2Ynl0ZXM")
