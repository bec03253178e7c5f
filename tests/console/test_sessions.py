"""Sessions over HTTP: a day's list, planning week after week, a session that we cancel, venues, the outlook."""

import html
import re
from datetime import date, timedelta

import pytest
from sqlmodel import select

from console.outlook import draw
from programme import calling_off, kept_place, outlook, sample, waiting_list
from programme import session as sessions
from programme.concern import Said
from programme.context import Context
from programme.outlook import Outlook
from programme.rules import london
from programme.rules.outlook import Week
from programme.rules.preference import Preference
from programme.waiting_list import Joined
from storage.audit import audit_of
from storage.booking import Booking
from storage.enums import CourseState, ReferralState, Role
from storage.referral import Referral
from storage.session import Course, Venue, whole_course
from tests.builders import NOW, a_booking, a_course, a_person, a_referral, a_setting, a_venue
from tests.console.desk import Browser, a_console, signed_in
from tests.programme.desk import proved, told

PLAN = {"first": "2026-12-08", "clock": "18:00", "minutes": "180", "sessions": "1", "weeks": "1", "capacity": "15"}


def a_lead(ctx: Context, role: Role = Role.LEAD) -> Browser:
    return signed_in(ctx, a_console(ctx), on_shift=False, name="Lou Lead", role=role)


def text_of(page: str) -> str:
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def session_id(ctx: Context, course: Course, number: int = 0) -> str:
    with ctx.database.reading() as session:
        found = whole_course(session, course.id)
        assert found is not None
        return found.sessions[number].id


def buttons(page: str, booking: str) -> dict[str, str]:
    """The names of the buttons in a person's line, with whether each is pressed."""
    line = page[page.index(f'id="line-{booking}"') :]
    line = line[: line.index("</li>")]
    return {name.strip(): pressed for pressed, name in re.findall(r'aria-pressed="(\w+)">([^<]+)<', line)}


def test_a_sessions_day_with_one_tap_each_and_undo(ctx: Context) -> None:
    course = a_course(ctx.database, starts_at=NOW)
    row = a_referral(ctx.database, state=ReferralState.BOOKED, person=a_person(ctx.database, access_needs="a chair"))
    booking = a_booking(ctx.database, row, course)
    worker, key = a_lead(ctx, Role.WORKER), session_id(ctx, course)
    page = worker.page(f"/sessions/{key}")
    assert list(buttons(page, booking.id)) == ["Attended", "Did not attend", "Late, turned away"]
    assert "Alex Green" in page and "Needs: a chair" in page and "0 of 1 marked" in text_of(page)
    for mark, name in (("attended", "Attended"), ("absent", "Did not attend"), ("late", "Late, turned away")):
        status, page = worker.post(f"/sessions/{key}/mark", booking=booking.id, mark=mark)
        assert status == 200
        assert [each for each, pressed in buttons(page, booking.id).items() if pressed == "true"] == [name]
        assert "1 of 1 marked" in text_of(page)
    status, page = worker.post(f"/sessions/{key}/undo", booking=booking.id)
    assert status == 200 and "0 of 1 marked" in text_of(page)
    assert worker.post(f"/sessions/{key}/mark", booking=booking.id, mark="attended", script=True) == (204, "")
    with ctx.database.reading() as session:
        assert session.get_one(Referral, row.id).state == ReferralState.COMPLETED
    assert worker.post(f"/sessions/{key}/mark", booking=booking.id, mark="eaten")[0] == 400


def test_a_list_says_who_speaks_another_language(ctx: Context) -> None:
    course = a_course(ctx.database, starts_at=NOW)
    person = a_person(ctx.database, language="pl")
    a_booking(ctx.database, a_referral(ctx.database, state=ReferralState.BOOKED, person=person), course)
    worker, key = a_lead(ctx, Role.WORKER), session_id(ctx, course)
    for path in (f"/sessions/{key}", f"/sessions/{key}/print"):
        assert "Speaks Polish" in text_of(worker.page(path))


