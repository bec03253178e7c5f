"""What the test server answers: by the text that was said, or the payload of the button that was chosen."""

from typing import Any

Message = dict[str, Any]


def choice(title: str, payload: str | None = None) -> dict[str, str]:
    return {"title": title, "payload": payload or f"token-{title}"}


WELCOME: Message = {
    "answer": "utter_welcome",
    "text": "Hello. What would you like to do?",
    "buttons": [choice("Book my place", "book"), choice("See my booking"), choice("What is the course?")],
}
SCRIPT: dict[str, list[Message]] = {
    "hello": [{"text": "Hello. What can I do for you?", "answer": "utter_greet"}],
    "book": [
        {
            "text": "Here are the next places. Which one suits you?",
            "answer": "utter_offers",
            "buttons": [
                choice("Tuesday 1 December at 6pm, Reading, the Salvation Army hall"),
                choice("Thursday 3 December at 10am, online"),
                choice("Saturday 5 December at 9:30am, Oxford"),
                choice("Show me more"),
            ],
        }
    ],
    "yes or no": [{"text": "Shall I book it?", "buttons": [choice("Yes, book it"), choice("No")]}],
    "token-Yes, book it": [
        {
            "answer": "utter_booked",
            "text": "Your place is booked.\n\nTuesday 1 December at 6pm\nThe Salvation Army hall, 15 Anstey Road"
            "\n\nPut it in your calendar: /calendar/3f9c2b.ics\n\nTo change it, write here or call 01923 271 783."
            " Your reference is TVP-4F7K-92.",
        }
    ],
    "danger": [
        {
            "answer": "utter_danger_to_life",
            "text": "If someone may die or be badly hurt, call 999 now. Say “ambulance”. Stay with them.\n\n"
            "To talk to someone: Samaritans, 116 123, or text SHOUT to 85258. Both are free, day and night.\n\n"
            "No worker is reading this now.",
            "buttons": [choice("I’m safe, carry on"), choice("Talk to a person")],
        }
    ],
    "long": [{"text": " ".join(["This line is here to fill the screen."] * 60)}],
    "two": [{"text": "First part."}, {"text": "Second part."}],
    "notice": [{"from": "notice", "text": "We have asked a worker to join. They work 9am to 4pm, Monday to Saturday."}],
}
