"""The words of what is sent unasked: short enough for a phone, and nothing that gives anybody away or blames them."""

import re
from datetime import date

import pytest

from programme.answers import Situation
from tests.builders import NOW
from tests.programme.desk import ANSWERS

GSM = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿"
    "abcdefghijklmnopqrstuvwxyzäöñüà"
)


@pytest.mark.parametrize("answer", [name for name in ANSWERS.names() if name.startswith("notice_text_")])
def test_a_text_message_is_two_parts_at_most_and_brings_their_own_link(answer: str) -> None:
    """With a long name of a venue and a long address. A sign that no phone has would make each part half as long."""
    values = {
        "starts_at": "2026-12-23T18:00:00+00:00",
        "venue": "Wokingham Town Hall Community Centre",
        "book_by": date(2026, 12, 23),
        "matching_word": "tambourine",
        "link": f"https://chat.reading-programme.example.org.uk/r/{'x' * 22}",
    }
    for each in ANSWERS.variations(answer):
        needs = each["metadata"].get("needs", [])
        given = {key: value for key, value in values.items() if key in ("starts_at", "venue", "link", *needs)}
        text = ANSWERS.render(answer, given, Situation(verified=False, booked=False), {}, NOW.date()).text
        assert len(text) <= 306 and set(text) <= GSM, (len(text), set(text) - GSM)
        assert values["link"] in text


def test_nothing_that_is_sent_unasked_says_why_somebody_is_here() -> None:
    names = [
        name
        for name in ANSWERS.names()
        if name.startswith(("notice_reminder", "notice_nudge", "notice_text", "notice_mail"))
    ]
    assert len(names) > 10
    for name in names:
        for each in ANSWERS.variations(name):
            said = str(each["text"]).casefold()
            assert not re.search("drug|police|druglink|offen[cs]e|crime|court|arrest|must |have to|fail", said), name
