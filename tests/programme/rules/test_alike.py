"""Like messages come together, each message in one group."""

from hypothesis import given
from hypothesis import strategies as st

from programme.rules.alike import group


def test_slips_do_not_keep_messages_apart() -> None:
    texts = ["can i bring my dog", "whats for dinner", "can i bring me dog", "can i brng my dog?"]
    assert group(texts) == [[0, 2, 3], [1]]


def test_short_ones_are_alike_when_they_are_the_same() -> None:
    assert group(["ok", "OK", "no", ""]) == [[0, 1], [2], [3]]


@given(st.lists(st.text(max_size=30), max_size=20))
def test_every_message_is_in_one_group(texts: list[str]) -> None:
    groups = group(texts)
    assert sorted(place for places in groups for place in places) == list(range(len(texts)))
    assert [len(places) for places in groups] == sorted((len(places) for places in groups), reverse=True)
