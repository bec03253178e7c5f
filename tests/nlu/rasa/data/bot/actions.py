"""The small bot's actions, served by the app environment's own rasa-sdk: one of each kind of thing that happens."""

import asyncio

from rasa_sdk import Action, FormValidationAction
from rasa_sdk.events import SlotSet


class Json(Action):
    def name(self):
        return "action_json"

    async def run(self, dispatcher, tracker, domain):
        message = tracker.latest_message
        values = {
            "turn": message.get("message_id"),
            "metadata": message.get("metadata"),
            "sender": tracker.sender_id,
            "slots": sorted(domain["slots"]),
            "responses": len(domain.get("responses", {})),
        }
        button = {"label": "label_offer", "values": {"n": 1}, "intent": "show_more", "with": {"offer": "o1"}}
        dispatcher.utter_message(json_message={"answer": "utter_offer", "values": values, "buttons": [button]})
        return []


class Plain(Action):
    def name(self):
        return "action_plain"

    async def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text="Plain words.")
        dispatcher.utter_message(response="utter_cost", pounds=5)
        return []


class Break(Action):
    def name(self):
        return "action_break"

    async def run(self, dispatcher, tracker, domain):
        raise ValueError("a secret word: marmalade")


class Slow(Action):
    def name(self):
        return "action_slow"

    async def run(self, dispatcher, tracker, domain):
        seconds = float(next(tracker.get_latest_entity_values("note"), 30))
        await asyncio.sleep(seconds)
        dispatcher.utter_message(response="utter_done")
        return []


class UnknownAnswer(Action):
    def name(self):
        return "action_unknown_answer"

    async def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(response="utter_that_nobody_wrote")
        return []


class Take(Action):
    def name(self):
        return "action_take"

    async def run(self, dispatcher, tracker, domain):
        offer = next(tracker.get_latest_entity_values("offer"), None)
        dispatcher.utter_message(json_message={"answer": "utter_taken", "values": {"offer": offer}})
        return []


class ReadBirthday(Action):
    def name(self):
        return "action_read_birthday"

    async def run(self, dispatcher, tracker, domain):
        text = tracker.latest_message.get("text") or ""
        if "explode" in text:
            raise ValueError("a secret word: marmalade")
        return [SlotSet("birthday", text)] if text[:1].isdigit() else []


class Booking(FormValidationAction):
    def name(self):
        return "validate_booking_form"

    async def extract_reference(self, dispatcher, tracker, domain):
        text = tracker.latest_message.get("text") or ""
        if tracker.get_slot("requested_slot") != "reference" or not text.lower().startswith("tvp"):
            return {}
        return {"reference": text}

    async def required_slots(self, domain_slots, dispatcher, tracker, domain):
        return domain_slots
