"""Letters for many: whom nothing else has reached, everybody of an import; printed, posted, and kept in the ledger."""

import re
from datetime import date

import httpx
import pytest

from console.page import AT
from programme import attention, letter_post, outreach, outreach_plan, outreach_post, referral_import, verification
from programme.context import Context
from programme.verification import Outcome
from storage.audit import audit_of
from storage.case import cases_of_referral
from storage.enums import CaseReason, OutreachState, ReferralState, Role, Way
from storage.referral import Referral, by_reference
from tests.builders import a_booking, a_case, a_setting
from tests.conftest import Clock
from tests.console.server import client, sign_in, token
from tests.programme.desk import opened
from tests.programme.referral_files import a_csv
from tests.programme.staff import a_member

HERE = f"{AT}/referrals/letters"
PEOPLE = (
    ("TVP-4F7K-92", "Alex Green", "14/03/1990", "", "", "", "07700 900123", "", ""),
    ("TVP-2H8M-41", "Robin Brown", "02/11/1985", "", "", "", "", "", ""),
    ("TVP-9K3D-77", "Sam White", "02/11/1985", "", "", "", "", "", ""),
)


@pytest.fixture
def lead(ctx: Context) -> httpx.Client:
    a_setting(ctx.database, "organisation_name", "The Course")
    account = a_member(ctx, Role.LEAD)
    browser = client(ctx)
    sign_in(browser, ctx, account)
    key = referral_import.check(ctx, account.id, "july.csv", a_csv(*PEOPLE))
    referral_import.start(ctx, key)
    referral_import.bring_in(ctx, key, account.id, with_changes=True)
    return browser


def rounds(ctx: Context) -> None:
    """The clock's work where neither text messages nor e-mail are set up."""
    for _ in range(3):
        outreach_post.drop_unsendable(ctx, ())
        outreach_plan.plan(ctx, ())


def referral(ctx: Context, reference: str) -> Referral:
    with ctx.database.reading() as session:
        found = by_reference(session, ctx.database.keyring, reference.replace("-", ""))
        assert found is not None
        return found


def waits(ctx: Context) -> dict[str, list[str | None]]:
    """How the cases of each ended; None: still open."""
    found = {}
    with ctx.database.reading() as session:
        for row in PEOPLE:
            person = by_reference(session, ctx.database.keyring, row[0].replace("-", ""))
            assert person is not None
            found[row[1]] = [case.outcome for case in cases_of_referral(session, person.id)]
    return found


def pressed(browser: httpx.Client, path: str, **fields: object) -> httpx.Response:
    return browser.post(path, data={"csrf": token(browser.get(HERE)), **fields})


def letters(page: httpx.Response) -> list[str]:
    return re.findall(r"<article.*?</article>", page.text, re.DOTALL)


def test_where_no_message_can_be_sent_one_button_makes_all_the_letters(
    ctx: Context, lead: httpx.Client, clock: Clock
) -> None:
    rounds(ctx)
    assert waits(ctx) == {"Alex Green": [None], "Robin Brown": [None], "Sam White": [None]}
    assert [row.why for row in attention.read(ctx).rows] == ["not_reached"] * 3, "the same day, not the next"
    assert "Make letters for all who need one" in lead.get(f"{AT}/attention").text
    assert "Make 3 letters" in lead.get(HERE).text
    clock.forward(minutes=5)
    page = pressed(lead, HERE, of="unreached")
    made = letters(page)
    assert {re.findall(r"Dear ([^,]+),", one)[0] for one in made} == {"Alex Green", "Robin Brown", "Sam White"}
    links = {re.findall(r"/r/([\w-]+)<", one)[0] for one in made}
    assert len(links) == 3 and all("<svg" in one for one in made)
    assert waits(ctx) == {"Alex Green": [None], "Robin Brown": [None], "Sam White": [None]}, "printed is not posted"
    assert "3 letters, the first made" in lead.get(HERE).text and "Make 3" not in lead.get(HERE).text

    ids = re.findall(r'name="letter" value="(\w+)"', page.text)
    answer = pressed(lead, f"{HERE}/posted", letter=ids, sent="yes", back="https://example.org/")
    assert answer.headers["location"] == HERE
    assert waits(ctx) == {name: ["letter"] for name in ("Alex Green", "Robin Brown", "Sam White")}
    alex = referral(ctx, "TVP-4F7K-92")
    (newest, *_) = outreach.read(ctx, alex.id).tries
    assert (newest.way, newest.state) == (Way.POST, OutreachState.SENT)
    with ctx.database.reading() as session:
        assert "post_letter" in [line.action for line in audit_of(session, "referral", alex.id)]
    shown = lead.get(f"{AT}/referrals/{alex.id}").text
    assert "Their personal link: Letter" in shown and "In the post" in shown


