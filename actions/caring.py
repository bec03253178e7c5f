"""What a worker must act on. Each has its own way, and none is argued with."""

from collections.abc import Mapping
from typing import ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions import offering
from actions.attending import MISSED
from actions.form import JourneyAction, is_active, slots_of
from actions.journey import Journey
from actions.speech import Tap
from programme import attendance, concern, kept_place, referral, second_chance, waiting_list, wrong_person
from programme.attendance import Coming
from programme.concern import Said
from programme.rules import preference
from programme.rules.attendance import WHYS
from programme.rules.preference import Preference
from programme.waiting_list import Joined
from storage.enums import CaseReason


class Noted(JourneyAction):
    """A case with what was said, and what happens next."""

    reason: ClassVar[CaseReason]
    answer: ClassVar[str]

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        concern.note(self._ctx, journey.conversation_id, self.reason, journey.said())
        journey.say(self.answer)
        return []


class DisputeAttendance(JourneyAction):
    """They were there: a case against the list."""

    title = "action_dispute_attendance"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        attendance.dispute(self._ctx, journey.conversation_id, journey.said())
        journey.say("utter_dispute_attendance")
        return []


class WaitingList(JourneyAction):
    """On the list, where no free place suits; by a tap off it again, or no to the place that is kept."""

    title = "action_waiting_list"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        tapped, chat = journey.heard.entities, journey.conversation_id
        match tapped.get("reason"):
            case kept_place.DECLINE:
                kept_place.decline(self._ctx, chat, tapped.get("request", ""))
                journey.say("utter_waiting_list_declined")
            case kept_place.LEAVE:
                waiting_list.leave(self._ctx, chat)
                journey.say("utter_waiting_list_left")
            case _:
                wish = preference.merge(offering.unpacked(journey), offering.read_wish(journey) or Preference())
                journey.say(JOINED[waiting_list.join(self._ctx, chat, journey.said(), wish)])
        return []


JOINED = {
    Joined.JOINED: "utter_waiting_list_joined",
    Joined.ALREADY: "utter_waiting_list_already",
    Joined.WORKER: "utter_join_waiting_list",
}


class ChangeContact(Noted):
    title = "action_change_contact"
    reason = CaseReason.CONTACT_CHANGE
    answer = "utter_change_contact"


class Complain(Noted):
    title = "action_complain"
    reason = CaseReason.COMPLAINT
    answer = "utter_complain"


class MyData(Noted):
    title = "action_my_data"
    reason = CaseReason.DATA_REQUEST
    answer = "utter_request_my_data"


class Decline(JourneyAction):
    """They may mean it. A worker hears of it by a tap; nothing is asked of them meanwhile, and nothing is lost."""

    title = "action_decline"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        carry_on = [Tap("carry_on", "label_carry_on")] if journey.slots["goal"] else []
        journey.say("utter_decline_programme", {}, tell_worker("declined", "label_tell_declined"), *carry_on)
        return self.leave(journey)


class WrongPerson(JourneyAction):
    """Nothing is sent here any more, and nothing of the person we meant is shown here."""

    title = "action_wrong_person"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        wrong_person.report(self._ctx, journey.conversation_id, journey.said())
        journey.end()
        journey.say("utter_wrong_person")
        return self.leave(journey)


class TechnicalProblem(JourneyAction):
    """What to try, and other ways; on the day of a session a worker hears of it at once."""

    title = "action_technical_problem"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        found = attendance.trouble(self._ctx, journey.conversation_id, journey.said())
        if found.what is Coming.TODAY and found.booking is not None:
            answer = "utter_trouble_today_online" if found.booking.online else "utter_trouble_today"
            journey.say(answer, found.booking.values())
        else:
            journey.say("utter_technical_problem", {}, tell_worker("technical_problem", "label_tell_worker"))
        return []


class DiscloseOffence(JourneyAction):
    """Stopped kindly. What was told is hidden from whoever does not need it; the case does not repeat it."""

    title = "action_disclose_offence"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        if journey.heard.turn:
            concern.hide(self._ctx, journey.heard.turn)
        concern.note(self._ctx, journey.conversation_id, CaseReason.OFFENCE_TOLD, Said(journey.heard.turn or None))
        journey.say("utter_disclose_offence")
        return []


class YoungPeople(JourneyAction):
    """The programme is for adults: a worker looks where the person who was referred is none."""

    title = "action_young_people"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        if referral.is_under_18(self._ctx, journey.conversation_id):
            concern.note(self._ctx, journey.conversation_id, CaseReason.UNDER_18, journey.said())
            journey.say("utter_under_18")
        else:
            journey.say("utter_ask_young_people", {}, tell_worker("under_18", "label_tell_under_18"))
        return []


# What a tap on "tell a worker" may open: the case, the intent whose words go with it (none: they are not repeated), and
# what is said.
TOLD: Mapping[str, tuple[CaseReason, str | None, str]] = {
    "access_needs": (CaseReason.ACCESS_NEEDS, "ask_accessibility", "utter_told_worker"),
    "language": (CaseReason.LANGUAGE, "ask_interpreter", "utter_told_worker"),
    "court_letter": (CaseReason.COURT_LETTER, "ask_court_letter", "utter_told_worker"),
    "eligibility": (CaseReason.ELIGIBILITY, "ask_eligibility", "utter_told_worker"),
    "third_party": (CaseReason.THIRD_PARTY, "ask_for_someone_else", "utter_told_third_party"),
    "under_18": (CaseReason.UNDER_18, "ask_young_people", "utter_told_worker"),
    "offence_disputed": (CaseReason.OFFENCE_DISPUTED, None, "utter_told_worker"),
    "declined": (CaseReason.DECLINED, "decline_programme", "utter_told_declined"),
    "technical_problem": (CaseReason.TECHNICAL_PROBLEM, "technical_problem", "utter_told_worker"),
    "missed_session": (CaseReason.MISSED_SESSION, None, "utter_told_missed"),
}


class TellWorker(JourneyAction):
    """A tap: a worker shall know."""

    title = "action_tell_worker"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        told = TOLD.get(journey.heard.entities.get("reason", ""))
        if told is None:  # without a button of ours nobody knows what about
            journey.say("utter_fallback_person")
            return [SlotSet("pending", "action_request_human")]
        reason, intent, answer = told
        why = journey.heard.entities.get("why")
        words = concern.last_words(self._ctx, journey.conversation_id, intent) if intent else None
        said = Said(journey.heard.turn or None, words, why if why in WHYS else None)
        if journey.heard.entities.get("reason") == MISSED:
            return self._missed(journey, tracker, said)
        concern.note(self._ctx, journey.conversation_id, reason, said)
        journey.say(answer)
        return slots_of(journey)

    def _missed(self, journey: Journey, tracker: Tracker, said: Said) -> list[EventType]:
        """Why it was missed, kept; the next dates again, where they may be taken and are not being chosen already."""
        attendance.tell_why(self._ctx, journey.conversation_id, said)
        dates = () if is_active(tracker) else second_chance.dates(self._ctx, journey.conversation_id)
        if dates:
            journey.say("utter_told_missed_dates", {}, *offering.taps(dates))
        else:
            journey.say("utter_told_missed")
        return slots_of(journey)


def tell_worker(reason: str, label: str) -> Tap:
    """A button that opens a case."""
    return Tap("tell_worker", label, carries={"reason": reason})
