"""People and workers together: two of each, in real browsers and in Telegram, over one running system."""

from collections.abc import Callable

from playwright.sync_api import expect

from programme import handoff
from storage.audit import Audit
from storage.enums import Owner
from storage.handoff import HandoffRequest
from storage.referral import Referral
from tests.journeys import test_telegram
from tests.journeys.desk import ASK, ask_for_a_person, read
from tests.journeys.system import System, wait
from tests.journeys.telegram_person import TelegramPerson
from tests.journeys.test_web import in_person, offers
from tests.journeys.web_person import WebPerson
from tests.journeys.worker import Worker, press_at_once

Visit = Callable[..., WebPerson]
SignIn = Callable[..., Worker]


def types_on(worker: Worker) -> bool:
    worker.draft.press_sequentially("on ")
    return True


def test_two_people_are_helped_by_two_workers_and_go_on_with_the_assistant(
    system: System,
    visit: Visit,
    in_telegram: Callable[[], TelegramPerson],
    sign_in: SignIn,
    referral: Referral,
    other_referral: Referral,
) -> None:
    # Both ask; while they wait the assistant helps, and books.
    web = visit(system.address)
    first = ask_for_a_person(system, web, referral)
    assert "no price is set" in web.say("how much does it cost")[0]
    phone = in_telegram()
    test_telegram.prove(phone, other_referral)
    phone.say(ASK, "I have asked a person to come to this chat")
    phone.say("how much does it cost", "no price is set")
    second = system.newest_conversation(other_referral)

    # Two workers come, and take one each.
    wren, robin = sign_in(system, "Wren"), sign_in(system, "Robin")
    for worker in (wren, robin):
        worker.begin_shift()
        expect(worker.row(first)).to_be_visible()
        expect(worker.row(second)).to_be_visible()
    wren.look("waiting")
    wren.take(first)
    robin.take(second)
    read(web, "Wren from the team is here")
    phone.hear("Robin from the team is here")

    # They talk, both ways, and nobody talks over them.
    wren.reply("Hello, what can I do for you?")
    robin.reply("Good to meet you. Where do you live?")
    read(web, "Hello, what can I do for you?")
    phone.hear("Where do you live?")
    assert web.say("how much does it cost") == []
    wren.sees("how much does it cost")
    phone.api.say(phone.chat, "near reading")
    robin.sees("near reading")
    web.page.locator("#say").press_sequentially("i am wr")
    expect(wren.page.get_by_text("is typing")).to_be_visible()
    wait(lambda: types_on(wren) and web.page.locator("#typing").is_visible(), what="the worker's typing to show")
    web.page.fill("#say", "")
    wren.draft.fill("")
    wren.look("conversation")
    web.shot("with-a-worker")

    # A place is booked for each.
    wren.book_for_them()
    robin.book_for_them()
    read(web, "You are booked.")
    phone.hear("You are booked.")
    for booked in (referral, other_referral):
        assert len(system.bookings(booked, active=True)) == 1

    # The assistant has them again, says so, and knows it.
    wren.hand_back("booked")
    robin.hand_back("booked")
    read(web, "You are back with me, the computer.")
    phone.hear("You are back with me, the computer.")
    assert "You are booked" in web.say("when is it again")[0]
    phone.say("when is it again", "You are booked")
    for conversation in (first, second):
        wait(lambda: not system.unended())
        noted = {(row.action, row.actor) for row in system.rows(Audit, Audit.subject_id == conversation)}
        worker = wren if conversation == first else robin
        assert {(action, f"worker:{worker.account.id}") for action in ("owner:take", "owner:hand_back")} <= noted
        assert handoff.owner(system.ctx, conversation) is Owner.BOT


def test_of_two_who_press_take_at_once_one_gets_it_and_the_other_is_told_who(
    system: System, visit: Visit, sign_in: SignIn, referral: Referral
) -> None:
    conversation = ask_for_a_person(system, visit(system.address), referral)
    team = [sign_in(system, "Wren"), sign_in(system, "Robin")]
    for worker in team:
        worker.begin_shift()
    press_at_once(*(each.row(conversation).get_by_role("button", name="Take", exact=True) for each in team))
    for worker in team:
        expect(
            worker.page.get_by_role("status")
            .filter(has_text="It is yours")
            .or_(worker.page.get_by_role("status").filter(has_text="took this conversation before you"))
        ).to_be_visible()
    won = [worker for worker in team if worker.page.get_by_text("You have it").count()]
    assert len(won) == 1
    (lost,) = [worker for worker in team if worker is not won[0]]
    expect(lost.page.get_by_text(f"{won[0].account.name} took this conversation before you.")).to_be_visible()
    expect(lost.row(conversation)).to_have_count(0)
    lost.go(f"conversations/{conversation}")
    expect(lost.page.get_by_text(f"{won[0].account.name} has it")).to_be_visible()
    expect(lost.draft).not_to_be_editable()
    (request,) = system.rows(HandoffRequest, HandoffRequest.conversation_id == conversation)
    assert request.account_id == won[0].account.id


def test_a_whole_walk_by_keyboard_alone(system: System, visit: Visit, sign_in: SignIn, referral: Referral) -> None:
    person = visit(system.address)
    conversation = ask_for_a_person(system, person, referral)
    wren = sign_in(system, "Wren")
    page = wren.page
    page.mouse.move(0, 0)
    wren.press("link", "Waiting")
    wren.press("button", "Start shift")
    expect(page.get_by_text("You are on shift")).to_be_visible()
    wren.tab_to(wren.row(conversation).get_by_role("button", name="Take", exact=True))
    page.keyboard.press("Enter")
    expect(page.get_by_text("You have it")).to_be_visible()
    wren.tab_to(wren.draft)
    page.keyboard.type("Hello, Wren here.")
    wren.press("button", "Send")
    read(person, "Hello, Wren here.")
    wren.tab_to(page.get_by_label("Note"))
    page.keyboard.type("By keyboard.")
    wren.press("button", "Add note")
    expect(page.locator("#staff-only")).to_contain_text("By keyboard.")
    for role, name in (("link", "Book a place for them"), ("button", "Choose"), ("button", "Book the place")):
        wanted = page.get_by_role(role, name=name, exact=True).first  # type: ignore[arg-type]
        wren.tab_to(wanted)
        page.keyboard.press("Enter")
    read(person, "You are booked.")
    wren.press("button", "Hand back to assistant")
    read(person, "You are back with me, the computer.")
    wren.press("link", "Waiting")
    wren.press("button", "End shift")
    expect(page.get_by_text("Your shift is over.")).to_be_visible()


def test_while_they_wait_the_assistant_books(system: System, visit: Visit, referral: Referral) -> None:
    person = visit(system.address)
    conversation = ask_for_a_person(system, person, referral)
    assert "When or where would suit you?" in person.say("i want to book my place")[-1]
    person.tap("Any time")
    person.tap(in_person(offers(person)))
    assert "You are booked." in person.tap("Yes")[-1]
    assert handoff.owner(system.ctx, conversation) is Owner.QUEUED
