"""What somebody says about coming: that they will, are late, were there or were not, and where they stand."""

from abc import abstractmethod
from typing import ClassVar

from rasa_sdk import Tracker
from rasa_sdk.events import EventType

from actions import attending
from actions.beginning import BeginAction
from actions.form import JourneyAction, slots_of
from actions.journey import Journey


class OnceKnown(BeginAction):
    """Told or done once it is known who asks; where that is known it is only an answer, and the form goes on."""

    first: ClassVar[str]  # why we must know who they are

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        if not journey.verified:
            journey.say(self.first)
            return super().act(journey, tracker)
        self.tell(journey)
        if journey.over:
            return self.leave(journey)
        return slots_of(journey)

    @abstractmethod
    def tell(self, journey: Journey) -> None:
        """The answer."""


class MyCase(OnceKnown):
    title = "action_my_case"
    goal = "case"
    first = "utter_case_first"

    def tell(self, journey: Journey) -> None:
        attending.tell_card(journey)


class ConfirmAttendance(OnceKnown):
    title = "action_confirm_attendance"
    goal = "confirm"
    first = "utter_confirm_first"

    def tell(self, journey: Journey) -> None:
        attending.confirm(journey)


class MissedSession(OnceKnown):
    """Where another place may be chosen at once, its first question follows."""

    title = "action_missed_session"
    goal = "missed"
    first = "utter_missed_first"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        done = super().act(journey, tracker)
        leads_on = journey.verified and not journey.over and journey.changed.get("goal") == "book"
        return self.enter(journey, tracker) if leads_on else done

    def tell(self, journey: Journey) -> None:
        attending.missed(journey)


class RunningLate(JourneyAction):
    """Somebody in a hurry is not asked who they are first: the phone number, and their place where it is known."""

    title = "action_running_late"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        if journey.verified:
            attending.late(journey)
        else:
            journey.say("utter_running_late")
        return slots_of(journey)
