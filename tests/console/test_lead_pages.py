"""What leads work with, over HTTP: the programme's settings, since last shift, callbacks."""

import html
import json
import re
from datetime import timedelta

import pytest

from console.routes import navigation, pages
from programme import fact, known, outbox, sample, setting
from programme.catalogue import catalogue
from programme.context import Context
from programme.fact import Given
from programme.outbox import Reply
from programme.rules import fact as rules
from programme.rules import london, week
from programme.rules.role import may
from storage import message as messages
from storage.audit import audit_of
from storage.callback import Callback
from storage.conversation import Conversation
from storage.enums import CallbackOutcome, CaseReason, Role
from tests.builders import NOW, a_person, a_referral, a_setting, new_id
from tests.console.desk import Browser, a_console, signed_in
from tests.programme.desk import opened, proved
from tests.programme.test_since import case, keep, request, shift

PRICE = {"value": "It costs ten pounds.", "source": "The board", "approver": "Mary Moss", "review_by": "2027-06-01"}
ROLES = [Role.WORKER, Role.TRAINER, Role.LEAD, Role.MANAGER]


def a_lead(ctx: Context, name: str = "Lou Lead", role: Role = Role.LEAD) -> Browser:
    return signed_in(ctx, a_console(ctx), on_shift=False, name=name, role=role)


def text_of(page: str) -> str:
    """The words of a page, without its tags."""
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def ask(ctx: Context, answer: str) -> str:
    """What somebody hears now whom the dialogue gives this answer."""
    conversation_id = opened(ctx)
    with ctx.database.writing() as session:
        conversation = session.get_one(Conversation, conversation_id)
        outbox.say(session, ctx, conversation, [Reply(answer)])
    with ctx.database.reading() as session:
        return messages.after(session, conversation_id, 0)[-1].text


# Programme


def test_a_lead_fills_in_a_setting_and_people_hear_it_at_once(ctx: Context) -> None:
    lead = a_lead(ctx)
    assert "I do not know that yet" in ask(ctx, "utter_ask_cost")
    page = text_of(lead.page("/programme"))
    assert "What it costs Empty" in page and "Asked once" in page
    status, shown = lead.post("/programme/cost_text", **PRICE)
    assert status == 200
    assert "Saved. People hear it from now on. A question that people had asked is answered now." in text_of(shown)
    assert ask(ctx, "utter_ask_cost") == "It costs ten pounds."
    assert "What it costs Empty" not in text_of(lead.page("/programme"))
    history = text_of(shown[shown.index('id="history"') :])
    assert "It costs ten pounds." in history and "Lou Lead" in history and "Live" in history


def test_what_is_wrong_is_said_at_its_field_and_what_was_written_stays(ctx: Context) -> None:
    lead = a_lead(ctx)
    status, page = lead.post(
        "/programme/days_to_book", value="a week", source="The <b>board", approver="", review_by="2020-01-01"
    )
    assert status == 422
    assert 'id="field-value-problem">' in page and rules.NotANumberError.__doc__ in html.unescape(page)
    assert rules.DayOverError.__doc__ in page and rules.NothingWrittenError.__doc__ in page
    assert 'value="a week"' in page and "The &lt;b&gt;board" in page and "<b>board" not in page
    assert known.one(ctx, "days_to_book").history == ()


def test_consequences_take_two_people_on_the_page_too(ctx: Context) -> None:
    lead, manager = a_lead(ctx), a_lead(ctx, "Max Manager", Role.MANAGER)
    _, shown = lead.post("/programme/reported_text", **{**PRICE, "value": "We say if you came."})
    assert "Another lead or manager must agree" in text_of(shown)
    assert "Agree, and make it live" not in shown and "Take back" in shown
    version = re.search(r'name="version" value="(\w+)"', shown)
    assert version
    status, said = lead.post("/programme/reported_text/agree", version=version[1])
    assert status == 409 and fact.SamePersonError.__doc__ in html.unescape(said)
    assert "Waiting for a second person 1" in text_of(manager.page("/programme"))
    assert "Agree, and make it live" in manager.page("/programme/reported_text")
    status, said = manager.post("/programme/reported_text/agree", version=version[1])
    assert status == 200 and "Saved." in text_of(said)
    assert "Lou Lead, then Max Manager" in text_of(said)
    assert "We say if you came." in ask(ctx, "utter_ask_proof_of_attendance")
    status, said = manager.post("/programme/reported_text/agree", version=version[1])
    assert status == 409 and fact.DecidedError.__doc__ in html.unescape(said)


