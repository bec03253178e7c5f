"""Somebody at the web page, in a real browser: says, taps, and reads what comes of it."""

from contextlib import suppress
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Error, Locator, Page, expect

from tests.axe import keeps_the_rules
from tests.bot.web_page.conftest import note
from tests.bot.web_page.walk import ask_width, connected, lines
from tests.browser import PATIENCE

SECONDS = 30.0  # two running systems share the machine


class WebPerson:
    """`taps` counts the buttons that were tapped. `wrong`: errors on the console."""

    def __init__(
        self,
        browser: Browser,
        address: str,
        artifacts: Path,
        width: int = 375,
        height: int = 720,
        scheme: Any = "light",
    ) -> None:
        self._context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            locale="en-GB",
            timezone_id="Europe/London",
            accept_downloads=True,
        )
        self._context.set_default_timeout(PATIENCE)
        self._artifacts = artifacts
        self.wrong: list[str] = []
        self.taps = 0
        self.page = self.open(address)

    def open(self, address: str) -> Page:
        """A page at this address, connected."""
        page = self._context.new_page()
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda message: note(message, self.wrong))
        page.goto(address)
        connected(page)
        expect(page.locator(".line").first).to_be_visible()
        return page

    def close(self) -> None:
        self._context.close()

    # What they do.

    def say(self, text: str) -> list[str]:
        """Types it and sends it; what came in answer."""
        self.send(text)
        return self.hear()

    def send(self, text: str) -> None:
        """Types it and sends it, and does not wait."""
        self.page.fill("#say", text)
        self.page.press("#say", "Enter")

    def tap(self, title: str) -> list[str]:
        """Taps the newest button with these words; what came in answer."""
        self.press(title)
        return self.hear()

    def press(self, title: str) -> None:
        """Taps and does not wait."""
        self.taps += 1
        self.page.locator(".choices").get_by_role("button", name=title, exact=True).last.click()

    # What they see.

    def hear(self, seconds: float = SECONDS) -> list[str]:
        """Waits until all that was said is answered; the messages after the last thing said."""
        expect(self.page.locator(".own:not([data-state='answered'])")).to_have_count(0, timeout=seconds * 1000)
        return self.since()

    def since(self) -> list[str]:
        """The messages after the last thing said."""
        seen = self.lines()
        last = max((at for at, line in enumerate(seen) if line.startswith("> ")), default=-1)
        return seen[last + 1 :]

    def lines(self) -> list[str]:
        """All lines, the person's own with "> " before them."""
        return lines(self.page)

    def titles(self) -> list[str]:
        """The buttons that can be tapped."""
        return list(self.page.locator(".choices button").all_inner_texts())

    def message(self, words: str) -> Locator:
        """The newest message with these words."""
        return self.page.locator(".line:not(.own)", has_text=words).last

    # What is looked at.

    def shot(self, name: str) -> Path:
        """A picture of the page, kept."""
        file = self._artifacts / f"{name}.png"
        self.page.mouse.move(0, 0)  # nothing looks pointed at
        self.page.screenshot(path=file, animations="disabled")
        return file

    def look(self, name: str) -> None:
        """A picture in light and in dark; nothing sticks out and axe finds nothing in either."""
        for scheme in ("dark", "light"):
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            self.shot(f"{name}-{scheme}")
            keeps_the_rules(self.page)
            width, screen = ask_width(self.page)
            assert width <= screen

    def keep(self, folder: Path, number: int) -> None:
        """What a failed journey leaves: a picture and the lines."""
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(Error):
            self.page.screenshot(path=folder / f"person-{number}.png")
            (folder / f"person-{number}.txt").write_text("\n---\n".join(self.lines()))
