"""A server that is there and does not move, a process killed with a turn in its hands: the turn ends all the same."""

from collections.abc import Callable

from storage.conversation import Conversation
from storage.referral import Referral
from tests.journeys.system import System, wait
from tests.journeys.test_killed import check_one_booking
from tests.journeys.test_web import in_person, offers, prove
from tests.journeys.web_person import WebPerson

Visit = Callable[..., WebPerson]
TURN_SECONDS = 30.0  # ten of a machine with nothing else to do; on a busy one it ends too, only later
BACK_SECONDS = 60.0


def test_an_action_server_that_hangs_is_noticed_and_the_person_goes_on(
    system: System, visit: Visit, referral: Referral
) -> None:
    """Stopped, it still takes connections: nothing but the time tells that it is gone."""
    person = visit(system.address)
    prove(person, referral.reference)
    person.tap("Any time")
    chosen = in_person(offers(person))
    hung = system.server("actions")
    hung.suspend()
    person.press(chosen)
    told = person.hear(TURN_SECONDS)
    assert "What you wrote is kept." in told[-1]
    assert "Talk to a person" in person.titles()
    wait(lambda: not hung.is_running(), BACK_SECONDS, "the hung server to be replaced")
    system.wait_until_ready()
    assert "Shall I book this for you?" in person.say("the first one")[-1]
    assert "You are booked." in person.tap("Yes")[-1]
    check_one_booking(system, referral)


def test_a_turn_in_the_hands_of_a_killed_app_ends(system: System, visit: Visit, referral: Referral) -> None:
    """It holds the conversation's lease, which nobody gives back: it must run out while there is still time."""
    person = visit(system.address)
    prove(person, referral.reference)
    conversation = system.newest_conversation(referral)
    dialogue = system.server("dialogue")
    dialogue.suspend()
    try:
        person.press("Any time")
        wait(lambda: is_held(system, conversation), what="the turn to be begun")
        system.kill("app")
        wait(lambda: not system.unended(), TURN_SECONDS, "the turn to end")
    finally:
        dialogue.resume()
    assert person.hear(BACK_SECONDS)
    system.wait_until_ready()
    system.check_nothing_lost_or_doubled(conversation)


def is_held(system: System, conversation_id: str) -> bool:
    (one,) = system.rows(Conversation, Conversation.id == conversation_id)
    return one.lease_holder is not None
