"""What has happened to people: the ledger, the lists, the changes of their state; and what the evidence shows of it."""

from datetime import date, timedelta

import pytest

from programme import evidence, happening, outreach, referral_state
from programme.context import Context
from programme.evidence import Pack
from programme.rules import decision as rules
from storage.absence import Absence
from storage.attendance import Attendance
from storage.enums import (
    AbsenceStep,
    BookingState,
    Mark,
    OutreachState,
    OutState,
    ReferralState,
    WaitingState,
    Way,
)
from storage.referral import Referral
from storage.referral_change import ReferralChange
from storage.session import whole_course
from storage.waiting import Waiting
from tests.builders import (
    NOW,
    a_booking,
    a_conversation,
    a_course,
    a_message_out,
    a_referral,
    an_account,
    an_outreach,
    new_id,
)
from tests.conftest import Clock

PAST = {"book_by": date(2026, 11, 30)}  # nothing is in the way of a decision


def is_reached(ctx: Context, referral: Referral) -> bool:
    with ctx.database.reading() as session:
        all_, own = happening.reached(session), happening.reached(session, referral.id)
    assert (referral.id in all_) == (referral.id in own)
    return referral.id in own


def pack(ctx: Context, referral: Referral) -> Pack:
    with ctx.database.reading() as session:
        return evidence.read(session, ctx, session.get_one(Referral, referral.id))


@pytest.mark.parametrize(
    ("way", "state", "reached"),
    [
        (Way.SMS, OutreachState.WAITING, False),
        (Way.SMS, OutreachState.SENT, False),
        (Way.SMS, OutreachState.DELIVERED, True),
        (Way.SMS, OutreachState.SEEN, True),
        (Way.SMS, OutreachState.FAILED, False),
        (Way.EMAIL, OutreachState.SENT, False),
        (Way.POST, OutreachState.WAITING, False),
        (Way.POST, OutreachState.SENT, False),
        (Way.POST, OutreachState.SEEN, True),
        (Way.NONE, OutreachState.FAILED, False),
    ],
)
def test_reached_is_who_got_it_and_whom_it_was_only_sent_to_cannot_have_refused(
    ctx: Context, way: Way, state: OutreachState, reached: bool
) -> None:
    referral = a_referral(ctx.database, **PAST)
    an_outreach(ctx.database, referral, way=way, state=state)
    assert is_reached(ctx, referral) is reached
    standing = pack(ctx, referral).standing
    assert ("not_reached" in rules.findings(standing)) is not reached
    if not reached:
        declined = rules.Standing(**{**vars(standing), "declined": True})
        assert not rules.may_find(declined, "refused") and not rules.may_find(declined, "did_not_book")


@pytest.mark.parametrize("state", ["returned", "withdrawn", "closed", "second_chance"])
def test_what_we_decided_does_not_mean_that_they_were_reached(ctx: Context, state: str) -> None:
    assert not is_reached(ctx, a_referral(ctx.database, state=ReferralState(state)))


def test_who_was_reached_once_stays_reached(ctx: Context) -> None:
    referral = a_referral(ctx.database, state=ReferralState.CLOSED)
    with ctx.database.writing() as session:
        session.add(
            ReferralChange(
                id=new_id(),
                referral_id=referral.id,
                at=NOW,
                event="reach",
                now=ReferralState.REACHED,
                actor="assistant",
            )
        )
    assert is_reached(ctx, referral)
    assert outreach.read(ctx, referral.id).reached_at == NOW  # the ledger on their page says the same


def test_what_got_through_another_way_was_delivered(ctx: Context) -> None:
    lost, found, later = (a_referral(ctx.database) for _ in range(3))
    for one in (lost, found):
        an_outreach(ctx.database, one, state=OutreachState.FAILED, failure="permanent_failure")
    an_outreach(ctx.database, found, way=Way.EMAIL, state=OutreachState.SEEN)
    an_outreach(ctx.database, later, way=Way.NONE, state=OutreachState.FAILED, failure="no_contact")
    with ctx.database.reading() as session:
        assert happening.not_delivered(session) == {lost.id, later.id}


class Marked:
    """Somebody with a place and a worker who fills in the list."""

    def __init__(self, ctx: Context, state: ReferralState, held: BookingState = BookingState.ACTIVE) -> None:
        self.ctx, self.worker = ctx, an_account(ctx.database).id
        self.course = a_course(ctx.database, starts_at=NOW - timedelta(days=9), sessions=2)
        self.referral = a_referral(ctx.database, state=state)
        self.booking = a_booking(ctx.database, self.referral, self.course, state=held)
        with ctx.database.reading() as session:
            found = whole_course(session, self.course.id)
        assert found is not None
        self.sessions = found.sessions

    def mark(self, number: int, mark: Mark, undone: bool = False) -> None:
        with self.ctx.database.writing() as session:
            session.add(
                Attendance(
                    id=new_id(),
                    session_id=self.sessions[number].id,
                    booking_id=self.booking.id,
                    mark=mark,
                    account_id=self.worker,
                    marked_at=NOW,
                    undone_at=NOW if undone else None,
                )
            )


