"""Two people want the last seat at the same moment, one at the web page and one in Telegram."""

from collections.abc import Callable

from storage.enums import BookingState
from storage.referral import Referral
from tests.journeys import test_telegram, test_web
from tests.journeys.system import System, wait
from tests.journeys.telegram_person import TelegramPerson
from tests.journeys.web_person import WebPerson


def test_the_last_seat_goes_to_one_and_the_other_is_told_and_offered_again(
    system: System,
    visit: Callable[..., WebPerson],
    in_telegram: Callable[[], TelegramPerson],
    referral: Referral,
    other_referral: Referral,
) -> None:
    course = system.add_last_seat("Henley")
    at_page, in_chat = visit(system.address), in_telegram()
    test_web.prove(at_page, referral.reference)
    test_telegram.prove(in_chat, other_referral)
    at_page.say("somewhere in henley")
    in_chat.say("henley", "Does it suit you?")
    (offer,) = test_web.offers(at_page)
    assert offer.endswith("Henley")
    assert test_telegram.offers(in_chat) == [offer]
    assert "Shall I book this for you?" in at_page.tap(offer)[-1]
    in_chat.tap(offer, "Shall I book this for you?")

    in_chat.api.tap(in_chat.chat, "Yes")
    at_page.press("Yes")
    at_page.hear()
    wait(lambda: system.unended() == 0, what="both to be answered")
    first, second = system.bookings(referral), system.bookings(other_referral)
    assert [one.state for one in first + second] == [BookingState.ACTIVE]
    assert (first + second)[0].course_id == course.id

    if first:
        in_chat.hear("somebody has just taken the last place")
        in_chat.hear("When or where would suit you?")
        test_telegram.book(in_chat)
        assert "You are booked." in at_page.since()[-1]
    else:
        assert "somebody has just taken the last place" in at_page.since()[0]
        at_page.shot("race-lost")
        test_web.book(at_page)
        in_chat.hear("You are booked.")
    for one in (referral, other_referral):
        (held,) = system.bookings(one, active=True)
        system.check_nothing_lost_or_doubled(system.newest_conversation(one))
    assert len(system.rows(type(held), type(held).course_id == course.id)) == 1
