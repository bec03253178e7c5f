"""One running system, of each worker's own, for all journeys that end nothing, a browser, a stand-in for Telegram."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from launch.model import make_model
from launch.settings import PROJECT, read_settings
from storage.account import Account
from storage.enums import Role
from storage.referral import Referral
from tests.browser import browser  # noqa: F401
from tests.journeys.system import System
from tests.journeys.telegram_person import TelegramPerson
from tests.journeys.web_person import WebPerson
from tests.journeys.worker import Worker, hire
from tests.telegram_api import Control, telegram_api

ARTIFACTS = PROJECT / "tests" / "artifacts" / "journeys"
FAILED = pytest.StashKey[bool]()
LONGEST = "test_office"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


def pytest_configure(config: pytest.Config) -> None:
    """What earlier runs left goes: once, not by each of several workers."""
    if not hasattr(config, "workerinput"):
        shutil.rmtree(ARTIFACTS, ignore_errors=True)
    ARTIFACTS.mkdir(parents=True, exist_ok=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that no worker is left alone with it in the end."""
    items.sort(key=lambda item: LONGEST not in item.nodeid)


@pytest.fixture(scope="session")
def model() -> Path:
    """The model of the files as they are, which `make test` has trained before."""
    return make_model(read_settings().models)


@pytest.fixture(scope="session")
def telegram() -> Iterator[Control]:
    """Telegram, as far as the system can tell."""
    with telegram_api() as control:
        yield control


@pytest.fixture(scope="session")
def _system(tmp_path_factory: pytest.TempPathFactory, model: Path, telegram: Control) -> Iterator[System]:
    running = System(
        tmp_path_factory.mktemp("system"), model, TELEGRAM_BOT_TOKEN=telegram.token, TELEGRAM_API_URL=telegram.api_url
    )
    with started(running):
        running.allow_at_any_hour()
        yield running


@pytest.fixture
def system(_system: System, request: pytest.FixtureRequest) -> Iterator[System]:
    """The running system that all journeys share, well again whatever the journey before did to it."""
    with well_again(_system, request):
        yield _system


@contextmanager
def started(running: System) -> Iterator[System]:
    """A system that runs, and is stopped whatever happens."""
    try:
        running.start()
        running.wait_until_ready()
        yield running
    finally:
        running.stop()


@contextmanager
def well_again(system: System, request: pytest.FixtureRequest) -> Iterator[System]:
    """A running system for one journey, ready; where that fails, or the journey does, its logs are kept."""
    try:
        system.wait_until_ready()
    except AssertionError:
        keep_logs(system, request.node.name)
        raise
    yield system
    if request.node.stash.get(FAILED, False):
        keep_logs(system, request.node.name)


def keep_logs(system: System, name: str) -> None:
    """Of a failed journey: what the system printed and logged."""
    kept = ARTIFACTS / name
    shutil.copytree(system.var / "logs", kept, dirs_exist_ok=True)
    shutil.copy(system.printed, kept)


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., WebPerson]]:  # noqa: F811
    """Opens the page as somebody with a browser of their own; an error on its console fails the test."""
    people: list[WebPerson] = []

    def begin(address: str, **how: Any) -> WebPerson:
        people.append(WebPerson(browser, address, ARTIFACTS, **how))
        return people[-1]

    yield begin
    for number, person in enumerate(people):
        if request.node.stash.get(FAILED, False):
            person.keep(ARTIFACTS / request.node.name, number)
        person.close()
    assert not [wrong for person in people for wrong in person.wrong]


@pytest.fixture
def sign_in(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Callable[..., Worker]]:  # noqa: F811
    """Somebody of a system's team signs in, in a browser of their own: a new colleague, or `account` once more."""
    team: list[Worker] = []

    def begin(system: System, name: str = "", role: Role = Role.WORKER, account: Account | None = None) -> Worker:
        team.append(Worker(browser, system, account or hire(system, name, role), ARTIFACTS))
        return team[-1]

    yield begin
    for number, worker in enumerate(team):
        if request.node.stash.get(FAILED, False):
            worker.keep(ARTIFACTS / request.node.name, number)
        worker.close()
    assert not [wrong for worker in team for wrong in worker.wrong]


@pytest.fixture
def in_telegram(telegram: Control) -> Callable[[], TelegramPerson]:
    """Somebody new in Telegram."""
    return lambda: TelegramPerson(telegram)


@pytest.fixture
def referral(system: System) -> Referral:
    """Somebody newly referred, born on 14 March 1990."""
    return system.add_referral(next_reference())


@pytest.fixture
def other_referral(system: System) -> Referral:
    """Somebody else, born on the same day."""
    return system.add_referral(next_reference())


_numbers = iter(range(1000, 9999))


def next_reference() -> str:
    """A reference in the sample's form that nobody has yet."""
    return f"TVP{next(_numbers)}57"
