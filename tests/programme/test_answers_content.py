"""What the words say of the programme and the law: sourced, true to the settings, at one with one another, no guess."""

import re
from datetime import date, timedelta
from itertools import product

import pytest

from programme.answers import NOT_KNOWN, Situation
from programme.rules.danger import DANGERS
from tests.programme.answer_files import (
    ALL,
    ANSWERS,
    AT,
    FACTS,
    FOLDER,
    LONG_AFTER,
    ROOT,
    SAMPLE,
    SETTINGS,
    SITUATIONS,
    TODAY,
    VALUES,
    booking,
    names_in,
    renderings,
    spoken,
    values_of,
    variations,
)

META = {"source", "approver", "approved_on", "review_by", "needs", "when", "lasting"}
GIVEN = set(VALUES) | set(booking())


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


def test_it_says_who_answers_for_it() -> None:
    for _, key, variation in ALL:
        meta = variation["metadata"]
        assert set(meta) <= META, key
        assert meta["source"].strip() and meta["approver"].strip(), key
        # Quoted: an unquoted date is a date to YAML, and Rasa cannot carry one.
        assert isinstance(meta["approved_on"], str) and isinstance(meta["review_by"], str), key
        approved, review = date.fromisoformat(meta["approved_on"]), date.fromisoformat(meta["review_by"])
        assert approved < review <= approved + timedelta(days=366), key
        assert set(meta.get("when") or {}) <= {"channel", "verified", "booked", "open"}, key
        assert set(meta.get("needs") or []) <= set(SETTINGS) | set(ANSWERS.help_lines) | GIVEN, key


def test_each_help_line_says_who_answers_for_it() -> None:
    for key, line in ANSWERS.help_lines.items():
        assert set(line) == {"value", "source", "approver", "approved_on", "review_by"}, key
        assert all(isinstance(each, str) and each.strip() for each in line.values()), key
        assert date.fromisoformat(line["approved_on"]) < date.fromisoformat(line["review_by"]), key


def test_what_it_says_of_the_programme_is_what_it_needs() -> None:
    for _, key, variation in ALL:
        meta, used = variation["metadata"], names_in(variation["text"])
        assert used & (set(SETTINGS) | set(ANSWERS.help_lines)) <= set(meta.get("needs") or []), key
        assert used <= set(SETTINGS) | set(ANSWERS.help_lines) | GIVEN | {"calendar", "times"}, key


def test_what_rests_on_a_setting_does_not_last() -> None:
    """A step of the dialogue may use one where it can also be said without it; nothing else may."""
    for _, key, variation in ALL:
        meta = variation["metadata"]
        if meta.get("lasting") and set(meta.get("needs") or []) & set(SETTINGS):
            assert all(each.answer == key for each in renderings(key, {}, LONG_AFTER)), key


def test_what_druglink_decides_is_a_setting_and_says_here_that_it_is_a_sample() -> None:
    needed = {need for _, _, variation in ALL for need in variation["metadata"].get("needs") or []}
    ours = {key for key in SETTINGS if key.endswith("_text") and key != "opening_hours_text"}
    assert ours <= needed
    assert all(SETTINGS[key].startswith("In this sample") for key in ours)


# Consequences: fixed, whole, one for all, never silent.
CONSEQUENCES = sorted({key for _, key, _ in variations("consequences.yml")})
SCREEN = 450  # characters on a small phone, without scrolling
ADVICE = r"(?:Release on|Release, free legal help in private:) 020 7324 2989\.?$"


@pytest.mark.parametrize("answer", CONSEQUENCES)
def test_a_consequence_is_told_to_everybody_in_the_same_words_that_end_with_advice(answer: str) -> None:
    assert len(ANSWERS.variations(answer)) == 1
    texts = {(each.text, str(each.buttons)) for each in renderings(answer)}
    assert len(texts) == 1
    text = texts.pop()[0]
    assert len(text) <= SCREEN
    assert re.search(ADVICE, text), text


PUBLIC_WORDS = (
    "In December 2021 this was said in public:"
    " an adult who does not attend is then reported for the offence and may be summoned to court"
)


def test_not_going_is_told_in_the_words_that_are_public_with_their_date_wherever_it_is_told() -> None:
    tellers = {key: text for key, text in spoken() if re.search(r"summoned|reported for", text)}
    assert {"utter_ask_non_attendance", "utter_ask_deferred_prosecution"} <= set(tellers)
    for key, text in tellers.items():
        assert PUBLIC_WORDS in text and re.search(ADVICE, text), key


