""" "Leave this page": one tap, nothing left on the device, and no way back to what was said."""

from playwright.sync_api import BrowserContext, Page, expect

from tests.bot.web_page.server import Desk
from tests.bot.web_page.walk import answered, connected, kept, say, wait_until


def test_one_tap_clears_the_device_and_goes_somewhere_harmless(page: Page, desk: Desk, address: str) -> None:
    say(page, "my secret")
    answered(page, "You said: my secret")
    page.fill("#say", "half a sentence")
    page.get_by_role("link", name="Leave this page").click()
    page.wait_for_url(f"{address}/away")
    assert kept(page) == {}
    wait_until(page, lambda: desk.left == ["token-1"] and not desk.session.sockets)


def test_back_does_not_lead_back(context: BrowserContext, address: str) -> None:
    page = context.new_page()
    page.goto(f"{address}/away?first")
    page.goto(address)
    connected(page)
    say(page, "my secret")
    answered(page, "You said: my secret")
    page.get_by_role("link", name="Leave this page").click()
    page.wait_for_url(f"{address}/away")
    page.go_back()
    assert page.url == f"{address}/away?first"
    page.goto(address)
    connected(page)
    assert "secret" not in page.content()


def test_leaving_works_before_anything_has_loaded_and_without_a_line(
    context: BrowserContext, desk: Desk, address: str
) -> None:
    page = context.new_page()
    page.route("**/chat/labels.json", lambda route: route.abort())
    page.goto(address)
    page.get_by_role("link", name="Leave this page").click()
    page.wait_for_url(f"{address}/away")
    assert kept(page) == {}


def test_the_place_it_leads_to_learns_nothing(page: Page, address: str) -> None:
    page.get_by_role("link", name="Leave this page").click()
    page.wait_for_url(f"{address}/away")
    assert page.evaluate("document.referrer") == ""


def test_without_javascript_there_is_the_number_and_a_way_out(browser: object, desk: Desk, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)  # type: ignore[attr-defined]
    page = context.new_page()
    page.goto(address)
    assert "Please call us on 01923 271 783." in page.locator("noscript").inner_text()
    expect(page.get_by_role("link", name="Call us on 01923 271 783")).to_have_attribute("href", "tel:01923271783")
    expect(page.get_by_text("Druglink runs this chat.")).to_be_visible()
    page.get_by_role("link", name="Leave this page").click()
    page.wait_for_url(f"{address}/away")
    context.close()


def test_a_browser_that_keeps_nothing_can_still_chat(context: BrowserContext, desk: Desk, address: str) -> None:
    page = context.new_page()
    page.add_init_script(
        "Object.defineProperty(window, 'sessionStorage', { get() { throw new DOMException('no', 'SecurityError'); } });"
    )
    page.goto(address)
    connected(page)
    say(page, "hello")
    answered(page, "What can I do for you?")
    assert desk.session.said == ["hello"]
