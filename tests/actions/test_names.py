"""Names on which the dialogue and the app must agree."""

import yaml

from actions.journey import SLOTS
from actions.server import ACTIONS
from launch.settings import PROJECT
from tests.programme.desk import ANSWERS

DOMAIN = yaml.safe_load((PROJECT / "nlu" / "domain.yml").read_text())


def test_rasa_does_not_ask_the_forms_questions_a_second_time() -> None:
    """A form of Rasa says `utter_ask_<slot>` by itself where there is such an answer."""
    looked_for = {f"utter_ask_{slot}" for slot in DOMAIN["slots"]}
    assert not looked_for & set(ANSWERS.names())


def test_every_action_of_the_domain_is_served_and_no_other() -> None:
    assert sorted(action.title for action in ACTIONS) == sorted(DOMAIN["actions"])


def test_every_slot_of_the_journey_is_known_and_steers_no_rule() -> None:
    assert set(DOMAIN["slots"]) == {*SLOTS, "goal", "pending"}
    assert not any(slot["influence_conversation"] for slot in DOMAIN["slots"].values())
