"""The words and the code know one another: each answer that is named is there, and each that is there is named."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import Any, get_args

import pytest
import yaml

from actions import server
from actions.helping import NEVER_GUESSED
from actions.journey import STEPS
from bot.telegram import command, other
from programme import letter, menu, phone
from programme.offers import OffersKind
from programme.paper import Standing
from programme.rules import birth_date
from programme.rules.danger import DANGERS
from storage.enums import PaperKind
from tests.programme.answer_files import ALL, ANSWERS, AT, FOLDER, ROOT, SETTINGS, renderings
from tests.programme.answer_files import names_in as names_in_text

# Steps of the form, as actions/ names them; a cancellation is confirmed in words of its own.
ALL_STEPS = {"reference", "date_of_birth", "cancel"}.union(*STEPS.values())
ASKED_PLAINLY = ALL_STEPS - {"choice", "confirmation", "cancel"}
GUIDE: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "nlu" / "intents.yml").read_text())
INTENTS = {intent for topic in GUIDE.values() for intent in topic}
ALERTS = {"one", "several", "late_one", "late", "danger", "danger_late"}  # what workers are told of in their channels
# What stands in the braces of each f-string that names an answer or a label.
EXPANSIONS: dict[str, set[str]] = {
    "utter_step_{}": ASKED_PLAINLY,
    "utter_explain_{}": ALL_STEPS,
    "utter_example_{}": ALL_STEPS - {"cancel"},
    "utter_birth_{}": set(get_args(birth_date.Problem)),
    "utter_number_{}": set(get_args(phone.Problem)),
    "utter_danger_{}": set(DANGERS),
    "utter_{}": {OffersKind.NOT_OPEN.value, OffersKind.DEADLINE_UNKNOWN.value, OffersKind.DEADLINE_PAST.value},
    "notice_cannot_read_{}": set(other.KINDS),
    "notice_telegram_{}": {"help", "privacy"},
    "label_alert_{}": ALERTS,
    "label_alert_{}_title": ALERTS,
    "label_telegram_command_{}": set(command.MENU),
    "label_telegram_{}": {"calendar", "proof"},
    "label_telegram_{}_file": {"calendar", "proof"},
    "label_letter_{}": set(letter.LABELS),
    "label_paper_{}": set(PaperKind) | set(Standing),
    "label_paper_{}_says": set(PaperKind),
    "label_paper_{}_about": set(Standing),
    "label_error_{}": {"bad_frame", "too_long", "too_fast", "unknown_session", "unavailable", "no_calendar"},
}
# Names that are looked up and left out where there is none: whatever is there is in use.
LOOKED_UP = ("label_intent_", "label_case_", "label_why_", "label_tell_")
# Names that the code puts an ending to.
ENDINGS = {
    "utter_ask_book": ("", "_online", "_several", "_several_online"),
    "utter_ask_move": ("", "_online", "_several", "_several_online"),
    "utter_booking": ("", "_online", "_several", "_several_online"),
    "notice_booked": ("", "_online"),
    "notice_moved": ("", "_online"),
}
NAME = re.compile(r"(?:utter|notice|label)_\w*")


@cache
def named() -> frozenset[str]:
    """Every answer, notice and label that the sources name."""
    found: set[str] = set()
    for path in (p for floor in ("actions", "programme", "bot", "launch") for p in (ROOT / floor).rglob("*.py")):
        found |= set(names_in(ast.parse(path.read_text())))
    for path in (ROOT / "stories").glob("*.yml"):
        found |= set(re.findall(r"\butter_\w+", path.read_text()))
    found |= set(re.findall(r"\{\{(label_\w+)\}\}", (ROOT / "bot" / "static" / "index.html").read_text()))
    found -= {"utter_message"}  # a method of rasa-sdk
    found = {name for name in found if not name.endswith("_")}  # prefixes that are tested for
    return frozenset(full for name in found for full in (name + end for end in ENDINGS.get(name, ("",))))


def names_in(tree: ast.Module) -> Iterator[str]:
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield from expand("".join(p.value if isinstance(p, ast.Constant) else "{}" for p in node.values))
        elif isinstance(node, ast.Constant) and id(node) not in inside and NAME.fullmatch(str(node.value)):
            yield str(node.value)


def expand(pattern: str) -> set[str]:
    if not re.fullmatch(r"(?:utter|notice|label)_[\w{}]*", pattern):
        return set()
    for prefix in LOOKED_UP:
        if pattern == prefix + "{}":
            return {label for label in ANSWERS.labels if label.startswith(prefix)}
    assert pattern in EXPANSIONS, f"say in EXPANSIONS what {pattern} can become"
    return {pattern.replace("{}", each) for each in EXPANSIONS[pattern]}


def test_everything_that_the_code_names_exists() -> None:
    known = set(ANSWERS.names()) | set(ANSWERS.labels)
    assert sorted(named() - known) == []


def test_nothing_stands_there_that_the_code_does_not_name() -> None:
    assert sorted(set(ANSWERS.names()) - named()) == []
    own = {name for path in FOLDER.glob("*labels.yml") for name in yaml.safe_load(path.read_text())["labels"]}
    assert sorted(own - named()) == []


def test_no_name_is_used_twice() -> None:
    """A name in two files is one of them silently lost; YAML itself drops the first of two in one file."""
    lines = [line for path in FOLDER.glob("*.yml") for line in path.read_text().splitlines()]
    names = [found[1] for line in lines if (found := re.match(r"  ((?:utter|notice|label)_\w+):", line))]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def rules() -> dict[str, list[str]]:
    """What each intent's rule does, in order."""
    found: dict[str, list[str]] = {}
    for path in (ROOT / "stories").glob("*.yml"):
        for rule in yaml.safe_load(path.read_text()).get("rules") or []:
            for step in (step for step in rule["steps"] if "intent" in step):
                found[step["intent"]] = [each["action"] for each in rule["steps"] if "action" in each]
    return found


