"""How the words read: plain, short and kind, and nothing in them that would give somebody away."""

import re
import warnings
from functools import cache

import pytest

from tests.programme.answer_files import ALL, ANSWERS, FILE_OF, SETTINGS, plain, renderings, spoken

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # that it uses pkg_resources, which is why setuptools is pinned
    import textstat

READING_AGE = 9
SCHOOL_STARTS = 5  # Flesch and Kincaid's grade n is read at n years of school, so at the age of n + 5

STIGMA = re.compile(
    r"\b(?:addict(?:s|ed|ion)?|junkies?|druggies?|abuse(?:rs?)?|misuse|clean|dirty|offenders?|criminals?|perpetrators?"
    r"|users?|guilty|habit|non-?complian\w+|refus\w+|fail(?:ed|ure)?|suffer\w*|victims?|commit(?:ted)? suicide)\b",
    re.IGNORECASE,
)
JARGON = re.compile(
    r"\b(?:diversion|disposal|intervention|referral pathway|engage|appointments?|UTC|null|error|invalid|chatbot"
    r"|deferred|prosecution|handoff|verif\w+|authenticat\w+|stakeholders?|facilitat\w+|signpost\w*|non-attendance)\b",
    re.IGNORECASE,
)
OWN_NAMES = ("domestic abuse helpline", "diversion@druglink.ltd.uk")
# The person's papers have it, and it is what they ask about.
EXPLAINED = {"utter_ask_deferred_prosecution": "“deferred prosecution”"}


def test_no_word_puts_anybody_down_and_none_is_jargon() -> None:
    for key, text in spoken():
        bare = text.lower()
        for known in (*OWN_NAMES, EXPLAINED.get(key, "")):
            bare = bare.replace(known or "\0", "")
        assert not STIGMA.search(bare), (key, text)
        assert not JARGON.search(bare), (key, text)
    for label, text in ANSWERS.labels.items():
        assert not STIGMA.search(text) and not JARGON.search(text), label


def test_nothing_is_shouted_and_one_thing_is_asked_at_a_time() -> None:
    for file, key, variation in ALL:
        assert variation["text"].count("?") <= 1, key
        assert "!" not in variation["text"] or file == "telegram.yml", key


def test_nothing_says_that_it_is_free_or_what_will_be_decided() -> None:
    for key, text in spoken():
        assert not re.search(r"(?<!place was )(?<!date was )\bfree\b(?! legal help)", text), key
        assert not re.search(r"you will (?:not )?(?:be charged|go to court|get|have) a?\b", text), key
        assert not re.search(
            r"\b(?:plead|admit|too late to prosecute|visa|your employer|conviction|caution)\b", text
        ), key
        assert not re.search(r"\b(?:we|I) (?:promise|guarantee)\b", text), key


def test_it_is_short() -> None:
    """What tells a fact may take a small phone's screen; what leads on through the dialogue is shorter."""
    lengths = {key: max(len(each.text) for each in renderings(key)) for key in ANSWERS.names()}
    assert {key: length for key, length in lengths.items() if length > 450} == {}
    steps = [
        length for key, length in lengths.items() if FILE_OF[key] in ("booking.yml", "identity.yml", "steering.yml")
    ]
    assert sum(length <= 220 for length in steps) >= 0.95 * len(steps)


UNASKED = ("notice_booked", "notice_moved", "notice_cancelled")


def test_notices_give_nothing_away() -> None:
    for key, text in spoken():
        if FILE_OF[key] in ("notices.yml", "outreach.yml"):
            assert not re.search(r"drug|police|offence|court|referr|diversion", text, re.IGNORECASE), key
        elif FILE_OF[key] == "telegram.yml":
            assert not re.search(r"\b(?:drugs?|police|offence|court)\b", text, re.IGNORECASE), key
    for label in ("label_calendar_title", "label_calendar_note", "label_telegram_calendar", "label_telegram_proof",
                  "label_page_title", "label_mail_title"):  # fmt: skip
        assert not re.search(r"drug|police|offence|court", ANSWERS.labels[label], re.IGNORECASE)
    assert {key for key in FILE_OF if key.startswith(UNASKED)} <= {key for key, _ in spoken()}


@cache
def reading_age(text: str) -> float:
    return float(textstat.flesch_kincaid_grade(plain(text))) + SCHOOL_STARTS


@pytest.mark.parametrize("topic", sorted(set(FILE_OF.values())))
def test_a_child_of_nine_can_read_each_topic(topic: str) -> None:
    texts = [text for key, text in spoken() if FILE_OF[key] == topic]
    assert reading_age("\n".join(texts)) <= READING_AGE


def test_no_single_answer_is_much_harder() -> None:
    """Short texts have few words to judge by, so that one long name counts for much."""
    ages = {key: reading_age(text) for key, text in spoken() if len(text) >= 60}
    assert {key: round(age, 1) for key, age in ages.items() if age > READING_AGE + 2} == {}


def test_the_settings_of_the_sample_are_as_plain() -> None:
    texts = [value for key, value in SETTINGS.items() if key.endswith("_text")]
    assert reading_age("\n".join(texts)) <= READING_AGE


def test_the_measure_tells_plain_words_from_officialese() -> None:
    assert reading_age("You can move your place. Tell me if you want to.") < 7
    officialese = "Participants are required to notify administration regarding rescheduling immediately."
    assert reading_age(officialese) > 17