def test_before_its_time_a_list_has_no_buttons(ctx: Context) -> None:
    course = a_course(ctx.database)
    booking = a_booking(ctx.database, course=course)
    worker, key = a_lead(ctx, Role.WORKER), session_id(ctx, course)
    page = worker.page(f"/sessions/{key}")
    assert buttons(page, booking.id) == {} and "opens an hour before" in page
    _, page = worker.post(f"/sessions/{key}/mark", booking=booking.id, mark="attended")
    assert "The list opens an hour before the session." in text_of(page)
    assert worker.post(f"/sessions/{key}/mark", booking=booking.id, mark="attended", script=True)[0] == 409


def test_the_print_view_has_every_name_and_no_script(ctx: Context) -> None:
    course = a_course(ctx.database, starts_at=NOW)
    for name in ("Zoe Hart", "Abe Ash"):
        a_booking(ctx.database, a_referral(ctx.database, person=a_person(ctx.database, name=name)), course)
    page = a_lead(ctx).page(f"/sessions/{session_id(ctx, course)}/print")
    assert page.index("Abe Ash") < page.index("Zoe Hart")
    assert "<script" not in page and "2 names" in page


def test_a_lead_plans_one_a_week_at_the_same_clock_time(ctx: Context) -> None:
    venue, lead = a_venue(ctx.database), a_lead(ctx)
    given = {
        **PLAN,
        "first": "2026-12-11",
        "weeks": "17",
        "venue": venue.id,
        "language": "pl",
        "staff": lead.account.id,
    }
    status, page = lead.post("/sessions/new", **given)
    assert status == 200
    shown = text_of(page)
    assert "14 sessions are planned. People can book now. Left out" in shown
    assert "Fri 25 Dec 2026, Fri 1 Jan 2027, Fri 26 Mar 2027." in shown, "bank holidays, though no setting says so"
    with ctx.database.reading() as session:
        rows = session.exec(select(Course).order_by(Course.first_starts_at)).all()
    assert {london.local(row.first_starts_at).hour for row in rows} == {18}
    assert {row.first_starts_at.hour for row in rows} == {17, 18}, "the clocks change on 28 March"
    assert len({row.repeat_id for row in rows}) == 1 and {row.language for row in rows} == {"pl"}
    assert "Lou Lead" in page and "In Polish" in page
    _, page = lead.post("/sessions/new", **given)
    assert "Nothing was planned" in text_of(page)
    a_setting(ctx.database, "closed_on_bank_holidays", "false")
    _, page = lead.post("/sessions/new", **given)
    assert "3 sessions are planned." in text_of(page), "where they are open then"


def test_what_is_wrong_is_said_at_its_field_and_what_was_written_stays(ctx: Context) -> None:
    venue, lead = a_venue(ctx.database), a_lead(ctx)
    wrong = {**PLAN, "first": "2026-11-01", "capacity": "900", "venue": venue.id, "access_notes": "an interpreter"}
    status, page = lead.post("/sessions/new", **wrong)
    assert status == 422
    assert "This is over already." in page and "Between 1 and 500." in page and 'value="an interpreter"' in page
    status, page = lead.post("/sessions/new", **{**PLAN, "clock": "soon", "venue": venue.id})
    assert status == 422 and "Please fill this in." in page
    status, page = lead.post("/sessions/new", **PLAN, venue="nowhere")
    assert status == 422 and "Choose a venue that is in use." in page
    with ctx.database.reading() as session:
        assert session.exec(select(Course)).all() == []


def test_places_can_be_added_but_not_taken_from_people(ctx: Context) -> None:
    course = a_course(ctx.database, capacity=2)
    for _ in range(2):
        a_booking(ctx.database, course=course)
    lead, key = a_lead(ctx), session_id(ctx, course)
    status, page = lead.post(f"/sessions/{key}/change", capacity="1")
    assert status == 422 and "More places than this are taken." in page
    status, page = lead.post(f"/sessions/{key}/change", capacity="3", join_link="javascript:alert(1)")
    assert status == 422 and "A link begins with https://" in page
    status, page = lead.post(f"/sessions/{key}/change", capacity="3", join_link="https://meet.example.org/own")
    assert status == 200 and "Saved." in text_of(page) and "2 of 3 places taken" in page
    assert "https://meet.example.org/own" in page


