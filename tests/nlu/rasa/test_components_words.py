"""How a message is cleaned before it is understood: normaliser, speller, typos."""

import random
from pathlib import Path

import numpy as np
import pytest

from nlu.components.normaliser import HEAD_WORDS, TAIL_WORDS, normalise, read_shorthand
from nlu.components.speller import Speller, count_words, read_english, read_protected
from nlu.components.typos import mistype
from nlu.measure import read_examples

PROJECT = Path(__file__).resolve().parents[3]
TAUGHT = ("ask_cost", "ask_location", "request_human", "cancel_booking", "greet", "medical_emergency", "out_of_scope")


@pytest.fixture(scope="module")
def examples():
    return [row for row in read_examples(PROJECT / "nlu" / "examples") if row[1] in TAUGHT]


@pytest.fixture(scope="module")
def speller(examples):
    return Speller(read_english(), count_words([normalise(text) for text, _ in examples]))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("I’m coming TMRW", "i'm coming tomorrow"),
        ("pls can u help", "please can you help"),
        ("dont know wot 2 do", "don't know what 2 do"),
        ("heeeelp!!!!", "heelp"),
        ("Ｂｏｏｋ  a\u200b place", "book a place"),
        ("café", "cafe"),
        ("👍🏽", "yes"),
        ("y", "yes"),
        ("why", "why"),
        ("2", "the second one"),
        ("2 pm", "2 pm"),
        ("3/2/91", "3/2/91"),
        ("", ""),
        ("…", ""),
    ],
)
def test_many_ways_of_writing_are_read_as_one(typed, read):
    assert normalise(typed) == read


def test_reading_again_what_was_read_changes_nothing():
    for row in read_examples(PROJECT / "nlu" / "examples")[::7]:
        once = normalise(row[0])
        assert normalise(once) == once


def test_a_long_message_keeps_its_start_and_its_end():
    words = [f"word{i}" for i in range(400)]
    read = normalise(" ".join(words)).split()
    assert read == words[:HEAD_WORDS] + words[-TAIL_WORDS:]


def test_shorthand_means_one_thing_and_never_itself():
    tables = read_shorthand()
    for table in tables.values():
        assert all(form != meaning for form, meaning in table.items())
    assert not set(tables["words"]) & {"its", "well", "ill", "were", "2", "4"}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("where is teh venue", "where is the venue"),
        ("cancle my bookign", "cancel my booking"),
        ("how mcuh does it cost", "how much does it cost"),
        ("thrusday evning", "thursday evening"),
        ("can i speek to somone", "can i speak to someone"),
        ("i dnot need th rigth place", "i don't need the right place"),
        ("i wannz cancel", "i want to cancel"),
    ],
)
def test_slips_are_mended(speller, typed, meant):
    assert speller.correct(normalise(typed)) == meant


def test_protected_words_names_and_numbers_are_left_alone(speller):
    for word in sorted(read_protected()):
        assert speller.correct(word) == word
    for text in (
        "tvp-4f7k-92",
        "tpv-2j6p-90",
        "rg1 2ab",
        "10ish",
        "hes oding",
        "we're",
        "who'd",
        "colour",
        "programme",
        "organise",
    ):
        assert speller.correct(text) == text


def test_most_slips_of_the_thumb_are_mended_and_little_else_is_touched(speller, examples):
    chance = random.Random(3)
    clean = [speller.correct(normalise(text)) for text, _ in examples]
    typed = [speller.correct(normalise(mistype(text, 1, chance))) for text, _ in examples]
    assert np.mean([a == b for a, b in zip(clean, typed, strict=True)]) > 0.75
    assert np.mean([normalise(text) == a for (text, _), a in zip(examples, clean, strict=True)]) > 0.97


def test_typos_come_from_their_seed():
    text = "when is my session please"
    first, again = (mistype(text, 2, random.Random(4)) for _ in range(2))
    assert first == again != text
    assert mistype("ok", 2, random.Random(4)) == "ok"
