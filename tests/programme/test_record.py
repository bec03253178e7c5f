"""What staff see of a person: both sides in order, what arrived, who they are once that is proved; each look logged."""

import json
from datetime import timedelta

import pytest

from programme import closing, danger, mine, note, record, search
from programme.case_card import Standing
from programme.context import Context
from programme.search import Wanted
from storage.audit import audit_of
from storage.callback import Callback
from storage.enums import CaseReason, Channel, HandoffState, OutState, Owner, Sender, Urgency
from storage.note import Draft
from tests.builders import (
    NOW,
    a_booking,
    a_case,
    a_conversation,
    a_course,
    a_handoff_request,
    a_message_in,
    a_message_out,
    a_person,
    a_referral,
    an_account,
    new_id,
)
from tests.conftest import Clock


def looks(ctx: Context, kind: str, key: str) -> list[tuple[str, str]]:
    with ctx.database.reading() as session:
        return [(line.actor, line.action) for line in audit_of(session, kind, key)]


def test_both_sides_stand_in_order_with_who_and_whether_it_arrived(ctx: Context) -> None:
    db, worker = ctx.database, an_account(ctx.database, name="Wren Worker")
    chat = a_conversation(db)
    asked = a_message_in(db, chat, "is it free", received_at=NOW)
    a_message_out(db, chat, "Yes.", answer="utter_ask_cost", reply_to_id=asked.id, created_at=NOW)
    a_message_in(db, chat, "Yes", received_at=NOW + timedelta(seconds=5), choice='{"intent": "affirm", "values": {}}')
    later = {"created_at": NOW + timedelta(seconds=9), "sender": Sender.WORKER, "account_id": worker.id}
    a_message_out(db, chat, "Wren here.", **later, state=OutState.DELIVERED, delivered_at=NOW + timedelta(seconds=11))
    a_message_out(db, chat, "Still there?", **later, state=OutState.FAILED)
    a_message_out(db, chat, "Never said.", **later, state=OutState.DROPPED)
    found = record.read(ctx, chat.id, worker.id)
    assert [(line.side, line.text, line.arrived) for line in found.lines] == [
        ("person", "is it free", None),
        ("assistant", "Yes.", "waiting"),
        ("person", "Yes", None),
        ("worker", "Wren here.", "seen"),
        ("worker", "Still there?", "failed"),
    ]
    assert [line.tapped for line in found.lines] == [False, False, True, False, False]
    assert [(line.by, line.mine) for line in found.lines[3:]] == [("Wren Worker", True)] * 2
    assert record.read(ctx, chat.id, an_account(db).id).lines[3].mine is False


def test_telegram_only_says_that_it_has_taken_a_message(ctx: Context) -> None:
    chat = a_conversation(ctx.database, Channel.TELEGRAM)
    a_message_out(ctx.database, chat, "Hello.", state=OutState.DELIVERED)
    assert record.read(ctx, chat.id, an_account(ctx.database).id).lines[0].arrived == "delivered"


def test_a_long_transcript_shows_its_end_and_the_rest_when_asked(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record, "LATEST", 3)
    chat, worker = a_conversation(ctx.database), an_account(ctx.database)
    for number in range(5):
        a_message_in(ctx.database, chat, f"m{number}", received_at=NOW + timedelta(seconds=number))
    found = record.read(ctx, chat.id, worker.id)
    assert ([line.text for line in found.lines], found.earlier) == (["m2", "m3", "m4"], True)
    whole = record.read(ctx, chat.id, worker.id, whole=True)
    assert (len(whole.lines), whole.earlier) == (5, False)


def test_a_name_stands_there_only_once_it_is_proved(ctx: Context) -> None:
    referral = a_referral(ctx.database, reference="TVP4F7K92", person=a_person(ctx.database, name="Alex Green"))
    worker = an_account(ctx.database)
    linked = a_conversation(ctx.database, linked_referral_id=referral.id)
    found = record.read(ctx, linked.id, worker.id)
    assert (found.person, found.linked) == (None, True)
    proved = a_conversation(ctx.database, referral_id=referral.id, verified_at=NOW)
    person = record.read(ctx, proved.id, worker.id).person
    assert person is not None
    assert (person.name, person.reference, person.standing) == ("Alex Green", "TVP-4F7K-92", Standing.NOT_BOOKED)
    assert "may be summoned to court" in person.otherwise


