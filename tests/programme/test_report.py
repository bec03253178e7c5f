"""Reports from the rows: everybody in their week, as far as they came, and small numbers hidden."""

from datetime import date, timedelta

from programme import report
from programme.context import Context
from storage.enums import ReferralState
from tests.builders import NOW, a_booking, a_conversation, a_course, a_handoff_request, a_person, a_referral, a_venue
from tests.programme.desk import proved

LAST_WEEK = date(2026, 11, 23)  # a Monday; the clock stands on the Tuesday after its end


def some(ctx: Context, count: int, day: date = LAST_WEEK, **given: object) -> list[str]:
    language = str(given.pop("language", "en"))
    person = a_person(ctx.database, language=language, access_needs=given.pop("needs", None))
    made = {"person": person, "referred_on": day, "created_at": NOW - timedelta(days=8)}
    return [a_referral(ctx.database, **made | given).id for _ in range(count)]


def test_everybody_counts_in_their_week_as_far_as_they_came(ctx: Context) -> None:
    course = a_course(ctx.database, venue=a_venue(ctx.database, place="Oxford"), capacity=99)
    some(ctx, 6)
    some(ctx, 7, state=ReferralState.REACHED)
    verified = some(ctx, 8, state=ReferralState.VERIFIED, verified_at=NOW)
    for each in some(ctx, 9, state=ReferralState.COMPLETED, verified_at=NOW):
        with ctx.database.reading() as session:
            row = session.get_one(report.Referral, each)
        a_booking(ctx.database, row, course)
    some(ctx, 5, day=LAST_WEEK + timedelta(days=7))  # this week has not ended
    some(ctx, 5, day=LAST_WEEK - timedelta(days=28))
    with ctx.database.reading() as session:
        known = [session.get_one(report.Referral, each) for each in verified]
    for row in known:
        proved(ctx, row)
    found = report.read(ctx, 4)
    assert (found.first, found.last) == (date(2026, 11, 2), date(2026, 11, 29))
    funnel = found.table("funnel")
    assert funnel is not None and len(funnel.rows) == 4
    assert funnel.groups[-1] == "2026-11-23"
    assert funnel.rows[-1] == (30, 24, 17, 9, 9, 9) == funnel.totals
    venue, channel, weekday, took = (found.table(key) for key in ("venue", "channel", "weekday", "time_to_booking"))
    assert venue is not None and channel is not None and weekday is not None and took is not None
    assert dict(zip(venue.groups, venue.rows, strict=True)) == {"Oxford": (9, 9, 9, 9), "none": (21, 0, 0, 0)}
    assert dict(zip(channel.groups, channel.rows, strict=True)) == {"web": (8, 0, 0, 0), "none": (22, 9, 9, 9)}
    assert dict(zip(weekday.groups, weekday.rows, strict=True))["tue"] == (9, 9, 9, 9)
    assert dict(zip(took.groups, took.rows, strict=True)) | {"days_14": (9,), "none": (21,)} == dict(
        zip(took.groups, took.rows, strict=True)
    )


def test_a_small_group_is_hidden_with_another_one_and_all_tables_have_the_same_totals(ctx: Context) -> None:
    some(ctx, 20)
    some(ctx, 2, language="pl")
    some(ctx, 7, language="ro", needs="a ramp")
    found = report.read(ctx, 12)
    language, need = found.table("language"), found.table("access_need")
    assert language is not None and need is not None
    shown = dict(zip(language.groups, (row[0] for row in language.rows), strict=True))
    assert shown == {"en": 20, "pl": None, "ro": None, "none": 0}
    assert language.hides and not need.hides
    assert {table.totals for table in found.tables if table.columns == report.FEW} == {(29, 0, 0, 0)}


def test_how_long_people_waited_for_a_person(ctx: Context) -> None:
    at = NOW - timedelta(days=5)
    for minutes in [3] * 6 + [50] * 5 + [None] * 9:
        replied = at + timedelta(minutes=minutes) if minutes else None
        a_handoff_request(ctx.database, a_conversation(ctx.database), requested_at=at, first_reply_at=replied)
    waits = report.read(ctx, 4).table("waits")
    assert waits is not None
    shown = dict(zip(waits.groups, waits.rows, strict=True))
    assert (shown["minutes_10"], shown["hour_1"], shown["none"], waits.totals) == ((6,), (5,), (9,), (20,))


def test_nothing_at_all_is_a_report_too(ctx: Context) -> None:
    found = report.read(ctx, 4)
    assert all(set(row) == {0} for table in found.tables for row in table.rows)
