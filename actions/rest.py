"""What else was asked in the same message, answered after the first answer."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType

from actions.form import JourneyAction
from actions.journey import Journey


class AnswerRest(JourneyAction):
    """One question a message is heard so far, so that nothing is left over."""

    title = "action_answer_rest"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        return []
