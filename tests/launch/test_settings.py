"""Settings: CONTRACTS.md's table and defaults, and errors that a person can act on."""

from pathlib import Path

import pytest

from launch.settings import PROJECT, BadSettingsError, Settings, child_environment, read_settings

SECRETS = {"TELEGRAM_BOT_TOKEN": "123:abc", "DATA_KEYS": "a-key", "DATABASE_URL": "postgresql://u:pw@h/d"}


def test_defaults() -> None:
    settings = read_settings({})
    assert (settings.host, settings.port, settings.var_dir) == ("127.0.0.1", 8000, PROJECT / "var")
    assert settings.database_url == f"sqlite:///{PROJECT}/var/app.db"
    assert settings.tracker_url == f"sqlite:///{PROJECT}/var/tracker.db"
    assert settings.telegram_api_url == "https://api.telegram.org"
    assert settings.telegram_bot_token is None
    assert settings.redis_url is None


def test_an_empty_variable_is_an_unset_one() -> None:
    assert read_settings({"PORT": "", "DATA_KEYS": " ", "DATABASE_URL": ""}) == read_settings({})


def test_what_is_set_is_taken() -> None:
    settings = read_settings({"HOST": "0.0.0.0", "PORT": "80", "VAR_DIR": "/srv/var", **SECRETS})
    assert (settings.host, settings.port, settings.var_dir) == ("0.0.0.0", 80, Path("/srv/var"))
    assert settings.database_url == settings.tracker_url == SECRETS["DATABASE_URL"]


def test_proxies_are_a_list() -> None:
    assert read_settings({}).trusted_proxy == ()
    assert read_settings({"TRUSTED_PROXY": "127.0.0.1, 10.0.0.0/24,"}).trusted_proxy == ("127.0.0.1", "10.0.0.0/24")


def test_a_relative_folder_is_from_here() -> None:
    assert read_settings({"VAR_DIR": "data"}).var_dir == Path.cwd() / "data"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"PORT": "eighty"}, "PORT: "),
        ({"PORT": "70000"}, "PORT: "),
        ({"DATABASE_URL": "mysql://secret@host/db"}, "DATABASE_URL: must start with postgresql://"),
        ({"REDIS_URL": "http://secret"}, "REDIS_URL: must start with redis://"),
        ({"TRUSTED_PROXY": "secret.example.org"}, "TRUSTED_PROXY: must be addresses"),
        ({"TRUSTED_PROXY": "*"}, "TRUSTED_PROXY: must be addresses"),
        ({"TRUSTED_PROXY": "0.0.0.0/0"}, "TRUSTED_PROXY: must not be everybody"),
        ({"TELEGRAM_API_URL": "secret.example.org"}, "TELEGRAM_API_URL: must be a web address"),
        ({"TELEGRAM_WEBHOOK_URL": "https://secret.example.org"}, "needs TELEGRAM_WEBHOOK_SECRET"),
        (
            {"TELEGRAM_WEBHOOK_URL": "http://secret.example.org", "TELEGRAM_WEBHOOK_SECRET": "s"},
            "must start with https",
        ),
    ],
)
def test_errors_name_the_variable_and_never_its_value(given: dict[str, str], words: str) -> None:
    with pytest.raises(BadSettingsError) as error:
        read_settings(given)
    assert words in str(error.value)
    assert "secret.example.org" not in str(error.value)
    assert "secret@" not in str(error.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(BadSettingsError, match=r"(?s)PORT.*DATABASE_URL"):
        read_settings({"PORT": "x", "DATABASE_URL": "x"})


def test_secrets_do_not_print() -> None:
    shown = repr(read_settings(SECRETS)) + str(read_settings(SECRETS))
    assert not any(value in shown for value in SECRETS.values())


def test_the_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    settings = read_settings({"VAR_DIR": str(tmp_path / "a" / "var")})
    settings.make_var_dir()
    assert settings.var_dir.stat().st_mode & 0o777 == 0o700
    settings.var_dir.chmod(0o755)
    settings.make_var_dir()
    assert settings.var_dir.stat().st_mode & 0o777 == 0o700


def test_a_folder_that_cannot_be_is_said_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BadSettingsError, match=r"VAR_DIR: .* cannot be used"):
        read_settings({"VAR_DIR": str(tmp_path / "file" / "var")}).make_var_dir()


def test_without_settings_a_child_gets_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**SECRETS, "VAR_DIR": "/elsewhere", "PYTHONDONTWRITEBYTECODE": "1", "KEPT": "x"}.items():
        monkeypatch.setenv(name, value)
    child = child_environment(MODEL_PATH="m", REDIS_URL=None)
    assert child["KEPT"] == "x"
    assert child["MODEL_PATH"] == "m"
    assert not {*SECRETS, "VAR_DIR", "REDIS_URL", "PYTHONDONTWRITEBYTECODE"} & child.keys()


def test_with_settings_a_child_gets_ours_and_what_is_given_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**SECRETS, "VAR_DIR": "here", "PORT": "0"}.items():
        monkeypatch.setenv(name, value)
    child = child_environment(read_settings(), PORT="8123")
    assert SECRETS.items() <= child.items()
    assert child["VAR_DIR"] == str(Path.cwd() / "here")
    assert child["PORT"] == "8123"


def test_every_setting_of_the_contract_is_read() -> None:
    table = {
        "host", "port", "var_dir", "database_url", "redis_url", "telegram_bot_token", "telegram_api_url",
        "telegram_webhook_url", "telegram_webhook_secret", "data_keys",
    }  # fmt: skip
    assert table <= {field.alias or name for name, field in Settings.model_fields.items()}
