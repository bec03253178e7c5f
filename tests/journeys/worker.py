"""Somebody of the team at the console, in a browser of their own, signed in by the real page."""

import itertools
import time
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from playwright.sync_api import Browser, Error, Locator, Page, expect

from programme import shift
from programme.password import hash_password
from storage.account import Account
from storage.enums import Role
from tests.axe import keeps_the_rules
from tests.bot.web_page.conftest import note
from tests.bot.web_page.walk import ask_width
from tests.browser import PATIENCE
from tests.builders import an_account
from tests.journeys.system import System

PASSWORD = "brass lantern otter"
SIZES = ((375, 720), (1280, 900))
MOST_TABS = 150
_numbers = itertools.count(1)


def hire(system: System, name: str, role: Role = Role.WORKER) -> Account:
    """An account with PASSWORD."""
    given = {"email": f"{name.lower()}{next(_numbers)}@example.org", "password_hash": hash_password(PASSWORD)}
    return an_account(system.ctx.database, name=name, role=role, created_at=system.ctx.clock(), **given)


class Worker:
    """`wrong`: errors on the console of any of their windows."""

    def __init__(self, browser: Browser, system: System, account: Account, artifacts: Path) -> None:
        self._browser, self._system, self._artifacts = browser, system, artifacts
        self.account = account
        self.wrong: list[str] = []
        self.page = self._window()
        self.go("")
        self.page.get_by_label("Email").fill(account.email)
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page.get_by_role("button", name="Sign out")).to_be_visible()

    def _window(self) -> Page:
        self._context = self._browser.new_context(
            viewport={"width": SIZES[-1][0], "height": SIZES[-1][1]}, locale="en-GB", timezone_id="Europe/London"
        )
        self._context.set_default_timeout(PATIENCE)
        page = self._context.new_page()
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("console", lambda message: note(message, self.wrong))
        return page

    # Where they are.

    def go(self, path: str) -> None:
        """Opens a page of the console: "waiting", "conversations/…"."""
        self.page.goto(f"{self._system.address}console/{path}".rstrip("/"))

    def go_and_listen(self, path: str) -> None:
        """Opens a page and waits until its line to the server is open: what changes from now on is shown."""
        with self.page.expect_response(lambda answer: "/console/live" in answer.url):
            self.go(path)

    def begin_shift(self) -> None:
        self.go("waiting")
        self.page.get_by_role("button", name="Start shift").click()
        expect(self.page.get_by_text("You are on shift")).to_be_visible()

    def row(self, conversation_id: str) -> Locator:
        """Of the queue, on `Waiting`."""
        return self.page.locator(f"#row-{conversation_id}")

    def take(self, conversation_id: str) -> None:
        """From the queue."""
        self.row(conversation_id).get_by_role("button", name="Take", exact=True).click()
        expect(self.page.get_by_text("You have it")).to_be_visible()

    def now(self) -> datetime:
        return self._system.ctx.clock()

    # In a conversation.

    @property
    def log(self) -> Locator:
        return self.page.get_by_role("log", name="Transcript")

    @property
    def draft(self) -> Locator:
        return self.page.get_by_label("Reply")

    @property
    def send_button(self) -> Locator:
        return self.page.get_by_role("button", name="Send", exact=True)

    def reply(self, text: str) -> None:
        """Writes it and sends it; it is in the transcript."""
        self.draft.fill(text)
        self.send_button.click()
        self.sees(text)
        expect(self.draft).to_have_value("")

    def sees(self, text: str) -> None:
        """It comes into the transcript by itself."""
        expect(self.log.get_by_text(text).last).to_be_visible()

    def note(self, text: str) -> None:
        self.page.get_by_label("Note").fill(text)
        self.page.get_by_role("button", name="Add note").click()
        expect(self.page.get_by_text(text)).to_be_visible()

    def book_for_them(self) -> None:
        """The first place there is."""
        self.page.get_by_role("link", name="Book a place for them").click()
        self.page.get_by_role("button", name="Choose").first.click()
        self.page.get_by_role("button", name="Book the place").click()
        expect(self.page.get_by_text("They have been told in the chat.")).to_be_visible()

    def hand_back(self, outcome: str) -> None:
        self.page.get_by_label("How it ended").select_option(outcome)
        self.page.get_by_role("button", name="Hand back to assistant").click()
        expect(self.page.get_by_text("The assistant has it again.")).to_be_visible()

    # Their keyboard and their screen.

    def tab_to(self, wanted: Locator) -> None:
        """Presses Tab until this has the focus."""
        expect(wanted).to_be_visible()
        for _ in range(MOST_TABS):
            self.page.keyboard.press("Tab")
            if wanted.evaluate("(each) => each === document.activeElement"):
                return
        raise AssertionError(f"{wanted} cannot be reached by keyboard")

    def press(self, role: str, name: str) -> None:
        """Tabs to a link or a button and presses Enter."""
        self.tab_to(self.page.get_by_role(role, name=name, exact=True))  # type: ignore[arg-type]
        self.page.keyboard.press("Enter")

    def look(self, name: str) -> None:
        """A picture on a phone and on a desk; nothing sticks out and axe finds nothing on either."""
        for width, height in SIZES:
            self.page.set_viewport_size({"width": width, "height": height})
            self.page.screenshot(path=self._artifacts / f"console-{name}-{width}.png", animations="disabled")
            keeps_the_rules(self.page)
            inside, screen = ask_width(self.page)
            assert inside <= screen

    # Coming and going.

    def lose_browser(self) -> None:
        """It is gone without a goodbye, and the sign-in with it."""
        self._context.close()

    def close(self) -> None:
        """Goes home."""
        with suppress(Error):
            self._context.close()
        shift.end(self._system.ctx, self.account.id)

    def keep(self, folder: Path, number: int) -> None:
        """What a failed journey leaves: a picture and the words."""
        folder.mkdir(parents=True, exist_ok=True)
        with suppress(Error):
            self.page.screenshot(path=folder / f"worker-{number}.png", full_page=True)
            (folder / f"worker-{number}.txt").write_text(f"{self.page.url}\n{self.page.inner_text('body')}")


def press_at_once(*buttons: Locator) -> None:
    """Several people press at the same moment: each browser is told when, and does it by itself."""
    at = (time.time() + 1.5) * 1000
    for button in buttons:
        button.evaluate("(each, at) => { setTimeout(() => each.click(), at - Date.now()) }", at)
