"""Danger in the middle of a booking: the card at once, then on from the same step, also without the dialogue."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from storage.case import Case
from storage.enums import Urgency
from storage.referral import Referral
from tests.journeys.system import System
from tests.journeys.test_web import book, prove
from tests.journeys.web_person import WebPerson

Visit = Callable[..., WebPerson]
AT_ONCE = 5.0  # and not when the dialogue, or its restart, is done
WORDS = "i cant do this i want to kill myself"


@pytest.mark.parametrize("alone", [False, True], ids=["with the dialogue", "with the dialogue killed"])
def test_the_card_comes_at_once_and_the_booking_goes_on(
    system: System, visit: Visit, referral: Referral, alone: bool
) -> None:
    person = visit(system.address)
    prove(person, referral.reference)
    if alone:
        system.kill("dialogue")
    began = time.monotonic()
    person.send(WORDS)
    card = person.page.locator(".line.danger")
    expect(card).to_contain_text("116 123")
    assert time.monotonic() - began < AT_ONCE
    expect(card.get_by_role("link", name="Call 999")).to_be_visible()
    person.hear()
    person.look("danger-alone" if alone else "danger")
    assert len([line for line in person.lines() if "Samaritans" in line]) == 1
    if alone:
        system.wait_until_ready()
    on = person.tap("I'm safe, carry on")
    assert "When or where would suit you?" in on[-1]
    book(person)
    conversation = system.newest_conversation(referral)
    (case,) = system.rows(Case, Case.conversation_id == conversation)
    assert (case.reason, case.urgency) == ("risk_of_suicide", Urgency.DANGER)
    assert case.closed_at is None
    system.check_nothing_lost_or_doubled(conversation)
