"""A referral's way in: a lead brings a file of them in, people are written to, and one of them books by their link."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import expect

from bot.receipts import PATH as RECEIPTS
from programme.rules import london
from storage.case import Case
from storage.enums import CaseReason, ReferralState, Role
from storage.keys import KEY_BYTES, write_key
from storage.referral import Referral
from tests.journeys.conftest import next_reference, started, well_again
from tests.journeys.system import System, wait
from tests.journeys.test_web import book
from tests.journeys.web_person import WebPerson
from tests.journeys.worker import Worker
from tests.notify_api import KEY, TEMPLATE, Notify, notify_api

Visit = Callable[..., WebPerson]
SignIn = Callable[..., Worker]
TOKEN = "a-token-that-only-notify-has"
FIRST, FULL_NAME, PHONE = "Rowan", "Rowan Field", "07700 900461"
HEADINGS = "Reference,Name,Date of birth,Mobile,Email"


@pytest.fixture(scope="module")
def carrier() -> Iterator[Notify]:
    """Text messages, as far as the system can tell."""
    with notify_api() as api:
        yield api


@pytest.fixture(scope="module")
def _programme(tmp_path_factory: pytest.TempPathFactory, model: Path, carrier: Notify) -> Iterator[System]:
    running = System(
        tmp_path_factory.mktemp("programme"),
        model,
        DATA_KEYS=write_key(os.urandom(KEY_BYTES)),
        NOTIFY_API_KEY=KEY,
        NOTIFY_SMS_TEMPLATE=TEMPLATE,
        NOTIFY_URL=carrier.url,
        NOTIFY_RECEIPT_TOKEN=TOKEN,
    )
    running.environment["PUBLIC_URL"] = running.address.rstrip("/")
    running.make_real()
    with started(running):
        yield running


@pytest.fixture
def programme(_programme: System, request: pytest.FixtureRequest) -> Iterator[System]:
    """A running programme that is no sample, so that people are written to."""
    with well_again(_programme, request):
        yield _programme


def a_file(system: System, own: str, unreachable: str) -> dict[str, object]:
    """Two that are right, one of them twice; and one that is too young, one whose number is wrong, and two that
    contradict each other."""
    young = london.today(system.ctx.clock()).year - 15
    young_one, wrong_phone, twice = (next_reference() for _ in range(3))
    lines = [
        HEADINGS,
        f"{own},{FULL_NAME},14/03/1990,{PHONE},",
        f"{unreachable},Ash Hill,02/09/1985,,",
        f"{own},{FULL_NAME},14/03/1990,{PHONE},",
        f"{young_one},Young One,14/03/{young},07700 900462,",
        f"{wrong_phone},Wrong Number,31/01/1988,7700 900,",
        f"{twice},One Name,14/03/1990,07700 900463,",
        f"{twice},Other Name,14/03/1990,07700 900463,",
    ]
    return {"name": "november.csv", "mimeType": "text/csv", "buffer": "\n".join(lines).encode()}


def check(lead: Worker, file: dict[str, object]) -> None:
    lead.go("referrals/import")
    lead.page.get_by_label("File", exact=True).set_input_files(file)  # type: ignore[arg-type]
    lead.page.get_by_role("button", name="Check file").click()


def check_problems(lead: Worker) -> None:
    """Each row that is left out says what is wrong, and what to do."""
    wrong = lead.page.get_by_role("region", name="Left out, until put right in the file")
    for line, reason, fix in (
        ("5", "This person is under 18.", "programme for young people"),
        ("6", "This number cannot be rung.", "a mobile has 11"),
        ("7", "The same reference stands in this file again", "take the other one out"),
        ("8", "The same reference stands in this file again", "take the other one out"),
    ):
        row = wrong.get_by_role("row").filter(has=lead.page.get_by_role("rowheader", name=line))
        expect(row).to_contain_text(reason)
        expect(row).to_contain_text(fix)


def referral_of(system: System, reference: str) -> Referral:
    (found,) = [row for row in system.rows(Referral) if row.reference == reference]
    return found


def open_referral(lead: Worker, reference: str, name: str) -> None:
    """Found on the page Referrals by its reference."""
    lead.go("referrals")
    lead.page.get_by_label("Reference or name").fill(reference)
    lead.page.get_by_role("button", name="Search").click()
    lead.page.get_by_role("link", name=name, exact=True).click()
    expect(lead.page.get_by_role("heading", level=1)).to_have_text(name)


def make_letter(lead: Worker) -> str:
    """Looks at it as the printer gets it; the personal link in it."""
    page = lead.page
    page.get_by_role("button", name="Make a letter").click()
    expect(page.get_by_role("img", name="QR code of the link below")).to_be_visible()
    lead.look("letter")
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Pages")).to_be_hidden()
    expect(page.get_by_text("Print this page with your browser.")).to_be_hidden()
    expect(page.locator(".letter-code svg")).to_be_visible()
    page.emulate_media(media="screen")
    return page.locator(".letter-link").inner_text()


def test_from_a_file_to_a_booked_place(programme: System, carrier: Notify, visit: Visit, sign_in: SignIn) -> None:
    lead = sign_in(programme, "Lou", Role.LEAD)
    own, unreachable = next_reference(), next_reference()
    file = a_file(programme, own, unreachable)
    page = lead.page

    # Checked whole, and shown: nothing is written yet.
    lead.go("referrals")
    page.get_by_role("link", name="Import", exact=True).click()
    lead.look("import")
    check(lead, file)
    expect(page.get_by_text("2 new referrals, 1 of them without a mobile or e-mail")).to_be_visible()
    expect(page.get_by_text("4 rows left out")).to_be_visible()
    expect(page.get_by_role("row", name="4 line 2", exact=True)).to_be_visible()
    check_problems(lead)
    lead.look("import-problems")
    assert not [row for row in programme.rows(Referral) if row.reference in (own, unreachable)]

    # Brought in; the same file once more changes nothing.
    page.get_by_role("button", name="Import these").click()
    done = "2 new referrals, 0 changed, 0 the same as before, 4 rows left out, 1 row twice in the file"
    expect(page.get_by_text(done)).to_be_visible()
    check(lead, file)
    expect(page.get_by_text("There is nothing to bring in.")).to_be_visible()
    expect(page.get_by_text("2 referrals here already, the same as before")).to_be_visible()

    # Who can be written to is written to; who cannot is somebody's task today.
    (text,) = wait(lambda: [one for one in carrier.sent if one["phone_number"] == "+447700900461"], 30, "the text")
    words = text["personalisation"]["message"]
    assert f"{programme.address}r/" in words
    person = referral_of(programme, own)
    assert person.matching_word
    assert person.matching_word in words
    other = referral_of(programme, unreachable)
    (case,) = programme.rows(Case, Case.referral_id == other.id)
    assert case.reason is CaseReason.NOT_DELIVERED
    assert london.today(case.due_at) - london.today(case.opened_at) <= london.today(case.due_at) - other.referred_on

    # It arrived, says the carrier; the ledger shows it.
    receipt = {"id": text["id"], "reference": text["reference"], "to": PHONE, "status": "delivered"}
    shown = {"Authorization": f"Bearer {TOKEN}"}
    assert httpx.post(f"{programme.address}{RECEIPTS[1:]}", json=receipt, headers=shown).json() == {"known": True}
    open_referral(lead, own, FULL_NAME)
    expect(page.get_by_text("Their personal link: Text message")).to_be_visible()
    expect(page.get_by_text("Delivered", exact=False).first).to_be_visible()
    lead.look("referral")

    # The letter's link leads to their own chat: no reference is asked for, and a place is booked.
    link = make_letter(lead)
    assert link.startswith(f"{programme.address}r/")
    at_home = visit(link)
    assert "What is your date of birth?" in at_home.say("can i book please")[-1]
    assert "When or where would suit you?" in at_home.say("14.3.90")[-1]
    book(at_home)
    assert len(programme.bookings(person, active=True)) == 1
    assert referral_of(programme, own).state is ReferralState.BOOKED
    page.get_by_role("link", name="Back to the referral").click()
    expect(page.get_by_text("Booked a place")).to_be_visible()
    expect(page.get_by_role("link", name="Proof of booking (PDF)")).to_be_visible()
