"""What people send and what comes of it: words, commands, taps, edits, things that are not words, groups."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from storage.conversation import Conversation
from storage.enums import MessageKind
from tests.bot.telegram.conftest import ROBIN, SAM, Bench
from tests.builders import a_link, a_referral, a_setting


async def test_words_are_answered(bench: Bench) -> None:
    bench.api.say(SAM, "how long is it?")
    await bench.hears(SAM, "You said: how long is it?")
    (sent,) = bench.sent()
    assert sent.state == "delivered"
    assert sent.channel_message_id == str(bench.api.heard(SAM)[0]["message_id"])


async def test_two_people_are_kept_apart(bench: Bench) -> None:
    bench.api.say(SAM, "from Sam")
    bench.api.say(ROBIN, "from Robin")
    await bench.hears(SAM, "from Sam")
    await bench.hears(ROBIN, "from Robin")
    assert len(bench.rows(Conversation)) == 2
    assert len(bench.api.heard(SAM)) == len(bench.api.heard(ROBIN)) == 1


@pytest.mark.parametrize(
    ("typed", "intent"),
    [
        ("/book", "book_course"),
        ("/mybooking", "check_booking"),
        ("/human", "request_human"),
        ("/help", "ask_capabilities"),
        ("/privacy", "ask_privacy"),
        ("/stop", "stop_messages"),
        ("/Book@stand_in_bot ", "book_course"),
    ],
)
async def test_a_command_is_its_intent(bench: Bench, typed: str, intent: str) -> None:
    bench.api.say(SAM, typed)
    await bench.hears(SAM, f"You said: {intent}")
    assert bench.dialogue.intents == [intent]


@pytest.mark.parametrize("typed", ["/restart", "/book@another_bot", "/stop it please", "/ book", "/booking"])
async def test_any_other_slash_is_just_text(bench: Bench, typed: str) -> None:
    bench.api.say(SAM, typed)
    await bench.hears(SAM, f"You said: {typed}")
    assert bench.dialogue.intents == [None]
    assert bench.received()[0].kind is MessageKind.TEXT


async def test_start_says_once_who_can_read_and_then_greets(bench: Bench) -> None:
    bench.api.say(SAM, "/start")
    await bench.hears(SAM, "You said: greet")
    bench.api.say(SAM, "/start")
    await bench.until(lambda: len(bench.dialogue.asked) == 2)
    await bench.settled()
    texts = bench.api.texts(SAM)
    assert ["Telegram carries" in text for text in texts] == [True, False, False]


async def test_a_personal_link_carries_the_reference_and_is_not_kept(bench: Bench) -> None:
    referral = a_referral(bench.ctx.database)
    a_link(
        bench.ctx.database,
        referral,
        "secret-link-token",
        created_at=datetime(2020, 1, 1, tzinfo=UTC),
        expires_at=datetime(2100, 1, 1, tzinfo=UTC),
    )
    bench.api.say(SAM, "/start secret-link-token")
    await bench.hears(SAM, "You said: greet")
    assert bench.conversation().linked_referral_id == referral.id
    assert bench.conversation().referral_id is None
    assert bench.dialogue.asked[0].context["linked"] is True
    assert bench.received()[0].text == "/start"


async def test_a_worthless_link_is_said_to_be_so_and_greeted_alike(bench: Bench) -> None:
    bench.api.say(SAM, "/start nothing")
    await bench.hears(SAM, "You said: greet")
    assert bench.conversation().linked_referral_id is None
    texts = bench.api.texts(SAM)
    assert len(texts) == 3
    assert texts[0].startswith("This link no longer works.")


async def test_help_and_privacy_work_without_the_dialogue(bench: Bench) -> None:
    bench.api.say(SAM, "/help")
    await bench.hears(SAM, "/mybooking")
    bench.api.say(SAM, "/privacy")
    await bench.hears(SAM, "Telegram keeps a copy")


async def test_the_menu_and_the_empty_chat_are_set_and_not_set_again(bench: Bench, start) -> None:
    await bench.until(lambda: bench.api.state()["short_description"])
    state = bench.api.state()
    assert [each["command"] for each in state["commands"]] == ["book", "mybooking", "human", "help", "privacy", "stop"]
    assert "Telegram carries" in state["description"]
    await bench.channel.stop()
    again = await start("two")
    await again.until(lambda: len(bench.api.calls("getMyShortDescription")) == 2)
    assert len(bench.api.calls("setMyCommands")) == len(bench.api.calls("setMyDescription")) == 1


async def test_a_tap_is_taken_answered_and_its_keyboard_cleared(bench: Bench) -> None:
    bench.api.say(SAM, "choose")
    message = await bench.hears(SAM, "Which one?")
    assert bench.api.titles(message) == [["Tuesday", "Friday"], ["Show me some other days, please"]]
    bench.api.tap(SAM, "Friday")
    await bench.hears(SAM, "You said: choose_session")
    assert bench.dialogue.asked[-1].values == {"offer": "two"}
    assert bench.received()[-1].text == "Friday"
    await bench.until(lambda: bench.api.titles(bench.api.heard(SAM)[0]) == [])
    assert bench.api.state()["toasts"] == ["Friday"]


async def test_a_tap_that_comes_again_is_one_turn(bench: Bench) -> None:
    bench.api.say(SAM, "choose")
    await bench.hears(SAM, "Which one?")
    tapped = bench.api.tap(SAM, "Tuesday")
    await bench.hears(SAM, "You said: choose_session")
    await bench.until(lambda: bench.api.calls("editMessageReplyMarkup"))
    bench.api.replay(tapped["update_id"])
    await bench.until(lambda: len(bench.api.calls("editMessageReplyMarkup")) == 2)
    await bench.settled()
    assert [call["code"] for call in bench.api.calls("answerCallbackQuery")] == [200, 400]
    assert [call["code"] for call in bench.api.calls("editMessageReplyMarkup")] == [200, 400]
    assert bench.dialogue.intents == [None, "choose_session"]
    assert bench.channel.ready


async def test_a_double_tap_is_one_turn(bench: Bench) -> None:
    bench.api.say(SAM, "choose")
    message = await bench.hears(SAM, "Which one?")
    data = message["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    bench.api.hold()
    bench.api.tap(SAM, "Tuesday")
    bench.api.tap(SAM, "Tuesday")
    bench.api.release()
    await bench.until(lambda: len(bench.api.calls("answerCallbackQuery")) == 2)
    await bench.settled()
    assert bench.dialogue.intents == [None, "choose_session"]
    assert len(data.encode()) <= 64


async def test_a_button_that_was_never_sent_does_nothing(bench: Bench) -> None:
    bench.api.say(ROBIN, "choose")
    stolen = (await bench.hears(ROBIN, "Which one?"))["reply_markup"]["inline_keyboard"][0][0]["callback_data"]
    bench.api.say(SAM, "choose")
    message = await bench.hears(SAM, "Which one?")
    for data in (stolen, "/restart"):
        bench.api.tap(SAM, data=data, message_id=message["message_id"])
    await bench.hears(SAM, "That button does not work")
    await bench.settled()
    assert bench.dialogue.intents == [None, None]


async def test_an_edit_is_not_acted_on_and_answered_once(bench: Bench) -> None:
    said = bench.api.say(SAM, "reading")
    await bench.hears(SAM, "You said: reading")
    bench.api.edit(SAM, said["message_id"], text="oxford")
    await bench.hears(SAM, "I cannot see the change")
    bench.api.edit(SAM, said["message_id"], text="slough")
    await bench.settled()
    assert bench.dialogue.texts == ["reading"]
    assert len(bench.api.heard(SAM)) == 2


async def test_danger_in_an_edit_is_heard(bench: Bench) -> None:
    said = bench.api.say(SAM, "hello")
    await bench.hears(SAM, "You said: hello")
    bench.api.edit(SAM, said["message_id"], text="i want to kill myself")
    await bench.until(lambda: any((row.answer or "").startswith("utter_danger_") for row in bench.sent()))


async def test_a_shared_place_that_moves_is_answered_once(bench: Bench) -> None:
    sent = bench.api.send(SAM, "location")
    await bench.hears(SAM, "map place")
    bench.api.edit(SAM, sent["message_id"], location={"latitude": 51.5, "longitude": -1.0})
    await bench.settled()
    assert len(bench.api.heard(SAM)) == 1


@pytest.mark.parametrize(
    ("thing", "words"),
    [
        ("voice", "cannot listen"),
        ("audio", "cannot listen"),
        ("video_note", "cannot watch"),
        ("video", "cannot watch"),
        ("animation", "cannot watch"),
        ("photo", "cannot see pictures"),
        ("sticker", "only read words"),
        ("document", "cannot open files"),
        ("location", "map place"),
        ("venue", "map place"),
        ("contact", "shared contact"),
        ("dice", "only read words"),
    ],
)
async def test_what_is_not_words_is_answered_with_a_way_to_a_person(bench: Bench, thing: str, words: str) -> None:
    bench.api.send(SAM, thing)
    message = await bench.hears(SAM, words)
    assert bench.api.titles(message) == [["Talk to a person", "How to reach us"]]
    assert bench.dialogue.asked == []


async def test_where_the_number_is_known_it_is_said(bench: Bench) -> None:
    a_setting(bench.ctx.database, "contact_phone", "01632 960 001", review_by=date(2100, 1, 1))
    bench.api.send(SAM, "voice")
    await bench.hears(SAM, "call us on 01632 960 001")


async def test_an_album_is_answered_once(bench: Bench) -> None:
    for _ in range(3):
        bench.api.send(SAM, "photo", media_group_id="77")
    await bench.hears(SAM, "cannot see pictures")
    await bench.settled()
    assert len(bench.api.heard(SAM)) == 1


async def test_a_caption_is_what_the_person_says(bench: Bench) -> None:
    bench.api.send(SAM, "photo", caption="can i book a place?")
    await bench.hears(SAM, "You said: can i book a place?")
    await bench.settled()
    assert len(bench.api.heard(SAM)) == 1, "that we cannot see pictures need not be said"


async def test_danger_under_a_picture_is_heard(bench: Bench) -> None:
    bench.api.send(SAM, "photo", caption="i have taken an overdose")
    await bench.until(lambda: any((row.answer or "").startswith("utter_danger_") for row in bench.sent()))


async def test_a_shared_contact_is_kept_nowhere(bench: Bench, tmp_path: Path) -> None:
    bench.api.send(SAM, "contact")
    await bench.hears(SAM, "shared contact")
    assert [row.text for row in bench.received()] == ["contact"]
    assert not any(b"7700900123" in file.read_bytes() for file in (tmp_path / "data").iterdir())


async def test_what_nobody_sent_on_purpose_is_passed_over(bench: Bench) -> None:
    bench.api.send(SAM, "pinned_message")
    await bench.settled()
    assert bench.rows(Conversation) == []
    assert bench.api.heard(SAM) == []


@pytest.mark.parametrize("kind", ["group", "supergroup", "channel"])
async def test_a_group_is_refused_once_and_left(bench: Bench, kind: str) -> None:
    bench.api.add_to(-200, kind)
    bench.api.say(-200, "hello bot", chat_type=kind)
    await bench.until(lambda: not bench.api.chat(-200)["member"])
    await bench.settled()
    assert len(bench.api.heard(-200)) == 1
    assert "one person at a time" in bench.api.texts(-200)[0]
    assert bench.rows(Conversation) == []
    assert bench.dialogue.asked == []


async def test_blocking_and_coming_back_are_noticed(bench: Bench) -> None:
    bench.api.say(SAM, "hello")
    await bench.hears(SAM, "You said: hello")
    bench.api.block(SAM)
    await bench.until(lambda: bench.identity().blocked_at)
    bench.api.block(SAM, False)
    await bench.until(lambda: bench.identity().blocked_at is None)


async def test_typing_shows_only_while_an_answer_takes_long(bench: Bench) -> None:
    bench.api.say(SAM, "quick")
    await bench.hears(SAM, "You said: quick")
    assert bench.api.chat(SAM)["actions"] == []
    bench.dialogue.seconds = 1.5
    bench.api.say(SAM, "slow")
    await bench.until(lambda: bench.api.chat(SAM)["actions"] == ["typing"])
    await bench.hears(SAM, "You said: slow")


async def test_too_many_messages_are_refused_in_words_once(bench: Bench) -> None:
    for number in range(30):
        bench.api.say(SAM, f"message {number}")
    await bench.hears(SAM, "a lot of messages", seconds=15)
    await bench.until(lambda: len(bench.dialogue.asked) == 25, seconds=15)
    await bench.settled()
    assert sum("a lot of messages" in text for text in bench.api.texts(SAM)) == 1


async def test_danger_is_heard_beyond_every_limit(bench: Bench) -> None:
    for number in range(26):
        bench.api.say(SAM, f"message {number}")
    bench.api.say(SAM, "i want to die, i am going to kill myself")
    bench.api.say(SAM, "so tired of it all " * 110 + " i am going to kill myself")
    await bench.until(lambda: sum(row.danger is not None for row in bench.received()) == 2)


async def test_a_text_too_long_is_refused_in_words_once(bench: Bench) -> None:
    for _ in range(2):
        bench.api.say(SAM, "a" * 2001)
    await bench.hears(SAM, "too long for me")
    bench.api.say(SAM, "a" * 2000)
    await bench.hears(SAM, "You said: aaa")
    assert len(bench.api.heard(SAM)) == 2
