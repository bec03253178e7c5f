"""Files of referrals: read however they were saved, checked whole, and shown as what they would do."""

import json
from collections.abc import Mapping
from datetime import date

import pytest
from sqlmodel import select

from programme import referral_import
from programme.context import Context
from programme.referral_import import ColumnsMissingError
from storage.audit import audit_of
from storage.enums import ReferralState
from storage.person import Person
from tests.builders import a_referral, a_setting, an_account
from tests.conftest import Clock
from tests.programme.referral_files import (
    ALEX,
    HEADINGS,
    ROBIN,
    a_csv,
    an_xlsx,
    brought_in,
    checked,
    everything,
    stored,
)

SAVED = {
    "as we write it": a_csv(ALEX, ROBIN),
    "with semicolons": a_csv(ALEX, ROBIN, separator=";"),
    "with tabs": a_csv(ALEX, ROBIN, separator="\t"),
    "with a mark": b"\xef\xbb\xbf" + a_csv(ALEX, ROBIN),
    "as Unicode text": a_csv(ALEX, ROBIN).decode().encode("utf-16"),
    "with empty lines": b"\r\n" + a_csv(ALEX, ("",) * 9, ROBIN),
    "as XLSX": an_xlsx(ALEX, ROBIN),
    "as XLSX with dates and numbers": an_xlsx(
        (
            *ALEX[:2],
            date(1990, 3, 14),
            date(2026, 11, 20),
            date(2026, 12, 20),
            date(2027, 1, 20),
            7700900123,
            None,
            None,
        ),
        ROBIN,
    ),
}
WRONG: Mapping[str, tuple[dict[str, str], str, str]] = {
    "no reference": ({"Reference": ""}, "Reference", "missing"),
    "another's reference": ({"Reference": "ABC-1"}, "Reference", "bad_reference"),
    "no name": ({"Name": " "}, "Name", "missing"),
    "a number for a name": ({"Name": "07700 900123"}, "Name", "bad_name"),
    "no birthday": ({"Date of birth": ""}, "Date of birth", "missing"),
    "no such day": ({"Date of birth": "31/02/1990"}, "Date of birth", "birth_impossible"),
    "no day at all": ({"Date of birth": "spring"}, "Date of birth", "birth_unreadable"),
    "too young by a day": ({"Date of birth": "02/12/2008"}, "Date of birth", "under_18"),
    "a month before its day": ({"Date of birth": "03/14/1990"}, "Date of birth", "month_first"),
    "a day that a spreadsheet counted": ({"Referred on": "46346"}, "Referred on", "day_number"),
    "too old": ({"Date of birth": "01/01/1900"}, "Date of birth", "birth_too_old"),
    "not born yet": ({"Date of birth": "01/01/2030"}, "Date of birth", "birth_future"),
    "referred tomorrow": ({"Referred on": "02/12/2026"}, "Referred on", "day_ahead"),
    "referred long ago": ({"Referred on": "20/11/2024"}, "Referred on", "day_long_ago"),
    "to book, yesterday": ({"Book by": "30/11/2026"}, "Book by", "day_over"),
    "books after the end": ({"Book by": "21/01/2027"}, "Book by", "after_finish"),
    "a short number": ({"Mobile": "07700 90012"}, "Mobile", "bad_phone"),
    "a number with digits cut off": ({"Mobile": "4.47701E+11"}, "Mobile", "phone_cut"),
    "two addresses": ({"Email": "a@example.org, b@example.org"}, "Email", "bad_email"),
    "a made-up language": ({"Language": "Elvish"}, "Language", "bad_language"),
}
FORCES_ROW = ("TVP-4F7K-92", "Alex Green", "14/03/1990", "20/11/2026", "07700900123")
MEANING = {
    "Occurrence": "reference",
    "Subject": "name",
    "D_O_B": "date_of_birth",
    "Sent": "referred_on",
    "Tel": "phone",
}


@pytest.fixture
def me(ctx: Context) -> str:
    return an_account(ctx.database).id


