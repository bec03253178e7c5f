"""Waiting, Mine, All and a conversation, as a worker's browser gets them; every form works without scripts."""

import json
from datetime import timedelta

import pytest
from starlette.applications import Starlette

from programme import canned_reply, handoff, reply
from programme.context import Context
from storage import message as messages
from storage.audit import audit_of
from storage.conversation import Conversation
from storage.database import Database
from storage.enums import CaseReason, Channel, OutState, Owner, Role, Sender, Urgency
from storage.keys import Keyring
from storage.message import MessageOut
from storage.note import notes_of
from tests.builders import (
    NOW,
    a_booking,
    a_case,
    a_conversation,
    a_course,
    a_message_in,
    a_message_out,
    a_person,
    a_referral,
    new_id,
)
from tests.conftest import Clock
from tests.console.desk import Browser, a_console, signed_in, take
from tests.programme.desk import a_context, proved, rules

SECRET = "Ring his sister first."


@pytest.fixture
def database(sqlite_url: str, keyring: Keyring) -> Database:  # the use cases below are tested on both kinds
    return Database(sqlite_url, keyring)


@pytest.fixture
def ctx(database: Database, clock: Clock) -> Context:
    return a_context(database, clock)


@pytest.fixture
def app(ctx: Context) -> Starlette:
    return a_console(ctx)


@pytest.fixture
def wren(ctx: Context, app: Starlette) -> Browser:
    return signed_in(ctx, app, name="Wren Worker")


@pytest.fixture
def chat(ctx: Context) -> str:
    referral = a_referral(ctx.database, person=a_person(ctx.database, name="Alex Green"), reference="TVP4F7K92")
    conversation_id = proved(ctx, referral)
    with ctx.database.reading() as session:
        conversation = session.get_one(Conversation, conversation_id)
    a_message_in(ctx.database, conversation, "can <b>somebody</b> ring me", received_at=NOW)
    handoff.ask(ctx, conversation_id, "request_human", last_words="can <b>somebody</b> ring me")
    return conversation_id


def said(ctx: Context, chat: str) -> list[MessageOut]:
    with ctx.database.reading() as session:
        return [row for row in messages.after(session, chat, 0) if row.sender is Sender.WORKER]


def logged(ctx: Context, kind: str, key: str) -> list[tuple[str, str]]:
    with ctx.database.reading() as session:
        return [(line.actor, line.action) for line in audit_of(session, kind, key)]


def test_waiting_shows_who_waits_why_and_since_when(ctx: Context, wren: Browser, chat: str, clock: Clock) -> None:
    stranger = a_conversation(ctx.database, Channel.TELEGRAM, language="pl")
    a_case(ctx.database, conversation_id=stranger.id, reason=CaseReason.RISK_OF_SUICIDE, urgency=Urgency.DANGER)
    clock.forward(minutes=4)
    page = wren.page("/waiting")
    assert page.index("May want to die") < page.index("Asked for a person")
    assert "Alex Green" in page and "Somebody not yet known" in page
    assert "4 min" in page and "Polish" in page and "Telegram" in page
    assert "can &lt;b&gt;somebody&lt;/b&gt; ring me" in page  # what people write is text and nothing else
    assert page.count(">Take</button>") == 2


def test_a_shift_begins_and_ends_on_waiting(ctx: Context, app: Starlette, chat: str) -> None:
    lark = signed_in(ctx, app, on_shift=False, name="Lark Worker")
    assert "Start shift" in lark.page("/waiting")
    _, page = lark.post(f"/conversations/{chat}/take")
    assert "Start your shift first" in page and 'href="/console/conversations' in page
    assert handoff.owner(ctx, chat) is Owner.QUEUED
    _, page = lark.post("/shift/begin")
    assert "Your shift has begun" in page and "End shift" in page
    assert lark.post("/shift/beat", script=True)[0] == 204
    take(ctx, lark, chat)
    _, page = lark.post("/shift/end")
    assert "back in the queue" in page
    assert handoff.owner(ctx, chat) is Owner.QUEUED
    assert lark.post("/shift/beat", script=True)[0] == 409


def test_of_two_who_take_one_gets_it_and_the_other_is_told_who(
    ctx: Context, app: Starlette, wren: Browser, chat: str
) -> None:
    lark = signed_in(ctx, app, name="Lark Worker")
    _, page = wren.post(f"/conversations/{chat}/take")
    assert "It is yours" in page and "You have it" in page
    _, page = lark.post(f"/conversations/{chat}/take")
    assert "Wren Worker took this conversation before you" in page
    assert ">Take</button>" not in lark.page("/waiting")
    assert "Wren Worker has it" in lark.page(f"/conversations/{chat}")


