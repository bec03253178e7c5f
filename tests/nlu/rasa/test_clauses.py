"""Clauses: where a message falls apart, what it asks beside the first thing, and danger in any part of it."""

import pytest

from nlu.components.clauses import HINT_OF_DANGER, LONGEST, MOST_CLAUSES, split, understand
from nlu.components.model import Reading

DANGER = frozenset({"medical_emergency"})
MEANT = {
    "book me in": ("book_course", 0.9),
    "how much is it": ("ask_cost", 0.9),
    "is there parking": ("ask_location", 0.9),
    "my boss lets me go": ("ask_criminal_record", 0.7),
    "will my boss hear": ("ask_privacy", 0.7),
    "worried about my dbs": ("ask_criminal_record", 0.9),
    "what is it about": ("ask_what_is_programme", 0.5),
    "my mate has gone blue": ("medical_emergency", 0.9),
    "i was selling it": ("disclose_offence", 0.9),
    "i might have sold some": ("disclose_offence", 0.5),
}


def read(text: str) -> Reading:
    """A reading as the model would give it: the first thing that it knows, in the order of the text."""
    known = [meant for _, meant in sorted((text.find(words), meant) for words, meant in MEANT.items() if words in text)]
    rest = [(name, HINT_OF_DANGER) for name, _ in known[1:] if name in DANGER]
    return Reading([known[0], *rest], True) if known else Reading([("greet", 0.3)], False)


@pytest.mark.parametrize(
    ("text", "clauses"),
    [
        ("book me in and how much is it", ["book me in", "how much is it"]),
        ("i want friday and saturday", ["i want friday and saturday"]),
        ("do i need id? and is there parking", ["do i need id", "and is there parking"]),
        ("ok so i got this letter what happens if i dont go", ["ok so i got this letter", "what happens if i dont go"]),
        ("yes and can i bring my mum", ["yes and can i bring my mum"]),
        ("hello", ["hello"]),
        ("", [""]),
        ("???", ["???"]),
    ],
)
def test_a_message_falls_apart_where_a_person_would_take_breath(text: str, clauses: list[str]) -> None:
    assert split(text) == clauses


def test_a_long_story_stays_whole_and_clauses_are_few() -> None:
    assert split("what now? " * LONGEST) == ["what now? " * LONGEST]
    assert len(split("what now? " * (MOST_CLAUSES + 3))) == MOST_CLAUSES


def test_what_is_asked_beside_the_first_thing_is_kept_in_order() -> None:
    understood = understand("book me in, how much is it and is there parking", read, DANGER)
    assert understood.reading.ranking[0][0] == "book_course"
    assert [name for name, _ in understood.questions] == ["ask_cost", "ask_location"]


def test_one_clause_asks_nothing_more_and_an_unsure_one_is_left_out() -> None:
    assert understand("how much is it", read, DANGER).questions == []
    assert understand("book me in. what is it about", read, DANGER).questions == []


def test_a_clause_without_a_word_that_asks_must_be_surer() -> None:
    assert understand("book me in, my boss lets me go", read, DANGER).questions == []
    assert [name for name, _ in understand("book me in, will my boss hear", read, DANGER).questions] == ["ask_privacy"]
    worried = understand("book me in, worried about my dbs", read, DANGER)
    assert [name for name, _ in worried.questions] == ["ask_criminal_record"]


def test_danger_in_any_clause_wins() -> None:
    understood = understand("how much is it. also my mate has gone blue", read, DANGER)
    assert understood.reading.ranking[0][0] == "medical_emergency"
    assert understood.questions == []


def test_danger_that_only_a_torn_out_clause_sounds_like_is_left_alone() -> None:
    def torn(text: str) -> Reading:
        whole = [("complain", 0.8), ("mental_health_crisis", HINT_OF_DANGER - 0.01)]
        return Reading(whole if " and " in text else [("mental_health_crisis", 0.9)], True)

    crisis = frozenset({"mental_health_crisis"})
    assert understand("the form is broken and i can not cope", torn, crisis).reading.ranking[0][0] == "complain"


def test_an_offence_told_beside_something_else_is_noticed_and_what_is_asked_stays() -> None:
    understood = understand("book me in. i was selling it that night. how much is it", read, DANGER)
    assert understood.reading.ranking[0][0] == "book_course"
    assert understood.told == ["disclose_offence"]
    assert [name for name, _ in understood.questions] == ["ask_cost"]
    assert understand("book me in. i might have sold some", read, DANGER).told == []


def test_what_a_message_is_about_is_not_also_told() -> None:
    assert understand("i was selling it. how much is it", read, DANGER).told == []
    assert understand("i was selling it", read, DANGER).told == []


def test_words_of_somebody_in_danger_are_not_hidden_from_who_helps() -> None:
    assert understand("how much is it. i was selling it and my mate has gone blue", read, DANGER).told == []
    assert understand("my mate has gone blue. i was selling it", read, DANGER).told == []
