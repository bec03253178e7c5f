"""Letters for many as they are printed: one sheet each, and the whole width of it."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect
from starlette.applications import Starlette

from programme import referral_import
from programme.context import Context
from storage.enums import Role
from tests.console.desk import signed_in
from tests.programme.referral_files import a_csv

PEOPLE = [(f"TVP-4F7K-9{number}", "Alex Green", "14/03/1990", "", "", "", "", "", "") for number in range(2, 5)]
A4 = {"width": 794, "height": 1123}  # in the browser's pixels


def test_each_letter_is_a_sheet_of_its_own(
    ctx: Context, app: Starlette, address: str, window: Callable[..., Page]
) -> None:
    lead = signed_in(ctx, app, name="Lark Lead", role=Role.LEAD)
    key = referral_import.check(ctx, lead.account.id, "july.csv", a_csv(*PEOPLE))
    referral_import.start(ctx, key)
    referral_import.bring_in(ctx, key, lead.account.id, with_changes=True)
    page = window(address, lead, "/referrals/letters")
    page.get_by_role("button", name="Make 3 letters").first.click()
    expect(page.get_by_role("article")).to_have_count(3)
    printed = page.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b(?!s)", printed)) == 3
    page.set_viewport_size(A4)  # type: ignore[arg-type]
    page.emulate_media(media="print")
    box = page.get_by_role("article").first.bounding_box()
    assert box is not None and box["width"] > 600, "not in the narrow column where the pages' names stand on a screen"
    expect(page.get_by_role("button", name="They are in the post")).to_be_hidden()