@pytest.mark.parametrize("how", list(SAVED))
def test_a_file_however_it_was_saved(ctx: Context, me: str, how: str) -> None:
    a_setting(ctx.database, "days_to_contact", "3")
    a_setting(ctx.database, "days_to_book", "14")
    a_setting(ctx.database, "days_to_finish", "42")
    upload = checked(ctx, me, SAVED[how])
    assert upload.plan is not None
    assert upload.plan.wrong == ()
    done = brought_in(ctx, me, SAVED[how])
    assert (done.total, done.added, done.changed, done.same, done.refused) == (2, 2, 0, 0, 0)
    row, person = stored(ctx, "TVP4F7K92")
    assert (person.name, person.date_of_birth, person.phone) == ("Alex Green", "1990-03-14", "07700 900123")
    assert (person.email, person.language, row.state) == (None, "en", ReferralState.REFERRED)
    assert (row.referred_on, row.contact_by) == (date(2026, 11, 20), date(2026, 11, 23))
    assert (row.book_by, row.finish_by) == (date(2026, 12, 20), date(2027, 1, 20))
    row, person = stored(ctx, "TVP2H8M41")
    assert (row.referred_on, row.contact_by) == (date(2026, 12, 1), date(2026, 12, 4))
    assert (row.book_by, row.finish_by) == (date(2026, 12, 15), date(2027, 1, 12))
    assert (person.language, person.email, bool(row.matching_word)) == ("pl", "robin@example.org", True)


def test_nothing_is_written_by_a_check(ctx: Context, me: str) -> None:
    checked(ctx, me, a_csv(ALEX, ROBIN))
    assert everything(ctx) == []


@pytest.mark.parametrize("same", [a_csv(ALEX, ROBIN), an_xlsx(ROBIN, ALEX)])
def test_the_same_again_changes_nothing(ctx: Context, me: str, same: bytes) -> None:
    brought_in(ctx, me, a_csv(ALEX, ROBIN))
    before = everything(ctx)
    with ctx.database.writing() as session:  # a worker has put a number right meanwhile
        person = session.exec(select(Person)).first()
        assert person is not None
        person.email = "newer@example.org"
        session.add(person)
    changed = everything(ctx)
    assert changed != before
    done = brought_in(ctx, me, same)
    assert (done.added, done.changed, done.same) == (0, 0, 2)
    assert everything(ctx) == changed


def test_what_is_changed_is_shown_and_written_where_wanted(ctx: Context, me: str, clock: Clock) -> None:
    brought_in(ctx, me, a_csv(ALEX, ROBIN))
    clock.forward(minutes=5)
    newer = a_csv((*ALEX[:4], "22/12/2026", *ALEX[5:7], "alex@example.org", ""), ROBIN)
    upload = checked(ctx, me, newer)
    assert upload.plan is not None
    assert [(row.line, [(one.title, one.before, one.after) for one in row.changes]) for row in upload.plan.changed] == [
        (2, [("Email", "", "alex@example.org"), ("Book by", "20/12/2026", "22/12/2026")])
    ]
    before = everything(ctx)
    left = brought_in(ctx, me, newer, with_changes=False)
    assert (left.changed, left.twice, left.same) == (0, 0, left.total)
    assert everything(ctx) == before
    assert brought_in(ctx, me, newer).changed == 1
    row, person = stored(ctx, "TVP4F7K92")
    assert (row.book_by, row.finish_by) == (date(2026, 12, 22), date(2027, 1, 20))
    assert (person.email, person.phone) == ("alex@example.org", "07700 900123")
    with ctx.database.reading() as session:
        line = audit_of(session, "referral", row.id)[-1]
    assert (line.action, line.actor) == ("change_referral", f"worker:{me}")
    assert json.loads(line.detail or "") == {"fields": ["book_by", "email"]}
    assert brought_in(ctx, me, newer).same == 2


@pytest.mark.parametrize("how", list(WRONG))
def test_a_bad_row_is_named_and_left_out(ctx: Context, me: str, how: str) -> None:
    given, title, code = WRONG[how]
    bad = tuple((dict(zip(HEADINGS, ALEX, strict=True)) | given)[heading] for heading in HEADINGS)
    upload = checked(ctx, me, a_csv(ROBIN, bad))
    assert upload.plan is not None
    assert [(one.line, one.title, one.code) for one in upload.plan.wrong] == [(3, title, code)]
    assert all(one.reason.endswith(".") and one.fix.endswith(".") for one in upload.plan.wrong)
    done = brought_in(ctx, me, a_csv(ROBIN, bad))
    assert (done.added, done.refused) == (1, 1)
    assert [row["name"] for row in everything(ctx)] == ["Robin Brown"]