def test_who_has_a_letter_under_way_is_left_in_peace_and_then_asked_after(
    ctx: Context, lead: httpx.Client, clock: Clock
) -> None:
    rounds(ctx)
    page = pressed(lead, HERE, of="unreached")
    pressed(lead, f"{HERE}/posted", letter=re.findall(r'name="letter" value="(\w+)"', page.text), sent="yes", back="")
    for _ in range(4):
        clock.forward(days=1, minutes=5)
        rounds(ctx)
    assert waits(ctx)["Alex Green"] == ["letter"], "no new case by a nudge that has no way"
    assert [row.why for row in attention.read(ctx).rows] == []
    clock.forward(days=3)
    rounds(ctx)
    assert waits(ctx)["Alex Green"] == [None, "letter"]
    assert {row.name for row in attention.read(ctx).rows} == {"Alex Green", "Robin Brown", "Sam White"}


def test_who_opens_the_link_of_a_letter_was_reached(ctx: Context, lead: httpx.Client) -> None:
    rounds(ctx)
    made = letters(pressed(lead, HERE, of="unreached"))
    link = next(re.findall(r"/r/([\w-]+)<", one)[0] for one in made if "Alex" in one)
    chat = opened(ctx, link=link)
    alex = referral(ctx, "TVP-4F7K-92")
    assert outreach.read(ctx, alex.id).reached
    assert alex.state is ReferralState.REACHED
    assert verification.check(ctx, chat, None, date(1990, 3, 14)).outcome is Outcome.VERIFIED
    assert all(link not in one.text for one in outreach.read(ctx, alex.id).tries)


def test_everybody_of_an_import_but_who_has_a_place_or_a_letter(ctx: Context, lead: httpx.Client) -> None:
    (file,) = letter_post.read(ctx).files
    assert (file.name, file.people) == ("july.csv", 3)
    booked = referral(ctx, "TVP-9K3D-77")
    a_booking(ctx.database, booked)
    with ctx.database.writing() as session:
        row = session.get_one(Referral, booked.id)
        row.state = ReferralState.BOOKED
        session.add(row)
    page = pressed(lead, HERE, of=file.id)
    assert len(letters(page)) == 2
    again = pressed(lead, HERE, of=file.id)
    assert "There is nothing more to do here." in lead.get(again.headers["location"]).text
    ids = re.findall(r'name="letter" value="(\w+)"', page.text)
    pressed(lead, f"{HERE}/posted", letter=ids, sent="no", back="")
    assert letter_post.read(ctx).files[0].people == 2, "thrown away: they are still to be written to"
    pressed(lead, f"{HERE}/posted", letter=ids, sent="yes", back="")
    assert letter_post.read(ctx).files[0].people == 2, "and cannot be posted after all"


def test_letters_are_made_so_many_at_once(ctx: Context, lead: httpx.Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(letter_post, "MOST", 2)
    rounds(ctx)
    assert "Make the first 2 letters" in lead.get(HERE).text
    assert len(letters(pressed(lead, HERE, of="unreached"))) == 2
    assert len(letters(pressed(lead, HERE, of="unreached"))) == 1


def test_nobody_makes_letters_who_may_not_refer(ctx: Context, lead: httpx.Client) -> None:
    other = client(ctx)
    sign_in(other, ctx, a_member(ctx, Role.TRAINER, email="trainer@example.org"))
    assert other.get(HERE).status_code == 403
    posted = other.post(HERE, data={"csrf": token(other.get(f"{AT}/account")), "of": "unreached"})
    assert posted.status_code == 403 and letters(posted) == []


def test_whom_nothing_may_be_sent_to_the_case_offers_a_letter(ctx: Context, lead: httpx.Client) -> None:
    alex = referral(ctx, "TVP-4F7K-92").id
    a_case(ctx.database, reason=CaseReason.MISSED_SESSION, referral_id=alex, detail='{"silent": true}')
    page = lead.get(f"{AT}/referrals/{alex}")
    case = re.search(r'<li id="case-.*?</li>', page.text, re.DOTALL)
    assert case is not None
    assert "They asked for no messages, so nothing was sent." in case[0]
    assert "Ring them, or write a letter." in case[0]
    assert f'action="{AT}/referrals/{alex}/letter"' in case[0]
    assert "Alex Green" in lead.post(f"{AT}/referrals/{alex}/letter", data={"csrf": token(page)}).text