def test_a_refusal_needs_its_reason_and_shows_it(ctx: Context) -> None:
    lead, manager = a_lead(ctx), a_lead(ctx, "Max Manager", Role.MANAGER)
    lead.post("/programme/reported_text", **{**PRICE, "value": "We say if you came."})
    proposal = known.one(ctx, "reported_text").view.proposal
    assert proposal is not None
    status, page = manager.post("/programme/reported_text/refuse", version=proposal.id, reason=" ")
    assert status == 422 and "Say why" in page
    status, page = manager.post("/programme/reported_text/refuse", version=proposal.id, reason="Not confirmed")
    assert status == 200 and "Why refused: Not confirmed" in text_of(page)


def test_taking_out_asks_why(ctx: Context) -> None:
    lead = a_lead(ctx)
    lead.post("/programme/cost_text", **PRICE)
    assert lead.post("/programme/cost_text/take-out", reason="")[0] == 422
    status, page = lead.post("/programme/cost_text/take-out", reason="Decided anew")
    assert status == 200 and "Taken out" in text_of(page)
    assert "I do not know that yet" in ask(ctx, "utter_ask_cost")


WEEK = {f"mode_{day}": "closed" for day in range(week.DAYS)}
TABLE = WEEK | {"mode_1": "open", "begins_1": "09:00", "ends_1": "16:00"}
GIVEN = {"source": "Rota", "approver": "Mary Moss", "review_by": "2027-06-01"}


def test_opening_hours_are_a_table_with_breaks_and_never_raw(ctx: Context) -> None:
    lead = a_lead(ctx)
    a_setting(ctx.database, "opening_hours", json.dumps({"0": [["09:00", "12:00"], ["13:00", "17:00"]]}))
    page = lead.page("/programme/opening_hours")
    assert "[[" not in html.unescape(page) and "09:00 to 17:00, closed from 12:00 to 13:00" in text_of(page)
    assert all(f'name="{name}_{day}"' in page for name in ("mode", "begins", "ends") for day in range(week.DAYS))
    status, page = lead.post("/programme/opening_hours", **TABLE, break_begins_1="12:30", break_ends_1="13:00", **GIVEN)
    assert status == 200
    with ctx.database.reading() as session:
        facts = setting.facts(session)
    assert setting.is_open(facts, NOW) and not setting.is_open(facts, NOW + timedelta(hours=2, minutes=45))


def test_a_day_that_is_wrong_is_said_at_that_day(ctx: Context) -> None:
    lead = a_lead(ctx)
    status, page = lead.post("/programme/opening_hours", **{**TABLE, "ends_1": "08:00"}, **GIVEN)
    assert status == 422 and 'id="day-1-problem"' in page and week.WrongOrderError.__doc__ in page
    assert 'value="08:00"' in page
    assert lead.post("/programme/opening_hours", **WEEK, **GIVEN)[0] == 422
    assert known.one(ctx, "opening_hours").view.state == "empty"


def test_closed_days_are_rows_of_dates(ctx: Context) -> None:
    lead = a_lead(ctx)
    status, page = lead.post("/programme/closures", day=["2026-12-24", "", "2026-12-31"], **GIVEN)  # type: ignore[arg-type]
    assert status == 200 and "Thu 24 Dec 2026" in text_of(page) and 'value="2026-12-31"' in page
    status, page = lead.post("/programme/closures", day=["Christmas"], **GIVEN)  # type: ignore[arg-type]
    assert status == 422 and rules.NotADayError.__doc__ in page


def test_bank_holidays_are_a_choice(ctx: Context) -> None:
    lead = a_lead(ctx)
    assert lead.post("/programme/closed_on_bank_holidays", value="true", **GIVEN)[0] == 200
    with ctx.database.reading() as session:
        assert setting.is_on(setting.facts(session), "closed_on_bank_holidays")
    assert lead.post("/programme/closed_on_bank_holidays", value="perhaps", **GIVEN)[0] == 422


def test_each_setting_has_its_page(ctx: Context) -> None:
    lead = a_lead(ctx)
    for key, entry in catalogue().entries.items():
        page = text_of(lead.page(f"/programme/{key}"))
        assert entry.title in page and entry.about in page and "History" in page, key


def test_everything_is_on_the_page_of_the_programme(ctx: Context) -> None:
    sample.seed(ctx)
    page = a_lead(ctx).page("/programme")
    for key, entry in catalogue().entries.items():
        assert f'href="/console/programme/{key}"' in page and entry.title in html.unescape(page), key
    assert "These are samples." in page
    assert "Only what the force has confirmed." in text_of(page)  # empty in the sample: it stands on top
    assert "[[" not in page


