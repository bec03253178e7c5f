"""A session's list: one tap each, the referral follows, and what was wrong can be put right."""

from datetime import timedelta

import pytest

from programme import attendance
from programme import attendance_sheet as sheet
from programme.attendance_sheet import NoPlaceError, NotYetError
from programme.concern import Said
from programme.context import Context
from programme.rules.attendance import Missed
from storage.attendance import standing
from storage.audit import audit_of
from storage.booking import Booking
from storage.enums import BookingState, Mark, ReferralState
from storage.referral import Referral
from storage.session import Course, CourseSession, whole_course
from tests.builders import NOW, a_booking, a_course, a_person, a_referral, a_setting, an_account
from tests.conftest import Clock
from tests.programme.desk import proved


class Place:
    """Somebody with a place, and a worker with the list."""

    def __init__(self, ctx: Context, sessions: int = 1, state: ReferralState = ReferralState.BOOKED) -> None:
        self.ctx, self.worker = ctx, an_account(ctx.database).id
        self.course: Course = a_course(ctx.database, starts_at=NOW, sessions=sessions)
        self.referral: Referral = a_referral(ctx.database, state=state)
        self.booking: Booking = a_booking(ctx.database, self.referral, self.course)

    @property
    def sessions(self) -> tuple[CourseSession, ...]:
        with self.ctx.database.reading() as session:
            found = whole_course(session, self.course.id)
            assert found is not None
            return found.sessions

    def mark(self, what: Mark, number: int = 0) -> ReferralState:
        return sheet.mark(self.ctx, self.sessions[number].id, self.booking.id, what, self.worker)

    def undo(self, number: int = 0) -> ReferralState:
        return sheet.undo(self.ctx, self.sessions[number].id, self.booking.id, self.worker)

    @property
    def state(self) -> ReferralState:
        with self.ctx.database.reading() as session:
            return session.get_one(Referral, self.referral.id).state


@pytest.mark.parametrize(
    ("mark", "state"),
    [(Mark.ATTENDED, "completed"), (Mark.ABSENT, "missed"), (Mark.LATE, "missed")],
)
def test_one_tap_and_back(ctx: Context, clock: Clock, mark: Mark, state: str) -> None:
    place = Place(ctx)
    assert place.mark(mark) == state == place.state
    assert place.mark(mark) == state  # a second tap
    clock.forward(seconds=1)
    assert place.undo() == "booked" == place.state
    with ctx.database.reading() as session:
        actions = [row.action for row in audit_of(session, "booking", place.booking.id)]
        states = [(row.action, row.actor) for row in audit_of(session, "referral", place.referral.id)]
    assert actions == [f"marked:{mark.value}", "marked:undone"]
    assert set(states) == {(f"state:{state}", f"worker:{place.worker}"), ("state:booked", f"worker:{place.worker}")}


def test_a_wrong_tap_is_put_right_by_another(ctx: Context) -> None:
    place = Place(ctx)
    assert [place.mark(each) for each in (Mark.ABSENT, Mark.ATTENDED, Mark.LATE)] == ["missed", "completed", "missed"]
    key = place.sessions[0].id
    with ctx.database.reading() as session:
        row = standing(session, key, place.booking.id)
        assert row is not None and row.mark is Mark.LATE


def test_a_course_is_completed_when_all_its_sessions_were_attended(ctx: Context, clock: Clock) -> None:
    place = Place(ctx, sessions=2)
    assert place.mark(Mark.ATTENDED) == "attended"
    with pytest.raises(NotYetError):
        place.mark(Mark.ATTENDED, 1)
    clock.forward(days=7)
    assert place.mark(Mark.ATTENDED, 1) == "completed"
    assert place.mark(Mark.ABSENT, 1) == "missed"
    assert place.undo(1) == "attended"


def test_the_list_opens_an_hour_before(ctx: Context, clock: Clock) -> None:
    place = Place(ctx)
    clock.now = NOW - timedelta(minutes=61)
    assert not sheet.read(ctx, place.sessions[0].id, place.worker).open
    with pytest.raises(NotYetError):
        place.mark(Mark.ATTENDED)
    clock.now = NOW - timedelta(minutes=60)
    assert sheet.read(ctx, place.sessions[0].id, place.worker).open
    assert place.mark(Mark.ATTENDED) == "completed"


@pytest.mark.parametrize("state", ["second_chance", "returned", "withdrawn", "closed"])
def test_who_has_moved_on_is_not_pulled_back(ctx: Context, state: str) -> None:
    place = Place(ctx, state=ReferralState(state))
    assert place.mark(Mark.ABSENT) == state == place.state


def test_a_place_that_was_given_up_cannot_be_marked(ctx: Context) -> None:
    place = Place(ctx)
    gone = a_booking(ctx.database, course=place.course, state=BookingState.CANCELLED)
    with pytest.raises(NoPlaceError):
        sheet.mark(ctx, place.sessions[0].id, gone.id, Mark.ABSENT, place.worker)
    other = Place(ctx)
    with pytest.raises(NoPlaceError):
        sheet.mark(ctx, place.sessions[0].id, other.booking.id, Mark.ABSENT, place.worker)


def test_the_list_has_who_has_a_place_by_name_with_what_they_need(ctx: Context) -> None:
    place = Place(ctx)
    people = [("zoe Hart", None), ("Abe Ash", "a hearing loop")]
    for name, needs in people:
        row = a_referral(ctx.database, person=a_person(ctx.database, name=name, access_needs=needs))
        a_booking(ctx.database, row, place.course)
    a_booking(ctx.database, course=place.course, state=BookingState.MOVED)
    place.mark(Mark.ATTENDED)
    found = sheet.read(ctx, place.sessions[0].id, place.worker)
    assert [(line.name, line.access_needs, line.mark, line.marked_by) for line in found.lines] == [
        ("Abe Ash", "a hearing loop", None, None),
        ("Alex Green", None, Mark.ATTENDED, "Wren Worker"),
        ("zoe Hart", None, None, None),
    ]
    assert found.session.marked == 1
    sheet.read(ctx, place.sessions[0].id, place.worker, again=True)
    with ctx.database.reading() as session:
        looks = [row.actor for row in audit_of(session, "session", found.session.id)]
    assert looks == [f"worker:{place.worker}"]


def test_who_is_marked_as_not_there_can_take_their_next_chance(ctx: Context, clock: Clock) -> None:
    a_setting(ctx.database, "second_chances", "1")
    a_setting(ctx.database, "second_chance_days", "28")
    place = Place(ctx)
    chat = proved(ctx, place.referral)
    clock.forward(hours=4)
    place.mark(Mark.ABSENT)
    assert attendance.tell_missed(ctx, chat, Said(None)).what is Missed.AGAIN
    assert place.state == "second_chance"
    line = sheet.read(ctx, place.sessions[0].id, place.worker).lines[0]
    assert line.elsewhere and line.mark is Mark.ABSENT
    assert place.mark(Mark.ATTENDED) == "completed"  # the list is put right before another place was taken
