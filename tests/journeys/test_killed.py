"""A server killed with -9 in the middle of a booking: the person can go on, and nothing is lost or doubled."""

from collections.abc import Callable

import pytest

from storage.message import MessageIn, MessageOut
from storage.referral import Referral
from tests.journeys.system import System, wait
from tests.journeys.test_web import in_person, offers, prove
from tests.journeys.web_person import WebPerson

Visit = Callable[..., WebPerson]
TURN_SECONDS = 30.0  # ten of a machine with nothing else to do
BACK_SECONDS = 60.0


@pytest.mark.parametrize("server", ["dialogue", "actions", "app"])
def test_the_person_goes_on_when_a_server_is_killed_while_they_choose(
    system: System, visit: Visit, referral: Referral, server: str
) -> None:
    """It dies before the tap on a date."""
    person = visit(system.address)
    prove(person, referral.reference)
    person.tap("Any time")
    chosen = in_person(offers(person))
    killed = system.kill(server)
    person.press(chosen)
    told = person.hear(TURN_SECONDS if server != "app" else BACK_SECONDS)
    assert told
    person.shot(f"killed-{server}")
    if "Shall I book this for you?" not in told[-1]:
        assert "What you wrote is kept." in told[-1]
        assert "Talk to a person" in person.titles()
        system.wait_until_ready()
        assert "Shall I book this for you?" in person.say("the first one")[-1]
    assert "You are booked." in person.tap("Yes")[-1]
    assert not killed.is_running()
    check_one_booking(system, referral)


@pytest.mark.parametrize("server", ["dialogue", "actions", "app"])
def test_nothing_is_doubled_when_a_server_is_killed_at_the_moment_of_the_yes(
    system: System, visit: Visit, referral: Referral, server: str
) -> None:
    """It dies as soon as the yes is stored, wherever the turn is by then."""
    person = visit(system.address)
    prove(person, referral.reference)
    person.tap("Any time")
    person.tap(in_person(offers(person)))
    conversation = system.newest_conversation(referral)
    before = len(system.rows(MessageIn, MessageIn.conversation_id == conversation))
    dying = system.server(server)
    person.press("Yes")
    wait(lambda: len(system.rows(MessageIn, MessageIn.conversation_id == conversation)) > before)
    dying.kill()
    told = person.hear(TURN_SECONDS if server != "app" else BACK_SECONDS)
    assert told
    system.wait_until_ready()
    if not system.bookings(referral):
        assert "What you wrote is kept." in told[-1]
        assert "You are booked." in person.say("yes")[-1]
    # In words of its own where the dialogue had not heard of the place yet: what was booked is known either way.
    place = person.say("when is it again")[-1]
    assert "You are booked" in place or "You already have a place" in place
    check_one_booking(system, referral)


def check_one_booking(system: System, referral: Referral) -> None:
    assert len(system.bookings(referral)) == 1
    conversation = system.newest_conversation(referral)
    said = system.rows(MessageOut, MessageOut.conversation_id == conversation)
    assert len([one for one in said if one.answer in ("notice_booked", "notice_booked_online")]) == 1
    system.check_nothing_lost_or_doubled(conversation)
