"""When a model may go live: every single loss of what must not be lost is an objection, and nothing else is."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from programme.rules.danger import DANGERS
from programme.rules.live import (
    BUILT_IN,
    Domain,
    NotComparableError,
    Objection,
    Row,
    Share,
    Why,
    check_domain,
    check_replies,
    judge,
)

FIXED = frozenset({"ask_criminal_record", "ask_admission"})
INTENTS = (*DANGERS, *FIXED, "ask_cost", "greet", "nlu_fallback")

DANGER = Row("he is not breathing", "medical_emergency", "medical_emergency", True)
RECORD = Row("is it a record", "ask_criminal_record", "ask_criminal_record")
COST = Row("is it free", "ask_cost", "ask_cost")


def whys(live: list[Row], candidate: list[Row], margin: float = 0.5) -> list[Why]:
    return [one.why for one in judge(live, candidate, FIXED, margin).objections]


def test_the_same_model_may_always_go_live() -> None:
    verdict = judge([DANGER, RECORD, COST], [DANGER, RECORD, COST], FIXED, 0)
    assert verdict.objections == ()
    assert verdict.dangers == verdict.consequences == verdict.elsewhere == (Share(1, 1), Share(1, 1))


def test_one_danger_that_gets_no_card_any_more_is_too_many() -> None:
    lost = replace(DANGER, predicted="greet", alarm=False)
    (one,) = judge([DANGER] * 1000, [*[DANGER] * 999, lost], FIXED, 100).objections
    assert one == Objection(Why.DANGER, "he is not breathing", "medical_emergency", "greet")


def test_a_danger_that_the_phrase_list_catches_is_not_lost() -> None:
    assert whys([DANGER], [replace(DANGER, predicted="greet", alarm=True)]) == []


def test_one_danger_taken_for_another_is_not_lost() -> None:
    assert whys([DANGER], [replace(DANGER, predicted="risk_of_suicide", alarm=True)]) == []


def test_a_danger_that_was_never_noticed_is_not_lost() -> None:
    deaf = replace(DANGER, predicted="greet", alarm=False)
    assert whys([deaf], [deaf]) == []


def test_one_consequence_answer_that_is_lost_is_too_many() -> None:
    lost = replace(RECORD, predicted="ask_cost")
    (one,) = judge([RECORD] * 1000, [*[RECORD] * 999, lost], FIXED, 100).objections
    assert one == Objection(Why.CONSEQUENCE, "is it a record", "ask_criminal_record", "ask_cost")


def test_a_card_in_the_place_of_a_consequence_answer_is_a_loss() -> None:
    assert whys([RECORD], [replace(RECORD, alarm=True)]) == [Why.CONSEQUENCE]


@pytest.mark.parametrize(("wrong", "margin", "refused"), [(5, 0.5, False), (6, 0.5, True), (1, 0, True), (0, 0, False)])
def test_elsewhere_a_margin_may_be_lost_and_no_more(wrong: int, margin: float, refused: bool) -> None:
    worse = [replace(COST, predicted="greet")] * wrong
    found = whys([COST] * 1000, [*worse, *[COST] * (1000 - wrong)], margin)
    assert found == ([Why.ELSEWHERE] if refused else [])


def test_how_much_is_lost_elsewhere_is_told_beside_how_much_may_be() -> None:
    wrong = [replace(COST, predicted="greet")] * 6
    (one,) = judge([COST] * 1000, [*wrong, *[COST] * 994], FIXED, 0.5).objections
    assert (one.what, one.instead) == ("0.60", "0.5")


def test_what_is_won_elsewhere_does_not_pay_for_a_danger() -> None:
    never = replace(COST, predicted="greet")
    lost = replace(DANGER, predicted="greet", alarm=False)
    assert whys([DANGER, *[never] * 50], [lost, *[COST] * 50]) == [Why.DANGER]


def test_false_alarms_count_as_wrong_elsewhere() -> None:
    assert whys([COST] * 10, [replace(COST, alarm=True)] * 10) == [Why.ELSEWHERE]


@pytest.mark.parametrize("other", [[], [COST, COST], [RECORD], [replace(COST, text="how much")]])
def test_other_messages_cannot_be_compared(other: list[Row]) -> None:
    with pytest.raises(NotComparableError):
        judge([COST], other, FIXED, 0.5)


rows = st.lists(
    st.tuples(
        st.sampled_from(INTENTS), st.sampled_from(INTENTS), st.booleans(), st.sampled_from(INTENTS), st.booleans()
    )
)


@given(rows)
def test_a_model_that_may_go_live_has_lost_nothing(given_rows: list[tuple[str, str, bool, str, bool]]) -> None:
    live = [Row(f"m{n}", meant, was, alarm) for n, (meant, was, alarm, _, _) in enumerate(given_rows)]
    new = [Row(f"m{n}", meant, now, alarm) for n, (meant, _, _, now, alarm) in enumerate(given_rows)]
    verdict = judge(live, new, FIXED, 0)
    lost = [
        (a, b)
        for a, b in zip(live, new, strict=True)
        if (a.intent in DANGERS and a.noticed and not b.noticed) or (a.intent in FIXED and a.right and not b.right)
    ]
    others = [(a.right, b.right) for a, b in zip(live, new, strict=True) if a.intent not in {*DANGERS, *FIXED}]
    worse = sum(a for a, _ in others) > sum(b for _, b in others)
    assert len(verdict.objections) == len(lost) + worse


WHOLE = Domain(
    intents=frozenset({"ask_cost"}),
    slots=frozenset({"goal"}),
    forms=frozenset({"journey_form"}),
    actions=frozenset({"action_begin", "validate_journey_form"}),
    said=frozenset({"action_begin", "utter_ask_cost", "action_listen", "journey_form"}),
)
CODE = {"action_begin", "validate_journey_form"}


def test_a_domain_that_has_all_that_is_in_use_fits() -> None:
    in_use = {"slots": {"goal"}, "forms": {"journey_form"}, "actions": {"action_begin"}, "intents": {"ask_cost"}}
    assert check_domain(WHOLE, in_use, CODE, {"utter_ask_cost"}) == []


@pytest.mark.parametrize("kind", ["intents", "slots", "forms", "actions"])
def test_a_name_in_use_that_is_not_in_the_domain_stands_against_it(kind: str) -> None:
    assert check_domain(WHOLE, {kind: {"gone"}}, CODE, {"utter_ask_cost"}) == [Objection(Why.LACKS, "gone", kind)]


def test_what_it_would_do_or_say_and_the_code_has_not_stands_against_it() -> None:
    found = check_domain(WHOLE, {}, {"validate_journey_form"}, set())
    assert found == [Objection(Why.UNKNOWN, "action_begin"), Objection(Why.UNKNOWN, "utter_ask_cost")]
    assert "action_listen" in BUILT_IN


def test_a_danger_or_consequence_without_a_rule_stands_against_it() -> None:
    live = Domain(replies={"ask_admission": "utter_ask_admission", "medical_emergency": "action_danger", "greet": "x"})
    found = check_replies(live, Domain(replies={"ask_admission": "utter_other"}), FIXED)
    assert found == [Objection(Why.REPLY, "medical_emergency", instead="action_danger")]
