"""Referrals in a real browser: a file checked and brought in, a letter, and every page for everybody on any screen."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from starlette.applications import Starlette

from programme.context import Context
from storage.enums import Role
from tests.axe import keeps_the_rules
from tests.builders import a_setting
from tests.console import desk
from tests.console.desk import signed_in

Window = Callable[..., Page]
TODAY = datetime.now(UTC).date()
HEADINGS = "Occurrence,Forename,Surname,Born (UK),Sent,Mobile"


@pytest.fixture
def mary(ctx: Context, app: Starlette) -> Iterator[desk.Browser]:
    for key, value in (("organisation_name", "The Course"), ("contact_phone", "01923 271 783"), ("days_to_book", "28")):
        a_setting(ctx.database, key, value, review_by=TODAY + timedelta(days=90))
    yield signed_in(ctx, app, name="Mary Manager", role=Role.MANAGER)


def a_file(rows: int, *more: str) -> dict[str, object]:
    sent = f"{TODAY - timedelta(days=3):%d/%m/%Y}"
    made = [
        f"TVP-A{n:03d}-{n % 97:02d},Pat,Example,{n % 28 + 1:02d}/03/1990,{sent},07700 900{n:03d}" for n in range(rows)
    ]
    content = "\n".join([HEADINGS, *made, *more])
    return {"name": "export.csv", "mimeType": "text/csv", "buffer": content.encode()}


def check(page: Page, file: dict[str, object]) -> None:
    page.get_by_label("File", exact=True).set_input_files(file)  # type: ignore[arg-type]
    page.get_by_role("button", name="Check file").click()


def fits(page: Page, name: str) -> None:
    keeps_the_rules(page, name)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name


def test_from_a_file_to_a_letter(address: str, mary: desk.Browser, window: Window) -> None:
    page = window(address, mary, "/referrals")
    page.get_by_role("link", name="Import", exact=True).click()
    fits(page, "import")
    young = f"TVP-B111-11,Young,One,14/03/{TODAY.year - 12},,"
    check(page, a_file(600, young))
    expect(page.get_by_role("heading", name="Which column is which?")).to_be_visible()
    for heading, meaning in (("Occurrence", "Reference"), ("Born (UK)", "Date of birth"), ("Sent", "Referred on")):
        page.get_by_role("combobox", name=heading).select_option(label=meaning)
    fits(page, "columns")
    page.get_by_role("button", name="Use these columns").click()
    expect(page.get_by_text("600 new referrals")).to_be_visible()
    row = page.get_by_role("row", name="602")
    expect(row).to_contain_text("This person is under 18.")
    expect(row).to_contain_text("programme for young people")
    fits(page, "check")
    page.get_by_role("button", name="Import these").click()
    expect(page.get_by_text("600 new referrals, 0 changed, 0 the same as before, 1 row left out.")).to_be_visible()
    page.get_by_role("link", name="Import another file").click()
    check(page, a_file(600))
    expect(page.get_by_text("There is nothing to bring in.")).to_be_visible()
    page.get_by_role("link", name="Referrals").first.click()
    page.get_by_label("Reference or name").fill("TVP-A007-07")
    page.get_by_role("button", name="Search").click()
    page.get_by_role("link", name="Pat Example").click()
    expect(page.get_by_text("Referral came in")).to_be_visible()
    fits(page, "person")
    page.get_by_role("button", name="Make a letter").click()
    code = page.locator(".letter-code svg")
    expect(code).to_be_visible()
    box = code.bounding_box()
    assert box is not None and box["width"] > 120
    fits(page, "letter")


@pytest.mark.parametrize(("width", "scheme"), [(320, "light"), (1280, "dark")])
def test_every_page_for_everybody(address: str, mary: desk.Browser, window: Window, width: int, scheme: str) -> None:
    page = window(address, mary, "/referrals", width=width, scheme=scheme)
    for path in ("", "/new", "/import", "/tokens"):
        page.goto(f"{address}/console/referrals{path}")
        fits(page, path)
