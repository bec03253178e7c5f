"""The rules on accessibility, asked of a page in a browser by axe-core: one way for all tests."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

# Only what is wrong is told whole: of the rest, one place a rule, which halves the time.
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "resultTypes": ["violations"],
}
FEWEST = 15  # rules that a page of ours keeps at the very least: fewer, and axe has not looked


def keeps_the_rules(page: Page, what: object = "", **options: Any) -> None:
    """Fails with axe's own report where `page` breaks a rule. `what`: which page it is, for the report; `options`:
    axe's own.
    """
    found = Axe().run(page, options={**RULES, **options})
    assert found.violations_count == 0, f"{what} {page.url}\n{found.generate_report()}"
    assert len(found.response["passes"]) > FEWEST, f"{what} {page.url}"
