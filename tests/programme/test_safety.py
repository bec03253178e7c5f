"""The phrase layer: what it must find, what it must leave alone, and that no text can break it."""

import itertools
import pickle
import re
import time
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from programme.notation import PhraseUnreadableError
from programme.rules.danger import DANGERS
from programme.safety import Danger, Safety
from tests.nlu_files import examples

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "nlu" / "safety"
SAFETY = Safety.load(FOLDER)
MUST_CATCH = yaml.safe_load((Path(__file__).parent / "data" / "must_catch.yml").read_text(encoding="utf-8"))
CAUGHT = [(kind, text) for kind, texts in MUST_CATCH.items() for text in texts]
TEXTS = [text for _, text in CAUGHT]


def recall(file: Path) -> float:
    found = [bool(SAFETY.check(text)) for intent, text in examples(file) if intent in DANGERS]
    assert len(found) > 200
    print(f"{file.name}: phrase layer alone finds {sum(found)} of {len(found)}")
    return sum(found) / len(found)


@pytest.mark.parametrize(("kind", "text"), CAUGHT, ids=TEXTS)
def test_what_must_be_caught_is_caught_as_what_it_is(kind: str, text: str) -> None:
    found = SAFETY.check(text)
    assert found is not None
    assert found.kind == kind


OTHER_LANGUAGES = yaml.safe_load((Path(__file__).parent / "data" / "languages.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("kind", "text"), [(kind, text) for kind, texts in OTHER_LANGUAGES["danger"].items() for text in texts]
)
def test_danger_is_found_in_the_languages_around_us(kind: str, text: str) -> None:
    found = SAFETY.check(text)
    assert found is not None and found.kind == kind


@pytest.mark.parametrize("text", [*OTHER_LANGUAGES["harmless"], *itertools.chain(*OTHER_LANGUAGES["plain"].values())])
def test_what_is_harmless_in_them_is_left_alone(text: str) -> None:
    assert SAFETY.check(text) is None


LOOKALIKES = yaml.safe_load((FOLDER / "lookalikes.yml").read_text(encoding="utf-8"))["lookalikes"]


@pytest.mark.parametrize("text", LOOKALIKES)
def test_what_only_sounds_like_danger_is_left_alone(text: str) -> None:
    assert SAFETY.check(text) is None


def test_recall_of_the_phrase_layer_alone() -> None:
    # A floor and no measure: many of the examples were picked since this list had missed them.
    assert recall(ROOT / "nlu/examples/safety.yml") >= 0.8
    assert recall(ROOT / "tests/nlu/safety_and_talk.yml") >= 0.97
    assert recall(ROOT / "tests/nlu/people.yml") >= 0.95


STRANGERS = yaml.safe_load((Path(__file__).parent / "data" / "strangers.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("kind", DANGERS)
def test_danger_in_the_words_of_somebody_who_knows_the_subject_is_found(kind: str) -> None:
    missed = [text for text in STRANGERS[kind] if SAFETY.check(text) is None]
    assert len(STRANGERS[kind]) >= 20
    assert len(missed) <= 1, missed


def test_their_harmless_messages_are_left_alone() -> None:
    alarms = [text for text in STRANGERS["harmless"] if SAFETY.check(text)]
    assert len(STRANGERS["harmless"]) >= 120
    assert len(alarms) <= 1, alarms


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("my mate's gone blue", "medical_emergency"),
        ("i want to kill my self", "risk_of_suicide"),
        ("He cut Him Self and its squirting", "medical_emergency"),
        ("dad's hitting mum", "safeguarding_concern"),
        ("been awake 4 days", "mental_health_crisis"),
    ],
)
def test_possessives_figures_and_a_self_written_apart_are_read(text: str, kind: str) -> None:
    found = SAFETY.check(text)
    assert found is not None and found.kind == kind


def test_false_alarms_stay_under_one_percent() -> None:
    files = [*(ROOT / "nlu/examples").glob("*.yml"), *(ROOT / "tests/nlu").glob("*.yml")]
    harmless = [text for file in files for intent, text in examples(file) if intent not in DANGERS]
    alarms = [text for text in harmless if SAFETY.check(text)]
    assert len(harmless) > 500
    assert len(alarms) / len(harmless) <= 0.01, alarms


@settings(max_examples=400, deadline=None)
@given(st.text(max_size=400))
def test_no_text_makes_it_fail(text: str) -> None:
    assert SAFETY.check(text) is None or isinstance(SAFETY.check(text), Danger)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(TEXTS), st.data())