def test_what_a_worker_sends_goes_to_the_person_once(ctx: Context, wren: Browser, chat: str) -> None:
    take(ctx, wren, chat)
    for _ in range(2):
        status, page = wren.post(f"/conversations/{chat}/reply", text="Wren here.\nWhich number?", client_id="one")
        assert status == 200
    [row] = said(ctx, chat)
    assert (row.text, row.account_id, row.state) == ("Wren here.\nWhich number?", wren.account.id, OutState.WAITING)
    assert "Not seen yet" in page
    status, text = wren.post(f"/conversations/{chat}/reply", script=True, text="And when?", client_id="two")
    assert (status, json.loads(text)["id"]) == (200, said(ctx, chat)[1].id)
    assert logged(ctx, "conversation", chat).count((f"worker:{wren.account.id}", "reply")) == 2


def test_only_who_has_it_can_reply_and_what_they_wrote_is_kept(
    ctx: Context, app: Starlette, wren: Browser, chat: str
) -> None:
    lark = signed_in(ctx, app, name="Lark Worker")
    take(ctx, wren, chat)
    status, words = lark.post(f"/conversations/{chat}/reply", script=True, text="Me too", client_id="x")
    assert status == 409 and "You do not have this conversation any more" in words
    _, page = lark.post(f"/conversations/{chat}/reply", text="Me too", client_id="x")
    assert "You do not have this conversation any more" in page
    assert said(ctx, chat) == []
    assert reply.draft(ctx, chat, lark.account.id) == "Me too"
    assert "readonly" in lark.page(f"/conversations/{chat}")
    assert lark.post(f"/conversations/{chat}/beat", script=True)[0] == 409
    assert wren.post(f"/conversations/{chat}/beat", script=True)[0] == 204


def test_a_draft_is_restored_and_typing_is_shown(ctx: Context, wren: Browser, chat: str) -> None:
    take(ctx, wren, chat)
    assert wren.post(f"/conversations/{chat}/draft", script=True, text="I was going to")[0] == 204
    assert ">I was going to</textarea>" in wren.page(f"/conversations/{chat}")
    assert wren.post(f"/conversations/{chat}/typing", script=True)[0] == 204
    reply.typing(ctx, chat, "person")
    with ctx.database.reading() as session:
        assert session.get_one(Conversation, chat).worker_typing_at == NOW
    assert "Alex is typing" in wren.page(f"/conversations/{chat}")


def test_a_note_never_reaches_the_person_whichever_way_it_is_sent(ctx: Context, wren: Browser, chat: str) -> None:
    take(ctx, wren, chat)
    with ctx.database.reading() as session:
        before = len(messages.after(session, chat, 0))
    _, page = wren.post(f"/conversations/{chat}/note", note=SECRET)
    assert SECRET in page and "Only staff can read it" in page
    wren.post(f"/conversations/{chat}/note", note=SECRET, text=SECRET, client_id="one")  # with a reply's fields too
    wren.post(f"/conversations/{chat}/reply", note=SECRET, client_id="two")  # to the other address
    wren.post(f"/conversations/{chat}/draft", note=SECRET)
    wren.post(f"/conversations/{chat}/typing", note=SECRET)
    with ctx.database.reading() as session:
        sent = messages.after(session, chat, 0)
        assert len(notes_of(session, chat)) == 2
    assert len(sent) == before and not any(SECRET in row.text for row in sent)
    wren.post(f"/conversations/{chat}/hand-back", outcome="called", note=SECRET)  # the word for colleagues
    with ctx.database.reading() as session:
        assert not any(SECRET in row.text for row in messages.after(session, chat, 0))


def test_an_empty_note_is_refused_in_words(ctx: Context, wren: Browser, chat: str) -> None:
    status, words = wren.post(f"/conversations/{chat}/note", script=True, note=" ")
    assert status == 409 and "nothing in this note" in words


