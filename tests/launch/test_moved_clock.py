"""A demonstration's clock: every process sees the same, it only goes ahead, and never over real people's data."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from launch.context import make_context
from launch.keys import make_sample_keys
from launch.moved_clock import NoSampleError, make_clock, move_on, read
from launch.prepare import migrate_database, prepare
from launch.settings import BadSettingsError, read_settings
from launch.wiring import make_app
from storage.keys import KEY_BYTES, write_key
from tests.builders import a_setting

STAGE = "http://127.0.0.1:8000"
CLOSE = timedelta(seconds=30)


def is_close(one: datetime, other: datetime) -> bool:
    return abs(one - other) < CLOSE


def test_without_a_file_it_is_the_real_time(tmp_path: Path) -> None:
    for file in (None, tmp_path / "clock.json"):
        assert is_close(make_clock(file)(), datetime.now(UTC))


def test_all_who_look_at_the_file_go_ahead_together(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    clocks = [make_clock(file), make_clock(file)]
    for days in (3, 10):
        to = datetime.now(UTC) + timedelta(days=days)
        assert abs(move_on(file, to) - timedelta(days=days)) < CLOSE
        assert all(is_close(clock(), to) for clock in clocks)


def test_it_never_goes_back(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    to = datetime.now(UTC) + timedelta(days=3)
    move_on(file, to)
    move_on(file, to - timedelta(days=2))
    assert is_close(make_clock(file)(), to)
    file.write_text(json.dumps({"ahead_seconds": -60}))
    assert read(file) == timedelta(0)


def test_a_damaged_file_leaves_the_time_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    to = datetime.now(UTC) + timedelta(days=3)
    move_on(file, to)
    clock = make_clock(file)
    assert is_close(clock(), to)
    file.write_text("{")
    assert is_close(clock(), to)


def test_use_cases_have_the_moved_time(tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    settings = read_settings({"VAR_DIR": str(tmp_path / "var"), "DEMO_CLOCK": str(file)})
    to = datetime.now(UTC) + timedelta(days=3)
    move_on(file, to)
    make_sample_keys(settings)
    ctx = make_context(settings)
    assert is_close(ctx.clock(), to)
    ctx.database.close()


def test_both_settings_are_off_unless_set() -> None:
    settings = read_settings({})
    assert (settings.demo_clock, settings.demo_stage, settings.is_demo) == (None, None, False)


@pytest.mark.parametrize("given", [{"DEMO_CLOCK": "clock.json"}, {"DEMO_STAGE": STAGE}])
def test_it_is_refused_beside_keys_of_a_real_programme(given: dict[str, str]) -> None:
    with pytest.raises(BadSettingsError, match="sample data only"):
        read_settings({**given, "DATA_KEYS": write_key(bytes(KEY_BYTES))})


@pytest.mark.parametrize(
    "stage", ["https://example.org", "http://127.0.0.1", "http://127.0.0.1:8000/", "http://127.0.0.1.example.org:8000",
              "http://localhost:8000", "*", "http://127.0.0.1:8000 https://example.org"]
)  # fmt: skip
def test_the_stage_is_one_origin_on_this_machine(stage: str) -> None:
    with pytest.raises(BadSettingsError, match="DEMO_STAGE"):
        read_settings({"DEMO_STAGE": stage})


@pytest.mark.parametrize("given", [{"DEMO_CLOCK": "clock.json"}, {"DEMO_STAGE": STAGE}])
def test_it_is_refused_where_the_data_is_no_sample(tmp_path: Path, given: dict[str, str]) -> None:
    plain = read_settings({"VAR_DIR": str(tmp_path / "var")})
    migrate_database(plain)
    make_sample_keys(plain)
    ctx = make_context(plain)
    a_setting(ctx.database, "contact_phone", "01923 271 783")
    ctx.database.close()
    demo = read_settings({"VAR_DIR": str(tmp_path / "var"), "ACTIONS_PORT": "1", "DIALOGUE_PORT": "1", **given})
    for start in (prepare, make_app):
        with pytest.raises(NoSampleError):
            start(demo)
