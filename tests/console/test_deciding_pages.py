"""Needs attention, deciding, the lists for the police and reports through their pages."""

import csv
import io
import json
import re
from datetime import timedelta

from sqlmodel import select

from programme import police_row
from programme.context import Context
from storage.absence import Absence
from storage.conversation import Conversation
from storage.enums import AbsenceStep, BookingState, CaseReason, OutState, ReferralState, Role
from storage.referral import Referral
from storage.session import CourseSession
from tests.builders import (
    NOW,
    a_booking,
    a_case,
    a_course,
    a_message_in,
    a_message_out,
    a_person,
    a_referral,
    a_setting,
    an_offer,
    new_id,
)
from tests.console.desk import a_console, signed_in
from tests.programme.desk import proved

WHY = "They were told of four dates & came to <none>."


def someone(ctx: Context, name: str, **given: object) -> Referral:
    return a_referral(ctx.database, person=a_person(ctx.database, name=name), **given)


def who_missed(ctx: Context) -> Referral:
    """Somebody with everything that an evidence pack can hold."""
    referral = someone(ctx, "Mia Missed", state=ReferralState.MISSED)
    key = proved(ctx, referral)
    with ctx.database.reading() as session:
        talk = session.get_one(Conversation, key)
    course = a_course(ctx.database)
    offer = an_offer(ctx.database, talk, referral, course)
    a_booking(ctx.database, referral, course, offer_token=offer.token, state=BookingState.MISSED, ended_at=NOW)
    a_message_in(ctx.database, talk, "my <mum> is ill")
    a_message_in(ctx.database, talk, "what nobody needs", sensitive_at=NOW)
    for state in OutState:
        a_message_out(ctx.database, talk, f"It is {state.value}.", state=state, failure="blocked")
    a_case(ctx.database, reason=CaseReason.COMPLAINT, referral_id=referral.id, due_at=NOW - timedelta(hours=1))
    return referral


def test_needs_attention_shows_each_with_one_button(ctx: Context) -> None:
    someone(ctx, "Una Unreached", created_at=NOW - timedelta(days=2))
    missed = someone(ctx, "Max Missed", state=ReferralState.MISSED)
    over = someone(ctx, "Ola Over", state=ReferralState.MISSED, finish_by=(NOW - timedelta(days=2)).date())
    worker = signed_in(ctx, a_console(ctx))
    page = worker.page("/attention")
    rows = re.findall(r'<li class="row-item".*?</li>', page, re.DOTALL)
    assert len(rows) == 3
    assert all(len(re.findall(r'class="button', row)) == 1 for row in rows)
    assert 'href="tel:' in next(row for row in rows if "Una" in row)
    assert f"/console/referrals/{over.id}/decision" in next(row for row in rows if "Ola" in row)
    assert "Una" not in worker.page("/attention?why=missed")
    _, said = worker.post(f"/attention/{missed.id}/chance")
    assert "They may book another place now" in said
    _, said = worker.post(f"/attention/{missed.id}/chance")
    assert "Nothing was changed" in said


def test_why_it_was_missed_stands_wherever_somebody_decides(ctx: Context) -> None:
    referral = someone(ctx, "Wim Why", state=ReferralState.MISSED)
    held = a_booking(ctx.database, referral, a_course(ctx.database, starts_at=NOW - timedelta(days=1)))
    chat = proved(ctx, referral)
    with ctx.database.reading() as session:
        listed = session.exec(select(CourseSession.id).where(CourseSession.course_id == held.course_id)).one()
    row = {"referral_id": referral.id, "booking_id": held.id, "session_id": listed, "noted_at": NOW, "late": True}
    told = {"step": AbsenceStep.WORKER, "why": "childcare", "why_at": NOW}
    with ctx.database.writing() as session:
        session.add(Absence(id=new_id(), **row, **told))
    dispute = {"session": listed, "mark": "late"}
    a_case(ctx.database, reason=CaseReason.ATTENDANCE_DISPUTED, referral_id=referral.id, detail=json.dumps(dispute))
    worker = signed_in(ctx, a_console(ctx))
    for at in (f"/referrals/{referral.id}", f"/referrals/{referral.id}/decision", "/attention"):
        assert "children to look after" in worker.page(at), at
    page = worker.page(f"/referrals/{referral.id}")
    assert "came late and was turned away" in page and f'href="/console/sessions/{listed}"' in page
    assert chat in page


