"""Coming, being late, having missed it, having been there, and where one stands, as a chat takes it."""

import json
from datetime import timedelta
from typing import Any

import pytest

from programme.context import Context
from storage.booking import Booking, active_booking, bookings_of
from storage.case import Case
from storage.enums import BookingState, CaseReason, ReferralState, Urgency
from storage.referral import Referral
from tests import builders
from tests.actions.calls import VALUES, call
from tests.builders import NOW, a_booking, a_case, a_course, a_referral, a_setting, a_venue
from tests.conftest import Clock
from tests.programme.desk import open_cases, opened, proved

FORM = "validate_journey_form"


def booked(ctx: Context, starts_in: float, online: bool = False, **given: Any) -> tuple[Referral, str]:
    """Somebody known with a place on a course of three hours that begins in so many hours; their chat."""
    row = a_referral(ctx.database, **{"state": ReferralState.BOOKED, **given})
    join = "https://meet.example.org/x"
    venue = a_venue(ctx.database, **({"online": True, "place": "online", "join_link": join} if online else {}))
    a_booking(ctx.database, row, a_course(ctx.database, venue=venue, starts_at=NOW + timedelta(hours=starts_in)))
    return row, proved(ctx, row)


def detail(case: Case) -> dict[str, Any]:
    return dict(json.loads(case.detail or "{}"))


def held(ctx: Context, row: Referral) -> Booking | None:
    with ctx.database.reading() as session:
        return active_booking(session, row.id)


def state_of(ctx: Context, row: Referral) -> ReferralState:
    with ctx.database.reading() as session:
        return session.get_one(Referral, row.id).state


@pytest.mark.parametrize(("online", "answer"), [(False, "utter_confirmed"), (True, "utter_confirmed_online")])
def test_who_says_they_are_coming_is_noted_once_and_told_when_and_where(
    ctx: Context, clock: Clock, online: bool, answer: str
) -> None:
    row, chat = booked(ctx, 48, online)
    for _ in range(2):
        assert call(ctx, chat, "action_confirm_attendance")[0] == [answer]
        clock.forward(minutes=1)
    assert {"times", "where"} <= set(VALUES[0])
    place = held(ctx, row)
    assert place is not None
    assert place.confirmed_at == NOW
    assert not open_cases(ctx)


def test_without_a_place_there_is_nothing_to_come_to(ctx: Context) -> None:
    chat = proved(ctx, a_referral(ctx.database))
    said, slots = call(ctx, chat, "action_confirm_attendance")
    assert (said, slots["pending"]) == (["utter_confirm_no_place"], "action_begin_booking")


def test_who_says_it_after_the_session_is_asked_whether_they_were_there(ctx: Context) -> None:
    row, chat = booked(ctx, -5)
    assert call(ctx, chat, "action_confirm_attendance")[0] == ["utter_session_over"]
    place = held(ctx, row)
    assert place is not None
    assert place.confirmed_at is None


FIRST = {
    "action_my_case": ("utter_case_first", "case", ["utter_case_not_booked", "utter_case_otherwise"]),
    "action_confirm_attendance": ("utter_confirm_first", "confirm", ["utter_verified", "utter_confirm_no_place"]),
    "action_missed_session": ("utter_missed_first", "missed", ["utter_verified", "utter_missed_nothing"]),
}


@pytest.mark.parametrize("action", FIRST)
def test_nothing_personal_before_it_is_known_who_asks_and_then_at_once(ctx: Context, action: str) -> None:
    first, goal, then = FIRST[action]
    a_referral(ctx.database, reference="TVP4F7K92")
    chat = opened(ctx)
    said, slots = call(ctx, chat, action)
    assert said == [first, "utter_step_reference"]
    assert (slots["goal"], slots["requested_slot"]) == (goal, "reference")
    said, slots = call(ctx, chat, FORM, text="TVP-4F7K-92, 14/3/1990", step="reference", slots={"goal": goal})
    assert said == then
    assert (slots["goal"], slots["requested_slot"]) == (None, None)