@pytest.mark.parametrize(("mark", "missed"), [(Mark.ABSENT, True), (Mark.LATE, True), (Mark.ATTENDED, False)])
def test_who_missed_or_came_is_what_the_lists_say(ctx: Context, mark: Mark, missed: bool) -> None:
    one = Marked(ctx, ReferralState.RETURNED)
    one.mark(0, mark)
    with ctx.database.reading() as session:
        assert (one.referral.id in happening.missed(session)) is missed
        assert (one.referral.id in happening.missed(session, one.referral.id)) is missed
        assert (one.referral.id in happening.attended(session)) is not missed


def test_a_list_that_was_put_right_says_nothing_against_anybody(ctx: Context) -> None:
    one = Marked(ctx, ReferralState.BOOKED, held=BookingState.MISSED)
    one.mark(0, Mark.ABSENT, undone=True)
    with ctx.database.writing() as session:
        session.add(
            Absence(
                id=new_id(), referral_id=one.referral.id, booking_id=one.booking.id, noted_at=NOW,
                step=AbsenceStep.DATES, put_right_at=NOW,
            )
        )  # fmt: skip
    with ctx.database.reading() as session:
        assert happening.missed(session) == set()


def test_completed_is_the_day_of_the_last_session_that_they_came_to(ctx: Context) -> None:
    one, by_hand = Marked(ctx, ReferralState.COMPLETED), a_referral(ctx.database, state=ReferralState.BOOKED)
    one.mark(0, Mark.ATTENDED)
    one.mark(1, Mark.ATTENDED)
    with ctx.database.writing() as session:
        row = session.get_one(Referral, by_hand.id)
        referral_state.move(session, ctx, row, "complete", "worker:x")
    with ctx.database.reading() as session:
        found = happening.completed(session)
        assert found == {one.referral.id: date(2026, 11, 29), by_hand.id: date(2026, 12, 1)}
        assert happening.completed(session, by_hand.id) == {by_hand.id: date(2026, 12, 1)}


def test_the_evidence_shows_every_way_with_what_came_of_it_and_each_change(ctx: Context, clock: Clock) -> None:
    referral = a_referral(ctx.database)
    chat = a_conversation(ctx.database, referral_id=referral.id, verified_at=NOW)
    a_message_out(ctx.database, chat, "In the chat.", state=OutState.DELIVERED, created_at=NOW)
    for minutes, way, state in ((1, Way.SMS, OutreachState.FAILED), (2, Way.EMAIL, OutreachState.SENT),
                                (3, Way.POST, OutreachState.SENT)):  # fmt: skip
        at = NOW + timedelta(minutes=minutes)
        failure = "permanent_failure" if state is OutreachState.FAILED else None
        an_outreach(ctx.database, referral, way=way, state=state, created_at=at, text=way.value, failure=failure)
    an_outreach(ctx.database, referral, occasion="nudge:x", way=Way.NONE, state=OutreachState.FAILED, failure="no_way")
    with ctx.database.writing() as session:
        row = session.get_one(Referral, referral.id)
        referral_state.move(session, ctx, row, "verify", "person")
    found = pack(ctx, referral)
    assert [(each.way.value, each.state.value, each.text) for each in found.sent] == [
        ("web", "seen", "In the chat."),
        ("sms", "failed", "sms"),
        ("email", "sent", "email"),
        ("post", "sent", "post"),
    ]
    assert [(each.event, each.now.value) for each in found.changes] == [("verify", "verified")]
    assert {(each.kind, each.about) for each in found.failings} >= {
        ("not_delivered", "permanent_failure"),
        ("not_delivered", "no_way"),
    }
    assert "nothing_sent" not in {each.kind for each in found.failings}
    assert '"changes"' in found.kept() and '"sms"' in found.kept()


def test_what_we_failed_to_do_beside_the_chats(ctx: Context) -> None:
    referral = a_referral(ctx.database)
    an_outreach(ctx.database, referral, way=Way.NONE, state=OutreachState.FAILED, failure="no_contact")
    chat = a_conversation(ctx.database, referral_id=referral.id)
    waited = {"conversation_id": chat.id, "joined_at": NOW, "state": WaitingState.ENDED, "ended_at": NOW}
    with ctx.database.writing() as session:
        session.add(Waiting(id=new_id(), referral_id=referral.id, **waited))
    kinds = [each.kind for each in pack(ctx, referral).failings]
    assert {"nothing_sent", "no_contact", "no_place_offered"} <= set(kinds)
