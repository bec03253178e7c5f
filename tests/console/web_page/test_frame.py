"""The console's frame in a real browser: signing in by keyboard, axe on each page, small screens, what renews."""

from collections.abc import Iterator

import pyotp
import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect

from programme import account, invitation, own_account
from programme.context import Context
from storage.account import Account
from storage.enums import Owner, Role
from tests.axe import keeps_the_rules
from tests.browser import PATIENCE
from tests.builders import a_conversation, a_handoff_request
from tests.programme.staff import PASSWORD, SECRET, a_member, signed_in

SIZES = [(320, 640, "light"), (768, 1024, "dark"), (1280, 800, "light")]
NOT_A_FAULT = "Failed to load resource"  # how the browser notes an answer of 403, which some pages are


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page that fails its test when anything is written as an error to its console, a refused script or style say."""
    context = browser.new_context(viewport={"width": 1280, "height": 800}, locale="en-GB")
    context.set_default_timeout(PATIENCE)
    opened, wrong = context.new_page(), list[str]()

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and NOT_A_FAULT not in message.text:
            wrong.append(message.text)

    opened.on("console", note)
    opened.on("pageerror", lambda error: wrong.append(str(error)))
    yield opened
    context.close()
    assert wrong == []


def enter(page: Page, address: str, member: Account) -> None:
    page.goto(f"{address}/console/sign-in")
    page.get_by_label("Email").fill(member.email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("button", name="Sign out", exact=True).first).to_be_visible()


def focused(page: Page) -> str:
    return str(page.evaluate("(document.activeElement.innerText || document.activeElement.name || '').trim()"))


def tab_to(page: Page, name: str, most: int = 60) -> None:
    for _ in range(most):
        page.keyboard.press("Tab")
        if focused(page) == name:
            shown = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert shown == "solid", name
            return
    pytest.fail(f"{name} is not reached by Tab")


def test_signing_in_and_out_by_keyboard_alone(page: Page, ctx: Context, address: str) -> None:
    a_member(ctx, Role.LEAD, second_factor=True)
    page.goto(f"{address}/console/people")
    tab_to(page, "email")
    page.keyboard.type("lead@example.org")
    tab_to(page, "password")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Your code")).to_be_visible()
    tab_to(page, "code")
    page.keyboard.type(pyotp.TOTP(SECRET).at(ctx.clock()))
    tab_to(page, "Sign in")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="People", level=1)).to_be_visible()
    page.keyboard.press("Tab")
    assert focused(page) == "Skip to content"
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()
    page.reload()
    tab_to(page, "Audit")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Audit", level=1)).to_be_visible()
    expect(page.get_by_role("navigation", name="Pages").get_by_role("link", name="Audit").first).to_have_attribute(
        "aria-current", "page"
    )
    tab_to(page, "Sign out")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("You are signed out.")


def check(page: Page, width: int) -> None:
    """axe finds nothing, nothing sticks out, and whatever is tapped is big enough."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width, page.url
    keeps_the_rules(page)
    small = page.evaluate(
        """[...document.querySelectorAll("button, a.button, nav a[href], summary, input, select, textarea")]
        .filter(one => one.checkVisibility() && !one.closest(".unseen") && !one.matches(".unseen, [type=hidden]"))
        .map(one => [(one.innerText || one.name).trim(), one.getBoundingClientRect()])
        .filter(([, box]) => Math.min(box.width, box.height) < 43.9 && box.width).map(([name]) => name)"""
    )
    assert small == [], page.url


@pytest.mark.parametrize(("width", "height", "scheme"), SIZES)
def test_axe_finds_nothing_and_nothing_sticks_out(
    page: Page, ctx: Context, address: str, width: int, height: int, scheme: str
) -> None:
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    manager = a_member(ctx, Role.MANAGER, name="Morgan Fitzwilliam-Achterberg")
    a_member(ctx, Role.LEAD, second_factor=True, email="a.very.long.address.indeed@department.example.org")
    a_member(ctx, disabled_at=ctx.clock())
    staff, _ = signed_in(ctx, manager)
    link = invitation.invite(ctx, staff, "nia@example.org", Role.WORKER)

    page.goto(f"{address}/console/sign-in")
    check(page, width)
    page.get_by_label("Email").fill(manager.email)
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("not right")
    check(page, width)
    page.goto(f"{address}/console/invite/{link}")
    check(page, width)
    page.goto(f"{address}/console/invite/gone")
    check(page, width)
    enter(page, address, manager)
    for path in ("people", "audit", "audit?day=2020-01-01", "account", "account/second-factor", "nothing"):
        page.goto(f"{address}/console/{path}")
        check(page, width)
    page.goto(f"{address}/console/people")
    page.get_by_label("Email").fill("bo@example.org")
    page.get_by_role("button", name="Make invitation").click()
    expect(page.get_by_label("Invitation link")).to_be_visible()
    check(page, width)
    page.locator("summary", has_text="Disable").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    check(page, width)


