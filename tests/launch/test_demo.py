"""The demonstration's pieces: where a jump lands, its doors in the app, the race, whose orders the stage takes."""

import asyncio
import fcntl
import re
from collections.abc import Iterator
from datetime import UTC, time, timedelta
from pathlib import Path
from time import monotonic
from typing import Any

import httpx
import pytest
import yaml
from starlette.applications import Starlette

from launch.context import make_context
from launch.demo import jump, race, story
from launch.demo.jump import Ahead
from launch.demo.stage import FILES, PAGE, Stage
from launch.demo.system import NotOursError, System, fresh_folder
from launch.prepare import prepare
from launch.run import AlreadyRunningError
from launch.settings import Settings, read_settings
from launch.wiring import make_app
from programme.context import Context
from programme.rules import london
from storage.enums import ReferralState
from storage.referral import Referral
from tests.builders import a_booking, a_course
from tests.conftest import Clock
from tests.programme.desk import a_context

STAGE = "http://127.0.0.1:8000"


@pytest.fixture(scope="module")
def seeded(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = read_settings(
        {
            "VAR_DIR": str(tmp_path_factory.mktemp("demo") / "var"),
            "ACTIONS_PORT": "1",
            "DIALOGUE_PORT": "1",
            "DEMO_STAGE": STAGE,
        }
    )
    prepare(settings)
    return settings


@pytest.fixture
def ctx(seeded: Settings) -> Iterator[Context]:
    made = make_context(seeded)
    yield made
    made.database.close()


def send(app: Starlette, method: str, path: str, **how: Any) -> httpx.Response:
    async def ask() -> httpx.Response:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=STAGE) as client:
            return await client.request(method, path, **how)

    return asyncio.run(ask())


@pytest.mark.parametrize("how", ["one_day", "three_days", "next", "over"])
def test_a_jump_lands_by_day(ctx: Context, how: str) -> None:
    for hour in range(24):
        now = london.at(london.today(ctx.clock()), time(hour)).astimezone(UTC)
        ahead = Ahead("3d", now + timedelta(hours=hour), now + timedelta(hours=2 * hour + 1))
        to = jump.land(a_context(ctx.database, Clock(now)), how, ahead)
        assert to is not None
        assert to > now
        assert 8 <= london.local(to).hour < 21


def test_there_is_nowhere_to_jump_where_nothing_is_ahead(ctx: Context) -> None:
    assert jump.land(ctx, "next", Ahead(None, None, None)) is None
    assert jump.land(ctx, "over", Ahead(None, None, None)) is None
    assert jump.land(ctx, "three_hundred_days", Ahead(None, None, None)) is None


def test_what_is_ahead_is_what_the_settings_plan(ctx: Context) -> None:
    sam = story.people(ctx)[0]
    assert (sam["name"], sam["reference"], sam["place"]) == ("Sam Sample", "TVP-4F7K-92", None)
    assert sam["ahead"]["step"] == "after24h"
    now = ctx.clock()
    course = a_course(ctx.database, venue_id="reading", starts_at=now + timedelta(days=5), created_at=now)
    a_booking(ctx.database, referral_id=sam["id"], course=course, made_at=now)
    with ctx.database.writing() as session:
        session.get_one(Referral, sam["id"]).state = ReferralState.BOOKED
    sam = story.people(ctx)[0]
    assert sam["ahead"]["step"] == "3d"
    assert sam["place"]["place"] == "Reading"
    told = story.happened(ctx, now - timedelta(minutes=1), [])
    assert [line["code"] for line in told] == ["booked"]


def test_two_hundred_race_and_none_is_over(ctx: Context) -> None:
    course, runners = race.line_up(ctx)
    finish = race.race(ctx, course, runners, monotonic)
    assert (finish.people, finish.places, finish.booked, finish.refused) == (200, 15, 15, 185)
    assert (finish.over, finish.twice, finish.told) == (0, 0, 185)
    race.go_home(ctx, runners)
    assert not jump.is_busy(ctx)


def test_without_a_stage_the_app_has_no_doors(seeded: Settings) -> None:
    plain = make_app(seeded.model_copy(update={"demo_stage": None}))
    for path in ("/demo/phone", "/demo/phone.js", "/demo/console"):
        assert send(plain, "GET", path, headers={"Sec-Fetch-Site": "same-site"}).status_code == 404
    assert send(plain, "GET", "/console/sign-in").headers["x-frame-options"] == "DENY"