def test_of_a_court_paper_it_says_to_read_it_and_get_advice_and_no_more() -> None:
    text = next(renderings("utter_ask_court_letter")).text
    assert "Read it now" in text and "do not ignore it" in text and "Get legal advice today" in text
    assert not re.search(r"\b(?:guilty|plea|hearing|fine|warrant|must|will be)\b", text, re.IGNORECASE)


def test_records_are_asked_where_records_are_known() -> None:
    text = next(renderings("utter_ask_criminal_record")).text
    assert "It depends" in text and "https://unlock.org.uk" in text


@pytest.mark.parametrize(
    "answer", sorted({key for file, key, _ in ALL if file in ("consequences.yml", "safety.yml", "support.yml")})
)
def test_safety_help_and_consequences_never_fall_silent(answer: str) -> None:
    """Not without any setting, nor years after every review."""
    now = [(each.text, each.buttons) for each in renderings(answer)]
    assert [(each.text, each.buttons) for each in renderings(answer, {}, LONG_AFTER)] == now


# Numbers and links.
EXAMPLE = "07700900123"  # a number that Ofcom keeps for drama, as an example of what one looks like


def digits(text: str) -> str:
    return re.sub(r"\D", "", text)


KNOWN_NUMBERS = {digits(line["value"]) for line in ANSWERS.help_lines.values()} | {
    digits(SETTINGS["contact_phone"]),
    EXAMPLE,
}
NUMBER = re.compile(r"\+?\d(?:[ -]?\d){4,}")
LINK = re.compile(r"https?://[^\s,)]+|\b[\w-]+(?:\.[\w-]+)*\.(?:org|com|co|gov|net|uk|info)\b[^\s,)]*|\S+@\S+")
KNOWN_LINKS = {ANSWERS.help_lines["unlock_site"]["value"], SETTINGS["contact_email"], "https://meet.example.org/sample"}


def test_the_help_lines_are_the_public_ones() -> None:
    assert {key: line["value"] for key, line in ANSWERS.help_lines.items() if not key.startswith("local")} == {
        "emergency_phone": "999",
        "nhs_phone": "111",
        "samaritans_phone": "116 123",
        "shout_number": "85258",
        "domestic_abuse_phone": "0808 2000 247",
        "silent_call_digits": "55",
        "release_phone": "020 7324 2989",
        "unlock_site": "https://unlock.org.uk",
        "frank_phone": "0300 123 6600",
        "frank_number": "82111",
    }


def test_no_number_and_no_link_is_told_that_is_not_a_setting_or_a_help_line() -> None:
    for key, text in spoken():
        assert {digits(hit) for hit in NUMBER.findall(text)} <= KNOWN_NUMBERS, (key, text)
        links = {re.sub(r"[.”]+$", "", hit) for hit in LINK.findall(text) if not hit.startswith("/calendar")}
        assert links <= KNOWN_LINKS, (key, links)


def test_nor_does_one_stand_in_any_file() -> None:
    texts = [path.read_text() for path in FOLDER.glob("*.yml")] + [str(value) for value in SETTINGS.values()]
    texts = [re.sub(r"\d{4}-\d\d-\d\d|\d\d:\d\d(:[\d.]+)?|127\.0\.0\.1", "", text) for text in texts]
    assert {digits(hit) for text in texts for hit in NUMBER.findall(text)} - KNOWN_NUMBERS == set()


WRONG_FRANK = ("03301236600", "0800776600")


def test_the_wrong_numbers_of_frank_stand_nowhere() -> None:
    """Both circulate. Looked for in all that people read and that the assistant learns from."""
    kinds = (".yml", ".md", ".html", ".js")
    folders = ("nlu", "stories", "programme", "bot", "docs", "actions")
    files = [path for folder in folders for path in (ROOT / folder).rglob("*") if path.suffix in kinds]
    assert len(files) > 40
    for path in [*files, ROOT / "README.md"]:
        flat = re.sub(r"[ \-()]", "", path.read_text(errors="ignore"))
        assert not [wrong for wrong in WRONG_FRANK if wrong in flat], path


# What is said in two places is said alike.
WHOSE = {
    "Samaritans": "116123",
    "FRANK": "03001236600",
    "Release": "02073242989",
    "Domestic abuse helpline": "08082000247",
    "domestic abuse helpline": "08082000247",
    "Turning Point": "01865455601",
    "SHOUT to": "85258",
}