def test_the_card_has_the_place_what_was_before_cases_and_notes(ctx: Context) -> None:
    db, worker = ctx.database, an_account(ctx.database)
    referral = a_referral(db, person=a_person(db, access_needs="step-free", language="pl"))
    a_booking(db, referral, a_course(db), state="moved", ended_at=NOW)
    held = a_booking(db, referral, a_course(db), confirmed_at=NOW)
    chat = a_conversation(db, referral_id=referral.id)
    said = {"said": [{"turn": "1", "words": "can I have more time"}]}
    case = a_case(db, referral_id=referral.id, reason=CaseReason.MORE_TIME, detail=json.dumps(said))
    a_case(db, referral_id=referral.id, reason=CaseReason.COMPLAINT, closed_at=NOW)
    note.add_on_referral(ctx, referral.id, worker.id, "Rang.")
    found = record.read(ctx, chat.id, worker.id)
    person = found.person
    assert person is not None and person.booking is not None
    assert (person.booking.id, person.confirmed_at, person.standing) == (held.id, NOW, Standing.BOOKED)
    assert [past.state for past in person.past] == ["moved"]
    assert (person.access_needs, person.language) == ("step-free", "pl")
    assert [(each.id, each.said, each.is_danger) for each in found.cases] == [
        (case.id, ("can I have more time",), False)
    ]
    assert [each.text for each in found.notes] == ["Rang."]
    on_phone = record.read_person(ctx, referral.id, worker.id)
    assert (on_phone.person, on_phone.cases, [each.id for each in on_phone.chats]) == (person, found.cases, [chat.id])
    assert sorted(looks(ctx, "referral", referral.id)) == [
        (f"worker:{worker.id}", "note"),
        (f"worker:{worker.id}", "viewed"),
    ]


def test_each_look_is_logged_and_a_page_that_renews_itself_is_one(ctx: Context, clock: Clock) -> None:
    chat, worker = a_conversation(ctx.database), an_account(ctx.database)
    mine = (f"worker:{worker.id}", "viewed")
    record.read(ctx, chat.id, worker.id)
    record.read(ctx, chat.id, worker.id)
    record.read(ctx, chat.id, worker.id, live=True)
    assert looks(ctx, "conversation", chat.id) == [mine] * 2
    clock.forward(minutes=31)
    record.read(ctx, chat.id, worker.id, live=True)
    assert looks(ctx, "conversation", chat.id) == [mine] * 3
    other = an_account(ctx.database)
    clock.forward(seconds=1)  # the log is in the order of time
    record.read(ctx, chat.id, other.id, live=True)  # says that it renews a page, and never opened one
    assert looks(ctx, "conversation", chat.id)[-1] == (f"worker:{other.id}", "viewed")
    with pytest.raises(record.NoRecordError):
        record.read(ctx, new_id(), worker.id)
    with pytest.raises(record.NoRecordError):
        record.read_person(ctx, new_id(), worker.id)


def test_hidden_words_are_shown_only_when_asked_for_and_that_is_logged(ctx: Context) -> None:
    chat, worker = a_conversation(ctx.database), an_account(ctx.database)
    told = a_message_in(ctx.database, chat, "I did it at the station", sensitive_at=NOW)
    [line] = record.read(ctx, chat.id, worker.id).lines
    assert (line.hidden, line.text) == (True, "")
    assert looks(ctx, "message_in", told.id) == []
    with pytest.raises(record.NoRecordError):
        record.show_hidden(ctx, a_conversation(ctx.database).id, told.id, worker.id)
    assert record.show_hidden(ctx, chat.id, told.id, worker.id) == "I did it at the station"
    assert looks(ctx, "message_in", told.id) == [(f"worker:{worker.id}", "shown_hidden")]


def test_what_a_case_quotes_of_hidden_words_is_hidden_too(ctx: Context) -> None:
    chat, worker = a_conversation(ctx.database), an_account(ctx.database)
    told = a_message_in(ctx.database, chat, "I did it, can I have more time", sensitive_at=NOW)
    said = [{"turn": told.id, "words": "I did it, can I have more time"}, {"turn": new_id(), "words": "a week more"}]
    a_case(ctx.database, conversation_id=chat.id, reason=CaseReason.MORE_TIME, detail=json.dumps({"said": said}))
    [case] = record.read(ctx, chat.id, worker.id).cases
    assert case.said == ("a week more",)


def test_who_has_it_what_was_begun_and_that_they_type(ctx: Context, clock: Clock) -> None:
    worker, other = an_account(ctx.database, name="Wren Worker"), an_account(ctx.database)
    chat = a_conversation(ctx.database, owner=Owner.WORKER, person_typing_at=NOW)
    a_handoff_request(ctx.database, chat, state=HandoffState.TAKEN, account_id=worker.id, taken_at=NOW)
    with ctx.database.writing() as session:
        session.add(Draft(id=new_id(), conversation_id=chat.id, account_id=worker.id, text="Hel", written_at=NOW))
    found, theirs = record.read(ctx, chat.id, worker.id), record.read(ctx, chat.id, other.id)
    assert (found.mine, found.owner_name, found.draft, found.typing) == (True, "Wren Worker", "Hel", True)
    assert (theirs.mine, theirs.owner_name, theirs.draft) == (False, "Wren Worker", "")
    clock.forward(seconds=7)
    assert record.read(ctx, chat.id, worker.id).typing is False


def test_that_somebody_wants_to_be_rung_is_shown_until_it_is_done(ctx: Context) -> None:
    chat, worker = a_conversation(ctx.database), an_account(ctx.database)
    values = {"conversation_id": chat.id, "number": "+447700900123", "due_at": NOW, "asked_at": NOW}
    with ctx.database.writing() as session:
        session.add(Callback(id="1", **values, closed_at=NOW))
        session.add(Callback(id="2", **values, good_time="after five"))
    ring = record.read(ctx, chat.id, worker.id).ring
    assert ring is not None and (ring.number, ring.good_time) == ("+447700900123", "after five")