def test_case_spaces_and_stretched_ends_change_nothing(text: str, data: st.DataObject) -> None:
    plain = SAFETY.check(text)
    cased = "".join(data.draw(st.sampled_from([letter.upper(), letter.lower()])) for letter in text)
    spaced = re.sub(" ", lambda _: data.draw(st.sampled_from(["  ", "\n", " \t ", ", ", "... "])), cased)
    assert SAFETY.check(spaced) == plain
    longer = data.draw(st.integers(min_value=2, max_value=6))
    last = max(text.split(), key=lambda word: (len(word), word))
    if last.isalpha() and len(last) > 2:
        assert SAFETY.check(text.replace(last, last + last[-1] * longer)) == plain


def test_the_most_urgent_danger_wins() -> None:
    both = "i want to die and ive taken an overdose and my boyfriend hits me"
    assert SAFETY.check(both) == Danger("medical_emergency", "overdose")


def test_it_keeps_nothing_of_what_it_reads() -> None:
    assert SAFETY.check("Zebedee Quixotington wants to die at 14 Flumpwick Lane") is not None
    kept = pickle.dumps(SAFETY.__dict__).lower()
    assert b"suicid" in kept
    assert not any(word in kept for word in (b"zebedee", b"quixotington", b"flumpwick"))


def test_it_answers_within_two_milliseconds() -> None:
    texts = [text for _, text in examples(ROOT / "nlu/examples/safety.yml")]
    best = min(_seconds(texts) for _ in range(3))
    assert best / len(texts) < 0.002


LONGEST = 2000
REPEATED = [
    "i will hurt him ",
    "they know where i live and ",
    "took ",
    "not ",
    "he said they will not let me leave ",
    "a",
    "救",
]


@pytest.mark.parametrize("piece", REPEATED)
def test_the_longest_message_is_read_in_time(piece: str) -> None:
    text = (piece * LONGEST)[:LONGEST]
    SAFETY.check(text)  # what it needs is compiled now
    assert min(_seconds([text]) for _ in range(3)) < 0.1


def _seconds(texts: list[str]) -> float:
    begun = time.process_time()  # not the clock on the wall: a busy machine is no slower check
    for text in texts:
        SAFETY.check(text)
    return time.process_time() - begun


def write(folder: Path, phrases: list[dict[str, object]]) -> None:
    (folder / "phrases").mkdir()
    (folder / "phrases" / "some.yml").write_text(yaml.safe_dump({"phrases": phrases}), encoding="utf-8")


GOOD = {"id": "x", "danger": "risk_of_suicide", "reason": "r", "any": ["want to die"]}


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"danger": "sadness"}, "danger must be one of"),
        ({"any": []}, "a list `any`"),
        ({"any": ["{want to die"]}, "cannot read"),
        ({"any": ["<nobody> die"]}, "no set <nobody>"),
        ({"any": ["cant breathe"]}, "read as 'can not'"),
        ({"any": ["Want to die"]}, "small letters"),
        ({"any": ["~3"]}, "no word at all"),
        ({"any": [7]}, "a line of text"),
        ({"note": "?"}, "unknown keys: note"),
    ],
)
def test_a_bad_phrase_is_named_with_its_file(tmp_path: Path, change: dict[str, object], why: str) -> None:
    (tmp_path / "words.yml").write_text("spellings: {can not: [cant]}", encoding="utf-8")
    write(tmp_path, [GOOD | change])
    with pytest.raises(PhraseUnreadableError, match=re.escape(why)) as raised:
        Safety.load(tmp_path)
    assert "some.yml: x:" in str(raised.value)


def test_two_phrases_of_one_id_and_a_missing_file_are_errors(tmp_path: Path) -> None:
    with pytest.raises(PhraseUnreadableError, match=r"words\.yml"):
        Safety.load(tmp_path)
    (tmp_path / "words.yml").write_text("{}", encoding="utf-8")
    write(tmp_path, [GOOD, GOOD])
    with pytest.raises(PhraseUnreadableError, match="an id of its own"):
        Safety.load(tmp_path)