def test_later_ones_of_a_series_are_changed_with_it(ctx: Context) -> None:
    venue, lead = a_venue(ctx.database), a_lead(ctx)
    lead.post("/sessions/new", **{**PLAN, "weeks": "3", "venue": venue.id})
    second = sessions.diary(ctx, date(2026, 12, 15), date(2026, 12, 15))[0]
    lead.post(f"/sessions/{second.id}/change", capacity="20", rest="yes")
    found = sessions.diary(ctx, date(2026, 12, 1), date(2026, 12, 31))
    assert [each.course.capacity for each in found] == [15, 20, 20]


def test_a_session_that_we_cancel(ctx: Context) -> None:
    course, _ = a_course(ctx.database), a_course(ctx.database, starts_at=NOW + timedelta(days=9))
    row = a_referral(ctx.database, state=ReferralState.BOOKED)
    a_booking(ctx.database, row, course)
    chat = proved(ctx, row)
    a_booking(ctx.database, a_referral(ctx.database, state=ReferralState.BOOKED), course)  # without a chat
    lead, key = a_lead(ctx), session_id(ctx, course)
    status, page = lead.post(f"/sessions/{key}/cancel", why="the heating is broken")
    assert status == 200
    assert "1 of 2 people were told in the chat. 1 has no chat: there is a case for each." in text_of(page)
    assert "the heating is broken. It counts as ours" in text_of(page)
    assert told(ctx, chat) == ["notice_called_off"]
    _, page = lead.post(f"/sessions/{key}/cancel", why="again")
    assert "It was cancelled before" in page
    assert "Cancelled by us" in lead.page("/sessions")
    with ctx.database.reading() as session:
        assert session.get_one(Course, course.id).state == CourseState.CANCELLED
        assert {each.called_off_at for each in session.exec(select(Booking))} == {NOW}


def test_the_diary_as_a_list_and_as_a_calendar(ctx: Context) -> None:
    a_course(ctx.database, sessions=2, starts_at=NOW + timedelta(days=3, hours=8))
    worker = a_lead(ctx, Role.WORKER)
    page = text_of(worker.page("/sessions"))
    assert "Fri 4 Dec 2026" in page and "Session 1 of 2" in page and "Fri 11 Dec 2026" in page
    assert "6:00pm to 9:00pm, Reading Central Library" in page
    calendar = worker.page("/sessions?view=calendar")
    assert calendar.count('class="slot"') == 2 and "December 2026" in calendar
    assert "from=2027-01-01" in calendar and "from=2026-11-01" in calendar
    assert 'class="slot"' not in worker.page("/sessions?view=calendar&from=2027-03-01")
    assert worker.get("/sessions?from=yesterday")[0] == 200
    assert worker.get("/sessions/nothing")[0] == 404


def test_venues(ctx: Context) -> None:
    lead = a_lead(ctx)
    status, page = lead.post("/sessions/venues/new", name="", place="", join_link="javascript:alert(1)")
    assert status == 422 and page.count("Please fill this in.") == 2 and "A link begins with https://" in page
    room = {"name": "Old Mill", "place": "Slough", "step_free": "yes", "access_notes": "a hearing loop"}
    status, page = lead.post("/sessions/venues/new", **room)
    assert status == 200 and "Old Mill" in page and "a hearing loop" in page and "Without steps" in page
    with ctx.database.reading() as session:
        key = session.exec(select(Venue)).one().id
    lead.post(f"/sessions/venues/{key}", **room, closed="yes")
    assert "Not used any more" in lead.page("/sessions/venues")
    assert f'value="{key}"' not in lead.page("/sessions/new"), "nothing new is planned there"
    assert lead.post("/sessions/venues/none", **room)[0] == 404


def test_a_worker_fills_in_lists_and_plans_nothing(ctx: Context) -> None:
    course = a_course(ctx.database)
    worker, key = a_lead(ctx, Role.WORKER), session_id(ctx, course)
    assert "Plan a session" not in worker.page("/sessions") and "Cancel this session" not in worker.page(
        f"/sessions/{key}"
    )
    assert worker.get("/sessions/new")[0] == worker.post(f"/sessions/{key}/cancel", why="x")[0] == 403
    assert a_lead(ctx, Role.TRAINER).get(f"/sessions/{key}")[0] == 403


