"""Keys and the first start: a sample makes its own keys, a real programme never."""

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlmodel import col, delete

from launch.account import NoRoleError, make_account
from launch.context import make_context
from launch.keys import FILE, LostKeysError, NoKeysError, make_sample_keys, read_keyring
from launch.prepare import as_json, migrate_database, prepare
from launch.settings import BadSettingsError, Settings, read_settings
from programme import invitation, sample, sign_in
from programme.sign_in import Outcome
from storage.account import by_email
from storage.enums import Role
from storage.keys import KEY_BYTES, write_key
from storage.migrate import is_current
from storage.setting import Setting

Read = Callable[..., Settings]


@pytest.fixture
def settings(tmp_path: Path) -> Read:
    def read(**more: str) -> Settings:
        return read_settings({"VAR_DIR": str(tmp_path / "var"), **more})

    return read


def make_real(settings: Settings) -> None:
    """What a programme of Druglink's own would be: the same tables, no longer marked as a sample."""
    ctx = make_context(settings)
    with ctx.database.writing() as session:
        session.exec(delete(Setting).where(col(Setting.key) == sample.FLAG))
    ctx.database.close()


def test_a_first_start_makes_keys_for_its_owner_alone_and_the_sample(settings: Read) -> None:
    lines = json.loads(as_json(prepare(settings())))
    assert lines[0] == "Sample referral: TVP-4F7K-92, born 14 March 1990"
    assert lines[1].startswith("Sample login: worker@example.org password: ")
    for file in settings().var_dir.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file
    assert sample.is_sample(make_context(settings()))


def test_a_second_start_keeps_keys_and_sample(settings: Read) -> None:
    prepare(settings())
    keys = (settings().var_dir / FILE).read_text()
    assert prepare(settings()) is not None
    assert (settings().var_dir / FILE).read_text() == keys


def test_a_real_programme_without_data_keys_refuses_to_start(settings: Read) -> None:
    prepare(settings())
    make_real(settings())
    with pytest.raises(NoKeysError, match="DATA_KEYS is not set"):
        prepare(settings())


def test_a_real_programme_with_data_keys_starts_and_is_no_sample(settings: Read) -> None:
    keys = write_key(os.urandom(KEY_BYTES))
    prepare(settings(DATA_KEYS=keys))
    assert not (settings().var_dir / FILE).exists()
    make_real(settings(DATA_KEYS=keys))
    assert json.loads(as_json(prepare(settings(DATA_KEYS=keys)))) == []


def test_a_sample_whose_keys_are_gone_says_so(settings: Read) -> None:
    prepare(settings())
    (settings().var_dir / FILE).unlink()
    with pytest.raises(LostKeysError, match="the file with its keys is gone"):
        prepare(settings())


def test_keys_that_are_none_are_said_in_words_without_showing_them(settings: Read) -> None:
    with pytest.raises(BadSettingsError, match="DATA_KEYS: A data key must be 32 bytes") as error:
        read_keyring(settings(DATA_KEYS="not-a-key"))
    assert "not-a-key" not in str(error.value)


def test_several_keys_newest_first(settings: Read) -> None:
    new, old = write_key(os.urandom(KEY_BYTES)), write_key(os.urandom(KEY_BYTES))
    sealed = read_keyring(settings(DATA_KEYS=old)).seal("text", "place")
    assert read_keyring(settings(DATA_KEYS=f"{new}, {old}")).open(sealed, "place") == "text"


def test_two_first_starts_agree_on_one_key(settings: Read) -> None:
    settings().make_var_dir()
    seen: set[str] = set()

    def make(_: int) -> None:
        make_sample_keys(settings())
        seen.add((settings().var_dir / FILE).read_text())

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(make, range(32)))
    assert len(seen) == 1
    assert [file.name for file in settings().var_dir.iterdir()] == [FILE]


def test_migrating_alone_needs_no_keys(settings: Read) -> None:
    migrate_database(settings())
    ctx = make_context(settings(DATA_KEYS=write_key(os.urandom(KEY_BYTES))))
    assert is_current(ctx.database)
    assert sample.is_empty(ctx)


def test_the_samples_accounts_are_put_back_at_each_start(settings: Read) -> None:
    found = prepare(settings())
    assert found is not None
    ctx = make_context(settings())
    login = found.logins[0].email
    assert sign_in.begin(ctx, login, found.password, "", "").outcome is Outcome.SIGNED_IN
    with ctx.database.writing() as session:
        account = by_email(session, ctx.database.keyring, login)
        assert account is not None
        account.totp_secret, account.totp_confirmed_at, account.disabled_at = "A" * 32, ctx.clock(), ctx.clock()
        account.password_hash = "changed"
        session.add(account)
    again = prepare(settings())
    assert again is not None
    assert again.password == found.password
    assert [login.role for login in again.logins] == ["worker", "trainer", "lead", "manager"]
    for one in again.logins:
        assert sign_in.begin(ctx, one.email, found.password, "", "").outcome is Outcome.SIGNED_IN


def test_a_programme_that_is_no_sample_any_more_lets_the_samples_accounts_in_no_more(settings: Read) -> None:
    keys = write_key(os.urandom(KEY_BYTES))
    found = prepare(settings(DATA_KEYS=keys))
    assert found is not None
    ctx = make_context(settings(DATA_KEYS=keys))
    inside = sign_in.begin(ctx, "lead@example.org", found.password, "", "").token
    assert sign_in.who(ctx, inside) is not None
    make_real(settings(DATA_KEYS=keys))
    prepare(settings(DATA_KEYS=keys))
    assert sign_in.who(ctx, inside) is None
    assert sign_in.begin(ctx, "lead@example.org", found.password, "", "").outcome is Outcome.WRONG


def test_the_first_account_is_made_by_the_link_that_a_command_prints(settings: Read) -> None:
    prepare(settings())
    address = make_account(settings(), "Ada@example.org", "manager")
    assert address.startswith("http://127.0.0.1:8000/console/invite/")
    ctx = make_context(settings())
    tried = invitation.accept(ctx, address.rpartition("/")[2], "Ada", "correct horse battery", "")
    staff = sign_in.who(ctx, tried.token)
    assert staff is not None
    assert (staff.name, staff.role) == ("Ada", Role.MANAGER)
    with pytest.raises(NoRoleError, match="must be one of worker"):
        make_account(settings(), "ada@example.org", "king")


def test_a_programme_of_its_own_begins_empty_and_stays_so(settings: Read) -> None:
    own = {"DATA_KEYS": write_key(os.urandom(KEY_BYTES))}
    assert prepare(settings(**own, SAMPLE="no")) is None
    ctx = make_context(settings(**own))
    assert sample.is_empty(ctx)
    token = make_account(settings(**own), "first@example.org", "manager").rpartition("/")[2]
    assert invitation.find(ctx, token).role is Role.MANAGER
    assert prepare(settings(**own)) is None  # the setting was forgotten, and nothing is put beside the manager
    assert not sample.is_sample(ctx)
    ctx.database.close()


def test_a_programme_of_its_own_needs_keys_from_the_first_start_on(settings: Read) -> None:
    with pytest.raises(BadSettingsError, match="SAMPLE=no needs DATA_KEYS"):
        settings(SAMPLE="no")
