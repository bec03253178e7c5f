"""The words themselves: each that the code names is there and can be said, and what must never be said is not."""

import ast
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml

from actions import offering
from actions.helping import NEVER_GUESSED
from actions.journey import STEPS
from bot.telegram import command, other
from programme import menu
from programme.answers import NOT_KNOWN, Answers, Fact, Rendered, Situation
from programme.booked import BookingView
from programme.offers import OffersKind, OfferView
from programme.rules import birth_date
from programme.rules.danger import DANGERS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "nlu" / "answers"
ANSWERS = Answers.load(FOLDER)
LIMITS = {"book_by": "2026-12-21", "finish_by": "2027-01-04"}
TODAY = date(2026, 11, 23)
AT = datetime(2026, 12, 1, 18, 0, tzinfo=UTC)
LONG_AGO_REVIEWED = date(2035, 1, 1)
SAMPLE = yaml.safe_load((ROOT / "programme" / "sample.yml").read_text())["settings"]
FACTS = {key: Fact(str(value), date(2027, 11, 1)) for key, value in SAMPLE.items()}
SITUATIONS = [Situation(*each) for each in product(("web", "telegram"), *[(False, True)] * 3)]

# Steps of the form, as actions/ names them; a cancellation is confirmed in words of its own.
ALL_STEPS = {"reference", "date_of_birth", "cancel"}.union(*STEPS.values())
ASKED_PLAINLY = ALL_STEPS - {"choice", "confirmation", "cancel"}
# What stands in the braces of each f-string that names an answer or a label.
EXPANSIONS: dict[str, set[str]] = {
    "utter_step_{}": ASKED_PLAINLY,
    "utter_explain_{}": ALL_STEPS,
    "utter_example_{}": ALL_STEPS - {"cancel"},
    "utter_birth_{}": set(get_args(birth_date.Problem)),
    "utter_danger_{}": set(DANGERS),
    "utter_{}": {OffersKind.NOT_OPEN.value, OffersKind.DEADLINE_UNKNOWN.value, OffersKind.DEADLINE_PAST.value},
    "notice_cannot_read_{}": set(other.KINDS),
    "notice_telegram_{}": {"help", "privacy"},
    "label_telegram_command_{}": set(command.MENU),
    "label_error_{}": {"bad_frame", "too_long", "too_fast", "unknown_session", "unavailable", "no_calendar"},
}
# Names that the code puts an ending to.
ENDINGS = {
    "utter_ask_book": ("", "_online", "_several", "_several_online"),
    "utter_ask_move": ("", "_online", "_several", "_several_online"),
    "utter_booking": ("", "_online", "_several", "_several_online"),
    "notice_booked": ("", "_online"),
    "notice_moved": ("", "_online"),
}
NAME = re.compile(r"(?:utter|notice|label)_\w*")
NO_NAMES = {
    "utter_message",
    "utter_",
    "utter_danger_",
    "notice_",
    "label_",
}  # a method of rasa-sdk, and prefixes that are tested for


