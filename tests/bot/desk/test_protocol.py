"""The web chat's protocol, as CONTRACTS has it, over a real socket."""

import json
import uuid

import httpx
import pytest
from sqlmodel import select
from websockets.exceptions import ConnectionClosedError
from websockets.sync.client import connect

from bot import web
from programme import conversation as conversations
from programme import outbox
from programme.rules.limit import SIGNALS
from storage.enums import CaseReason, OutState, Owner
from storage.tables import Case, Conversation, MessageIn, MessageOut
from tests.bot.desk.conftest import PATIENCE, Desk, Page, on_both


@on_both
def test_a_message_is_accepted_answered_and_its_turn_ends_after_its_answer(desk: Desk) -> None:
    page = desk.open()
    assert page.until(lambda frame: frame["type"] == "owner") == {"type": "owner", "owner": "bot"}
    said = page.say("no not today")
    replies = page.turn(said)
    kinds = [frame["type"] for frame in page.frames if frame.get("id") == said or frame.get("re") == said]
    assert kinds == ["accepted", "message", "turn"]
    assert replies[0]["from"] == "assistant"
    assert replies[0]["answer"] == "utter_no_problem"
    assert replies[0]["at"].endswith("Z")


def test_the_first_message_of_a_chat_is_the_welcome(desk: Desk) -> None:
    welcome = desk.open().until(lambda frame: frame["type"] == "message")
    assert welcome["answer"] == "utter_welcome"
    assert "re" not in welcome
    assert welcome["buttons"]


@on_both
def test_the_same_id_again_changes_nothing_and_is_accepted_again(desk: Desk) -> None:
    page = desk.open()
    said = page.say("no")
    page.turn(said)
    page.say("no", said)
    page.until(lambda frame: frame["type"] == "accepted")
    page.quiet()
    assert len(desk.script.asked) == 1
    assert [frame["id"] for frame in page.frames if frame["type"] == "turn"] == [said]
    assert len([frame for frame in page.messages() if frame.get("re") == said]) == 1


@on_both
def test_after_a_reload_only_what_the_page_has_not_got_comes_again(desk: Desk) -> None:
    page = desk.open()
    first = page.turn(page.say("no"))[-1]
    second = page.turn(page.say("no"))[-1]
    page.close()
    again = Page(desk, page.token, last_seen=first["id"])
    again.quiet()
    assert [frame["id"] for frame in again.messages()] == [second["id"]]


@on_both
def test_a_turn_that_was_unfinished_is_told_after_hello(desk: Desk) -> None:
    desk.script.seconds = 2.0
    page = desk.open()
    said = page.say("no")
    page.until(lambda frame: frame["type"] == "accepted")
    page.close()
    again = Page(desk, page.token)
    assert again.turn(said)


@on_both
def test_a_button_of_ours_becomes_its_intent_and_no_other_payload_does(desk: Desk) -> None:
    page = desk.open()
    welcome = page.until(lambda frame: frame["type"] == "message")
    page.turn(page.choose(welcome["buttons"][0]["payload"]))
    assert desk.script.asked[-1]["intent"]
    chosen = page.choose("/restart")
    assert page.until(lambda frame: frame["type"] == "error")["code"] == "bad_frame"
    other = desk.open()
    stolen = other.choose(welcome["buttons"][0]["payload"])
    error = other.until(lambda frame: frame["type"] == "error")
    assert (error["code"], error["id"]) == ("bad_frame", stolen)
    assert len(desk.script.asked) == 1
    assert chosen


def test_a_typed_slash_is_words(desk: Desk) -> None:
    page = desk.open()
    page.turn(page.say("/restart"))
    assert desk.script.asked[-1]["text"] == "/restart"
    assert "intent" not in desk.script.asked[-1]


def test_bad_frames_get_words_and_the_line_stays_open(desk: Desk) -> None:
    page = desk.open()
    for frame in ("not json", "[]", '{"type":"dance"}', '{"type":"say","id":"x","text":"  "}', '{"type":"say"}'):
        page.send(frame)
        error = page.until(lambda frame: frame["type"] == "error")
        assert error["code"] == "bad_frame"
        assert error["text"]
    assert page.turn(page.say("no"))