def test_whatever_can_be_meant_has_a_rule_that_ends_in_an_answer_or_an_action() -> None:
    ours = {action.title for action in server.ACTIONS if hasattr(action, "title")}
    done = rules()
    assert sorted(INTENTS - set(done)) == []
    for intent, actions in done.items():
        assert actions, intent
        assert set(actions) <= ours | set(ANSWERS.names()), intent


def test_a_question_gets_the_answer_of_its_own_name() -> None:
    """So that whoever looks for an answer finds it, and a second question in the same message does too."""
    for intent, actions in rules().items():
        fixed = [action for action in actions if action.startswith("utter_")]
        assert fixed in ([], [f"utter_{intent}"]), intent
        if fixed and intent.startswith("ask_"):
            assert actions == [*fixed, "action_answer_rest"], intent


def test_what_a_rule_says_by_itself_tells_nothing_of_a_person() -> None:
    """Only an action can see whether it is known who asks; the matching word looks for itself."""
    public = set(SETTINGS) | set(ANSWERS.help_lines) | {"matching_word"}
    said = {action for actions in rules().values() for action in actions if action.startswith("utter_")}
    assert len(said) > 30
    for answer in said:
        for each in ANSWERS.variations(answer):
            assert names_in_text(str(each["text"])) <= public, answer


def test_each_question_of_the_guide_has_an_answer_of_its_own() -> None:
    """Also those whose rule does more: their words may be wanted beside another answer."""
    questions = {intent for intent in INTENTS if intent.startswith("ask_")}
    by_action = {"ask_available_sessions", "ask_repeat", "ask_my_case"}
    assert sorted(each for each in questions - by_action if f"utter_{each}" not in ANSWERS) == []


def test_each_label_can_be_filled_in() -> None:
    values = {"place": "Reading", "starts_at": AT.isoformat()}
    for path in FOLDER.glob("*labels.yml"):
        for label in yaml.safe_load(path.read_text())["labels"]:
            text = ANSWERS.label(label, values)
            assert 0 < len(text) <= 60 and "{" not in text
    assert ANSWERS.label("label_offer", values) == "Tue 1 Dec, 6pm, Reading"


DOMAIN = {
    next(iter(each)) for each in yaml.safe_load((ROOT / "nlu" / "domain.yml").read_text())["intents"]
}  # each intent stands there as a mapping of one
ONLY_TAPPED = DOMAIN - INTENTS - {"nlu_fallback"}


def test_buttons_mean_something_that_is_known() -> None:
    for _, key, variation in ALL:
        intents = DOMAIN | menu.INTENTS if key.startswith("notice_") else DOMAIN
        for button in variation.get("buttons") or []:
            assert 0 < len(button["title"]) <= 30, key
            found = re.match(r"/(\w+)", button["payload"])
            assert found and found[1] in intents, key
    for rendered in (each for key in ANSWERS.names() for each in renderings(key)):
        assert {button.intent for button in rendered.buttons} <= DOMAIN | menu.INTENTS, rendered.answer


def test_no_answer_offers_its_own_question_again() -> None:
    for _, key, variation in ALL:
        assert f"/{key.removeprefix('utter_')}" not in [b["payload"] for b in variation.get("buttons") or []], key


def test_the_menu_leads_nowhere_that_needs_the_dialogue() -> None:
    for _, key, variation in ALL:
        if key.startswith(("notice_menu", "notice_cannot_read", "notice_telegram")):
            assert {button["payload"][1:] for button in variation.get("buttons") or []} <= menu.INTENTS, key


def test_whatever_can_be_meant_can_be_offered_as_a_guess() -> None:
    """`request_human` is always offered beside the guesses."""
    offered_as = {label.removeprefix("label_intent_") for label in ANSWERS.labels if label.startswith("label_intent_")}
    assert offered_as | {"request_human"} == INTENTS - NEVER_GUESSED


@pytest.mark.parametrize("intent", sorted(ONLY_TAPPED))
def test_what_is_only_tapped_is_never_a_meaning_that_somebody_can_type(intent: str) -> None:
    assert intent not in INTENTS and f"label_intent_{intent}" not in ANSWERS.labels