@pytest.mark.parametrize(("online", "answer"), [(False, "utter_late_today"), (True, "utter_late_today_online")])
def test_who_is_late_today_hears_where_and_a_worker_hears_of_it_at_once(
    ctx: Context, online: bool, answer: str
) -> None:
    _, chat = booked(ctx, 1, online)
    said, _ = call(ctx, chat, "action_running_late", text="im on the bus", intent="running_late", turn="t1")
    assert said == [answer]
    (case,) = open_cases(ctx)
    assert (case.reason, case.urgency, case.due_at) == (CaseReason.RUNNING_LATE, Urgency.ASKED, NOW)
    assert detail(case)["said"] == [{"turn": "t1", "words": "im on the bus"}]


@pytest.mark.parametrize(
    ("starts_in", "answer"), [(-1, "utter_late_today"), (30, "utter_late_other_day"), (-5, "utter_session_over")]
)
def test_late_is_only_for_a_session_that_is_on_or_to_come_today(ctx: Context, starts_in: float, answer: str) -> None:
    _, chat = booked(ctx, starts_in)
    assert call(ctx, chat, "action_running_late", text="im late", intent="running_late")[0] == [answer]
    assert len(open_cases(ctx)) == (answer == "utter_late_today")


def test_nobody_in_a_hurry_is_asked_who_they_are(ctx: Context) -> None:
    assert call(ctx, opened(ctx), "action_running_late", text="im late", intent="running_late")[0] == [
        "utter_running_late"
    ]
    assert not open_cases(ctx)


def test_who_missed_it_may_choose_again_at_once_where_the_programme_allows_it(ctx: Context) -> None:
    a_setting(ctx.database, "second_chances", "1")
    a_setting(ctx.database, "second_chance_days", "28")
    row, chat = booked(ctx, -24)
    words = "i missed it the bus never came"
    said, slots = call(ctx, chat, "action_missed_session", text=words, intent="missed_session", turn="t1")
    assert said == ["utter_missed_again", "utter_step_preference"]
    assert (slots["goal"], slots["requested_slot"]) == ("book", "preference")
    assert held(ctx, row) is None
    assert state_of(ctx, row) is ReferralState.SECOND_CHANCE
    (case,) = open_cases(ctx)
    assert (case.reason, detail(case)["said"]) == (CaseReason.MISSED_SESSION, [{"turn": "t1", "words": words}])
    said, _ = call(ctx, chat, "action_missed_session", text=words, turn="t1")  # the turn is tried again
    assert said == ["utter_missed_again", "utter_step_preference"]
    (case,) = open_cases(ctx)
    assert len(detail(case)["said"]) == 1
    with ctx.database.reading() as session:
        assert [each.state for each in bookings_of(session, row.id)] == [BookingState.MISSED]


def test_a_second_miss_is_a_workers_to_decide_and_nothing_is_given_up(ctx: Context) -> None:
    a_setting(ctx.database, "second_chances", "1")
    a_setting(ctx.database, "second_chance_days", "28")
    row, chat = booked(ctx, -24)
    a_booking(ctx.database, row, a_course(ctx.database), state=BookingState.MISSED)
    said, slots = call(
        ctx, chat, "action_missed_session", text="missed it", slots={"goal": "cancel"}, step="confirmation"
    )
    assert said == ["utter_missed_worker"]
    assert (slots["goal"], slots["pending"]) == (None, "action_request_human")
    assert held(ctx, row) is not None
    assert state_of(ctx, row) is ReferralState.BOOKED


def test_without_the_setting_a_worker_decides(ctx: Context) -> None:
    row, chat = booked(ctx, -24)
    assert call(ctx, chat, "action_missed_session", text="missed it")[0] == ["utter_missed_worker"]
    assert held(ctx, row) is not None