def test_a_help_line_has_one_number_wherever_it_is_named() -> None:
    met = set()
    for key, text in spoken():
        for name, number in WHOSE.items():
            for rest in text.split(name)[1:]:
                found = NUMBER.search(rest.split("\n")[0])
                if found:
                    assert digits(found[0]) == number, (key, text)
                    met.add(name)
    assert met == set(WHOSE)


COUNTS = "one|two|three|four|five|six|seven|eight|nine|ten|twelve|twenty|\\d+"
UNITS = "hours?|minutes?|weeks?|months?|times|sessions?|pounds"
FACT = re.compile(rf"£|\b\d{{1,2}}(?::\d\d)? ?[ap]m\b|\b(?:{COUNTS}) (?:{UNITS})\b|\bMonday to\b", re.IGNORECASE)

BY_LAW = {"utter_request_my_data": "one month"}  # UK GDPR, article 12


def test_hours_prices_and_counts_stand_in_settings_only() -> None:
    """Two answers cannot disagree about what neither of them states."""
    for _, key, variation in ALL:
        if not key.startswith("utter_example_"):  # "after 5pm", as somebody might type it
            assert not FACT.search(variation["text"].replace(BY_LAW.get(key, "\0"), "")), key


def test_the_samples_own_settings_agree_with_one_another() -> None:
    places = {venue["place"] for venue in SAMPLE["venues"]}
    assert set(re.split(r", or |, ", SETTINGS["venues_text"].removeprefix("In this sample: ").rstrip("."))) == places
    assert (SETTINGS["most_moves"], SETTINGS["change_cutoff_hours"]) == ("2", "24")
    assert "twice, up to 24 hours before" in SETTINGS["change_rule_text"]
    assert {str(course["sessions"]) for course in SAMPLE["courses"]} == {SETTINGS["session_count"]}
    minutes = {course["venue"] == "online": course["minutes"] for course in SAMPLE["courses"]}
    assert minutes == {False: 180, True: 150}
    assert "three hours in a room, or two and a half hours online" in SETTINGS["course_length_text"]
    stairs = {venue["place"] for venue in SAMPLE["venues"] if not venue["step_free"]}
    assert stairs == {"Slough"} and "all places but Slough have no steps" in SETTINGS["access_text"]


# The crisis cards.
CARDS = {
    "medical_emergency": ("999", "ambulance", "Stay with them", "naloxone"),
    "risk_of_suicide": ("999", "Samaritans: call 116 123", "text SHOUT to 85258", "NHS 111 and choose option 2"),
    "risk_to_others": ("999", "116 123", "0808 2000 247"),
    "safeguarding_concern": ("999", "press 55", "does not tell them where you are", "0808 2000 247"),
    "mental_health_crisis": ("NHS 111 and choose option 2", "116 123", "text SHOUT to 85258", "999"),
}


@pytest.mark.parametrize("danger", DANGERS)
def test_a_card_names_help_and_promises_nobody(danger: str) -> None:
    for card in renderings(f"utter_danger_{danger}", {}, LONG_AFTER):
        assert all(part in card.text for part in CARDS[danger])
        assert "This chat is not an emergency service." in card.text
        assert [button.intent for button in card.buttons] == ["im_safe", "request_human"]


@pytest.mark.parametrize(
    "answer", [*(f"utter_danger_{danger}" for danger in DANGERS), "notice_menu_help_now", "notice_still_here"]
)
def test_where_help_is_named_it_is_plain_whether_a_worker_is_reading(answer: str) -> None:
    """Also with no settings at all, and long after its review."""
    away, slow = "No worker is reading this chat now.", "A worker may take a while to see this."
    for channel, facts in product(("web", "telegram"), (FACTS, {})):
        for is_open in (False, True):
            situation = Situation(channel, open=is_open)
            text = ANSWERS.render(answer, {}, situation, facts, LONG_AFTER).text
            assert (away in text, slow in text) == (not is_open, is_open)


def test_the_calendar_is_linked_on_the_web_and_sent_as_a_file_in_telegram() -> None:
    for key in ("notice_booked", "notice_booked_online", "notice_moved", "notice_moved_online"):
        for values, situation, facts in product(values_of(key), SITUATIONS, (FACTS, {})):
            text = ANSWERS.render(key, values, situation, facts, TODAY).text
            assert ("/calendar/abc.ics" in text) == (situation.channel == "web")
            assert f"Tuesday {AT.day} December at 6pm to 9pm" in text
            assert "Tuesday 8 December at 6pm to 9pm" in text
