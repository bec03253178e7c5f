"""`make demo` as a manager sees it: on its page a person books, time jumps, the session is missed, a second chance is
given; then it is broken in three ways, and says what came of it."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, FrameLocator, Page, expect

from launch.settings import PROJECT
from tests.axe import keeps_the_rules
from tests.bot.web_page.walk import ask_width
from tests.journeys.conftest import ARTIFACTS
from tests.journeys.system import READY_SECONDS, STOP_SECONDS, wait

SIZES = ((375, 800), (1280, 900), (1440, 900))
PLAY_SECONDS, TROUBLE_SECONDS = 60.0, 120.0


@pytest.fixture
def stage(tmp_path: Path, model: Path) -> Iterator[str]:
    """The address of the stage of a demonstration of its own; nothing of it is left afterwards."""
    models = tmp_path / "var" / "models"
    models.mkdir(mode=0o700, parents=True)
    os.link(model, models / model.name)
    printed = tmp_path / "printed.txt"
    with printed.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "launch", "demo"],
            cwd=PROJECT,
            env={**os.environ, "VAR_DIR": str(tmp_path / "var"), "PORT": "0"},
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,
        )
    try:
        wait(lambda: "Demo: " in printed.read_text() or process.poll() is not None, READY_SECONDS, "the demo to start")
        found = re.search(r"Demo: (\S+)", printed.read_text())
        assert found, printed.read_text()
        yield found[1]
    finally:
        left = psutil.Process(process.pid).children(recursive=True)
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert not [one for one in left if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


@pytest.fixture
def page(stage: str, browser: Browser) -> Iterator[Page]:
    context = browser.new_context(
        viewport={"width": 1440, "height": 900}, locale="en-GB", timezone_id="Europe/London", reduced_motion="reduce"
    )
    opened = context.new_page()
    wrong: list[str] = []
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    opened.goto(stage)
    expect(opened.locator("body[data-started]")).to_be_visible()
    yield opened
    context.close()
    assert not wrong


def phone(page: Page) -> FrameLocator:
    return page.frame_locator("#chat").frame_locator("#chat")


def console(page: Page) -> FrameLocator:
    return page.frame_locator("#console")


def play(page: Page, button: str) -> None:
    """Lets the person be played to the end."""
    page.click(button)
    expect(page.locator("#doing")).not_to_be_empty()
    expect(page.locator("#doing")).to_be_empty(timeout=PLAY_SECONDS * 1000)


def figures(page: Page, name: str) -> dict[str, str]:
    """Breaks it, and waits for what came of it; that it is under way may be seen for an instant only."""
    page.click(f"#do-{name}")
    ended = re.compile("^(done|failed)$")
    expect(page.locator(f"#{name}")).to_have_attribute("data-state", ended, timeout=TROUBLE_SECONDS * 1000)
    expect(page.locator(f"#{name}")).to_have_attribute("data-state", "done")
    shown = page.locator(f"#{name}-figures [data-figure]")
    return {each.get_attribute("data-figure") or "": each.locator("dd").inner_text() for each in shown.all()}


def look(page: Page, name: str) -> None:
    """Pictures by their width; nothing sticks out, and axe finds nothing."""
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate("scrollTo(0, 0)")
        page.wait_for_timeout(500)  # for the picture alone: pages in frames are painted after the page around them
        page.screenshot(path=ARTIFACTS / f"demo-{name}-{width}.png", full_page=True)
        inside, screen = ask_width(page)
        assert inside <= screen
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.screenshot(path=ARTIFACTS / f"demo-{name}-{scheme}.png", full_page=True)
        keeps_the_rules(page, iframes=False)  # the frames have tests of their own


def test_a_place_is_booked_missed_and_given_again_and_nothing_breaks_for_good(page: Page) -> None:
    lines = page.locator("#happened li")

    play(page, "#do-book")
    expect(phone(page).locator(".line", has_text="You are booked.").last).to_be_visible()
    expect(lines.filter(has_text="Sam Sample booked")).to_have_count(1)

    before = page.locator("#day").inner_text() + page.locator("#clock").inner_text()
    page.click("#do-next")
    reminder = lines.filter(has_text=re.compile("Sam Sample: reminder, .* before — (arrived|seen)"))
    expect(reminder).to_have_count(1, timeout=30_000)
    assert page.locator("#day").inner_text() + page.locator("#clock").inner_text() != before
    expect(phone(page).get_by_text("A reminder of your session.")).to_be_visible()
    look(page, "reminded")

    page.click("#do-over")
    expect(console(page).get_by_text("Sam Sample")).to_be_visible(timeout=30_000)
    console(page).locator("[id^='line-']", has_text="Sam Sample").get_by_role("button", name="Did not attend").click()
    expect(lines.filter(has_text="Marked in the list: Sam Sample did not come.")).to_have_count(1)
    expect(page.locator("#next")).to_contain_text("a kind word about the missed session")
    page.click("#do-next")
    expect(phone(page).get_by_text("Our list says that you were not at your session:")).to_be_visible(timeout=30_000)
    expect(phone(page).get_by_text("You can pick another day now.")).to_be_visible()

    play(page, "#do-missed")
    expect(lines.filter(has_text="Sam Sample has a second chance.")).to_have_count(1)
    expect(lines.filter(has_text="Sam Sample booked")).to_have_count(2)

    raced = figures(page, "race")
    assert raced == {"booked": "15", "refused": "185", "over": "0", "twice": "0"}
    again = figures(page, "replay")
    assert again == {"said": "6", "again": "30", "answered": "6", "doubled": "0"}
    killed = figures(page, "kill")
    assert (killed["messages"], killed["answered"], killed["lost"]) == ("4", "4", "0")
    assert float(killed["seconds"]) > 0
    assert page.locator("#kill-steps").get_by_text("What you wrote is kept.").count() == 2
    page.click("#race-list")
    expect(console(page).get_by_text("Racer").first).to_be_visible(timeout=30_000)
    look(page, "broken")
