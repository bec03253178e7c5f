"""The page as the server sends it: every word from the labels, escaped, under a strict policy."""

import re
from pathlib import Path

import pytest
import yaml

from bot.pages import STATIC, ChatPage, PageNotReadyError, page_headers

LABELS: dict[str, str] = yaml.safe_load(Path("nlu/answers/page.yml").read_text(encoding="utf-8"))["labels"]


def make(**changes: object) -> ChatPage:
    settings = {"labels": LABELS, "phone": "01923 271 783", "leave_to": "https://www.example.org/", "sample": True}
    return ChatPage(**{**settings, **changes})  # type: ignore[arg-type]


def test_no_blank_is_left_open() -> None:
    assert "{" not in re.sub(r"(?s)<style.*?</style>", "", make().html())
    assert "{{" not in make().embed_script()


def test_every_word_is_escaped() -> None:
    page = make(labels={**LABELS, "label_page_heading": '<b>"x"</b>'}, phone='1"><script>').html()
    assert "<b>" not in page and '1"><script>' not in page


def test_a_missing_word_is_found_before_anyone_reads() -> None:
    with pytest.raises(PageNotReadyError):
        make(labels={key: text for key, text in LABELS.items() if key != "label_leave"})
    with pytest.raises(PageNotReadyError):
        make(labels={key: text for key, text in LABELS.items() if key != "label_embed_open"})


@pytest.mark.parametrize("address", ["javascript:alert(1)", "/weather", ""])
def test_leaving_leads_to_the_web_only(address: str) -> None:
    with pytest.raises(PageNotReadyError):
        make(leave_to=address)


def test_the_policy_allows_nothing_inline_and_nobody_else() -> None:
    policy = page_headers()["Content-Security-Policy"]
    assert "unsafe" not in policy and "*" not in policy and "http" not in policy
    assert "frame-ancestors 'none'" in policy
    assert (
        "frame-ancestors https://a.example https://b.example"
        in (page_headers(("https://a.example", "https://b.example"))["Content-Security-Policy"])
    )
    assert page_headers()["Cache-Control"] == "no-store"


@pytest.mark.parametrize("host", ["chat.example.org", "127.0.0.1:8000", "[::1]:8000"])
def test_the_socket_of_the_own_host_is_allowed_by_name(host: str) -> None:
    """Older Safari does not count it as 'self'."""
    assert f"connect-src 'self' wss://{host} ws://{host};" in page_headers((), host)["Content-Security-Policy"]


@pytest.mark.parametrize("host", ["", "a.example; script-src *", "a.example b.ex", "*", "a.example/x", "é.example"])
def test_a_host_that_is_none_adds_nothing_to_the_policy(host: str) -> None:
    assert page_headers((), host) == page_headers()


def test_the_page_itself_has_nothing_inline() -> None:
    page = make().html()
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]* src=)", page)


def read_scripts() -> str:
    return "\n".join(path.read_text(encoding="utf-8") for path in STATIC.glob("*.js"))


MADE_UP = {
    *(f"label_{kind}_{who}" for kind in ("owner", "banner") for who in ("bot", "queued", "worker")),
    *(f"label_from_{who}" for who in ("own", "assistant", "worker", "notice")),
    *(f"label_error_{code}" for code in ("bad_frame", "too_long", "too_fast", "unknown_session", "unavailable")),
    *(f"label_embed_{word}" for word in ("open", "close", "frame", "new")),
}


def test_every_word_that_the_page_asks_for_is_there() -> None:
    html = set(re.findall(r"\{\{(label_\w+)\}\}", (STATIC / "index.html").read_text(encoding="utf-8")))
    asked = {f"label_{name}" for name in re.findall(r'\bword\((?:[^")]*[^")=]+ \? )?"(\w+)"', read_scripts())}
    assert len(asked) > 20
    assert (html | asked | MADE_UP) - set(LABELS) == set()


def test_no_word_is_there_for_nothing() -> None:
    html = set(re.findall(r"\{\{(label_\w+)\}\}", (STATIC / "index.html").read_text(encoding="utf-8")))
    named = {f"label_{name}" for name in re.findall(r'"(\w+)"', read_scripts())}
    of_the_server = {"label_public_phone", "label_leave_to", "label_error_no_calendar"}
    assert set(LABELS) - html - named - MADE_UP - of_the_server == set()


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.js")), ids=lambda path: path.name)
def test_modules_are_short_hold_no_sentences_and_write_no_markup(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.startswith("// ") and text.count("\n") < 300
    assert not re.search(
        r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|localStorage|\(\?<[=!]", text
    )
