"""What else was asked in the same message, answered after the first answer."""

from rasa_sdk import Tracker
from rasa_sdk.events import EventType

from actions.form import JourneyAction
from actions.journey import Journey
from actions.questions import answer_questions


class AnswerRest(JourneyAction):
    """The last step of every question's rule."""

    title = "action_answer_rest"

    def act(self, journey: Journey, tracker: Tracker) -> list[EventType]:
        answer_questions(journey, besides=journey.heard.intent)
        return []
