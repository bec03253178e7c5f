"""What a person and the team do together, in the words of the journeys."""

from playwright.sync_api import expect

from programme import handoff
from storage.enums import Owner, Sender
from storage.message import MessageIn, MessageOut
from storage.referral import Referral
from tests.journeys.system import System
from tests.journeys.test_web import prove
from tests.journeys.web_person import WebPerson

ASK = "can i talk to a person please"


def ask_for_a_person(system: System, person: WebPerson, referral: Referral) -> str:
    """Proves who they are and asks; the conversation's id."""
    prove(person, referral.reference)
    assert "I have asked a person to come to this chat" in "\n".join(person.say(ASK))
    conversation = system.newest_conversation(referral)
    assert handoff.owner(system.ctx, conversation) is Owner.QUEUED
    return conversation


def read(person: WebPerson, words: str) -> None:
    """It comes onto the person's page by itself."""
    expect(person.message(words)).to_be_visible()


def said_by_workers(system: System, conversation: str) -> list[str]:
    rows = system.rows(MessageOut, MessageOut.conversation_id == conversation, MessageOut.sender == Sender.WORKER)
    return [row.text for row in sorted(rows, key=lambda row: row.seq)]


def came(system: System, conversation: str) -> list[str]:
    rows = system.rows(MessageIn, MessageIn.conversation_id == conversation)
    return [row.text for row in sorted(rows, key=lambda row: row.seq)]
