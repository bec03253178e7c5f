"""What workers find and do beside talking: looks that are logged, why an answer, places booked on somebody's behalf."""

import json
from datetime import timedelta

import pytest
from starlette.applications import Starlette

from programme import reply
from programme.context import Context
from storage import message as messages
from storage.conversation import Conversation
from storage.enums import Role
from storage.message import MessageOut
from tests.builders import (
    NOW,
    a_booking,
    a_course,
    a_message_in,
    a_message_out,
    a_person,
    a_referral,
    new_id,
)
from tests.conftest import Clock
from tests.console.desk import Browser, a_console, signed_in, take
from tests.console.talk import asks_for_somebody, logged
from tests.programme.desk import rules


@pytest.fixture
def app(ctx: Context) -> Starlette:
    return a_console(ctx)


@pytest.fixture
def wren(ctx: Context, app: Starlette) -> Browser:
    return signed_in(ctx, app, name="Wren Worker")


@pytest.fixture
def chat(ctx: Context) -> str:
    return asks_for_somebody(ctx)


def test_mine_and_all_find_the_conversation(ctx: Context, wren: Browser, chat: str) -> None:
    assert "You have no conversation now" in wren.page("/mine")
    take(ctx, wren, chat)
    assert "Waits for your answer" in wren.page("/mine") and "Alex Green" in wren.page("/mine")
    reply.say(ctx, chat, wren.account.id, "Hello.", "1")
    assert "Waits for your answer" not in wren.page("/mine")
    for query in ("", "?q=tvp-4f7k-92", "?q=gre", "?owner=worker&channel=web&urgency=asked"):
        assert "Alex Green" in wren.page(f"/all{query}"), query
    for query in ("?q=nobody", "?owner=bot", "?channel=telegram", "?urgency=danger", "?page=2"):
        assert "Nothing was found" in wren.page(f"/all{query}"), query
    assert wren.get("/all?owner=nonsense&page=-1")[0] == 200
    assert (f"worker:{wren.account.id}", "searched") in logged(ctx, "account", wren.account.id)


def test_each_opening_is_logged_and_a_renewal_is_not(ctx: Context, wren: Browser, chat: str) -> None:
    viewed = (f"worker:{wren.account.id}", "viewed")
    wren.page(f"/conversations/{chat}")
    wren.get(f"/conversations/{chat}", live=True)
    assert logged(ctx, "conversation", chat).count(viewed) == 1
    wren.page(f"/conversations/{chat}")
    assert logged(ctx, "conversation", chat).count(viewed) == 2
    for path in ("waiting", "mine", "all"):
        wren.page(f"/{path}")
        wren.get(f"/{path}", live=True)
        assert logged(ctx, "page", path) == [viewed]


def test_a_search_that_renews_itself_is_logged_once(ctx: Context, wren: Browser, chat: str, clock: Clock) -> None:
    searched = (f"worker:{wren.account.id}", "searched")
    wren.get("/all?q=alex", live=True)  # says that it renews a page, and never opened one
    wren.get("/all?q=alex", live=True)
    assert logged(ctx, "account", wren.account.id).count(searched) == 1
    wren.page("/all?q=alex")
    assert logged(ctx, "account", wren.account.id).count(searched) == 2


def test_why_this_answer_and_one_tap_to_correct_it(ctx: Context, wren: Browser, chat: str) -> None:
    with ctx.database.reading() as session:
        conversation = session.get_one(Conversation, chat)
    heard = {
        "intent": {"name": "ask_cost", "confidence": 0.62},
        "ranking": [{"name": "ask_cost", "confidence": 0.62}, {"name": "ask_location", "confidence": 0.21}],
    }
    asked = a_message_in(ctx.database, conversation, "how far is it", understood=json.dumps(heard))
    answer = "utter_ask_bot"
    text = str(ctx.answers.variations(answer)[0]["text"]).strip()
    line = a_message_out(ctx.database, conversation, text, answer=answer, reply_to_id=asked.id)
    assert f"/why/{line.id}" in wren.page(f"/conversations/{chat}")
    page = wren.page(f"/conversations/{chat}/why/{line.id}")
    assert "Ask cost" in page and "62% sure" in page and answer in page and "how far is it" in page
    assert 'name="intent" value="ask_location"' in page
    _, page = wren.post(f"/conversations/{chat}/correct/{asked.id}", intent="ask_location")
    assert "The trainers will see that this meant: Ask location" in page
    assert wren.post(f"/conversations/{chat}/correct/{asked.id}", intent="nonsense")[0] == 404
    assert wren.post(f"/conversations/{chat}/correct/{new_id()}", intent="ask_cost")[0] == 404
    assert wren.get(f"/conversations/{chat}/why/{new_id()}")[0] == 404


