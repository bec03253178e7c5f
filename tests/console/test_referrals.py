"""Referrals on the pages and from other systems: over HTTP, as browsers and programs send them."""

import asyncio
import html
import re
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date

import httpx
import pytest
import segno
from sqlmodel import select

from console.page import AT
from programme import referral_import, referral_state, verification
from programme.context import Context
from programme.referral_import import LARGEST
from programme.verification import Outcome
from storage.enums import ReferralState, Role
from storage.person import Person
from storage.referral import Referral
from storage.referral_change import changes_of
from storage.referral_import import ReferralImport, note_progress
from tests.builders import a_referral, a_setting
from tests.console.server import app, client, post, sign_in, token
from tests.programme.desk import opened
from tests.programme.staff import a_member

HERE = f"{AT}/referrals"
FILE = b"""Reference,Name,Date of birth,Mobile
TVP-4F7K-92,Alex Green,14/03/1990,07700 900123
TVP-2H8M-41,Robin Brown,2/11/2012,
"""


@pytest.fixture
def lead(ctx: Context) -> httpx.Client:
    browser = client(ctx)
    sign_in(browser, ctx, a_member(ctx, Role.LEAD))
    return browser


def send(browser: httpx.Client, content: bytes, name: str = "export.csv", csrf: str | None = None) -> httpx.Response:
    given = token(browser.get(f"{HERE}/import")) if csrf is None else csrf
    return browser.post(f"{HERE}/import", data={"csrf": given}, files={"file": (name, content, "text/csv")})


def names(ctx: Context) -> list[str]:
    with ctx.database.reading() as session:
        return sorted(session.exec(select(Person.name)))


def text_of(answer: httpx.Response) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


def eventually(check: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not check():
        assert time.monotonic() < until
        time.sleep(0.05)


def test_a_file_is_checked_shown_and_brought_in(ctx: Context) -> None:
    """In one loop, as the app runs: the rows are written beside the page."""
    browser = client(ctx)
    account = a_member(ctx, Role.LEAD)
    sign_in(browser, ctx, account)

    async def walk() -> None:
        transport = httpx.ASGITransport(app(ctx))
        async with httpx.AsyncClient(
            transport=transport, base_url="http://console.test", cookies=browser.cookies
        ) as one:
            page = await one.get(f"{HERE}/import")
            assert 'type="file"' in page.text
            csrf = token(page)
            sent = await one.post(f"{HERE}/import", data={"csrf": csrf}, files={"file": ("export.csv", FILE)})
            assert sent.status_code == 303
            at = sent.headers["location"]
            shown = text_of(await one.get(at))
            assert "1 new referral" in shown
            assert "1 row left out" in shown
            assert "3 Date of birth This person is under 18." in shown
            assert "programme for young people" in shown
            assert "Robin" not in shown
            assert names(ctx) == []
            wrong = await one.get(f"{at}/wrong.csv")
            assert wrong.text.splitlines()[1].startswith("3,Date of birth,This person is under 18.")
            assert (await one.post(f"{at}/write", data={"csrf": csrf})).status_code == 303
            for _ in range(400):
                done = text_of(await one.get(at))
                if "See the referrals" in done:
                    break
                await asyncio.sleep(0.05)
            assert "1 new referral, 0 changed, 0 the same as before, 1 row left out." in done
            assert "export.csv" in text_of(await one.get(f"{HERE}/import"))

    asyncio.run(walk())
    assert names(ctx) == ["Alex Green"]


def test_only_a_form_of_ours_may_bring_a_file(ctx: Context, lead: httpx.Client) -> None:
    for csrf in ("", "made-up"):
        assert send(lead, FILE, csrf=csrf).status_code == 403
    other = client(ctx)
    sign_in(other, ctx, a_member(ctx, Role.LEAD, email="other@example.org"))
    assert send(lead, FILE, csrf=token(other.get(f"{HERE}/import"))).status_code == 403
    elsewhere = lead.post(
        f"{AT}/account/name",
        data={"csrf": token(lead.get(f"{AT}/account")), "name": "Eve"},
        files={"file": ("x", b"x")},
    )
    assert elsewhere.status_code == 403
    two = [("file", ("a.csv", FILE)), ("file", ("b.csv", FILE))]
    assert lead.post(f"{HERE}/import", data={"csrf": token(lead.get(f"{HERE}/import"))}, files=two).status_code == 403
    assert send(lead, FILE).status_code == 303


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"a" * (LARGEST + 100_000), 413, "It may have 5 MB."),
        (b"a" * (LARGEST + 1), 422, "larger than 5 MB"),
        (b"\x89PNG\0", 422, "not a CSV or XLSX file"),
        (b"", 422, "Choose a file first."),
    ],
)
def test_files_that_cannot_be_used_are_told_why(lead: httpx.Client, content: bytes, status: int, said: str) -> None:
    answer = send(lead, content)
    assert answer.status_code == status
    assert said in text_of(answer)


