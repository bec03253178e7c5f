"""Cases and requests for a person: asked twice is one, until it is closed."""

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from storage.case import Case, cases_of_referral, open_case, open_case_of, open_cases
from storage.database import Database
from storage.enums import CaseReason, HandoffState, Urgency
from storage.handoff import HandoffRequest, open_request, open_request_of
from tests.builders import NOW, a_case, a_conversation, a_handoff_request, a_referral, new_id


def new_case(**given: object) -> Case:
    values = {"id": new_id(), "reason": CaseReason.MORE_TIME, "subject": "referral:1", "urgency": Urgency.ASKED}
    return Case(**values | {"opened_at": NOW, "due_at": NOW + timedelta(days=1), "detail": "why"} | given)


def test_a_case_is_opened_once_until_it_is_closed(database: Database) -> None:
    with database.writing() as session:
        first = open_case(session, wanted := new_case())
        assert (first.id, first.detail) == (wanted.id, "why")
        assert open_case(session, new_case(detail="again")).id == first.id
        assert open_case(session, new_case(reason=CaseReason.NO_SESSION)).id != first.id
        assert open_case(session, new_case(subject="referral:2")).id != first.id
        first.closed_at = NOW
        second = open_case(session, new_case())
        assert second.id != first.id
    with database.reading() as session:
        found = open_case_of(session, CaseReason.MORE_TIME, "referral:1")
        assert found is not None
        assert found.id == second.id
        assert len(open_cases(session)) == 3


def test_the_database_itself_refuses_a_second_open_case(database: Database) -> None:
    a_case(database, subject="referral:1")
    a_case(database, subject="referral:1", closed_at=NOW)
    with pytest.raises(IntegrityError):
        a_case(database, subject="referral:1")


def at_once(work: Callable[[], str]) -> set[str]:
    found: list[str] = []
    threads = [threading.Thread(target=lambda: found.append(work())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    return set(found)


def test_many_at_once_open_one_case(database: Database) -> None:
    def work() -> str:
        with database.writing() as session:
            return open_case(session, new_case()).id

    assert len(at_once(work)) == 1


def test_cases_of_a_referral_and_all_that_are_due(database: Database) -> None:
    referral = a_referral(database)
    late = a_case(database, referral_id=referral.id, due_at=NOW + timedelta(days=3), opened_at=NOW - timedelta(days=1))
    soon = a_case(database, referral_id=referral.id, due_at=NOW + timedelta(days=2))
    closed = a_case(database, referral_id=referral.id, closed_at=NOW, opened_at=NOW - timedelta(days=2))
    a_case(database, due_at=NOW)
    with database.reading() as session:
        assert [case.id for case in cases_of_referral(session, referral.id)] == [soon.id, late.id, closed.id]
        assert [case.id for case in open_cases(session)][1:] == [soon.id, late.id]


def test_one_request_for_a_person_a_conversation(database: Database) -> None:
    talk = a_conversation(database)

    def ask() -> HandoffRequest:
        with database.writing() as session:
            return open_request(
                session,
                HandoffRequest(
                    id=new_id(),
                    conversation_id=talk.id,
                    reason="request_human",
                    urgency=Urgency.ASKED,
                    requested_at=NOW,
                ),
            )

    (first,) = at_once(lambda: ask().id)
    with pytest.raises(IntegrityError):
        a_handoff_request(database, talk)
    for state, same in ((HandoffState.TAKEN, True), (HandoffState.CLOSED, False)):
        with database.writing() as session:
            session.get_one(HandoffRequest, first).state = state
        assert (ask().id == first) is same
    with database.reading() as session:
        found = open_request_of(session, talk.id)
        assert found is not None
        assert found.id != first
        assert open_request_of(session, "nothing") is None