def test_what_was_said_before_they_were_known_is_kept_with_the_case(ctx: Context) -> None:
    row = a_referral(ctx.database, reference="TVP4F7K92", state=ReferralState.MISSED)
    chat = opened(ctx)
    told = builders.a_message_in(ctx.database, _conversation(ctx, chat), "i was ill and missed it")
    with ctx.database.writing() as session:
        session.add(told)
        told.understood = json.dumps({"intent": {"name": "missed_session", "confidence": 0.9}})
    said, _ = call(ctx, chat, FORM, text="TVP-4F7K-92, 14/3/1990", step="reference", slots={"goal": "missed"})
    assert said == ["utter_verified", "utter_missed_worker"]
    (case,) = open_cases(ctx)
    assert case.referral_id == row.id
    assert detail(case)["said"][0]["words"] == "i was ill and missed it"


def _conversation(ctx: Context, chat: str) -> Any:
    from storage.conversation import Conversation

    with ctx.database.reading() as session:
        return session.get_one(Conversation, chat)


def test_in_the_middle_of_choosing_another_date_the_question_is_answered_and_the_form_goes_on(ctx: Context) -> None:
    _, chat = booked(ctx, 48)
    said, slots = call(ctx, chat, "action_missed_session", slots={"goal": "move"}, step="preference")
    assert said == ["utter_missed_not_yet"]
    assert slots == {"pending": None}


CARDS: list[tuple[dict[str, Any], float | None, list[str]]] = [
    ({}, 48, ["utter_booking", "utter_case_otherwise"]),
    ({}, -5, ["utter_session_over", "utter_case_otherwise"]),
    ({"state": ReferralState.VERIFIED}, None, ["utter_case_not_booked", "utter_case_otherwise"]),
    ({"state": ReferralState.SECOND_CHANCE}, None, ["utter_case_not_booked", "utter_case_otherwise"]),
    ({"state": ReferralState.MISSED}, None, ["utter_case_missed", "utter_case_otherwise"]),
    ({"state": ReferralState.ATTENDED}, None, ["utter_case_attended", "utter_case_otherwise"]),
    ({"state": ReferralState.COMPLETED}, None, ["utter_case_completed"]),
    ({"state": ReferralState.RETURNED}, None, ["utter_case_closed"]),
    ({"book_by": None}, None, ["utter_case_deadline_unknown", "utter_case_otherwise"]),
    ({"book_by": NOW.date() - timedelta(days=1)}, None, ["utter_case_deadline_past", "utter_case_otherwise"]),
]


@pytest.mark.parametrize(("given", "starts_in", "answers"), CARDS)
def test_the_case_card(ctx: Context, given: dict[str, Any], starts_in: float | None, answers: list[str]) -> None:
    if starts_in is None:
        chat = proved(ctx, a_referral(ctx.database, **given))
    else:
        _, chat = booked(ctx, starts_in, **given)
    assert call(ctx, chat, "action_my_case")[0] == answers


def test_the_case_card_says_in_plain_words_what_is_open_and_not_what_is_the_workers_own(ctx: Context) -> None:
    row = a_referral(ctx.database)
    chat = proved(ctx, row)
    for reason in (CaseReason.MORE_TIME, CaseReason.COMPLAINT, CaseReason.OFFENCE_TOLD, CaseReason.RISK_OF_SUICIDE):
        a_case(ctx.database, reason=reason, referral_id=row.id, subject=f"referral:{row.id}")
    a_case(ctx.database, reason=CaseReason.WAITING_LIST, referral_id=row.id, subject="x", closed_at=NOW)
    call(ctx, chat, "action_my_case")
    assert sorted(VALUES[1]["open"].splitlines()) == ["• more time, as you asked", "• your complaint"]
    _, other = booked(ctx, 48)
    call(ctx, other, "action_my_case")
    assert VALUES[1] == {"open": None}
