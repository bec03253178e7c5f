"""Canned replies: kept by the team, filled with what is known of this person, never sent with a hole in them."""

from datetime import date

import pytest

from programme import canned_reply
from programme.canned_reply import BadCannedReplyError
from programme.context import Context
from storage.audit import audit_of
from storage.conversation import Conversation
from tests.builders import a_booking, a_conversation, a_course, a_person, a_referral, a_setting, an_account
from tests.programme.desk import proved


def filled(ctx: Context, chat: str, account_id: str) -> tuple[canned_reply.Filled, ...]:
    with ctx.database.reading() as session:
        return canned_reply.filled(session, ctx, session.get_one(Conversation, chat), account_id)


def test_it_is_filled_with_the_persons_own_facts(ctx: Context) -> None:
    worker = an_account(ctx.database, name="Wren Worker")
    a_setting(ctx.database, "contact_phone", "01923 271 783")
    person = a_person(ctx.database, name="Alex Green")
    referral = a_referral(ctx.database, person=person, matching_word="harbour", book_by=date(2026, 12, 31))
    a_booking(ctx.database, referral, a_course(ctx.database))
    words = "{first_name}, {my_name} here. {session}, {place}. By {deadline}. {matching_word}. {contact_phone}"
    canned_reply.write(ctx, worker.id, "Reminder", words)
    [found] = filled(ctx, proved(ctx, referral), worker.id)
    assert found.text == (
        "Alex, Wren here. Tuesday 8 December at 6pm, Reading. By Thursday 31 December. harbour. 01923 271 783"
    )
    assert found.missing == ()


def test_what_is_not_known_stays_to_be_seen_and_is_found_before_sending(ctx: Context) -> None:
    worker = an_account(ctx.database, name="Wren Worker")
    canned_reply.write(ctx, worker.id, "Hello", "Hello {first_name}, I am {my_name}.")
    stranger = a_conversation(ctx.database)  # nobody has proved who they are: a name would tell it
    [found] = filled(ctx, stranger.id, worker.id)
    assert found.text == "Hello {first_name}, I am Wren."
    assert found.missing == ("first_name",)
    assert canned_reply.unfilled(found.text) == ["first_name"]
    assert canned_reply.unfilled("Hello {you}, I am Wren.") == []


def test_a_name_with_braces_is_not_filled_again(ctx: Context) -> None:
    assert canned_reply.fill("{first_name} {place}", {"first_name": "{place}", "place": "Reading"}) == "{place} Reading"


@pytest.mark.parametrize(
    ("title", "text"),
    [
        ("", "Hello."),
        ("Hello", " "),
        ("H" * 81, "Hello."),
        ("Hello", "x" * 2001),
        ("Hello", "Hi {surname}"),
        ("A", "{"),
    ],
)
def test_one_that_could_not_be_filled_is_refused(ctx: Context, title: str, text: str) -> None:
    with pytest.raises(BadCannedReplyError):
        canned_reply.write(ctx, an_account(ctx.database).id, title, text)
    assert canned_reply.listed(ctx) == []


def test_the_team_rewords_and_removes(ctx: Context) -> None:
    first, second = an_account(ctx.database, name="Wren Worker"), an_account(ctx.database, name="Lark Lead")
    key = canned_reply.write(ctx, first.id, "Hello", "Hello.")
    assert canned_reply.write(ctx, second.id, "Hello", "Hello there.", key) == key
    [found] = canned_reply.listed(ctx)
    assert (found.text, found.by) == ("Hello there.", "Lark Lead")
    canned_reply.remove(ctx, second.id, key)
    canned_reply.remove(ctx, second.id, key)
    assert canned_reply.listed(ctx) == []
    with ctx.database.reading() as session:
        log = audit_of(session, "canned_reply", key)
    assert sorted(line.action for line in log) == ["removed", "wrote", "wrote"]
