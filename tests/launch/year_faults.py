"""Somebody whose year goes well, and every way to spoil it: one fault of each kind that the counters know."""

from collections.abc import Callable
from datetime import timedelta

from sqlalchemy import text

from launch.bench.year.count import Counted, count
from programme import outbox
from programme.context import Context
from programme.outbox import Reply
from programme.turn import Incoming, begin_turn, end_turn, receive
from storage import message as messages
from storage.conversation import Conversation
from storage.enums import (
    Channel,
    CourseState,
    HandoffState,
    ListKind,
    MessageKind,
    OutreachKind,
    OutreachState,
    OutState,
    ReferralState,
    Sender,
    TurnEnd,
    TurnState,
    Urgency,
    Way,
)
from storage.handoff import HandoffRequest
from storage.message import MessageIn, MessageOut
from storage.outreach import Outreach
from storage.police_list import PoliceList, PoliceListRow
from storage.row import lock_one
from tests.builders import NOW, a_booking, a_course, a_referral, new_id
from tests.conftest import Clock
from tests.programme.desk import proved

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NIGHT = NOW.replace(hour=2, minute=30)
PLANTS: dict[str, Callable[["Planted"], None]] = {}


class Planted:
    """A database with somebody in it whose year goes well, and the means to spoil it."""

    def __init__(self, ctx: Context, clock: Clock) -> None:
        self.ctx, self.clock = ctx, clock
        self.referral = a_referral(ctx.database, state=ReferralState.VERIFIED)
        self.chat = proved(ctx, self.referral)
        self.link = self.outreach(occasion=f"link:{self.referral.id}", kind=OutreachKind.LINK)
        self.seen()

    def add(self, *rows: object) -> None:
        with self.ctx.database.writing() as session:
            for row in rows:
                session.add(row)
                session.flush()

    def seen(self) -> None:
        with self.ctx.database.reading() as session:
            said = messages.after(session, self.chat, 0)
        outbox.mark_seen(self.ctx, self.chat, said[-1].id)

    def turn(self, said: str = "when is it", answers: tuple[str, ...] = ("utter_ask_cost",)) -> str:
        incoming = Incoming(new_id(), MessageKind.TEXT, said)
        accepted = receive(self.ctx, self.chat, incoming)
        turn = begin_turn(self.ctx, self.chat)
        assert turn is not None
        end_turn(self.ctx, turn, TurnEnd.ANSWERED, [Reply(each) for each in answers])
        self.seen()
        return accepted.turn

    def outreach(self, **given: object) -> Outreach:
        values: dict[str, object] = {
            "id": new_id(), "kind": OutreachKind.NUDGE, "way": Way.SMS, "referral_id": self.referral.id,
            "state": OutreachState.DELIVERED, "created_at": NOW, "sent_at": NOW, "delivered_at": NOW,
        }  # fmt: skip
        row = Outreach(**values | given)
        self.add(row)
        return row

    def message(self, **given: object) -> str:
        values: dict[str, object] = {
            "id": new_id(), "conversation_id": self.chat, "sender": Sender.NOTICE, "text": "Hello.",
            "created_at": self.clock(), "answer": "notice_nudge",
        }  # fmt: skip
        with self.ctx.database.writing() as session:
            return messages.add_out(session, MessageOut(**values | given)).id

    def on_telegram(self) -> None:
        with self.ctx.database.writing() as session:
            chat = lock_one(session, Conversation, self.chat)
            chat.channel = Channel.TELEGRAM
            session.add(chat)

    def count(self) -> Counted:
        with self.ctx.database.reading() as session:
            return count(session, self.clock())


def plant(what: str) -> Callable[[Callable[[Planted], None]], Callable[[Planted], None]]:
    def keep(work: Callable[[Planted], None]) -> Callable[[Planted], None]:
        PLANTS[what] = work
        return work

    return keep


@plant("lost: unended")
def unended(year: Planted) -> None:
    receive(year.ctx, year.chat, Incoming("1", MessageKind.TEXT, "hello"))
    year.clock.forward(hours=1)


@plant("lost: unanswered")
def unanswered(year: Planted) -> None:
    year.turn(answers=())


@plant("lost: left_alone")
def left_alone(year: Planted) -> None:
    about = {"conversation_id": year.chat, "seq": 9, "channel_message_id": "9", "kind": MessageKind.TEXT}
    ended = {"state": TurnState.ENDED, "ended_as": TurnEnd.LEFT_TO_WORKER, "received_at": NOW}
    year.add(MessageIn(id=new_id(), text="are you there", **about, **ended))
    year.clock.forward(hours=1)


@plant("lost: request")
def request(year: Planted) -> None:
    about = {"state": HandoffState.WAITING, "urgency": Urgency.ASKED, "reason": "request_human"}
    year.add(HandoffRequest(id=new_id(), conversation_id=year.chat, requested_at=NOW, **about))
    year.clock.forward(days=9)