def test_headings_that_nobody_knows_are_asked_for(ctx: Context, lead: httpx.Client) -> None:
    content = FILE.replace(b"Reference,Name,Date of birth", b"Occurrence,Subject,Born (UK)")
    at = send(lead, content).headers["location"]
    shown = lead.get(at)
    assert "Which column is which?" in shown.text
    refused = post(lead, f"{at}/columns", on=at, **{"column-0": "reference"})
    assert refused.status_code == 422
    assert "Say which columns hold" in refused.text
    assert refused.text.count('value="reference" selected') == 1  # what was said already stays
    chosen = {"column-0": "reference", "column-1": "name", "column-2": "date_of_birth", "column-3": "phone"}
    post(lead, f"{at}/columns", on=at, **chosen)
    assert "1 new referral" in text_of(lead.get(at))
    assert "1 new referral" in text_of(lead.get(send(lead, content).headers["location"]))


def test_one_by_hand(ctx: Context, lead: httpx.Client) -> None:
    a_setting(ctx.database, "days_to_book", "14")
    on = f"{HERE}/new"
    wrong = post(lead, on, on=on, reference="TVP-4F7K-92", name="Alex Green", date_of_birth="14/03/2010")
    assert wrong.status_code == 422
    assert "This person is under 18." in text_of(wrong)
    assert 'value="TVP-4F7K-92"' in wrong.text
    assert names(ctx) == []
    done = post(lead, on, on=on, reference="TVP-4F7K-92", name="Alex Green", date_of_birth="14 March 1990")
    assert done.status_code == 303
    shown = text_of(lead.get(done.headers["location"]))
    assert "Tue 15 Dec 2026" in shown
    assert "Referral came in" in shown
    again = post(lead, on, on=on, reference="tvp4f7k92", name="Alexa Green", date_of_birth="14/03/1990")
    assert again.status_code == 409
    assert "it differs in Name" in text_of(again)
    assert names(ctx) == ["Alex Green"]


def test_one_is_put_right_by_hand_and_the_next_file_leaves_it_so(ctx: Context, lead: httpx.Client) -> None:
    row = {"reference": "TVP-4F7K-92", "name": "Alex Green", "date_of_birth": "14/03/1990", "phone": "07700 900123"}
    on = f"{HERE}/new"
    at = post(lead, on, on=on, **row).headers["location"]
    assert 'value="07700 900123"' in lead.get(f"{at}/change").text
    wrong = post(lead, f"{at}/change", on=f"{at}/change", **row | {"phone": "12"})
    assert "This number cannot be rung." in text_of(wrong)
    done = post(lead, f"{at}/change", on=f"{at}/change", **row | {"phone": "07700 900999"})
    assert "07700 900999" in lead.get(done.headers["location"]).text
    shown = text_of(lead.get(send(lead, FILE).headers["location"]))
    assert "1 referral here already, the same as before" in shown
    assert lead.get(f"{HERE}/made-up/change").status_code == 404


def shown_in(page: httpx.Response) -> dict[str, str]:
    """The form's fields as a browser sends them back."""
    given = {html.unescape(name): html.unescape(value) for name, value in
             re.findall(r'<input[^>]* name="([^"]+)"[^>]* value="([^"]*)"', page.text)}  # fmt: skip
    areas = re.findall(r'<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)</textarea>', page.text)
    return given | {name: html.unescape(value) for name, value in areas}


def test_what_is_not_so_is_taken_out_and_what_a_colleague_wrote_meanwhile_stays(
    ctx: Context, lead: httpx.Client
) -> None:
    a_setting(ctx.database, "days_to_book", "14")
    row = {"reference": "TVP-4F7K-92", "name": "Alex Green", "date_of_birth": "14/03/1990", "phone": "07700 900123",
           "email": "alex@example.org", "access_needs": "No steps", "book_by": "20/12/2026"}  # fmt: skip
    on = f"{HERE}/new"
    at = post(lead, on, on=on, **row).headers["location"]
    mine, others = shown_in(lead.get(f"{at}/change")), shown_in(lead.get(f"{at}/change"))
    lead.post(f"{at}/change", data=others | {"email": "green@example.org", "language": "Polish"})
    done = lead.post(f"{at}/change", data=mine | {"phone": " ", "access_needs": "", "book_by": "", "name": ""})
    assert "The changes are kept." in lead.get(done.headers["location"]).text
    with ctx.database.reading() as session:
        (person,), (referral,) = session.exec(select(Person)).all(), session.exec(select(Referral)).all()
        assert (person.phone, person.access_needs, person.name) == (None, None, "Alex Green")
        assert (person.email, person.language) == ("green@example.org", "pl"), "not undone by an older form"
        assert referral.book_by == date(2026, 12, 15), "counted by the settings again"
    again = lead.post(f"{at}/change", data=shown_in(lead.get(f"{at}/change")))
    assert "Nothing was different" in lead.get(again.headers["location"]).text
    wrong = lead.post(f"{at}/change", data=shown_in(lead.get(f"{at}/change")) | {"phone": "12", "email": ""})
    assert wrong.status_code == 422
    fixed = lead.post(f"{at}/change", data=shown_in(wrong) | {"phone": "07700 900999"})
    assert fixed.status_code == 303
    with ctx.database.reading() as session:
        (person,) = session.exec(select(Person)).all()
        assert (person.phone, person.email) == ("07700 900999", None)