def test_the_doors_open_for_this_machine_s_pages_alone(seeded: Settings) -> None:
    app = make_app(seeded)
    assert f"frame-ancestors {STAGE}" in send(app, "GET", "/demo/phone").headers["content-security-policy"]
    for site in ({}, {"Sec-Fetch-Site": "cross-site"}):
        assert send(app, "GET", "/demo/console", headers=site).status_code == 403
    into = send(app, "GET", "/demo/console?next=/console/sessions", headers={"Sec-Fetch-Site": "same-site"})
    assert (into.status_code, into.headers["location"]) == (303, "/console/sessions")
    assert "console_session=" in into.headers["set-cookie"]
    away = send(app, "GET", "/demo/console?next=//example.org", headers={"Sec-Fetch-Site": "same-site"})
    assert away.headers["location"] == "/console"


def make_stage(settings: Settings) -> Stage:
    return Stage(System(settings, settings.var_dir, STAGE, print), STAGE)


def test_the_stage_takes_orders_from_its_own_page_alone(tmp_path: Path) -> None:
    stage = make_stage(read_settings({"VAR_DIR": str(tmp_path)}))
    for origin in ({}, {"Origin": "http://example.org"}, {"Origin": "http://127.0.0.1:8001"}):
        for path in ("/jump", "/break", "/telegram/say", "/telegram/tap"):
            assert send(stage.app(), "POST", path, json={"text": "x"}, headers=origin).status_code == 403
    said = send(stage.app(), "POST", "/telegram/say", json={"text": "hello"}, headers={"Origin": STAGE})
    assert said.status_code == 200
    assert [each["text"] for each in send(stage.app(), "GET", "/telegram").json()["messages"]] == ["hello"]


def test_the_stage_is_found_under_one_name(tmp_path: Path) -> None:
    stage = make_stage(read_settings({"VAR_DIR": str(tmp_path)}))
    other = send(stage.app(), "GET", "/", headers={"Host": "localhost:8000"})
    assert other.headers["location"] == f"{STAGE}/"
    page = send(stage.app(), "GET", "/")
    assert "frame-ancestors 'none'" in page.headers["content-security-policy"]
    assert not re.findall(r"\{\{.*?\}\}", page.text)


def test_every_file_and_word_of_the_page_is_there() -> None:
    page = (PAGE / "stage.html").read_text()
    words = yaml.safe_load((PAGE / "words.yml").read_text())
    assert set(re.findall(r"\{\{(\w+)\}\}", page)) - {"app"} == set(words["page"]) - {"app"}
    assert {file.name for file in PAGE.iterdir()} - set(FILES) == {
        "stage.html", "words.yml", "phone.html", "phone.css", "phone.js"
    }  # fmt: skip
    scripts = "".join(file.read_text() for file in PAGE.glob("*.js"))
    assert set(re.findall(r"byId\(\"([\w-]+)\"\)", scripts)) <= set(re.findall(r'id="([\w-]+)"', page)) | {"chat"}


def test_a_folder_that_is_not_the_demonstration_s_is_never_emptied(tmp_path: Path) -> None:
    settings = read_settings({"VAR_DIR": str(tmp_path)})
    (tmp_path / "demo").mkdir()
    (tmp_path / "demo" / "app.db").touch()
    with pytest.raises(NotOursError):
        fresh_folder(settings, keep=False)
    assert (tmp_path / "demo" / "app.db").exists()


def test_it_begins_afresh_unless_asked(tmp_path: Path) -> None:
    settings = read_settings({"VAR_DIR": str(tmp_path)})
    folder = fresh_folder(settings, keep=False)
    assert folder.stat().st_mode & 0o777 == 0o700
    (folder / "app.db").touch()
    assert (fresh_folder(settings, keep=True) / "app.db").exists()
    assert not (fresh_folder(settings, keep=False) / "app.db").exists()


def test_a_demonstration_that_runs_is_left_alone(tmp_path: Path) -> None:
    settings = read_settings({"VAR_DIR": str(tmp_path)})
    folder = fresh_folder(settings, keep=False)
    with (folder / "running").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with pytest.raises(AlreadyRunningError):
            fresh_folder(settings, keep=False)
    assert folder.exists()


def test_the_assistant_inside_is_given_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "DATABASE_URL": "postgresql://x",
        "SMTP_URL": "smtp://x",
        "DATA_KEYS": "x",
        "PORT": "1",
    }.items():
        monkeypatch.setenv(name, value)
    system = System(read_settings({"VAR_DIR": str(tmp_path)}), tmp_path / "demo", STAGE, print)
    inside = system._environment
    assert not {"DATABASE_URL", "SMTP_URL", "DATA_KEYS"} & inside.keys()
    assert inside["VAR_DIR"] == str(tmp_path / "demo")
    assert inside["MODELS_DIR"] == str(tmp_path / "models")
    assert inside["TELEGRAM_API_URL"] == inside["DEMO_STAGE"] == STAGE
    assert system.address.endswith(f":{inside['PORT']}") and inside["PORT"] != "1"
