"""A worker in the conversation, as the person's page sees it: who has it, who types, and an assistant that keeps silent
and afterwards knows what was said."""

import pytest
from sqlmodel import select

from programme import handoff, reply
from storage import handoff as handoffs
from storage.conversation import Conversation
from storage.message import MessageOut
from tests.bot.desk.conftest import Desk, Page, on_both
from tests.programme.workers import at_work


def conversation_of(desk: Desk) -> str:
    with desk.ctx.database.reading() as session:
        return session.exec(select(Conversation)).one().id


def ready(desk: Desk) -> tuple[Page, str, str]:
    """A page, its conversation and a worker on shift."""
    page = desk.open()
    page.until(lambda frame: frame["type"] == "owner")
    return page, conversation_of(desk), at_work(desk.ctx)


def owner(page: Page, wanted: str) -> None:
    assert page.until(lambda frame: frame["type"] == "owner")["owner"] == wanted


def words(page: Page, text: str) -> dict[str, object]:
    return page.until(lambda frame: frame["type"] == "message" and text in frame["text"])


@on_both
def test_taken_told_silent_handed_back_and_in_step(desk: Desk) -> None:
    page, chat, worker = ready(desk)
    page.turn(page.say("no"))
    handoff.ask(desk.ctx, chat, "request_human")
    owner(page, "queued")
    assert page.turn(page.say("no, still here"))  # while it waits the assistant goes on
    before = len(desk.script.asked)
    assert handoff.take(desk.ctx, chat, worker).won
    owner(page, "worker")
    here = words(page, "Wren from the team is here")
    assert (here["from"], here["answer"]) == ("notice", "notice_worker_here")
    assert page.turn(page.say("can you move my place?")) == []
    reply.say(desk.ctx, chat, worker, "Yes. Which day is better?", "1")
    mine = words(page, "Which day is better")
    assert (mine["from"], "answer" in mine) == ("worker", False)
    assert page.turn(page.say("Friday")) == []
    assert len(desk.script.asked) == before
    handoff.hand_back(desk.ctx, chat, worker, "moved")
    owner(page, "bot")
    words(page, "You are back with me")
    assert page.turn(page.say("no more"))
    assert desk.script.overheard == [
        {
            "conversation": chat,
            "said": [
                {"by": "person", "text": "can you move my place?"},
                {"by": "worker", "text": "Yes. Which day is better?"},
                {"by": "person", "text": "Friday"},
            ],
            "settled": True,
        }
    ]
    page.turn(page.say("no, thanks"))
    assert len(desk.script.overheard) == 1


def test_a_dialogue_that_is_away_hears_it_when_it_is_back(desk: Desk) -> None:
    """The mark outlives a failed turn and the death of the app."""
    page, chat, worker = ready(desk)
    handoff.take(desk.ctx, chat, worker)
    reply.say(desk.ctx, chat, worker, "All booked.", "1")
    handoff.hand_back(desk.ctx, chat, worker, "booked")
    desk.script.ok = False
    page.turn(page.say("hello"))
    desk.restart()
    desk.script.ok = True
    again = Page(desk, page.token)
    again.turn(again.say("hello again"))
    assert [told["said"] for told in desk.script.overheard][-1] == [{"by": "worker", "text": "All booked."}]


def test_taken_and_given_back_without_a_word_the_form_stays(desk: Desk) -> None:
    page, chat, worker = ready(desk)
    handoff.take(desk.ctx, chat, worker)
    handoff.pass_on(desk.ctx, chat, worker)
    page.turn(page.say("hello"))
    assert [(told["said"], told["settled"]) for told in desk.script.overheard] == [([], False)]


def test_an_answer_that_was_still_being_thought_of_is_not_said_over_the_worker(desk: Desk) -> None:
    page, chat, worker = ready(desk)
    taken: list[bool] = []
    desk.script.go_on = lambda: bool(taken)
    said = page.say("no")
    desk.wait(lambda: desk.script.asked)
    taken.append(handoff.take(desk.ctx, chat, worker).won)
    assert page.turn(said) == []
    assert [frame.get("answer") for frame in page.messages()][-1] == "notice_worker_here"


def test_both_see_each_other_typing(desk: Desk) -> None:
    page, chat, worker = ready(desk)
    for _ in range(5):
        page.send({"type": "typing"})

    def typed() -> bool:
        with desk.ctx.database.reading() as session:
            return session.get_one(Conversation, chat).person_typing_at is not None

    desk.wait(typed)
    handoff.take(desk.ctx, chat, worker)
    owner(page, "worker")
    words(page, "is here")
    assert not [frame for frame in page.quiet(1.5) if frame["type"] == "typing"]
    reply.typing(desk.ctx, chat, "worker")
    page.until(lambda frame: frame["type"] == "typing")
    assert not [frame for frame in page.quiet(2.5) if frame["type"] == "typing"]  # told once a sign


@pytest.mark.parametrize("taken", [False, True])
def test_danger_goes_to_the_queue_or_stays_with_its_worker(desk: Desk, taken: bool) -> None:
    page, chat, worker = ready(desk)
    if taken:
        handoff.take(desk.ctx, chat, worker)
        owner(page, "worker")
    said = page.say("i want to kill myself tonight")
    page.until(lambda frame: frame["type"] == "message" and frame.get("re") == said)
    page.turn(said)
    with desk.ctx.database.reading() as session:
        request = handoffs.open_request_of(session, chat)
        assert request is not None
        assert (request.urgency, request.state) == ("danger", "taken" if taken else "waiting")
        rows = session.exec(select(MessageOut.answer).where(MessageOut.reply_to_id.is_not(None))).all()  # type: ignore[union-attr]
    assert rows.count("utter_danger_risk_of_suicide") == 1
    if not taken:
        assert [frame["owner"] for frame in page.frames if frame["type"] == "owner"] == ["bot", "queued"]
