"""200 people race for 15 seats from several processes: 15 bookings, nobody two, and every loser is told."""

import uuid
from collections import Counter
from datetime import datetime, timedelta

from sqlmodel import func, select

from programme import booking, offers
from programme.context import Context
from programme.outcome import Done
from programme.rules import preference
from storage.booking import Booking
from storage.conversation import Conversation
from storage.database import Database
from storage.enums import BookingState, Channel
from storage.identity import ChannelIdentity
from storage.message import MessageOut
from storage.person import Person
from storage.referral import Referral, reference_lookup
from tests.builders import NOW, a_course, a_venue
from tests.processes import together
from tests.programme.desk import ANSWERS, rules

PEOPLE, SEATS, PROCESSES = 200, 15, 4


def clock() -> datetime:
    return NOW


def context(database: Database, number: int) -> Context:
    return Context(database, ANSWERS, clock, _id, lambda: uuid.uuid4().hex[:24], f"process-{number}")


def _id() -> str:
    return uuid.uuid4().hex


def crowd(database: Database) -> list[str]:
    """Conversations in which as many people have proved who they are."""
    with database.writing() as session:
        people = [Person(id=_id(), name=f"P{n}", date_of_birth="1990-03-14", created_at=NOW) for n in range(PEOPLE)]
        session.add_all(people)
        session.flush()
        referrals = [_referral(database, n, person) for n, person in enumerate(people)]
        identities = [
            ChannelIdentity(id=_id(), channel=Channel.WEB, external_lookup=_id(), created_at=NOW) for _ in people
        ]
        session.add_all([*referrals, *identities])
        session.flush()
        chats = [
            Conversation(
                id=_id(), identity_id=identity.id, channel=Channel.WEB, created_at=NOW, referral_id=referral.id
            )
            for referral, identity in zip(referrals, identities, strict=True)
        ]
        session.add_all(chats)
        return [chat.id for chat in chats]


def _referral(database: Database, number: int, person: Person) -> Referral:
    reference = f"TVP{number:06d}"
    return Referral(
        id=_id(),
        person_id=person.id,
        reference=reference,
        reference_lookup=reference_lookup(database.keyring, reference),
        referred_on=NOW.date(),
        book_by=NOW.date() + timedelta(days=28),
        finish_by=NOW.date() + timedelta(days=42),
        created_at=NOW,
    )


def test_two_hundred_people_and_fifteen_seats(database: Database) -> None:
    rules(database)
    course = a_course(database, capacity=SEATS, starts_at=NOW + timedelta(days=7))
    chats = crowd(database)
    ready = context(database, 0)
    tokens = {chat: offers.make(ready, chat, None).offers[0].token for chat in chats}

    def race(mine: Database, number: int) -> list[str]:
        ctx = context(mine, number)
        return [booking.book(ctx, chat, None, tokens[chat]).done.value for chat in chats[number::PROCESSES]]

    outcomes = Counter(one for part in together(database, race, PROCESSES) for one in part)

    assert outcomes == {Done.BOOKED: SEATS, Done.TAKEN: PEOPLE - SEATS}
    with database.reading() as session:
        held = session.exec(select(Booking.referral_id).where(Booking.state == BookingState.ACTIVE)).all()
        told = session.exec(select(func.count()).where(MessageOut.answer == "notice_booked")).one()
    assert len(held) == len(set(held)) == told == SEATS
    assert offers.make(ready, chats[-1], None).kind is offers.OffersKind.NONE_FREE
    assert course.capacity == SEATS


def test_the_same_person_in_many_chats_gets_one_place(database: Database) -> None:
    """Every process is a channel in which the same person says yes, each to another course."""
    rules(database)
    venue = a_venue(database)
    for days in range(7, 7 + PROCESSES):
        a_course(database, venue=venue, starts_at=NOW + timedelta(days=days))
    chats = crowd(database)[:PROCESSES]
    with database.writing() as session:
        referral_id = session.get_one(Conversation, chats[0]).referral_id
        for chat in chats:
            row = session.get_one(Conversation, chat)
            row.referral_id = referral_id
            session.add(row)
    ready = context(database, 0)
    tokens = [offers.make(ready, chat, None).offers[n].token for n, chat in enumerate(chats)]

    def say_yes(mine: Database, number: int) -> str:
        return booking.book(context(mine, number), chats[number], None, tokens[number]).done.value

    outcomes = Counter(together(database, say_yes, PROCESSES))

    assert outcomes == {Done.BOOKED: 1, Done.ALREADY_BOOKED: PROCESSES - 1}


def test_movers_into_one_seat_keep_what_they_have(database: Database) -> None:
    """Forty hold places and want the one free seat elsewhere: one moves, the others keep theirs; nobody is lost."""
    rules(database)
    a_course(database, capacity=PEOPLE, starts_at=NOW + timedelta(days=7))
    wanted = a_course(database, capacity=1, starts_at=NOW + timedelta(days=9), venue=a_venue(database, place="Slough"))
    chats = crowd(database)[:40]
    ready = context(database, 0)
    slough = preference.Preference(place="Slough")
    for chat in chats:
        booking.book(ready, chat, None, offers.make(ready, chat, None).offers[0].token)
    tokens = {chat: offers.make(ready, chat, slough).offers[0].token for chat in chats}

    def move(mine: Database, number: int) -> list[str]:
        ctx = context(mine, number)
        return [booking.move(ctx, chat, None, tokens[chat]).done.value for chat in chats[number::PROCESSES]]

    outcomes = Counter(one for part in together(database, move, PROCESSES) for one in part)

    assert outcomes == {Done.MOVED: 1, Done.TAKEN: 39}
    with database.reading() as session:
        held = session.exec(select(Booking.course_id).where(Booking.state == BookingState.ACTIVE)).all()
    assert (len(held), held.count(wanted.id)) == (40, 1)
