"""Workers talk with people from the console: taking, replying, notes, handing on, as requests and pages."""

import json

import pytest
from starlette.applications import Starlette

from programme import canned_reply, handoff, reply
from programme.context import Context
from storage import message as messages
from storage.conversation import Conversation
from storage.enums import CaseReason, Channel, OutState, Owner, Urgency
from storage.note import notes_of
from tests.builders import (
    NOW,
    a_case,
    a_conversation,
    a_message_in,
)
from tests.conftest import Clock
from tests.console.desk import Browser, a_console, signed_in, take
from tests.console.talk import asks_for_somebody, logged, said

SECRET = "Ring his sister first."


@pytest.fixture
def app(ctx: Context) -> Starlette:
    return a_console(ctx)


@pytest.fixture
def wren(ctx: Context, app: Starlette) -> Browser:
    return signed_in(ctx, app, name="Wren Worker")


@pytest.fixture
def chat(ctx: Context) -> str:
    return asks_for_somebody(ctx)


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