def test_setting_up_a_second_factor(page: Page, ctx: Context, address: str) -> None:
    enter(page, address, a_member(ctx))
    page.goto(f"{address}/console/account")
    page.get_by_role("link", name="Set up a second factor").click()
    page.get_by_text("No camera? Type this key instead").click()
    secret = page.locator(".secret").inner_text().replace(" ", "")
    page.get_by_label("Code").fill(pyotp.TOTP(secret).at(ctx.clock()))
    page.get_by_role("button", name="Turn it on").click()
    expect(page.get_by_role("heading", name="Your recovery codes")).to_be_visible()
    assert len(page.locator(".codes li").all()) == 10
    check(page, 1280)
    page.get_by_role("link", name="I have kept them").click()
    check(page, 1280)


def test_a_list_renews_itself_and_what_is_being_written_stays(
    page: Page, ctx: Context, address: str, other_address: str
) -> None:
    manager, worker = a_member(ctx, Role.MANAGER), a_member(ctx, name="Wren")
    staff, _ = signed_in(ctx, manager)
    enter(page, other_address, manager)
    page.goto(f"{other_address}/console/people")
    expect(page.locator("#accounts-list")).to_contain_text("Wren")
    page.get_by_label("Email").fill("half an addr")
    role = page.get_by_label("Role of Wren", exact=True)
    role.focus()
    role.select_option("trainer")
    account.disable(ctx, staff, worker.id)
    expect(page.locator("#accounts-list")).to_contain_text("Disabled")
    expect(page.get_by_label("Email")).to_have_value("half an addr")
    account.enable(ctx, staff, worker.id)
    expect(page.get_by_label("Role of Wren", exact=True)).to_be_visible()
    page.get_by_label("Email").focus()
    invitation.invite(ctx, staff, "nia@example.org", Role.WORKER)
    expect(page.locator("#accounts-list")).to_contain_text("nia@example.org")
    assert page.evaluate("document.activeElement.name") == "email"


def test_a_page_says_when_its_session_has_ended(page: Page, ctx: Context, address: str) -> None:
    member = a_member(ctx, Role.LEAD)
    staff, _ = signed_in(ctx, member)
    enter(page, address, member)
    page.goto(f"{address}/console/people")
    expect(page.locator("#line")).to_be_hidden()
    own_account.end_others(ctx, staff)
    expect(page.get_by_text("You have been signed out.")).to_be_visible(timeout=25_000)


def test_making_sure_is_a_dialog_that_gives_the_focus_back(page: Page, ctx: Context, address: str) -> None:
    a_member(ctx, name="Wren")
    enter(page, address, a_member(ctx, Role.LEAD))
    page.goto(f"{address}/console/people")
    opener = page.locator("summary", has_text="Disable")
    opener.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog", name="Disable the account of Wren?")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("dialog").get_by_role("button", name="Go back").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    opener.click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(page.get_by_role("status").first).to_contain_text("The account is disabled.")


def test_on_a_phone_the_pages_are_under_the_thumb_and_the_rest_behind_more(
    page: Page, ctx: Context, address: str
) -> None:
    page.set_viewport_size({"width": 375, "height": 720})
    enter(page, address, a_member(ctx, Role.LEAD))
    page.goto(f"{address}/console/people")
    nav = page.get_by_role("navigation", name="Pages")
    box = nav.bounding_box()
    assert box is not None
    assert box["y"] + box["height"] == pytest.approx(720, abs=1)
    more = nav.locator("summary")
    expect(nav.get_by_role("link", name="People")).to_be_hidden()
    more.focus()
    page.keyboard.press("Enter")
    expect(nav.get_by_role("link", name="People")).to_be_visible()
    check(page, 375)
    page.keyboard.press("Escape")
    expect(nav.get_by_role("link", name="People")).to_be_hidden()
    expect(more).to_be_focused()


def test_everything_can_be_done_without_scripts(browser: Browser, ctx: Context, address: str) -> None:
    a_member(ctx, name="Wren")
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    enter(page, address, a_member(ctx, Role.LEAD))
    page.goto(f"{address}/console/people")
    page.locator("summary", has_text="Disable").click()
    page.get_by_role("group", name="Disable the account of Wren?").get_by_role("button", name="Disable").click()
    expect(page.get_by_role("status").first).to_contain_text("The account is disabled.")
    context.close()


def test_how_many_wait_stands_on_every_page(page: Page, ctx: Context, other_address: str) -> None:
    enter(page, other_address, a_member(ctx, Role.LEAD))
    page.goto(f"{other_address}/console/audit")
    link = page.get_by_role("navigation", name="Pages").get_by_role("link", name="Waiting", exact=True)
    expect(page.locator("#count-waiting")).to_have_text("")
    a_handoff_request(ctx.database, a_conversation(ctx.database, owner=Owner.QUEUED))
    expect(page.locator("#count-waiting > [aria-hidden]")).to_have_text("1")
    expect(link).to_have_accessible_description("1 waiting")
    check(page, 1280)
