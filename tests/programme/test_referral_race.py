"""Referrals that come in from several processes at once, beside people who look for theirs and workers with a list."""

import json
from datetime import date

import pytest
from sqlmodel import func, select

from programme import attendance_sheet, referral_entry, referral_import, verification
from programme.context import Context
from programme.referral_import import NotNowError
from storage.attendance import Attendance
from storage.case import open_because
from storage.database import Database
from storage.enums import CaseReason, Mark, ReferralState
from storage.outreach import Outreach
from storage.person import Person
from storage.referral import Referral
from storage.referral_change import changes_of
from storage.session import whole_course
from tests.builders import NOW, a_booking, a_course, a_referral, an_account
from tests.conftest import Clock
from tests.processes import together
from tests.programme.desk import a_context, opened
from tests.programme.referral_files import a_csv, made_up

ROWS = [made_up(number) for number in range(120)]
PROCESSES = 3


@pytest.fixture
def me(ctx: Context) -> str:
    return an_account(ctx.database).id


def people(ctx: Context) -> tuple[int, int, int]:
    """How many people, referrals and planned links there are."""
    with ctx.database.reading() as session:
        people, referrals, links = (
            session.exec(select(func.count()).select_from(table)).one() for table in (Person, Referral, Outreach)
        )
        return people, referrals, links


def test_the_same_file_brought_in_by_several_processes_at_once_is_in_once(ctx: Context, me: str, clock: Clock) -> None:
    """Each of its leads has checked it for themselves; whoever is later finds everybody here."""
    keys = [referral_import.check(ctx, me, "july.csv", a_csv(*ROWS)) for _ in range(PROCESSES)]

    def work(database: Database, number: int) -> tuple[int, int]:
        mine = a_context(database, clock)
        referral_import.start(mine, keys[number])
        referral_import.bring_in(mine, keys[number], me, with_changes=True)
        done = referral_import.outcome(mine, keys[number])
        assert done is not None
        return done.added, done.same

    done = together(ctx.database, work, PROCESSES)
    assert sorted(done, reverse=True) == [(120, 0), (0, 120), (0, 120)]
    assert people(ctx) == (120, 120, 120)


def test_one_checked_file_is_brought_in_by_one_process(ctx: Context, me: str, clock: Clock) -> None:
    key = referral_import.check(ctx, me, "july.csv", a_csv(*ROWS))

    def work(database: Database, _number: int) -> str:
        mine = a_context(database, clock)
        try:
            referral_import.start(mine, key)
        except NotNowError:
            return "not now"
        referral_import.bring_in(mine, key, me, with_changes=True)
        return "in"

    assert sorted(together(ctx.database, work, PROCESSES)) == ["in", "not now", "not now"]
    assert people(ctx) == (120, 120, 120)


def test_a_file_another_system_and_a_hand_at_once_make_nobody_twice(ctx: Context, me: str, clock: Clock) -> None:
    key = referral_import.check(ctx, me, "july.csv", a_csv(*ROWS))
    fields = ("reference", "name", "date_of_birth", "referred_on", "book_by", "finish_by", "phone", "email", "language")
    rows = [dict(zip(fields, row, strict=True)) for row in ROWS]

    def work(database: Database, number: int) -> bool:
        mine = a_context(database, clock)
        if number == 0:
            referral_import.start(mine, key)
            referral_import.bring_in(mine, key, me, with_changes=True)
            return True
        if number == 1:
            return referral_entry.take(mine, "token:1", rows).done
        return referral_entry.enter(mine, me, rows[-1]).wrong == ()

    assert together(ctx.database, work, PROCESSES) == [True, True, True]
    assert people(ctx) == (120, 120, 120)


def test_who_asks_for_their_referral_while_it_comes_in_is_found(ctx: Context, me: str, clock: Clock) -> None:
    """Whichever of the two is first: neither looks past the other."""
    chats = [opened(ctx) for _ in range(2)]
    key = referral_import.check(ctx, me, "july.csv", a_csv(*ROWS))
    reference, called, born = ROWS[7][:3]
    day, month, year = map(int, born.split("/"))

    def work(database: Database, number: int) -> None:
        mine = a_context(database, clock)
        if number == 2:
            referral_import.start(mine, key)
            referral_import.bring_in(mine, key, me, with_changes=True)
        else:
            verification.claim_without_reference(mine, chats[number], called, date(year, month, day), "07700 900123")

    together(ctx.database, work, PROCESSES)
    with ctx.database.reading() as session:
        matches = [
            json.loads(case.detail or "{}")["matches"] for case in open_because(session, CaseReason.NO_REFERENCE)
        ]
        assert len(matches) == 2 and all(matches)
        referral = session.get_one(Referral, matches[0][0])
        assert referral.reference == reference.replace("-", "")


def test_two_workers_who_mark_the_same_line_leave_one_mark(ctx: Context, clock: Clock) -> None:
    workers = [an_account(ctx.database, email=f"w{number}@example.org").id for number in range(PROCESSES)]
    course = a_course(ctx.database, starts_at=NOW)
    referral = a_referral(ctx.database, state=ReferralState.BOOKED)
    booking = a_booking(ctx.database, referral, course)
    with ctx.database.reading() as session:
        place = whole_course(session, course.id)
        assert place is not None
        (held,) = place.sessions

    def work(database: Database, number: int) -> str:
        return attendance_sheet.mark(a_context(database, clock), held.id, booking.id, Mark.ATTENDED, workers[number])

    assert set(together(ctx.database, work, PROCESSES)) == {ReferralState.COMPLETED}
    with ctx.database.reading() as session:
        standing = [row for row in session.exec(select(Attendance)) if row.undone_at is None]
        assert [row.mark for row in standing] == [Mark.ATTENDED]
        events = [(one.event, one.now) for one in changes_of(session, referral.id)]
        assert [now for _, now in events].count(ReferralState.COMPLETED) == 1, events
