"""Notes: read by staff, in order, with who wrote them; and never, in any way, by the person."""

from pathlib import Path

import pytest
from sqlmodel import select

from programme import note, outbox, transcript
from programme.context import Context
from storage.audit import audit_of
from storage.enums import Channel
from storage.message import ButtonToken, MessageIn, MessageOut
from tests.builders import a_conversation, a_referral, an_account
from tests.conftest import Clock
from tests.programme.desk import proved

SECRET = "He sounded tired. Ring his sister first."


def test_a_note_is_kept_with_its_writer_and_in_the_log(ctx: Context, clock: Clock) -> None:
    worker, chat = an_account(ctx.database, name="Wren Worker"), a_conversation(ctx.database)
    note.add(ctx, chat.id, worker.id, f"  {SECRET} ")
    clock.forward(minutes=1)
    note.add(ctx, chat.id, worker.id, "Rung.")
    with ctx.database.reading() as session:
        found = note.listed(session, chat.id, None)
        log = audit_of(session, "conversation", chat.id)
    assert [(each.text, each.by, each.here) for each in found] == [
        (SECRET, "Wren Worker", True),
        ("Rung.", "Wren Worker", True),
    ]
    assert [(line.actor, line.action) for line in log] == [(f"worker:{worker.id}", "note")] * 2


def test_a_persons_notes_follow_them_from_chat_to_chat_and_to_the_phone(ctx: Context) -> None:
    worker, referral = an_account(ctx.database), a_referral(ctx.database)
    first, second = proved(ctx, referral), proved(ctx, referral)
    note.add(ctx, first, worker.id, "From the first chat.")
    note.add_on_referral(ctx, referral.id, worker.id, "From the phone.")
    a_conversation_id = a_conversation(ctx.database).id
    with ctx.database.reading() as session:
        found = note.listed(session, second, referral.id)
        stranger = note.listed(session, a_conversation_id, None)
    assert {each.text for each in found} == {"From the first chat.", "From the phone."}
    assert not any(each.here for each in found)
    assert stranger == ()


@pytest.mark.parametrize("text", ["", "  \n "])
def test_an_empty_note_is_refused(ctx: Context, text: str) -> None:
    worker, chat = an_account(ctx.database), a_conversation(ctx.database)
    with pytest.raises(note.EmptyNoteError):
        note.add(ctx, chat.id, worker.id, text)
    with pytest.raises(note.LongNoteError):
        note.add(ctx, chat.id, worker.id, "x" * (note.LONGEST + 1))


@pytest.mark.parametrize("channel", Channel)
def test_a_note_cannot_reach_the_person(ctx: Context, channel: Channel) -> None:
    """All that any channel ever reads is looked at: rows, parcels to send, what a page is shown, buttons."""
    worker, chat = an_account(ctx.database), a_conversation(ctx.database, channel)
    note.add(ctx, chat.id, worker.id, SECRET)
    assert outbox.claim(ctx, channel) == []
    assert transcript.news(ctx, chat.id, 0, []).lines == ()
    with ctx.database.reading() as session:
        for table in (MessageOut, MessageIn, ButtonToken):
            assert session.exec(select(table)).all() == []


def test_what_writes_notes_knows_no_way_to_a_person() -> None:
    """By its imports: neither the outbox nor a table of messages is within its reach."""
    source = Path(note.__file__).read_text()
    assert "outbox" not in source
    assert "storage.message" not in source and "message as" not in source
