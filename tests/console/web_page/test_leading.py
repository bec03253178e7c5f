"""A lead's pages in a real browser: filling in by keyboard alone, two people agreeing, and what comes in by itself."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page, expect
from starlette.applications import Starlette

from programme import fact, known, outbox, sample
from programme.context import Context
from programme.fact import Given
from programme.outbox import Reply
from storage import message as messages
from storage.callback import Callback
from storage.conversation import Conversation
from storage.enums import CaseReason, Role
from tests.axe import keeps_the_rules
from tests.builders import a_person, a_referral, new_id
from tests.console.desk import Browser, signed_in
from tests.programme.desk import opened, proved
from tests.programme.test_since import case, keep, lost, request, shift

Window = Callable[..., Page]
HOUR = timedelta(hours=1)


@pytest.fixture
def lead(ctx: Context, app: Starlette) -> Browser:
    return signed_in(ctx, app, on_shift=False, name="Lou Lead", role=Role.LEAD)


@pytest.fixture
def manager(ctx: Context, app: Starlette) -> Browser:
    return signed_in(ctx, app, on_shift=False, name="Max Manager", role=Role.MANAGER)


def next_year() -> str:
    return (datetime.now(UTC).date() + timedelta(days=300)).isoformat()


def ask(ctx: Context, answer: str) -> str:
    conversation_id = opened(ctx)
    with ctx.database.writing() as session:
        conversation = session.get_one(Conversation, conversation_id)
        outbox.say(session, ctx, conversation, [Reply(answer)])
    with ctx.database.reading() as session:
        return messages.after(session, conversation_id, 0)[-1].text


def tab_to(page: Page, name: str) -> None:
    """Presses Tab until what has this name, or this label, has the focus."""
    for _ in range(120):
        page.keyboard.press("Tab")
        words = page.evaluate(
            "() => { const on = document.activeElement;"
            " return (on.labels?.[0]?.innerText ?? on.innerText ?? '').replace(/\\s+/g, ' ').trim() }"
        )
        if words.startswith(name):
            return
    pytest.fail(f"no way to {name} by keyboard")


def waiting_for_changes(page: Page) -> None:
    """Opened anew with its line to the server open: what changes from now on is shown."""
    with page.expect_response(lambda answer: "/console/live" in answer.url):
        page.reload()


def test_a_lead_fills_in_a_setting_by_keyboard_and_the_answer_changes(
    ctx: Context, address: str, lead: Browser, window: Window
) -> None:
    assert "I do not know that yet" in ask(ctx, "utter_ask_cost")
    page = window(address, lead, "/programme")
    tab_to(page, "Fill in What it costs")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("What it costs")
    tab_to(page, "Words, as people read them")
    page.keyboard.type("It costs ten pounds.")
    expect(page.locator("mark").first).to_have_text("It costs ten pounds.")  # as people will read it
    tab_to(page, "Source")
    page.keyboard.type("Druglink's board")
    tab_to(page, "Approver")
    page.keyboard.type("Mary Moss")
    tab_to(page, "Review by")
    page.keyboard.type(f"0101{datetime.now(UTC).year + 1}")
    tab_to(page, "Save")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Saved.")).to_contain_text("is answered now")
    assert ask(ctx, "utter_ask_cost") == "It costs ten pounds."
    assert str(known.one(ctx, "cost_text").view.review_by) == f"{datetime.now(UTC).year + 1}-01-01"


def test_two_people_on_two_servers_see_each_other_agree_without_reloading(
    ctx: Context, address: str, other_address: str, lead: Browser, manager: Browser, window: Window
) -> None:
    first, second = window(address, lead, "/programme/reported_text"), window(other_address, manager, "/programme")
    waiting_for_changes(second)
    first.get_by_label("Words, as people read them").fill("We say if you came.")
    first.get_by_label("Source").fill("Agreement of May")
    first.get_by_label("Approver").fill("Mary Moss")
    first.get_by_label("Review by").fill(next_year())
    first.get_by_role("button", name="Propose").click()
    expect(first.get_by_text("You can take it back.")).to_be_visible()
    waiting_for_changes(first)
    second.get_by_role("link", name="Read and decide What is reported to the police").click()
    second.get_by_role("button", name="Agree, and make it live").click()
    expect(second.get_by_role("status").filter(has_text="Saved.")).to_be_visible()
    expect(first.get_by_text("You can take it back.")).to_have_count(0)
    expect(first.locator("#history")).to_contain_text("Max Manager")
    assert "We say if you came." in ask(ctx, "utter_ask_proof_of_attendance")


def test_a_refusal_asks_why_in_a_dialog(ctx: Context, address: str, manager: Browser, window: Window) -> None:
    other = signed_in_lead(ctx)
    fact.propose(ctx, other, "reported_text", Given("We say if you came.", "The force", "Mary Moss", next_year()))
    page = window(address, manager, "/programme/reported_text")
    page.get_by_text("Refuse", exact=True).first.press("Enter")
    dialog = page.get_by_role("dialog", name="Refuse this proposal?")
    dialog.get_by_label("Why").fill("Not confirmed")
    dialog.get_by_role("button", name="Refuse").press("Enter")
    expect(page.locator("#history")).to_contain_text("Why refused: Not confirmed")


def signed_in_lead(ctx: Context) -> str:
    from tests.builders import an_account

    return an_account(ctx.database, name="Lou Lead", role=Role.LEAD).id


def test_opening_hours_are_filled_in_as_a_table(ctx: Context, address: str, lead: Browser, window: Window) -> None:
    page = window(address, lead, "/programme/opening_hours")
    monday = page.get_by_role("group", name="Monday")
    expect(monday.get_by_label("From on Monday", exact=True)).to_be_hidden()
    monday.get_by_label("Monday", exact=True).select_option("Open")
    monday.get_by_label("From on Monday", exact=True).fill("09:00")
    monday.get_by_label("To on Monday", exact=True).fill("16:00")
    monday.get_by_label("Break from on Monday").fill("12:30")
    page.get_by_label("Source").fill("Rota")
    page.get_by_label("Approver").fill("Mary Moss")
    page.get_by_label("Review by").fill(next_year())
    page.get_by_role("button", name="Save").click()
    expect(monday).to_contain_text("A break needs both its times")
    expect(monday.get_by_label("Monday", exact=True)).to_be_focused()
    monday.get_by_label("Break to on Monday").fill("13:00")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#now")).to_contain_text("09:00 to 16:00, closed from 12:30 to 13:00")
    page.get_by_role("button", name="Tuesday to Friday as Monday").click()
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#now .week li").filter(has_text="closed from 12:30 to 13:00")).to_have_count(5)


def test_a_group_that_was_opened_stays_open_when_the_page_renews_itself(
    ctx: Context, address: str, lead: Browser, window: Window
) -> None:
    page = window(address, lead, "/programme")
    waiting_for_changes(page)
    page.get_by_role("heading", name="The session").click()
    row = page.get_by_role("row").filter(has=page.get_by_role("link", name="Who else is there"))
    expect(row).to_be_visible()
    fact.propose(ctx, lead.account.id, "group_text", Given("A group of ten.", "Rota", "Mary Moss", next_year()))
    expect(row).to_contain_text("A group of ten.")
    ask(ctx, "utter_ask_cost")  # and a question that comes in meanwhile is there by itself
    expect(page.get_by_role("listitem").filter(has_text="What it costs")).to_contain_text("Asked once")


def test_danger_comes_onto_the_page_by_itself(ctx: Context, address: str, lead: Browser, window: Window) -> None:
    page = window(address, lead, "/since")
    expect(page.get_by_text("Nothing has happened that you must know.")).to_be_visible()
    waiting_for_changes(page)
    conversation = opened(ctx)
    keep(ctx, case(conversation, CaseReason.RISK_OF_SUICIDE, datetime.now(UTC)))
    expect(page.get_by_role("heading", name="Danger, and who acted")).to_be_visible()
    page.get_by_role("link", name="1 Danger").press("Enter")
    expect(page.get_by_role("heading", name="Danger, and who acted")).to_be_in_viewport()
    page.get_by_role("link", name="Somebody not yet known").press("Enter")
    page.wait_for_url(f"**/console/conversations/{conversation}")


def test_a_callback_is_ended_by_keyboard(ctx: Context, address: str, wren: Browser, window: Window) -> None:
    now = datetime.now(UTC)
    row = Callback(id=new_id(), number="+447700900123", due_at=now - HOUR, asked_at=now - 2 * HOUR)
    row.conversation_id = proved(ctx, a_referral(ctx.database, person=a_person(ctx.database, name="Ash Hill")))
    keep(ctx, row)
    page = window(address, wren, "/callbacks")
    expect(page.get_by_role("link", name="Ring 07700 900123")).to_have_attribute("href", "tel:+447700900123")
    tab_to(page, "Done with Ash Hill")
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="How did it end?")
    dialog.get_by_label("Outcome").select_option("No answer, and no more tries")
    tab_to(page, "Done")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Nobody waits for a call.")).to_be_visible()
    expect(page.get_by_role("row").filter(has_text="Ash Hill")).to_contain_text("No answer")


def a_full_programme(ctx: Context, lead: Browser) -> None:
    """Every kind of row on every page."""
    now = datetime.now(UTC)
    sample.seed(ctx)
    first = proved(ctx, a_referral(ctx.database, person=a_person(ctx.database, name="Rowan Field")))
    second = opened(ctx)
    fact.take_out(ctx, lead.account.id, "cost_text", "Not known yet")
    fact.propose(ctx, signed_in_lead(ctx), "reported_text", Given("If you came.", "The force", "M Moss", next_year()))
    soon = (now.date() + timedelta(days=9)).isoformat()
    fact.propose(ctx, lead.account.id, "group_text", Given("A group of ten.", "Rota", "Mary Moss", soon))
    ask(ctx, "utter_ask_cost")
    keep(
        ctx,
        shift(lead.account, now - 30 * HOUR, now - 22 * HOUR),
        case(first, CaseReason.RISK_OF_SUICIDE, now - 9 * HOUR, closed_at=now - HOUR, closed_by=lead.account.id),
        case(second, CaseReason.COMPLAINT, now - HOUR),
        request(second, now - 20 * HOUR, escalated_at=now - 19 * HOUR),
        lost(first, now - 3 * HOUR),
        Callback(id=new_id(), number="+447700900123", due_at=now - HOUR, asked_at=now, conversation_id=first),
        Callback(
            id=new_id(), number="+447700900124", due_at=now, asked_at=now, closed_at=now, outcome="reached", tries=1
        ),
    )


PATHS = [
    "/since",
    "/callbacks",
    "/programme",
    "/programme/cost_text",
    "/programme/reported_text",
    "/programme/opening_hours",
    "/programme/closures",
    "/programme/closed_on_bank_holidays",
    "/programme/local_reading",
]


@pytest.mark.parametrize(("width", "scheme"), [(375, "dark"), (1280, "light")])
def test_nothing_stands_in_anybodys_way_on_any_page(
    ctx: Context, address: str, lead: Browser, window: Window, width: int, scheme: str
) -> None:
    a_full_programme(ctx, lead)
    page = window(address, lead, PATHS[0], width=width, scheme=scheme)
    for path in PATHS:
        page.goto(f"{address}/console{path}")
        for group in page.locator("details.group > summary").all():
            group.click()
        keeps_the_rules(page, path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        small = page.evaluate(
            "() => [...document.querySelectorAll('main .button, main select, main input, main textarea, main summary')]"
            ".filter(one => one.offsetParent && one.type !== 'hidden' && one.getBoundingClientRect().height < 43)"
            ".map(one => one.outerHTML.slice(0, 120))"
        )
        assert small == [], path