def test_the_samples_words_are_not_in_the_form(ctx: Context) -> None:
    sample.seed(ctx)
    lead = a_lead(ctx)
    page = lead.page("/programme/cost_text")
    form = page[page.index('action="/console/programme/cost_text"') :]
    assert "In this sample" in page and "In this sample" not in form[: form.index("</form>")]
    assert "The sample programme" not in form[: form.index("</form>")]
    assert lead.post("/programme/cost_text", **{**PRICE, "value": "In this sample it is free."})[0] == 422
    shown = lead.post("/programme/cost_text", **PRICE)[1]
    assert "Sample" not in text_of(shown[shown.index('id="as-it-is"') : shown.index('id="told"')])


def test_what_people_are_told_has_the_setting_marked(ctx: Context) -> None:
    a_setting(ctx.database, "cost_text", "It is <i>free</i>.")
    page = a_lead(ctx).page("/programme/cost_text")
    assert "<mark data-told>It is &lt;i&gt;free&lt;/i&gt;.</mark>" in page


@pytest.mark.parametrize("role", [Role.WORKER, Role.TRAINER])
def test_others_read_and_do_not_change(ctx: Context, role: Role) -> None:
    other = a_lead(ctx, role=role)
    page = other.page("/programme/cost_text")
    assert '<h2 id="change">' not in page and 'name="source"' not in page
    for path in ("", "/take-out", "/agree", "/refuse"):
        assert other.post(f"/programme/cost_text{path}", **PRICE)[0] == 403
    assert known.one(ctx, "cost_text").view.state == "empty"


def test_there_is_no_page_of_what_is_no_setting(ctx: Context) -> None:
    lead = a_lead(ctx)
    assert lead.get("/programme/sample_edition")[0] == 404
    assert lead.post("/programme/nothing", **PRICE)[0] == 404
    assert lead.post("/programme/sample_programme", **{**PRICE, "value": "true"})[0] == 409


def test_looks_at_settings_are_in_the_audit_log(ctx: Context) -> None:
    lead = a_lead(ctx)
    lead.page("/programme")
    lead.get("/programme", live=True)
    lead.page("/programme/cost_text")
    with ctx.database.reading() as session:
        looks = [*audit_of(session, "page", "programme"), *audit_of(session, "setting", "cost_text")]
    assert [(line.actor, line.action) for line in looks] == [(f"worker:{lead.account.id}", "viewed")] * 2


# Since last shift


def test_since_last_shift_shows_everything_with_where_it_leads(ctx: Context) -> None:
    lead = a_lead(ctx)
    hour = timedelta(hours=1)
    person = a_person(ctx.database, name="Rowan Field")
    mine, other = proved(ctx, a_referral(ctx.database, person=person)), opened(ctx)
    near = a_referral(ctx.database, book_by=london.today(NOW), person=a_person(ctx.database, name="Fern Lake"))
    keep(
        ctx,
        shift(lead.account, NOW - 20 * hour, NOW - 16 * hour),
        case(mine, CaseReason.RISK_OF_SUICIDE, NOW - 3 * hour),
        request(other, NOW - 15 * hour, escalated_at=NOW - 14 * hour),
        case(other, CaseReason.COMPLAINT, NOW - hour),
        case(other, CaseReason.NOT_DELIVERED, NOW - hour, detail='{"failure": "blocked"}'),
        Callback(id=new_id(), number="+447700900123", due_at=NOW - hour, asked_at=NOW - 2 * hour, conversation_id=mine),
    )
    page = lead.page("/since")
    assert "Your last shift ended Mon 30 Nov 2026, 6:00pm" in text_of(page)
    for part in ("danger", "deadlines", "waited", "escalated", "callbacks", "failed", "complaints"):
        assert f'id="{part}"' in page and f'href="#{part}"' in page, part
    assert f'href="/console/conversations/{mine}">Rowan Field' in page
    assert f'href="/console/referrals/{near.id}">Fern Lake' in page
    assert f'href="/console/conversations/{other}">Somebody not yet known' in page
    assert "Nobody has taken it yet." in page and "They have blocked us there." in page and "Today" in page