def variations(*files: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(file, key, variation) of the named files, or of all."""
    for path in sorted(FOLDER.glob("*.yml")):
        content = yaml.safe_load(path.read_text())
        for part in ("responses", "notices"):
            for key, several in (content.get(part) or {}).items():
                if not files or path.name in files:
                    yield from ((path.name, key, each) for each in several)


ALL = list(variations())


@cache
def named() -> frozenset[str]:
    """Every answer, notice and label that the sources name."""
    found: set[str] = set()
    for path in (p for floor in ("actions", "programme", "bot", "launch") for p in (ROOT / floor).rglob("*.py")):
        found |= set(names_in(ast.parse(path.read_text())))
    for path in (ROOT / "stories").glob("*.yml"):
        found |= set(re.findall(r"\butter_\w+", path.read_text()))
    found |= set(re.findall(r"\{\{(label_\w+)\}\}", (ROOT / "bot" / "static" / "index.html").read_text()))
    found -= NO_NAMES
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
    if pattern == "label_intent_{}":  # a guess that has no label is not offered
        return {label for label in ANSWERS.labels if label.startswith("label_intent_")}
    assert pattern in EXPANSIONS, f"say in EXPANSIONS what {pattern} can become"
    return {pattern.replace("{}", each) for each in EXPANSIONS[pattern]}


def booking(online: bool = False, link: str | None = "https://meet.example.org/sample") -> dict[str, Any]:
    return BookingView(
        id="b",
        course_id="c",
        venue="Online" if online else "Sample Hall",
        place="online" if online else "Reading",
        address=None if online else "1 Sample Street, Reading",
        directions=None,
        online=online,
        join_link=link if online else None,
        sessions=((AT, AT + timedelta(hours=3)), (AT + timedelta(days=7), AT + timedelta(days=7, hours=3))),
        calendar_token="abc",
    ).values()


def offered(online: bool) -> dict[str, object]:
    sessions = ((AT, AT + timedelta(hours=3)), (AT + timedelta(days=7), AT + timedelta(days=7, hours=3)))
    return offering.facts(OfferView("t", "c", "Reading", "Sample Hall", online, True, sessions, 4))


def values_of(answer: str) -> list[dict[str, Any]]:
    """The values that the code gives to an answer, in each of the ways that it can give them."""
    online = answer.endswith("_online")
    if answer.startswith(("utter_ask_book", "utter_ask_move")):
        return [offered(online)]
    if answer.startswith(("utter_booking", "notice_booked", "notice_moved")):
        return [booking(online), booking(online, link=None)]
    if answer == "notice_menu_booking":
        return [booking(), booking(online=True), booking(online=True, link=None)]
    if answer in ("utter_ask_cancel", "utter_already_booked", "utter_already_done"):
        return [booking()]
    moment = AT.isoformat()
    return {
        "notice_cancelled": [{**booking(), "book_by": TODAY}, {**booking(), "book_by": None}],
        "utter_none_free": [{"asked_at": moment}],
        "utter_slowed": [{"retry_at": moment}],
        "utter_handoff_closed": [{"opens_at": moment}],
        "utter_deadline": [LIMITS, {**booking(), **LIMITS}],
    }.get(answer, [{}])


def renderings(answer: str, facts: dict[str, Fact] = FACTS, today: date = TODAY) -> Iterator[Rendered]:
    for values, situation in product(values_of(answer), SITUATIONS):
        yield ANSWERS.render(answer, values, situation, facts, today)


def test_everything_that_the_code_names_exists() -> None:
    known = set(ANSWERS.names()) | set(ANSWERS.labels)
    assert sorted(named() - known) == []


def test_nothing_stands_there_that_the_code_does_not_name() -> None:
    assert sorted(set(ANSWERS.names()) - named()) == []
    own = yaml.safe_load((FOLDER / "labels.yml").read_text())["labels"]
    assert sorted(set(own) - named()) == []


def test_no_name_is_used_twice() -> None:
    """A name in two files is one of them silently lost; YAML itself drops the first of two in one file."""
    lines = [line for path in FOLDER.glob("*.yml") for line in path.read_text().splitlines()]
    names = [found[1] for line in lines if (found := re.match(r"  ((?:utter|notice|label)_\w+):", line))]
    assert sorted({name for name in names if names.count(name) > 1}) == []


@pytest.mark.parametrize("answer", ANSWERS.names())
def test_it_can_be_said_in_every_situation(answer: str) -> None:
    for rendered in renderings(answer):
        assert rendered.answer == answer
        assert rendered.text
        assert not re.search(r"[{}]|None", rendered.text)


@pytest.mark.parametrize("answer", ANSWERS.names())
def test_without_settings_it_is_said_or_not_known_but_never_broken(answer: str) -> None:
    for rendered in renderings(answer, {}):
        assert rendered.answer in (answer, NOT_KNOWN)


WITH_FACTS = {
    key
    for _, key, _ in [*variations("programme.yml"), *variations("trust.yml"), *variations("consequences.yml")]
    if key not in ("utter_ask_bot", "utter_ask_capabilities")
}


@pytest.mark.parametrize("answer", sorted({key for _, key, _ in ALL}))
def test_years_later_only_what_states_facts_falls_silent(answer: str) -> None:
    expected = NOT_KNOWN if answer in WITH_FACTS else answer
    assert {rendered.answer for rendered in renderings(answer, {}, LONG_AGO_REVIEWED)} == {expected}


def test_each_label_can_be_filled_in() -> None:
    values = {"place": "Reading", "starts_at": AT.isoformat()}
    for label in yaml.safe_load((FOLDER / "labels.yml").read_text())["labels"]:
        text = ANSWERS.label(label, values)
        assert 0 < len(text) <= 60 and "{" not in text
    assert ANSWERS.label("label_offer", values) == "Tue 1 Dec, 6pm, Reading"


DOMAIN = {
    next(iter(each)) for each in yaml.safe_load((ROOT / "nlu" / "domain.yml").read_text())["intents"]
}  # each intent stands there as a mapping of one
ONLY_TAPPED = {"show_more", "im_safe", "carry_on", "stop_reminders", "start_reminders", "withdraw_human"}


def test_buttons_mean_something_that_is_known() -> None:
    for _, key, variation in ALL:
        intents = DOMAIN | menu.INTENTS if key.startswith("notice_") else DOMAIN
        for button in variation.get("buttons") or []:
            assert 0 < len(button["title"]) <= 30, key
            assert re.match(r"/(\w+)", button["payload"])[1] in intents, key
    for rendered in (each for key in ANSWERS.names() for each in renderings(key)):
        assert {button.intent for button in rendered.buttons} <= DOMAIN | menu.INTENTS, rendered.answer


def test_the_menu_leads_nowhere_that_needs_the_dialogue() -> None:
    for _, key, variation in ALL:
        if key.startswith(("notice_menu", "notice_cannot_read", "notice_telegram")):
            assert {button["payload"][1:] for button in variation.get("buttons") or []} <= menu.INTENTS, key


def test_whatever_can_be_meant_can_be_offered_as_a_guess() -> None:
    """`request_human` is always offered beside the guesses."""
    offered_as = {label.removeprefix("label_intent_") for label in ANSWERS.labels if label.startswith("label_intent_")}
    assert offered_as == DOMAIN - NEVER_GUESSED - ONLY_TAPPED - {"nlu_fallback", "request_human"}


KNOWN_VALUES = {"starts_at", "where", "book_by"}
META = {"source", "approver", "approved_on", "review_by", "needs", "when", "lasting"}


def test_it_says_who_answers_for_it() -> None:
    for _, key, variation in ALL:
        meta = variation["metadata"]
        assert set(meta) <= META, key
        assert meta["source"].strip() and meta["approver"].strip(), key
        approved, review = date.fromisoformat(meta["approved_on"]), date.fromisoformat(meta["review_by"])
        assert approved < review <= approved + timedelta(days=366), key
        assert set(meta.get("when") or {}) <= {"channel", "verified", "booked", "open"}, key
        assert set(meta.get("needs") or []) <= set(SAMPLE) | KNOWN_VALUES, key


def test_a_setting_that_it_says_is_one_that_it_needs() -> None:
    for _, key, variation in ALL:
        used = set(re.findall(r"\{(\w+)", variation["text"]))
        assert used & set(SAMPLE) <= set(variation["metadata"].get("needs") or []), key


def test_what_druglink_decides_is_a_setting_and_says_here_that_it_is_a_sample() -> None:
    needed = {need for _, _, variation in ALL for need in variation["metadata"].get("needs") or []}
    ours = {key for key in SAMPLE if key.endswith("_text") and key != "opening_hours_text"}
    assert ours <= needed
    assert all(SAMPLE[key].startswith("In this sample") for key in ours)


def test_consequences_are_the_same_for_everybody() -> None:
    assert not [key for _, key, each in variations("consequences.yml") if "when" in each["metadata"]]
    for _, key, _ in variations("consequences.yml"):
        assert len({(each.text, str(each.buttons)) for each in renderings(key)}) == 1


def test_not_going_is_told_in_the_words_that_are_public() -> None:
    text = next(renderings("utter_ask_non_attendance")).text
    assert "an adult who does not attend is then reported for the offence and may be summoned to court" in text
    assert "Release on 020 7324 2989" in text


# FACTS: help lines, Druglink, Release; and one number that Ofcom keeps for drama, as an example.
NUMBERS = {
    "116123", "85258", "08082000247", "03001236600", "82111", "01865455601",
    "01923271783", "02073242989", "07700900123",
}  # fmt: skip


def test_no_number_is_made_up() -> None:
    texts = [path.read_text() for path in FOLDER.glob("*.yml")] + [str(value) for value in SAMPLE.values()]
    texts = [re.sub(r"\d{4}-\d\d-\d\d|\d\d:\d\d(:[\d.]+)?|127\.0\.0\.1", "", text) for text in texts]
    found = {re.sub(r"\D", "", hit) for text in texts for hit in re.findall(r"\+?\d(?:[ -]?\d){4,}", text)}
    assert found - NUMBERS == set()
    assert {"116123", "85258", "08082000247", "01923271783"} <= found


CARDS = {
    "medical_emergency": ("999", "ambulance", "Stay with them", "naloxone"),
    "risk_of_suicide": ("999", "Samaritans: call 116 123", "text SHOUT to 85258", "NHS 111 and choose option 2"),
    "risk_to_others": ("999", "116 123", "0808 2000 247"),
    "safeguarding_concern": ("999", "press 55", "does not tell them where you are", "0808 2000 247"),
    "mental_health_crisis": ("NHS 111 and choose option 2", "116 123", "text SHOUT to 85258", "999"),
}


@pytest.mark.parametrize("danger", DANGERS)
def test_a_card_names_help_and_promises_nobody(danger: str) -> None:
    for card in renderings(f"utter_danger_{danger}", {}, LONG_AGO_REVIEWED):
        assert all(part in card.text for part in CARDS[danger])
        assert "This chat is not an emergency service." in card.text
        assert [button.intent for button in card.buttons] == ["im_safe", "request_human"]


@pytest.mark.parametrize("answer", [*(f"utter_danger_{danger}" for danger in DANGERS), "notice_menu_help_now"])
def test_where_help_is_named_it_is_plain_whether_a_worker_is_reading(answer: str) -> None:
    """Also with no settings at all, and long after its review."""
    away, slow = "No worker is reading this chat now.", "A worker may take a while to see this."
    for channel, facts in product(("web", "telegram"), (FACTS, {})):
        for is_open in (False, True):
            situation = Situation(channel, open=is_open)
            text = ANSWERS.render(answer, {}, situation, facts, LONG_AGO_REVIEWED).text
            assert (away in text, slow in text) == (not is_open, is_open)


STIGMA = re.compile(
    r"\b(?:addicts?|junkies?|druggies?|abuse(?:rs?)?|clean|dirty|offenders?|criminals?|perpetrators?|users?"
    r"|guilty|habit|non-?complian\w+|refus\w+|fail(?:ed|ure)?)\b",
    re.IGNORECASE,
)
JARGON = re.compile(
    r"\b(?:diversion|disposal|intervention|referral pathway|engage|appointments?|UTC|null|error|invalid|chatbot"
    r"|deferred|prosecution|handoff|verif\w+|authenticat\w+)\b",
    re.IGNORECASE,
)


def spoken() -> Iterator[tuple[str, str]]:
    """(key, text) as people read it, each text once."""
    for key in ANSWERS.names():
        yield from {(key, rendered.text) for rendered in renderings(key)}


def test_no_word_puts_anybody_down_and_none_is_jargon() -> None:
    for key, text in spoken():
        plain = text.lower().replace("domestic abuse helpline", "").replace("diversion@druglink.ltd.uk", "")
        assert not STIGMA.search(plain), (key, text)
        assert not JARGON.search(plain), (key, text)


def test_nothing_is_shouted_and_one_thing_is_asked_at_a_time() -> None:
    for file, key, variation in ALL:
        assert variation["text"].count("?") <= 1, key
        assert "!" not in variation["text"] or file == "telegram.yml", key


def test_nothing_says_that_it_is_free_or_what_will_be_decided() -> None:
    for key, text in spoken():
        assert not re.search(r"(?<!place was )\bfree\b(?! legal help)", text), key
        assert not re.search(r"you will (?:not )?(?:be charged|go to court|get|have) a?\b", text), key
        assert not re.search(r"\b(?:plead|admit|too late to prosecute|visa|your employer)\b", text), key


def test_it_is_short() -> None:
    lengths = {key: max(len(each.text) for each in renderings(key)) for key in ANSWERS.names()}
    assert {key: length for key, length in lengths.items() if length > 480} == {}
    assert sum(length <= 220 for length in lengths.values()) >= 0.85 * len(lengths)


UNASKED = ("notice_booked", "notice_moved", "notice_cancelled")


def test_notices_give_nothing_away() -> None:
    files = {key: file for file, key, _ in ALL}
    for key, text in spoken():
        if files[key] == "notices.yml":
            assert not re.search(r"drug|police|offence|court|referr|diversion", text, re.IGNORECASE), key
        elif files[key] == "telegram.yml":
            assert not re.search(r"\b(?:drugs?|police|offence|court)\b", text, re.IGNORECASE), key
    for label in ("label_calendar_title", "label_calendar_note", "label_telegram_calendar", "label_page_title"):
        assert not re.search(r"drug|police|offence|court", ANSWERS.labels[label], re.IGNORECASE)
    assert {key for key in files if key.startswith(UNASKED)} <= {key for key, _ in spoken()}


def test_the_calendar_is_linked_on_the_web_and_sent_as_a_file_in_telegram() -> None:
    for key in ("notice_booked", "notice_booked_online", "notice_moved", "notice_moved_online"):
        for values, situation, facts in product(values_of(key), SITUATIONS, (FACTS, {})):
            text = ANSWERS.render(key, values, situation, facts, TODAY).text
            assert ("/calendar/abc.ics" in text) == (situation.channel == "web")
            assert "Tuesday 1 December at 6pm to 9pm" in text
            assert "Tuesday 8 December at 6pm to 9pm" in text


def test_a_child_of_nine_or_ten_can_read_it() -> None:
    """Flesch and Kincaid's grade, of which about four is a reading age of nine."""
    grades = {(key, text): grade(text) for key, text in spoken()}
    assert {key: round(it, 1) for (key, _), it in grades.items() if it > 6} == {}
    assert sum(grades.values()) / len(grades) <= 3.5


def grade(text: str) -> float:
    plain = re.sub(r"https?://\S+|\S+@\S+|/\S+", "", text)
    sentences = [each for each in re.split(r"[.?!:\n]+", plain) if re.search("[a-z]{2}", each)]
    words = re.findall(r"[A-Za-z']+", plain)
    return 0.39 * len(words) / len(sentences) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def syllables(word: str) -> int:
    word = word.lower()
    count = len(re.findall(r"[aeiouy]+", word))
    if count > 1 and re.search(r"(?:[^l]e|[^td]ed)$", word):
        count -= 1
    return max(1, count)


def test_the_grade_tells_plain_words_from_officialese() -> None:
    assert grade("You can move your place. Tell me if you want to.") < 3
    officialese = "Participants are required to notify administration regarding rescheduling immediately."
    assert grade(officialese) > 12
