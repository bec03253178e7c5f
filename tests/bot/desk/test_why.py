"""`GET /chat/answers/{answer}`: where an answer comes from, the same for everybody, and nothing about anybody."""

import httpx
import pytest

from bot import limits
from programme import why
from programme.rules.limit import Limit
from storage.setting import Setting
from tests.bot.desk.conftest import Desk


def look(desk: Desk, answer: str) -> httpx.Response:
    return httpx.get(f"{desk.url}/chat/answers/{answer}")


def test_it_tells_source_approver_and_dates(desk: Desk) -> None:
    got = look(desk, "utter_ask_what_is_programme")
    assert got.status_code == 200
    assert set(got.json()) == {"source", "approver", "approved_on", "review_by", "sample"}
    assert got.json()["source"].startswith("Thames Valley Police, news release of December 2021")
    assert (got.json()["approved_on"], got.json()["review_by"]) == ("2026-11-23", "2027-11-01")
    assert got.json()["sample"] is True


def test_no_browser_keeps_what_was_looked_at_and_no_cookie_is_set(desk: Desk) -> None:
    got = look(desk, "utter_ask_criminal_record")
    assert got.headers["cache-control"] == "no-store"
    assert "set-cookie" not in got.headers


def test_a_setting_that_changes_is_told_with_its_new_source(desk: Desk) -> None:
    assert look(desk, "utter_ask_cost").json()["source"] == "The sample programme"
    with desk.ctx.database.writing() as session:
        row = session.get_one(Setting, "cost_text")
        row.source = "Druglink, letter of 3 December"
        session.add(row)
    assert look(desk, "utter_ask_cost").json()["source"] == "Druglink, letter of 3 December"


@pytest.mark.parametrize(
    "answer", ["utter_nothing_such", "utter_step_reference", "notice_menu", "label_yes", "x" * 500, "%2e%2e", "a%00b"]
)
def test_what_has_no_source_is_not_found(desk: Desk, answer: str) -> None:
    assert look(desk, answer).status_code == 404


def test_the_page_is_told_which_answers_have_one(desk: Desk) -> None:
    explained = httpx.get(f"{desk.url}/chat/labels.json").json()["explained"]
    assert explained == why.explained(desk.ctx.answers)
    assert {look(desk, answer).status_code for answer in explained} == {200}


def test_too_many_looks_from_one_address_are_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "LOOKUPS", Limit(3, limits.LOOKUPS.window))
    desk.restart()
    assert [look(desk, "utter_ask_cost").status_code for _ in range(4)] == [200, 200, 200, 429]
    assert look(desk, "utter_ask_cost").json()["code"] == "too_fast"