def test_too_long_is_said_with_the_id_and_2000_passes(desk: Desk) -> None:
    page = desk.open()
    said = page.say("a" * 2001)
    error = page.until(lambda frame: frame["type"] == "error")
    assert (error["code"], error["id"]) == ("too_long", said)
    assert page.turn(page.say("é" * 2000))


@on_both
def test_twenty_messages_in_a_burst_pass_and_sixty_do_not(desk: Desk) -> None:
    page = desk.open()
    said = [page.say(f"no {number}") for number in range(20)]
    for each in said:
        assert page.turn(each)
    other = desk.open()
    for number in range(60):
        other.say(f"no {number}")
    error = other.until(lambda frame: frame["type"] == "error")
    assert error["code"] == "too_fast"
    assert error["text"]


def test_a_hundred_sessions_a_minute_from_one_address_pass(desk: Desk) -> None:
    with httpx.Client() as client:
        codes = [client.post(f"{desk.url}/chat/sessions", json={}).status_code for _ in range(130)]
    assert codes[:100] == [201] * 100
    assert 429 in codes


def test_an_unknown_session_is_told_so(desk: Desk) -> None:
    page = Page(desk, "no such token")
    assert page.until(lambda frame: frame["type"] == "error")["code"] == "unknown_session"


@on_both
def test_leaving_closes_the_session_for_good(desk: Desk) -> None:
    page = desk.open()
    page.turn(page.say("no"))
    assert httpx.post(f"{desk.url}/chat/leave", json={"token": page.token}).status_code == 204
    again = Page(desk, page.token)
    assert again.until(lambda frame: frame["type"] == "error")["code"] == "unknown_session"
    assert desk.script.forgotten


@on_both
def test_seen_is_what_counts_as_delivered(desk: Desk) -> None:
    page = desk.open()
    reply = page.turn(page.say("no"))[-1]
    with desk.ctx.database.reading() as session:
        assert {row.state for row in session.exec(select(MessageOut)).all()} == {OutState.WAITING}
    page.send({"type": "seen", "id": reply["id"]})

    def states() -> set[OutState]:
        with desk.ctx.database.reading() as session:
            return {row.state for row in session.exec(select(MessageOut)).all()}

    desk.wait(lambda: states() == {OutState.DELIVERED})


@on_both
def test_another_persons_message_cannot_be_marked_seen(desk: Desk) -> None:
    page, other = desk.open(), desk.open()
    reply = page.turn(page.say("no"))[-1]
    other.send({"type": "seen", "id": reply["id"]})
    other.quiet(0.5)
    with desk.ctx.database.reading() as session:
        assert session.get_one(MessageOut, reply["id"]).state == OutState.WAITING


@on_both
def test_a_change_of_owner_is_told_at_once(desk: Desk) -> None:
    page = desk.open()
    page.until(lambda frame: frame["type"] == "owner")
    with desk.ctx.database.writing() as session:
        for row in session.exec(select(Conversation)).all():
            row.owner = Owner.WORKER
            session.add(row)
    assert page.until(lambda frame: frame["type"] == "owner")["owner"] == "worker"
    said = page.say("are you there")
    assert page.turn(said) == []
    assert desk.script.asked == []
    with desk.ctx.database.reading() as session:
        assert session.exec(select(MessageIn)).one().ended_as == "left_to_worker"


@on_both
def test_danger_gets_its_card_at_once_also_while_a_worker_has_the_conversation(desk: Desk) -> None:
    page = desk.open()
    page.until(lambda frame: frame["type"] == "owner")
    with desk.ctx.database.writing() as session:
        for row in session.exec(select(Conversation)).all():
            row.owner = Owner.WORKER
            session.add(row)
    said = page.say("i want to kill myself tonight")
    card = page.until(lambda frame: frame["type"] == "message" and frame.get("re") == said)
    assert card["answer"] == "utter_danger_risk_of_suicide"
    with desk.ctx.database.reading() as session:
        assert session.exec(select(Case)).one().reason == CaseReason.RISK_OF_SUICIDE