def test_the_evidence_is_on_the_page_and_two_people_decide(ctx: Context) -> None:
    app, referral = a_console(ctx), who_missed(ctx)
    one = signed_in(ctx, app, name="Wren Worker")
    other = signed_in(ctx, app, name="Robin Reader", email="r@example.org")
    at = f"/referrals/{referral.id}/decision"
    page = one.page(at)
    late = "A case was not looked at in time: Complaint"
    for words in ("my &lt;mum&gt; is ill", "It is failed.", "Not delivered", late):
        assert words in page, words
    assert "what nobody needs" not in page
    assert 'value="did_not_come"' in page and 'value="refused"' not in page
    _, said = one.post(at, finding="did_not_come", reason="no")
    assert "at least ten letters" in said
    _, said = one.post(at, finding="refused", reason=WHY)
    assert "cannot be decided" in said
    _, said = one.post(at, finding="did_not_come", reason=WHY)
    assert "Another worker must look" in said and "&lt;none&gt;" in said
    agree = re.search(rf'action="(/console{at}/\w+/)refuse"', said)
    assert agree and "/agree" not in said, "nobody is asked to agree with themselves"
    path = agree[1].removeprefix("/console")
    _, said = one.post(f"{path}agree")
    assert "somebody else must agree" in said
    assert "Mia Missed" in other.page("/decisions")
    _, said = other.post(f"{path}agree")
    assert "The decision is final" in said and "Agreed by Robin Reader" in said
    assert "Overturn" not in said
    lead = signed_in(ctx, app, role=Role.LEAD, email="l@example.org")
    _, said = lead.post(f"{path}overturn", reason="The sheet was of another day.")
    assert "The decision is overturned" in said and "Earlier decisions" in said
    assert other.post(f"{path}overturn", reason="I would like to as well.")[0] == 403


def test_while_danger_is_open_there_is_no_form(ctx: Context) -> None:
    referral = who_missed(ctx)
    a_case(ctx.database, reason=CaseReason.RISK_OF_SUICIDE, referral_id=referral.id)
    page = signed_in(ctx, a_console(ctx)).page(f"/referrals/{referral.id}/decision")
    assert "They come first" in page and 'name="finding"' not in page


def test_a_list_is_signed_downloaded_handed_over_and_received(ctx: Context) -> None:
    someone(ctx, "=Casey()", state=ReferralState.COMPLETED)
    lead = signed_in(ctx, a_console(ctx), role=Role.LEAD)
    page = lead.page("/police-lists")
    assert "The columns of these lists are not filled in" in page and "Sign off" not in page
    a_setting(ctx.database, police_row.FIELDS, "reference, name, outcome")
    page = lead.page("/police-lists")
    mark = re.search(r'name="mark" value="(\w+)"', page)
    assert mark and "=Casey()" in page
    _, said = lead.post("/police-lists", kind="completed", mark="0" * 32)
    assert "The rows have changed" in said
    _, said = lead.post("/police-lists", kind="completed", mark=mark[1])
    at = re.search(r'href="/console(/police-lists/\w+)/list\.csv"', said)
    assert at and "Download it now" in said
    _, text = lead.get(f"{at[1]}/list.csv")
    (row,) = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    assert (row["row"], row["name"], row["outcome"]) == ("new", "'=Casey()", "completed")
    _, said = lead.post(f"{at[1]}/receipt", receipt="Too early")
    assert "something comes before it" in said
    _, said = lead.post(f"{at[1]}/hand-over", recipient="The force's inbox")
    assert "The force&#39;s inbox" in said
    _, said = lead.post(f"{at[1]}/receipt", receipt="They wrote back")
    assert "This list is done" in said
    key = re.search(r'name="row" value="(\w+)"', said)
    assert key
    _, said = lead.post(f"{at[1]}/correct", row=key[1], reason="The name is wrong")
    assert "goes with the next list" in said
    assert "The name is wrong" in lead.page("/police-lists")
    assert signed_in(ctx, a_console(ctx), email="w@example.org").get("/police-lists")[0] == 403


def test_reports_have_charts_with_their_words_and_tables(ctx: Context) -> None:
    day = (NOW - timedelta(days=6)).date()
    person = a_person(ctx.database)
    for number in range(12):
        state = ReferralState.REACHED if number < 2 else ReferralState.REFERRED
        a_referral(ctx.database, person=person, referred_on=day, state=state)
    manager = signed_in(ctx, a_console(ctx), role=Role.MANAGER)
    page = manager.page("/reports?weeks=4")
    charts = re.findall(r'<svg class="chart".*?</svg>', page, re.DOTALL)
    assert len(charts) == 9
    for chart in charts:
        assert re.search(r"<title id=[^>]+>[^<]+</title>", chart) and re.search(r"<desc id=[^>]+>[^<]+</desc>", chart)
    assert page.count("<table") == 8
    assert "hidden" in charts[0] and ">2<" not in page, "two people were reached"
    _, text = manager.get("/reports/funnel.csv?weeks=4")
    rows = list(csv.DictReader(io.StringIO(text.removeprefix("\ufeff"))))
    assert (rows[-1]["referred"], rows[-1]["reached"], rows[-1]["booked"]) == ("12", "hidden", "0")
    assert manager.get("/reports/nothing.csv")[0] == 404


def test_a_worker_prints_a_paper_for_somebody(ctx: Context) -> None:
    done, none = someone(ctx, "Cat Complete", state=ReferralState.COMPLETED), someone(ctx, "Nia None")
    worker = signed_in(ctx, a_console(ctx))
    assert f"/console/referrals/{done.id}/paper.pdf" in worker.page(f"/referrals/{done.id}")
    assert "paper.pdf" not in worker.page(f"/referrals/{none.id}")
    status, text = worker.get(f"/referrals/{done.id}/paper.pdf")
    assert status == 200 and text.startswith("%PDF-")
    assert worker.get(f"/referrals/{none.id}/paper.pdf")[0] == 404
