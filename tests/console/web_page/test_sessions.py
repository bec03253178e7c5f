"""A session's day in a real browser: one tap each by keyboard, seen by a colleague at once; every page by the rules on
accessibility, wide and narrow, light and dark."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from starlette.applications import Starlette

from programme.context import Context
from programme.rules import london
from storage.enums import ReferralState, Role
from storage.referral import Referral
from storage.session import Course, whole_course
from tests.axe import keeps_the_rules
from tests.builders import a_booking, a_course, a_person, a_referral, a_venue
from tests.console.desk import Browser, signed_in

Window = Callable[..., Page]
NAMES = ("Abe Ash", "Bea Birch", "Cy Cedar")


@pytest.fixture
def lead(ctx: Context, app: Starlette) -> Browser:
    return signed_in(ctx, app, on_shift=False, name="Lou Lead", role=Role.LEAD)


@pytest.fixture
def course(ctx: Context) -> Course:
    """A session that began a few minutes ago, with three people."""
    venue = a_venue(ctx.database, step_free=True, access_notes="a hearing loop")
    course = a_course(ctx.database, venue=venue, starts_at=datetime.now(UTC) - timedelta(minutes=5))
    for name in NAMES:
        person = a_person(ctx.database, name=name, access_needs="a quiet corner" if name == NAMES[1] else None)
        a_booking(ctx.database, a_referral(ctx.database, person=person, state=ReferralState.BOOKED), course)
    return course


def at(ctx: Context, course: Course) -> str:
    with ctx.database.reading() as session:
        found = whole_course(session, course.id)
        assert found is not None
        return f"/sessions/{found.sessions[0].id}"


def states(ctx: Context, course: Course) -> list[str]:
    from sqlmodel import select

    from storage.booking import Booking

    with ctx.database.reading() as session:
        rows = session.exec(select(Referral).join(Booking).where(Booking.course_id == course.id))
        return sorted(row.state.value for row in rows)


def test_one_tap_each_without_leaving_the_page(
    ctx: Context, address: str, window: Window, wren: Browser, lark: Browser, course: Course
) -> None:
    mine, theirs = (window(address, who, at(ctx, course)) for who in (wren, lark))
    marks = ("Attended", "Did not attend", "Late, turned away")
    for name, mark in zip(NAMES, marks, strict=True):
        button = mine.get_by_role("group", name=name).get_by_role("button", name=mark, exact=True)
        button.focus()
        mine.keyboard.press("Enter")
        expect(button).to_have_attribute("aria-pressed", "true")
        expect(button).to_be_focused()
    expect(theirs.get_by_text("3 of 3 marked.")).to_be_visible()
    assert states(ctx, course) == ["completed", "missed", "missed"]
    mine.get_by_role("group", name=NAMES[2]).get_by_role("button", name="Undo").click()
    expect(theirs.get_by_text("2 of 3 marked.")).to_be_visible()
    assert states(ctx, course) == ["booked", "completed", "missed"]


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_the_pages_keep_the_rules(
    ctx: Context, address: str, window: Window, lead: Browser, course: Course, width: int, scheme: str
) -> None:
    today = london.today(datetime.now(UTC))
    a_course(ctx.database, starts_at=datetime.now(UTC) + timedelta(days=9), capacity=2, sessions=2)
    for days in (2, 2, 12, 20):
        last = today + timedelta(days=days)
        a_referral(ctx.database, book_by=last, finish_by=last)
    sheet = at(ctx, course)
    paths = (sheet, f"{sheet}/print", f"{sheet}/change", "/sessions", "/sessions?view=calendar")
    for path in (
        *paths,
        "/sessions/outlook",
        "/sessions/venues",
        "/sessions/venues/new",
        "/sessions/new",
        "/sessions/waiting-list",
    ):
        page = window(address, lead, path, width=width, scheme=scheme)
        keeps_the_rules(page, path)
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), path
        page.context.close()
