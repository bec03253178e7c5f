"""What a worker must act on."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType, SlotSet

from actions.form import JourneyAction
from actions.journey import Journey


class ByPerson(JourneyAction):
    """What only a person can settle: one is offered."""

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        journey.say("utter_fallback_person")
        return [SlotSet("pending", "action_request_human")]


class ConfirmAttendance(ByPerson):
    title = "action_confirm_attendance"


class RunningLate(ByPerson):
    title = "action_running_late"


class MissedSession(ByPerson):
    title = "action_missed_session"


class DisputeAttendance(ByPerson):
    title = "action_dispute_attendance"


class WaitingList(ByPerson):
    title = "action_waiting_list"


class ChangeContact(ByPerson):
    title = "action_change_contact"


class Decline(ByPerson):
    title = "action_decline"


class MyData(ByPerson):
    title = "action_my_data"


class WrongPerson(ByPerson):
    title = "action_wrong_person"


class TechnicalProblem(ByPerson):
    title = "action_technical_problem"


class Complain(ByPerson):
    title = "action_complain"


class DiscloseOffence(ByPerson):
    title = "action_disclose_offence"


class YoungPeople(ByPerson):
    title = "action_young_people"


class TellWorker(ByPerson):
    title = "action_tell_worker"


class MyCase(ByPerson):
    title = "action_my_case"