def test_a_quiet_night_says_so_and_one_may_look_further_back(ctx: Context) -> None:
    lead = a_lead(ctx)
    conversation = opened(ctx)
    closed = {"closed_at": NOW - timedelta(days=2), "closed_by": lead.account.id}
    keep(ctx, case(conversation, CaseReason.COMPLAINT, NOW - timedelta(days=3), **closed))
    assert "Nothing has happened that you must know." in text_of(lead.page("/since"))
    assert "Nothing has happened" in text_of(lead.page("/since?span=day"))
    week_back = lead.page("/since?span=week")
    assert 'id="complaints"' in week_back and "Lou Lead closed it" in text_of(week_back)
    assert "Nothing has happened" in text_of(lead.page("/since?span=century"))


@pytest.mark.parametrize("role", ROLES)
def test_who_sees_which_page(ctx: Context, role: Role) -> None:
    somebody = a_lead(ctx, role=role)
    sees = {path: somebody.get(path)[0] for path in ("/since", "/callbacks", "/programme")}
    talks = 403 if role is Role.TRAINER else 200
    assert sees == {"/since": talks, "/callbacks": talks, "/programme": 200}
    shown = {page.nav for page in navigation() if page.may is not None and may(role, page.may)}
    assert ("Since last shift" in shown) is (role is not Role.TRAINER)


@pytest.mark.parametrize("role", [Role.LEAD, Role.MANAGER])
def test_leads_and_managers_start_there(ctx: Context, role: Role) -> None:
    assert a_lead(ctx, role=role)._send("GET", "", {}).headers["location"] == "/console/since"


# Callbacks


def a_callback(ctx: Context, **given: object) -> str:
    conversation = proved(ctx, a_referral(ctx.database, person=a_person(ctx.database, name="Ash Hill")))
    values = {"number": "+447700900123", "due_at": NOW - timedelta(hours=1), "asked_at": NOW - timedelta(hours=2)}
    row = Callback(**{"id": new_id(), "conversation_id": conversation} | values | given)
    keep(ctx, row)
    return row.id


def test_a_callback_has_a_number_to_ring_and_can_be_tried_and_ended(ctx: Context) -> None:
    worker = signed_in(ctx, a_console(ctx))
    one = a_callback(ctx, good_time="after <9>")
    page = worker.page("/callbacks")
    assert 'href="tel:+447700900123">Ring 07700 900123' in page and "after &lt;9&gt;" in page and "Overdue" in page
    status, page = worker.post(f"/callbacks/{one}/tried")
    assert status == 200 and "due again in about an hour" in page and "Tried once" in page
    status, page = worker.post(f"/callbacks/{one}/close", outcome="reached", note="Booked together")
    assert "Nobody waits for a call." in page and "We spoke" in page and "Booked together" in page
    with ctx.database.reading() as session:
        row = session.get_one(Callback, one)
    assert (row.outcome, row.closed_by, row.tries) == (CallbackOutcome.REACHED, worker.account.id, 2)


def test_who_is_second_is_told(ctx: Context) -> None:
    worker, one = signed_in(ctx, a_console(ctx)), a_callback(ctx)
    worker.post(f"/callbacks/{one}/close", outcome="no_answer", note="")
    for path in ("tried", "close"):
        assert "Somebody else was quicker" in worker.post(f"/callbacks/{one}/{path}", outcome="reached")[1]
    assert "Choose how it ended." in worker.post(f"/callbacks/{a_callback(ctx)}/close", outcome="bribed")[1]


def test_each_look_at_a_number_is_in_the_audit_log_once(ctx: Context) -> None:
    worker, one = signed_in(ctx, a_console(ctx)), a_callback(ctx)
    worker.page("/callbacks")
    worker.get("/callbacks", live=True)
    with ctx.database.reading() as session:
        lines = audit_of(session, "callback", one)
    assert [(line.actor, line.action) for line in lines] == [(f"worker:{worker.account.id}", "viewed")]


def test_the_pages_are_declared_once_for_each_way_of_asking() -> None:
    declared = [(page.path, method) for page in pages() for method in page.methods]
    assert len(declared) == len(set(declared))
    assert ("/console/programme/{key}", "GET") in declared and ("/console/programme/{key}", "POST") in declared


def test_a_proposal_stands_on_the_list_with_who_made_it(ctx: Context) -> None:
    lead = a_lead(ctx)
    given = Given("We say if you came.", "The force", "Mary Moss", "2027-06-01")
    fact.propose(ctx, lead.account.id, "reported_text", given)
    page = text_of(lead.page("/programme"))
    assert "What is reported to the police Lou Lead proposed" in page