@plant("lost: no_reason")
def no_reason(year: Planted) -> None:
    year.message(state=OutState.FAILED)


@plant("lost: unread:notice_called_off")
def unread(year: Planted) -> None:
    year.message(answer="notice_called_off")
    year.clock.forward(days=8)


@plant("lost: unread:worker")
def unread_worker(year: Planted) -> None:
    year.message(answer=None, sender=Sender.WORKER)
    year.clock.forward(days=8)


@plant("lost: never_dropped")
def never_dropped(year: Planted) -> None:
    key = year.message(useful_until=NOW + HOUR)
    year.outreach(occasion="nudge:1:after24h", way=Way.WEB, state=OutreachState.WAITING, sent_at=None,
                  delivered_at=None, message_id=key)  # fmt: skip
    year.clock.forward(days=8)


@plant("lost: letter")
def letter(year: Planted) -> None:
    year.outreach(occasion="nudge:1:after24h", state=OutreachState.WAITING, sent_at=None, delivered_at=None,
                  useful_until=NOW + HOUR)  # fmt: skip
    year.clock.forward(hours=4)


@plant("lost: link")
def link(year: Planted) -> None:
    a_referral(year.ctx.database, reference="TVP1A2C34")
    year.clock.forward(days=2)


@plant("lost: reminder")
def reminder(year: Planted) -> None:
    course = a_course(year.ctx.database, starts_at=NOW + 10 * DAY)
    booking = a_booking(year.ctx.database, year.referral, course, made_at=NOW)
    for step in ("7d", "1d", "2h"):  # of four
        year.outreach(occasion=f"reminder:{booking.id}:1:{step}", kind=OutreachKind.REMINDER)
    year.clock.forward(days=11)


@plant("lost: person:verified")
def person(year: Planted) -> None:
    year.clock.forward(days=200)


@plant("lost: called_off_untold")
def called_off(year: Planted) -> None:
    course = a_course(year.ctx.database, state=CourseState.CANCELLED, cancelled_at=NOW)
    a_booking(year.ctx.database, year.referral, course, made_at=NOW)


@plant("doubled: occasion")
def occasion(year: Planted) -> None:
    year.outreach(occasion="nudge:1:after24h")
    year.outreach(occasion="nudge:1:after24h", way=Way.EMAIL, sent_at=NOW + HOUR)


@plant("doubled: answer")
def answer(year: Planted) -> None:
    key = year.turn()
    with year.ctx.database.reading() as session:
        (said,) = messages.replies_to(session, key)
    year.message(reply_to_id=key, answer=said.answer, text=said.text, state=OutState.DELIVERED)


@plant("doubled: notice")
def notice(year: Planted) -> None:
    for _ in range(2):
        year.message(state=OutState.DELIVERED)
        year.clock.forward(minutes=10)


@plant("doubled: two_places")
def two_places(year: Planted) -> None:
    _run(year, "DROP INDEX uq_booking_active")
    for _ in range(2):
        a_booking(year.ctx.database, year.referral, a_course(year.ctx.database), made_at=NOW)


@plant("doubled: overfull")
def overfull(year: Planted) -> None:
    course = a_course(year.ctx.database, capacity=1)
    for number in range(2):
        other = a_referral(year.ctx.database, reference=f"TVP1A2C4{number}")
        year.outreach(occasion=f"link:{other.id}", kind=OutreachKind.LINK, referral_id=other.id)
        a_booking(year.ctx.database, other, course, made_at=NOW)


@plant("doubled: police_row")
def police_row(year: Planted) -> None:
    _run(year, "DROP INDEX uq_police_list_row_first")
    _on_list(year, ListKind.COMPLETED, 2)


@plant("doubled: police_both")
def police_both(year: Planted) -> None:
    _on_list(year, ListKind.COMPLETED, 1)
    _on_list(year, ListKind.NOT_ATTENDED, 1)


@plant("quiet: letter")
def quiet_letter(year: Planted) -> None:
    year.outreach(occasion="nudge:1:after24h", sent_at=NIGHT)


@plant("quiet: ring")
def quiet_ring(year: Planted) -> None:
    year.on_telegram()
    year.message(state=OutState.DELIVERED, sent_at=NIGHT)


def _run(year: Planted, sql: str) -> None:
    with year.ctx.database.writing() as session:
        session.execute(text(sql))


def _on_list(year: Planted, kind: ListKind, rows: int) -> None:
    handed = PoliceList(id=new_id(), kind=kind, number=1, fields="[]", signed_by="a", signed_at=NOW)
    year.add(handed)
    for place in range(rows):
        about = {"list_id": handed.id, "referral_id": year.referral.id, "kind": kind, "cells": "{}"}
        year.add(PoliceListRow(id=new_id(), place=place + 1, written_at=NOW, **about))
