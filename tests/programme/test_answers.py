"""Which variation of an answer is said: what it needs must be known, and the situation must fit."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from programme.answers import Answers, Fact, MissingValueError, Situation

TODAY = date(2026, 11, 23)
OLD, NEW = date(2026, 11, 22), date(2027, 6, 1)


def answers(*variations: dict[str, Any]) -> Answers:
    unknown = [{"text": "Nobody has told me.", "buttons": [{"title": "Ask", "payload": "/request_human"}]}]
    return Answers({"utter_x": variations, "utter_not_known": unknown}, {})


def said(known: Answers, values: dict[str, Any] | None = None, today: date = TODAY, **facts: Fact) -> str:
    return known.render("utter_x", values or {}, Situation("web", True, False), facts, today).text


def variation(text: str, **metadata: Any) -> dict[str, Any]:
    return {"text": text, "metadata": {"review_by": NEW.isoformat(), **metadata}}


PLAIN = variation("It costs something.")
PRICED = variation("It costs {cost}.", needs=["cost"])


def test_what_tells_more_is_said_where_it_is_known() -> None:
    assert said(answers(PLAIN, PRICED), cost=Fact("£5", NEW)) == "It costs £5."
    assert said(answers(PRICED, PLAIN), cost=Fact("£5", NEW)) == "It costs £5."


@pytest.mark.parametrize("facts", [{}, {"cost": Fact("  ", NEW)}, {"cost": Fact("£5", OLD)}])
def test_what_is_missing_empty_or_expired_leaves_the_answer_that_does_not_need_it(facts: dict[str, Fact]) -> None:
    assert said(answers(PRICED, PLAIN), **facts) == "It costs something."


def test_an_answer_with_nothing_left_to_say_is_named_as_unanswered() -> None:
    rendered = answers(PRICED).render("utter_x", {}, Situation(), {}, TODAY)
    assert (rendered.answer, rendered.unanswered) == ("utter_not_known", "utter_x")
    assert [button.intent for button in rendered.buttons] == ["request_human"]


def test_a_value_can_be_needed_too() -> None:
    linked = variation("Join at {where}.", needs=["where"])
    known = answers(linked, variation("The link comes later."))
    assert said(known, {"where": "https://example.org"}) == "Join at https://example.org."
    assert said(known, {"where": None}) == "The link comes later."


def test_a_missing_value_that_was_not_named_as_needed_is_an_error() -> None:
    with pytest.raises(MissingValueError):
        said(answers(variation("Join at {where}.")), {"where": None})


def test_the_situation_counts_before_what_is_known() -> None:
    booked = variation("You have a place.", when={"booked": True})
    here = variation("On the web.", when={"channel": "web", "verified": True})
    assert said(answers(PRICED, booked, here), cost=Fact("£5", NEW)) == "On the web."


def test_review_dates_silence_facts_but_never_what_lasts() -> None:
    after = date(2027, 6, 2)
    assert said(answers(PLAIN), today=NEW) == "It costs something."
    assert said(answers(PLAIN), today=after) == "Nobody has told me."
    assert said(answers(variation("Call 999.", lasting=True)), today=after) == "Call 999."


def test_times_are_told_a_line_each_in_london_time() -> None:
    winter = [datetime(2026, 12, 1, 18, 0, tzinfo=UTC), datetime(2026, 12, 1, 20, 30, tzinfo=UTC)]
    summer = [datetime(2027, 6, 5, 9, 0, tzinfo=UTC), datetime(2027, 6, 5, 12, 0, tzinfo=UTC)]
    times = [[each.isoformat() for each in pair] for pair in (winter, summer)]
    assert said(answers(variation("{times:span}")), {"times": times}).splitlines() == [
        "Tuesday 1 December at 6pm to 8:30pm",
        "Saturday 5 June at 10am to 1pm",
    ]


LINE = {"value": "111", "source": "s", "approver": "a", "approved_on": "2026-01-01", "review_by": "2026-02-01"}
CALL = variation("Call {line}.", needs=["line"], lasting=True)


@pytest.mark.parametrize("facts", [{}, {"line": Fact(" ", NEW)}, {"line": Fact("222", OLD)}])
def test_a_help_line_is_there_without_a_setting_and_after_its_review(facts: dict[str, Fact]) -> None:
    known = Answers({"utter_x": [CALL], "utter_not_known": [PLAIN]}, {}, {"line": LINE})
    assert said(known, **facts) == "Call 111."


def test_a_setting_of_its_name_goes_before_a_help_line() -> None:
    known = Answers({"utter_x": [CALL], "utter_not_known": [PLAIN]}, {}, {"line": LINE})
    assert said(known, line=Fact("222", NEW)) == "Call 222."


def test_what_an_answer_may_need_is_told_for_all_its_variations() -> None:
    known = answers(PRICED, PLAIN, variation("At {where}.", needs=["where"]))
    assert known.needs("utter_x") == {"cost", "where"}
    assert known.needs("utter_nothing_such") == frozenset()