def test_a_place_is_booked_moved_and_cancelled_in_the_chat(ctx: Context, wren: Browser, chat: str) -> None:
    rules(ctx.database)
    first, second = (a_course(ctx.database, starts_at=NOW + timedelta(days=days)) for days in (7, 9))
    at = f"/conversations/{chat}/booking"
    _, page = wren.post(f"{at}/book", course=first.id)
    assert "You do not have this conversation any more" in page
    take(ctx, wren, chat)
    assert "Book a place for them" in wren.page(f"/conversations/{chat}")
    assert page.count("Choose") == 0 and wren.page(at).count(">Choose</button>") == 2
    _, page = wren.post(at, course=first.id)
    assert "Book this one?" in page and "Tue 8 Dec 2026, 10:00am" in page
    _, page = wren.post(f"{at}/book", course=first.id)
    assert "The place is booked" in page and "You are booked." in page
    _, page = wren.post(at, course=second.id)
    assert "Move it to this one?" in page and "They give up" in page
    _, page = wren.post(f"{at}/book", course=second.id)
    assert "The place is moved" in page
    page = wren.page(at)
    booking_id = page.split('name="booking" value="')[1].split('"')[0]
    _, page = wren.post(f"{at}/cancel", booking=booking_id)
    assert "The place is cancelled" in page
    assert [row.answer for row in _notices(ctx, chat)] == ["notice_booked", "notice_moved", "notice_cancelled"]


def _notices(ctx: Context, chat: str) -> list[MessageOut]:
    of_booking = ("notice_booked", "notice_moved", "notice_cancelled")
    with ctx.database.reading() as session:
        return [row for row in messages.after(session, chat, 0) if (row.answer or "").startswith(of_booking)]


def test_a_date_that_went_meanwhile_is_said_and_others_are_offered(ctx: Context, wren: Browser, chat: str) -> None:
    rules(ctx.database)
    full, free = (a_course(ctx.database, starts_at=NOW + timedelta(days=days), capacity=1) for days in (7, 9))
    a_booking(ctx.database, course=full)
    take(ctx, wren, chat)
    for path in ("booking", "booking/book"):
        status, page = wren.post(f"/conversations/{chat}/{path}", course=full.id)
        assert status == 409 and "no room any more" in page and f'value="{free.id}"' in page
    assert wren.post(f"/conversations/{chat}/booking/book", course=new_id())[0] == 404


def test_somebody_on_the_phone_is_found_asked_for_their_birth_date_and_read_the_words(
    ctx: Context, wren: Browser
) -> None:
    rules(ctx.database)
    referral = a_referral(ctx.database, person=a_person(ctx.database, name="Robin Red", date_of_birth="1985-11-02"))
    course = a_course(ctx.database)
    found = wren.page("/all?q=robin")
    assert f"/console/referrals/{referral.id}" in found
    at = f"/referrals/{referral.id}"
    page = wren.page(at)
    assert "No place yet" in page and "1985" not in page
    assert (f"worker:{wren.account.id}", "viewed") in logged(ctx, "referral", referral.id)
    page = wren.page(f"{at}/booking")
    assert "Date of birth" in page and ">Choose</button>" not in page
    status, page = wren.post(f"{at}/booking", born="1985-11-03")
    assert status == 403 and "not the date of birth" in page
    status, page = wren.post(f"{at}/booking/book", born="1985-11-03", course=course.id)
    assert status == 403
    _, page = wren.post(f"{at}/booking", born="1985-11-02")
    assert ">Choose</button>" in page
    _, page = wren.post(f"{at}/booking", born="1985-11-02", course=course.id)
    assert "Book this one?" in page
    _, page = wren.post(f"{at}/booking/book", born="1985-11-02", course=course.id)
    assert "Read this to them" in page and "You are booked." in page and "Tuesday 8 December at 6pm" in page
    _, page = wren.post(f"{at}/note", note="Rang us.")
    assert "Rang us." in page
    assert wren.get(f"/referrals/{new_id()}")[0] == 404


@pytest.mark.parametrize("path", ["/waiting", "/mine", "/all", "/canned-replies", f"/conversations/{'0' * 32}"])
def test_a_trainer_sees_nobodys_record(ctx: Context, app: Starlette, path: str) -> None:
    trainer = signed_in(ctx, app, on_shift=False, role=Role.TRAINER)
    assert trainer.get(path)[0] == 403


def test_what_is_not_there_is_not_found(wren: Browser) -> None:
    nobody = f"/conversations/{new_id()}"
    assert wren.get(nobody)[0] == 404
    for path, fields in (
        ("take", {}),
        ("reply", {"text": "a", "client_id": "1"}),
        ("note", {"note": "a"}),
        ("draft", {}),
    ):
        assert wren.post(f"{nobody}/{path}", **fields)[0] == 404, path