def test_the_page_names_nothing_on_its_face_and_is_kept_nowhere(desk: Desk) -> None:
    for path in ("/", "/r/some-token"):
        page = httpx.get(f"{desk.url}{path}")
        assert page.status_code == 200
        assert "default-src 'none'" in page.headers["content-security-policy"]
        assert page.headers["cache-control"] == "no-store"
        title = page.text.partition("<title>")[2].partition("</title>")[0].lower()
        assert not any(word in title for word in ("drug", "police", "offence"))


def test_a_calendar_file_that_is_not_there_is_said_in_words(desk: Desk) -> None:
    missing = httpx.get(f"{desk.url}/calendar/{uuid.uuid4().hex}.ics")
    assert missing.status_code == 404
    assert missing.text


def test_the_title_of_a_button_just_sent_may_be_typed(desk: Desk) -> None:
    page = desk.open()
    welcome = page.until(lambda frame: frame["type"] == "message")
    title = welcome["buttons"][0]["title"]
    page.turn(page.say(f" {title.upper()}!! "))
    assert desk.script.asked[-1]["intent"]
    page.turn(page.say(f"{title} and something else"))
    assert "intent" not in desk.script.asked[-1]


def test_a_frame_that_is_far_too_long_gets_words_and_the_line_stays_open(desk: Desk) -> None:
    page = desk.open()
    said = page.say("a" * 100_000)
    error = page.until(lambda frame: frame["type"] == "error")
    assert (error["code"], error["id"], bool(error["text"])) == ("too_long", said, True)
    page.send('{"type":"typing","more":"' + "a" * 100_000 + '"}')
    assert page.until(lambda frame: frame["type"] == "error")["code"] == "too_long"
    assert page.turn(page.say("no"))


@pytest.mark.parametrize("frame", ['{"type":"typing"}', '{"type":"seen","id":"x"}', "not json"])
def test_signals_without_end_are_refused_once_in_words_and_words_still_pass(desk: Desk, frame: str) -> None:
    page = desk.open()
    for _ in range(400):
        page.send(frame)
    assert page.turn(page.say("no"))
    errors = [each["code"] for each in page.frames if each["type"] == "error"]
    assert errors.count("too_fast") == 1
    assert len(errors) <= SIGNALS.count + 1


def test_twenty_messages_each_from_many_people_at_one_address_all_pass(desk: Desk) -> None:
    pages = [desk.open() for _ in range(35)]
    for page in pages:
        for number in range(20):
            page.say(f"no {number}")
    for page in pages:
        ended = 0
        while ended < 20:
            frame = page.until(lambda frame: frame["type"] in ("accepted", "error"), 60)
            assert frame["type"] == "accepted"
            ended += 1


def test_who_finds_too_many_lines_open_is_told_in_words(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "MOST_SOCKETS_AN_ADDRESS", 1)
    first = desk.open()
    first.until(lambda frame: frame["type"] == "message")
    with connect(f"ws://127.0.0.1:{desk.port}/chat/ws") as second:
        error = json.loads(second.recv(PATIENCE))
        assert (error["type"], error["code"], bool(error["text"])) == ("error", "too_fast", True)
        with pytest.raises(ConnectionClosedError):
            second.recv(PATIENCE)
        assert second.close_code == 1013
    first.close()


@on_both
def test_what_was_seen_already_writes_nothing(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    page = desk.open()
    shown = page.until(lambda frame: frame["type"] == "message")["id"]
    conversation_id = conversations.find_by_token(desk.ctx, page.token)
    assert conversation_id
    written: list[str] = []
    writing = desk.ctx.database.writing
    monkeypatch.setattr(desk.ctx.database, "writing", lambda: written.append("") or writing())
    outbox.mark_seen(desk.ctx, conversation_id, shown)
    assert len(written) == 1
    for _ in range(3):
        outbox.mark_seen(desk.ctx, conversation_id, shown)
    assert len(written) == 1


def test_the_policy_names_the_socket_of_the_host_that_was_asked(desk: Desk) -> None:
    policy = httpx.get(f"{desk.url}/").headers["content-security-policy"]
    assert f"connect-src 'self' wss://127.0.0.1:{desk.port} ws://127.0.0.1:{desk.port};" in policy