def test_a_ready_made_reply_is_filled_and_never_sent_with_a_hole(ctx: Context, wren: Browser, chat: str) -> None:
    take(ctx, wren, chat)
    _, page = wren.post("/canned-replies/write", title="Hello", text="Hello {first_name}, see you {session}.", key="")
    assert "“Hello” is kept for the whole team" in page
    [row] = canned_reply.listed(ctx)
    page = wren.page(f"/conversations/{chat}?canned={row.id}")
    assert ">Hello Alex, see you {session}.</textarea>" in page and "Not known: session" in page
    words = "Hello Alex, see you {session}."
    status, told = wren.post(f"/conversations/{chat}/reply", script=True, text=words, client_id="1")
    assert status == 409 and "session" in told
    assert said(ctx, chat) == [] and reply.draft(ctx, chat, wren.account.id) == words
    status, page = wren.post("/canned-replies/write", title="Bad", text="{surname}", key="")
    assert status == 400 and "only the places below" in page and "{surname}" in page
    wren.post(f"/canned-replies/{row.id}/remove")
    assert canned_reply.listed(ctx) == []


def test_hidden_words_are_shown_on_request_and_logged(ctx: Context, wren: Browser, chat: str) -> None:
    with ctx.database.reading() as session:
        conversation = session.get_one(Conversation, chat)
    told = a_message_in(ctx.database, conversation, "it was me at the station", sensitive_at=NOW)
    page = wren.page(f"/conversations/{chat}")
    assert "at the station" not in page and ">Show</button>" in page
    assert "at the station" not in wren.page("/waiting")
    _, page = wren.post(f"/conversations/{chat}/hidden/{told.id}")
    assert "it was me at the station" in page
    assert logged(ctx, "message_in", told.id) == [(f"worker:{wren.account.id}", "shown_hidden")]
    assert wren.post(f"/conversations/{a_conversation(ctx.database).id}/hidden/{told.id}")[0] == 404


def test_hand_back_pass_on_and_close(ctx: Context, app: Starlette, wren: Browser, chat: str) -> None:
    lark = signed_in(ctx, app, name="Lark Worker")
    take(ctx, wren, chat)
    page = wren.page(f"/conversations/{chat}")
    assert "Lark Worker</option>" in page
    for button in ("Hand back to assistant", "Pass on", "Close", "Send", "Add note"):
        assert f">{button}</button>" in page
    _, page = wren.post(f"/conversations/{chat}/pass-on", to=lark.account.id)
    assert "Lark Worker has it now" in page
    _, page = wren.post(f"/conversations/{chat}/hand-back", outcome="answered")
    assert "You do not have this conversation any more" in page
    _, page = lark.post(f"/conversations/{chat}/hand-back", outcome="nonsense")
    assert "Please say how it ended" in page
    _, page = lark.post(f"/conversations/{chat}/hand-back", outcome="booked", note="All sorted.")
    assert "The assistant has it again" in page
    assert handoff.owner(ctx, chat) is Owner.BOT
    assert "All sorted." in lark.page(f"/conversations/{chat}")
    take(ctx, wren, chat)
    wren.post(f"/conversations/{chat}/pass-on", to="")
    assert handoff.owner(ctx, chat) is Owner.QUEUED
    _, page = wren.post(f"/conversations/{chat}/close", outcome="called")
    assert "It is closed" in page and handoff.owner(ctx, chat) is Owner.BOT


def test_a_colleague_who_has_gone_home_is_said(ctx: Context, app: Starlette, wren: Browser, chat: str) -> None:
    lark = signed_in(ctx, app, on_shift=False, name="Lark Worker")
    take(ctx, wren, chat)
    _, page = wren.post(f"/conversations/{chat}/pass-on", to=lark.account.id)
    assert "not on shift any more" in page and handoff.owner(ctx, chat) is Owner.WORKER


def test_cases_are_closed_and_danger_is_cleared_from_the_page(ctx: Context, wren: Browser, chat: str) -> None:
    case = a_case(ctx.database, conversation_id=chat, reason=CaseReason.COMPLAINT)
    crisis = a_case(ctx.database, conversation_id=chat, reason=CaseReason.RISK_OF_SUICIDE, urgency=Urgency.DANGER)
    page = wren.page(f"/conversations/{chat}")
    assert "All clear: I have looked" in page and "Case done" in page
    back = f"conversations/{chat}"
    _, page = wren.post(f"/cases/{crisis.id}/close", back=back, outcome="done")
    assert "closed already" in page and "All clear" in page  # danger only ends by an all-clear
    _, page = wren.post(f"/cases/{crisis.id}/clear", back=back)
    assert "The danger is cleared" in page and "All clear" not in page
    _, page = wren.post(f"/cases/{case.id}/close", back=back, outcome="done")
    assert "The case is closed" in page and "Case done" not in page
    _, page = wren.post(f"/cases/{case.id}/close", back="https://elsewhere.example", outcome="done")
    assert "closed already" in page  # on a page of ours, whatever the form said


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
