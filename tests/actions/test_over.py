"""When is my session, asked once it is over: what is known of it by now, and never that they are booked."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from programme.answers import Situation
from programme.context import Context
from programme.rules import london
from storage.absence import Absence
from storage.database import Database
from storage.enums import AbsenceStep, BookingState, ReferralState
from storage.keys import Keyring
from storage.session import whole_course
from tests.actions.calls import VALUES, call
from tests.builders import NOW, a_booking, a_course, a_referral
from tests.conftest import Clock
from tests.programme.desk import a_context, proved

YESTERDAY = "Monday 30 November at 10am"


@pytest.fixture
def ctx(sqlite_url: str, keyring: Keyring, clock: Clock) -> Iterator[Context]:
    database = Database(sqlite_url, keyring)
    yield a_context(database, clock)
    database.close()


def words(ctx: Context, answer: str, values: dict[str, Any]) -> str:
    return ctx.answers.render(answer, values, Situation(verified=True), {}, london.today(NOW)).text


@pytest.mark.parametrize("action", ["action_begin_checking", "action_begin_booking"])
@pytest.mark.parametrize(
    ("state", "answer", "said"),
    [
        (ReferralState.BOOKED, "utter_session_over", "The list of who came is not filled in yet."),
        (ReferralState.MISSED, "utter_case_missed", "Our list says that you missed it."),
        (ReferralState.COMPLETED, "utter_case_completed", "Our list says that you were there:"),
        (ReferralState.ATTENDED, "utter_case_attended", "If there is more to do, a worker can tell you."),
    ],
)
def test_what_its_list_says_is_told(ctx: Context, action: str, state: ReferralState, answer: str, said: str) -> None:
    row = a_referral(ctx.database, state=state)
    a_booking(ctx.database, row, a_course(ctx.database, starts_at=NOW - timedelta(days=1)))
    found, slots = call(ctx, proved(ctx, row), action)
    assert (found, slots.get("goal")) == ([answer], None)
    text = words(ctx, answer, VALUES[0])
    assert said in text
    assert YESTERDAY in text
    assert "You are booked" not in text


def test_on_the_way_to_something_else_too(ctx: Context) -> None:
    row = a_referral(ctx.database, state=ReferralState.BOOKED)
    a_booking(ctx.database, row, a_course(ctx.database, starts_at=NOW - timedelta(days=1)))
    slots = {"goal": "move", "preference": {"anything": True}}
    assert call(ctx, proved(ctx, row), "action_begin_checking", slots=slots, step="choice")[0] == ["utter_session_over"]


@pytest.mark.parametrize(
    ("by_list", "said"), [(True, "Our list says that you were not there."), (False, "You told us that you missed it.")]
)
def test_who_has_another_chance_hears_of_the_session_that_was(ctx: Context, by_list: bool, said: str) -> None:
    row = a_referral(ctx.database, state=ReferralState.SECOND_CHANCE)
    course = a_course(ctx.database, starts_at=NOW - timedelta(days=1))
    held = a_booking(ctx.database, row, course, state=BookingState.MISSED, ended_at=NOW)
    with ctx.database.reading() as session:
        whole = whole_course(session, course.id)
    listed = whole.sessions[0].id if whole and by_list else None
    about = {"referral_id": row.id, "booking_id": held.id, "session_id": listed}
    with ctx.database.writing() as session:
        session.add(Absence(id="a", noted_at=NOW, step=AbsenceStep.DATES, **about))
    assert call(ctx, proved(ctx, row), "action_begin_checking")[0] == ["utter_no_booking"]
    text = words(ctx, "utter_no_booking", VALUES[0])
    assert YESTERDAY in text
    assert said in text
    assert "pick another date" in text


@pytest.mark.parametrize(
    ("state", "answer"),
    [(ReferralState.CLOSED, "utter_case_closed"), (ReferralState.VERIFIED, "utter_no_booking")],
)
def test_no_place_is_offered_that_would_be_refused(ctx: Context, state: ReferralState, answer: str) -> None:
    row = a_referral(ctx.database, state=state)
    assert call(ctx, proved(ctx, row), "action_begin_checking")[0] == [answer]