def test_who_turns_18_today_is_taken(ctx: Context, me: str) -> None:
    assert brought_in(ctx, me, a_csv((*ALEX[:2], "01/12/2008", *ALEX[3:]))).added == 1


def test_a_line_that_breaks_inside_a_cell_keeps_its_number(ctx: Context, me: str) -> None:
    upload = checked(ctx, me, a_csv((*ROBIN[:1], "Robin\nBrown", *ROBIN[2:]), ("", *ALEX[1:])))
    assert upload.plan is not None
    assert [one.line for one in upload.plan.wrong] == [4]
    assert [row.values.name for row in upload.plan.added] == ["Robin Brown"]


def test_twice_in_one_file(ctx: Context, me: str) -> None:
    other = ("TVP-9C3W-67", *ALEX[1:])
    differs = (ROBIN[0], "Robin Browne", *ROBIN[2:])
    upload = checked(ctx, me, a_csv(ALEX, ALEX, ROBIN, differs, other))
    assert upload.plan is not None
    assert upload.plan.repeated == ((3, 2),)
    assert [(one.line, one.code) for one in upload.plan.wrong] == [(4, "twice"), (5, "twice")]
    assert ["(line 5)" in upload.plan.wrong[0].reason, "(line 4)" in upload.plan.wrong[1].reason] == [True, True]
    assert [(one.line, one.other_line) for one in upload.plan.alike] == [(6, 2)]
    done = brought_in(ctx, me, a_csv(ALEX, ALEX, ROBIN, differs, other))
    assert (done.total, done.added, done.same, done.refused, done.twice) == (5, 2, 0, 2, 1)


def test_of_three_that_differ_each_names_the_others(ctx: Context, me: str) -> None:
    second, third = (ROBIN[0], "Robin Browne", *ROBIN[2:]), (ROBIN[0], "Robin Bruun", *ROBIN[2:])
    upload = checked(ctx, me, a_csv(ROBIN, second, ROBIN, third))
    assert upload.plan is not None
    assert upload.plan.added == ()
    assert upload.plan.repeated == ((4, 2),)
    assert [(one.line, one.reason[-12:]) for one in upload.plan.wrong] == [
        (2, "(line 3, 5)."), (3, "(line 2, 5)."), (5, "(line 2, 3)."),
    ]  # fmt: skip


def test_somebody_who_seems_to_be_here_already_is_shown(ctx: Context, me: str) -> None:
    known = a_referral(ctx.database)  # Alex Green, 14 March 1990
    upload = checked(ctx, me, a_csv(ALEX))
    assert upload.plan is not None
    assert [(one.line, one.referral_id) for one in upload.plan.alike] == [(2, known.id)]


def test_the_forces_own_headings_are_asked_once_and_remembered(ctx: Context, me: str) -> None:
    content = a_csv(FORCES_ROW, headings=("Occurrence", "Subject", "Born (UK)", "Sent", "Tel"))
    first = checked(ctx, me, content)
    assert (first.columns, first.plan) == (None, None)
    assert first.samples["Subject"] == ("Alex Green",)
    meaning = {heading: field for heading, field in MEANING.items() if heading != "D_O_B"}
    for lacking in (meaning, meaning | {"Born (UK)": "name"}):
        with pytest.raises(ColumnsMissingError):
            referral_import.set_columns(ctx, first.id, me, lacking)
    referral_import.set_columns(ctx, first.id, me, meaning | {"Born (UK)": "date_of_birth"})
    assert len(referral_import.read(ctx, first.id).plan.added) == 1  # type: ignore[union-attr]
    again = checked(ctx, me, an_xlsx(FORCES_ROW, headings=("Occurrence", "Subject", "Born (UK)", "Sent", "Tel")))
    assert again.columns == meaning | {"Born (UK)": "date_of_birth"}