def test_the_outlook_has_its_chart_its_table_and_its_words(ctx: Context) -> None:
    a_course(ctx.database, capacity=2)
    for last in ("2026-12-03", "2026-12-09", "2026-12-09", None):
        a_referral(ctx.database, finish_by=date.fromisoformat(last) if last else None)
    a_booking(ctx.database, a_referral(ctx.database, state=ReferralState.BOOKED))
    found = outlook.read(ctx)
    assert [(week.people, week.short) for week in found.weeks[:2]] == [(1, 1), (2, 0)]
    assert (found.unknown, found.overdue, found.short) == (1, 0, 1)
    page = a_lead(ctx, Role.WORKER).page("/sessions/outlook")
    assert "For 1 person there is no place before their last day." in text_of(page)
    assert 'role="img"' in page and "Week of Mon 30 Nov 2026: no place in time for 1." in text_of(page)
    drawn = page[page.index('class="drawn"') :]
    assert len(re.findall(r'<rect class="(?:places|people|short)"', drawn)) == 4
    assert "style=" not in page


@pytest.mark.parametrize("most", [0, 1, 7, 34, 250, 4999])
def test_the_chart_stays_within_its_frame(most: int) -> None:
    weeks = tuple(Week(date(2026, 11, 30), most, most // 2, most // 4) for _ in range(8))
    chart = draw(Outlook(weeks, 0, 0, 0, 0))
    bars = [bar for pair in chart.pairs for bar in (pair.places, pair.people, pair.short)]
    assert all(bar.y >= 0 and bar.y + bar.height <= chart.base + 0.2 for bar in bars)
    assert all(chart.left <= bar.x and bar.x + bar.width <= chart.width for bar in bars)
    assert 2 <= len(chart.lines) <= 7 and chart.lines[-1][0] >= most
    for pair in chart.pairs:  # the upper end of the second bar
        assert pair.short.y == pytest.approx(pair.people.y, abs=0.2)


def test_on_the_sample_every_page_can_be_opened(ctx: Context) -> None:
    sample.seed(ctx)
    lead = a_lead(ctx)
    found = sessions.diary(ctx, date(2026, 12, 1), date(2026, 12, 14))
    assert len({each.venue.place for each in found}) == 6
    for path in ("", "?view=calendar", "/outlook", "/venues", "/new", "/venues/reading", f"/{found[0].id}/change"):
        lead.page(f"/sessions{path}")
    assert calling_off.call_off(ctx, found[0].course_id, lead.account.id, "").people == 0


def test_the_waiting_list_in_order_with_what_is_kept(ctx: Context) -> None:
    lead = a_lead(ctx, Role.WORKER)
    assert "Nobody is on the waiting list." in lead.page("/sessions/waiting-list")
    for name, wanted in (("Abe Ash", None), ("Bea Birch", Preference(place="Slough", weekdays=frozenset({1})))):
        row = a_referral(ctx.database, person=a_person(ctx.database, name=name), state=ReferralState.VERIFIED)
        assert waiting_list.join(ctx, proved(ctx, row), Said("t"), wanted) is Joined.JOINED
        ctx.clock.forward(seconds=1)  # type: ignore[attr-defined]
    a_course(ctx.database, capacity=1)
    kept_place.tick(ctx)
    page = lead.page("/sessions/waiting-list")
    words = text_of(page)
    assert words.index("Abe Ash") < words.index("Bea Birch")
    assert "In Slough, Tuesdays" in words and "Anything" in words
    assert words.count("until Wed 2 Dec 2026, 10:00am") == 1
    key = re.findall(r"waiting-list/(\w+)/take-off", page)[0]
    assert "off the waiting list" in text_of(lead.post(f"/sessions/waiting-list/{key}/take-off")[1])
    assert "Abe Ash" not in lead.page("/sessions/waiting-list")
    assert "not on the waiting list any more" in text_of(lead.post(f"/sessions/waiting-list/{key}/take-off")[1])
    assert sessions.diary(ctx, date(2026, 12, 8), date(2026, 12, 8))[0].free == 1
    with ctx.database.reading() as session:
        looks = [row.action for row in audit_of(session, "page", "waiting_list")]
    assert looks and set(looks) == {"viewed"}
