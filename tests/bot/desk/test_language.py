"""A message in another language, at the front desk: its line instead of an answer, the form left alone."""

from sqlmodel import select

from storage.case import Case
from storage.conversation import Conversation
from storage.enums import CaseReason, Owner
from tests.bot.desk.conftest import Desk

POLISH = "nie rozumiem po angielsku, potrzebuję tłumacza"


def test_the_line_goes_out_and_the_dialogue_is_not_asked(desk: Desk) -> None:
    page = desk.open()
    (line,) = page.turn(page.say(POLISH))
    assert line["answer"] == "notice_language"
    assert "999" in line["text"] and "No speaker of Polish has checked" in line["text"]
    assert desk.script.asked == []  # so a form stays where it was
    page.turn(page.say("no"))
    assert len(desk.script.asked) == 1


def test_its_button_asks_for_an_interpreter_also_with_the_dialogue_dead(desk: Desk) -> None:
    desk.dialogue.stop()
    page = desk.open()
    (line,) = page.turn(page.say(POLISH))
    asked = page.turn(page.choose(line["buttons"][0]["payload"]))
    assert [each["answer"] for each in asked] == ["notice_interpreter", "utter_handoff_open"]
    with desk.ctx.database.reading() as session:
        assert session.exec(select(Case)).one().reason is CaseReason.LANGUAGE
        conversation = session.exec(select(Conversation)).one()
        assert (conversation.language, conversation.owner) == ("pl", Owner.QUEUED)


def test_danger_in_another_language_gets_the_card_first_and_then_the_line(desk: Desk) -> None:
    desk.script.answer = lambda turn: [{"answer": f"utter_danger_{turn['intent']}", "values": {}}]
    page = desk.open()
    said = page.turn(page.say("Chcę umrzeć, nie chcę już żyć"))
    assert [each["answer"] for each in said] == ["utter_danger_risk_of_suicide", "notice_language"]
    assert desk.script.asked[-1]["intent"] == "risk_of_suicide"


def test_a_worker_who_has_the_conversation_reads_it_instead(desk: Desk) -> None:
    page = desk.open()
    page.until(lambda frame: frame["type"] == "owner")
    with desk.ctx.database.writing() as session:
        for row in session.exec(select(Conversation)).all():
            row.owner = Owner.WORKER
            session.add(row)
    assert page.turn(page.say(POLISH)) == []
