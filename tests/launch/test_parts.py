"""What each process inside is given, and what it is not."""

import ast
from pathlib import Path

import pytest

from launch.keys import make_sample_keys, read_keyring
from launch.parts import all_children, app_address, free_ports, make_inside
from launch.run import PortTakenError, _with_port
from launch.settings import PROJECT, Settings, read_settings
from storage.keys import write_key

TOKEN = "123:token"


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("VAR_DIR", str(tmp_path / "var"))
    monkeypatch.setenv("TELEGRAM_BOT_TOKEN", TOKEN)
    settings = read_settings()
    make_sample_keys(settings)
    return settings


def test_rasa_gets_its_own_keys_and_none_of_the_programme(settings: Settings) -> None:
    rasa, actions, app = all_children(settings, Path("/model"), make_inside())
    keyring = read_keyring(settings)
    assert rasa.environment["TRACKER_KEYS"] == ",".join(write_key(key) for key in keyring.derive("tracker"))
    assert TOKEN not in " ".join(rasa.environment.values())
    assert "DATA_KEYS" not in rasa.environment
    assert app.environment["TELEGRAM_BOT_TOKEN"] == TOKEN
    assert "TRACKER_KEYS" not in {**actions.environment, **app.environment}


def test_the_parts_find_each_other(settings: Settings) -> None:
    rasa, actions, app = all_children(settings, Path("/model"), make_inside())
    assert rasa.environment["ACTIONS_URL"] == f"http://127.0.0.1:{actions.environment['ACTIONS_PORT']}/webhook"
    assert rasa.environment["ACTIONS_SECRET"] == actions.environment["ACTIONS_SECRET"]
    assert app.environment["DIALOGUE_SECRET"] == rasa.environment["DIALOGUE_SECRET"]
    assert app.environment["DIALOGUE_PORT"] == rasa.environment["DIALOGUE_PORT"]
    assert app.environment["ACTIONS_PORT"] == actions.environment["ACTIONS_PORT"]
    assert rasa.environment["DIALOGUE_SECRET"] not in actions.environment.values()


def test_each_start_has_secrets_and_ports_of_its_own() -> None:
    first, second = make_inside(), make_inside()
    assert len({first.dialogue_secret, second.dialogue_secret, first.actions_secret, second.actions_secret}) == 4
    assert first.dialogue_port != first.actions_port


def test_secrets_do_not_print(settings: Settings) -> None:
    inside = make_inside()
    shown = repr(all_children(settings, Path("/model"), inside))
    assert inside.dialogue_secret not in shown
    assert inside.actions_secret not in shown


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://127.0.0.1:8000"),
        ("0.0.0.0", "http://127.0.0.1:8000"),
        ("::", "http://[::1]:8000"),
        ("::1", "http://[::1]:8000"),
        ("example.org", "http://example.org:8000"),
    ],
)
def test_where_the_app_is_reached_from_here(host: str, address: str) -> None:
    assert app_address(read_settings({"HOST": host})) == address


def test_a_taken_port_is_said_before_anything_starts() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(PortTakenError, match=f"make run PORT={port + 1}"):
            _with_port(read_settings({"PORT": str(port)}))
    assert _with_port(read_settings({"PORT": str(port)})).port == port


def test_port_0_takes_a_free_one() -> None:
    assert _with_port(read_settings({"PORT": "0"})).port > 0


def test_free_ports_differ() -> None:
    assert len(set(free_ports(20))) == 20


def test_only_settings_reads_the_environment() -> None:
    """`os.environ` and `os.getenv` stand in launch/settings.py; before it can run, bootstrap only takes one out."""
    readers = {
        file.relative_to(PROJECT).as_posix()
        for floor in ("launch", "bot", "actions", "programme", "storage")
        for file in (PROJECT / floor).rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    }
    assert readers == {"launch/settings.py", "launch/bootstrap.py"}