def test_the_list_finds_people(ctx: Context, lead: httpx.Client) -> None:
    a_referral(ctx.database, reference="TVP4F7K92")
    missed = a_referral(ctx.database, reference="TVP2H8M41", state=ReferralState.MISSED, finish_by=date(2026, 11, 30))
    whole = text_of(lead.get(HERE))
    assert "TVP-4F7K-92" in whole and "TVP-2H8M-41" in whole and "Missed a session Date over" in whole
    assert "TVP-2H8M-41" not in text_of(lead.get(f"{HERE}?q=tvp 4f7k92"))
    assert "TVP-4F7K-92" not in text_of(lead.get(f"{HERE}?state=missed"))
    assert "Nobody was found." in text_of(lead.get(f"{HERE}?q=Nobody"))
    assert f"/console/referrals/{missed.id}" in lead.get(f"{HERE}?q=gre").text


def test_a_letter_has_a_link_that_works_and_the_matching_word(ctx: Context, lead: httpx.Client) -> None:
    for key, value in (("organisation_name", "The Course"), ("contact_phone", "01923 271 783")):
        a_setting(ctx.database, key, value)
    known = a_referral(ctx.database, reference="TVP4F7K92", matching_word="harbour")
    letter = post(lead, f"{HERE}/{known.id}/letter")
    shown = text_of(letter)
    assert "Dear Alex Green," in shown
    assert "Your matching word is “harbour”." in shown
    assert "Please choose a date by" in shown and "31 December" in shown
    assert re.search(r'<svg[^>]* viewBox="0 0 \d+ \d+"', letter.text)  # or the printed code is cut off
    printed = letter.text.partition("<article")[2].partition("</article>")[0]
    assert "Dear Alex Green," in printed
    assert not re.search("police|drug|offence", printed, re.IGNORECASE)
    found = re.search(r"http://console\.test/r/(\S+)", shown)
    assert found is not None
    chat = opened(ctx, link=found[1])
    assert verification.check(ctx, chat, None, date(1990, 3, 14)).outcome is Outcome.VERIFIED


def test_the_letters_link_and_code_are_at_the_public_address(ctx: Context) -> None:
    """Wherever the worker has opened the console: at the office's own address, or by a tunnel."""
    public = replace(ctx, found_at="https://chat.example.org")
    browser = client(public)
    sign_in(browser, public, a_member(public, Role.LEAD))
    letter = post(browser, f"{HERE}/{a_referral(ctx.database).id}/letter")
    found = re.search(r"https://chat\.example\.org/r/\S+", text_of(letter))
    assert found is not None and "console.test" not in letter.text
    drawn = segno.make(found[0], error="m", micro=False).svg_inline(omitsize=True, border=4, dark="#000", light="#fff")
    assert drawn in letter.text


def test_what_staff_know_from_elsewhere_is_put_down_with_why(ctx: Context, lead: httpx.Client) -> None:
    known = a_referral(ctx.database)
    at = f"{HERE}/{known.id}"
    for why, said in (("", "Write why."), ("x" * 501, "too long")):
        answer = post(lead, f"{at}/state", event="withdraw", why=why)
        assert said in lead.get(answer.headers["location"]).text
    post(lead, f"{at}/state", event="withdraw", why="The officer rang: sent in error")
    shown = text_of(lead.get(at))
    assert "Withdrawn" in shown and "The officer rang: sent in error" in shown
    answer = post(lead, f"{at}/state", event="reach", why="Rang them")
    assert "That cannot follow" in lead.get(answer.headers["location"]).text
    post(lead, f"{at}/state", event="give_back", why="Not by hand")
    with ctx.database.reading() as session:
        assert session.get_one(Referral, known.id).state is ReferralState.WITHDRAWN
        assert [(one.event, one.now) for one in changes_of(session, known.id)] == [
            ("withdraw", ReferralState.WITHDRAWN)
        ]
    assert referral_state.possible(ReferralState.WITHDRAWN) == ("close",)


def test_how_far_a_file_is_is_read_from_the_database(ctx: Context, lead: httpx.Client) -> None:
    at = send(lead, FILE).headers["location"]
    key = at.rpartition("/")[2]
    referral_import.start(ctx, key)
    for looked_at, writing, said in (
        (0, 0, "looked at once more."),
        (1, 0, "1 of 2 so far."),
        (2, 1, "Writing 1 row now."),
    ):
        with ctx.database.writing() as session:
            note_progress(session, session.get_one(ReferralImport, key), looked_at, writing)
        assert said in text_of(lead.get(at))
    assert "Writing" not in text_of(lead.get(f"{HERE}/import"))
