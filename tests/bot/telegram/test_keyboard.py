"""Buttons in rows and long texts in parts, as Telegram counts."""

from hypothesis import given
from hypothesis import strategies as st

from bot.telegram.keyboard import MAX_TEXT, keyboard, parts


def rows(*titles: str) -> list[list[str]]:
    made = keyboard([{"title": title, "payload": str(number)} for number, title in enumerate(titles)])
    return [[button.text for button in row] for row in made.inline_keyboard] if made else []


def test_short_titles_share_a_row_and_long_ones_have_their_own() -> None:
    assert rows() == []
    assert rows("Yes", "No", "Stop") == [["Yes", "No"], ["Stop"]]
    assert rows("Tuesday 1 December at 6pm", "No") == [["Tuesday 1 December at 6pm"], ["No"]]


@given(st.lists(st.text(min_size=1, max_size=40), max_size=12))
def test_every_button_stays_and_in_its_order(titles: list[str]) -> None:
    assert [title for row in rows(*titles) for title in row] == titles


@given(st.text(alphabet=st.sampled_from("ab \n😀é"), max_size=30).map(lambda text: text * 900))
def test_no_part_is_too_long_and_no_word_is_lost(text: str) -> None:
    pieces = parts(text)
    assert all(len(piece.encode("utf-16-le")) // 2 <= MAX_TEXT for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())