def test_mine_has_who_waits_for_an_answer_on_top(ctx: Context, clock: Clock) -> None:
    worker = an_account(ctx.database)
    chats = []
    for number in range(3):
        chat = a_conversation(ctx.database, owner=Owner.WORKER)
        a_handoff_request(ctx.database, chat, state=HandoffState.TAKEN, account_id=worker.id)
        a_message_in(ctx.database, chat, f"from {number}", received_at=clock.forward(minutes=1))
        chats.append(chat)
    a_message_out(
        ctx.database, chats[2], "Hi.", sender=Sender.WORKER, account_id=worker.id, created_at=clock.forward(minutes=1)
    )
    rows = mine.listed(ctx, worker.id)
    assert [row.conversation_id for row in rows] == [chats[1].id, chats[0].id, chats[2].id]
    assert [row.unanswered_since is None for row in rows] == [False, False, True]
    assert mine.listed(ctx, an_account(ctx.database).id) == []


def found(ctx: Context, account_id: str, **wanted: object) -> list[str | None]:
    return [hit.conversation_id for hit in search.search(ctx, Wanted(**wanted), account_id).hits]


def test_conversations_are_found_by_reference_name_owner_channel_and_urgency(ctx: Context) -> None:
    db, worker = ctx.database, an_account(ctx.database)
    alex = a_referral(db, reference="TVP4F7K92", person=a_person(db, name="Alex O'Green-Smith"))
    later = {"last_in_at": NOW + timedelta(minutes=1)}
    first = a_conversation(db, Channel.TELEGRAM, referral_id=alex.id, last_in_at=NOW)
    second = a_conversation(db, owner=Owner.QUEUED, **later)
    a_handoff_request(db, second, urgency=Urgency.DEADLINE)
    a_case(db, conversation_id=second.id, urgency=Urgency.DANGER)
    a_conversation(db)  # opened, never written in
    assert found(ctx, worker.id) == [second.id, first.id]
    assert found(ctx, worker.id, text="tvp 4f7k 92") == [first.id]
    assert found(ctx, worker.id, text="smith alex") == [first.id]
    assert found(ctx, worker.id, text="mith") == []
    assert found(ctx, worker.id, owner=Owner.QUEUED) == [second.id]
    assert found(ctx, worker.id, channel=Channel.TELEGRAM) == [first.id]
    assert found(ctx, worker.id, urgency=Urgency.DANGER) == [second.id]
    assert found(ctx, worker.id, urgency=Urgency.DEADLINE) == []
    [hit] = search.search(ctx, Wanted(text="alex"), worker.id).hits
    assert (hit.name, hit.reference) == ("Alex O'Green-Smith", "TVP-4F7K-92")
    searched = [action for _, action in looks(ctx, "account", worker.id)]
    assert searched == ["searched"] * 4


def test_somebody_on_the_phone_is_found_without_a_conversation(ctx: Context) -> None:
    referral = a_referral(ctx.database, person=a_person(ctx.database, name="Robin Red"))
    [hit] = search.search(ctx, Wanted(text="robin"), an_account(ctx.database).id).hits
    assert (hit.conversation_id, hit.referral_id, hit.name) == (None, referral.id, "Robin Red")


def test_a_list_comes_in_pages(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "PAGE", 2)
    made = [a_conversation(ctx.database, last_in_at=NOW - timedelta(minutes=each)).id for each in range(3)]
    worker = an_account(ctx.database)
    assert search.search(ctx, Wanted(), worker.id).more is True
    assert found(ctx, worker.id) == made[:2]
    assert found(ctx, worker.id, page=2) == made[2:]
    assert search.search(ctx, Wanted(page=2), worker.id).more is False


def test_a_case_is_closed_once_by_name_and_danger_only_by_an_all_clear(ctx: Context) -> None:
    worker, chat = an_account(ctx.database), a_conversation(ctx.database)
    case = a_case(ctx.database, reason=CaseReason.COMPLAINT, conversation_id=chat.id)
    crisis = a_case(ctx.database, reason=CaseReason.RISK_OF_SUICIDE, conversation_id=chat.id)
    closing.close(ctx, case.id, worker.id, "done")
    assert looks(ctx, "case", case.id) == [(f"worker:{worker.id}", "case:closed")]
    assert [each.id for each in record.read(ctx, chat.id, worker.id).cases] == [crisis.id]
    for wrong in (case.id, crisis.id, new_id()):
        with pytest.raises(closing.NoOpenCaseError):
            closing.close(ctx, wrong, worker.id, "done")
    with pytest.raises(closing.UnknownOutcomeError):
        closing.close(ctx, crisis.id, worker.id, "whatever")
    danger.clear(ctx, crisis.id, f"worker:{worker.id}")
    assert record.read(ctx, chat.id, worker.id).cases == ()
