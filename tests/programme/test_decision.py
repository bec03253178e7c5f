"""A decision on non-attendance: who may make it, on what evidence, and what makes it impossible."""

import ast
import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from programme import decision, evidence
from programme.context import Context
from programme.decision import DecidedError, NotPossibleError, ReasonError, SamePersonError
from storage.audit import audit_of
from storage.booking import active_booking
from storage.case import Case
from storage.conversation import Conversation
from storage.decision import Decision
from storage.enums import BookingState, CaseReason, CourseState, DecisionState, OutState, ReferralState, Urgency
from storage.referral import Referral
from tests.builders import (
    NOW,
    a_booking,
    a_case,
    a_course,
    a_message_in,
    a_message_out,
    a_referral,
    a_setting,
    an_account,
    an_offer,
)
from tests.conftest import Clock
from tests.programme.desk import proved

WHY = "They were told of four dates and came to none of them."


@pytest.fixture
def workers(ctx: Context) -> tuple[str, str]:
    return an_account(ctx.database, name="Wren Worker").id, an_account(ctx.database, name="Robin Reader").id


def who_missed(ctx: Context, **given: object) -> Referral:
    return a_referral(ctx.database, **{"state": ReferralState.MISSED} | given)


def state_of(ctx: Context, referral: Referral) -> ReferralState:
    with ctx.database.reading() as session:
        return session.get_one(Referral, referral.id).state


def decision_of(ctx: Context, referral: Referral) -> Decision:
    with ctx.database.reading() as session:
        found = decision.standing_decision(session, referral.id)
        assert found is not None
        return found


def test_one_decides_with_a_reason_and_another_agrees(ctx: Context, workers: tuple[str, str]) -> None:
    referral, (one, other) = who_missed(ctx), workers
    assert decision.decide(ctx, referral.id, one, "did_not_come", WHY) is DecisionState.PROPOSED
    assert state_of(ctx, referral) is ReferralState.MISSED, "nothing follows from one worker alone"
    key = decision_of(ctx, referral).id
    with pytest.raises(SamePersonError):
        decision.agree(ctx, key, one)
    assert decision.agree(ctx, key, other) == referral.id
    assert state_of(ctx, referral) is ReferralState.RETURNED
    shown = decision.look(ctx, referral.id, other).standing
    assert shown is not None
    assert (shown.decided_by, shown.second_by, shown.reason) == ("Wren Worker", "Robin Reader", WHY)
    with ctx.database.reading() as session:
        lines = [(row.actor, row.action) for row in audit_of(session, "referral", referral.id)]
    assert sorted(lines) == sorted(
        [
            (f"worker:{one}", "decide"),
            (f"worker:{other}", "agree_decision"),
            (f"worker:{other}", "give_back"),
            (f"worker:{other}", "read_evidence"),
        ]
    )


def test_where_the_setting_says_so_one_is_enough(ctx: Context, workers: tuple[str, str]) -> None:
    a_setting(ctx.database, decision.ALONE, "true")
    referral = who_missed(ctx)
    assert decision.decide(ctx, referral.id, workers[0], "did_not_come", WHY) is DecisionState.FINAL
    assert state_of(ctx, referral) is ReferralState.RETURNED


@pytest.mark.parametrize("reason", ["", "  \n ", "no show", "x" * 2001])
def test_a_reason_is_needed(ctx: Context, workers: tuple[str, str], reason: str) -> None:
    referral = who_missed(ctx)
    with pytest.raises(ReasonError):
        decision.decide(ctx, referral.id, workers[0], "did_not_come", reason)


@pytest.mark.parametrize("reason", [CaseReason.NO_SESSION, CaseReason.RISK_OF_SUICIDE, CaseReason.ATTENDANCE_DISPUTED])
def test_it_is_impossible_while_such_a_case_is_open(ctx: Context, workers: tuple[str, str], reason: CaseReason) -> None:
    referral = who_missed(ctx)
    opened = a_case(ctx.database, reason=reason, referral_id=referral.id, subject=f"referral:{referral.id}")
    with pytest.raises(NotPossibleError):
        decision.decide(ctx, referral.id, workers[0], "did_not_come", WHY)
    with ctx.database.writing() as session:
        row = session.get_one(Case, opened.id)
        row.closed_at = NOW
        session.add(row)
    decision.decide(ctx, referral.id, workers[0], "did_not_come", WHY)


def test_a_case_of_their_chat_counts_though_it_was_opened_before_they_were_known(
    ctx: Context, workers: tuple[str, str]
) -> None:
    referral = who_missed(ctx)
    talk = proved(ctx, referral)
    a_case(ctx.database, reason=CaseReason.MEDICAL_EMERGENCY, urgency=Urgency.DANGER, conversation_id=talk)
    with pytest.raises(NotPossibleError):
        decision.decide(ctx, referral.id, workers[0], "did_not_come", WHY)


def test_what_comes_up_before_the_second_agrees_stops_it(ctx: Context, workers: tuple[str, str]) -> None:
    referral, (one, other) = who_missed(ctx), workers
    decision.decide(ctx, referral.id, one, "did_not_come", WHY)
    a_case(ctx.database, reason=CaseReason.RISK_TO_OTHERS, referral_id=referral.id)
    with pytest.raises(NotPossibleError):
        decision.agree(ctx, decision_of(ctx, referral).id, other)
    assert state_of(ctx, referral) is ReferralState.MISSED
    assert decision_of(ctx, referral).state is DecisionState.PROPOSED


def test_who_was_not_reached_cannot_have_refused(ctx: Context, workers: tuple[str, str]) -> None:
    referral = a_referral(ctx.database, book_by=date(2026, 11, 25))
    a_case(ctx.database, reason=CaseReason.DECLINED, referral_id=referral.id)
    for finding in ("refused", "did_not_book", "did_not_come"):
        with pytest.raises(NotPossibleError):
            decision.decide(ctx, referral.id, workers[0], finding, WHY)
    decision.decide(ctx, referral.id, workers[0], "not_reached", WHY)


def test_who_can_still_come_is_not_decided_on(ctx: Context, workers: tuple[str, str]) -> None:
    referral = a_referral(ctx.database, state=ReferralState.BOOKED, book_by=date(2026, 11, 25))
    a_booking(ctx.database, referral)
    with pytest.raises(NotPossibleError):
        decision.decide(ctx, referral.id, workers[0], "did_not_book", WHY)


def test_it_is_decided_once_and_a_refusal_lets_it_be_decided_again(ctx: Context, workers: tuple[str, str]) -> None:
    referral, (one, other) = who_missed(ctx), workers
    decision.decide(ctx, referral.id, one, "did_not_come", WHY)
    with pytest.raises(DecidedError):
        decision.decide(ctx, referral.id, other, "did_not_come", WHY)
    key = decision_of(ctx, referral).id
    decision.refuse(ctx, key, other, "They were in hospital on that day.")
    with pytest.raises(DecidedError):
        decision.agree(ctx, key, other)
    assert state_of(ctx, referral) is ReferralState.MISSED
    decision.decide(ctx, referral.id, other, "did_not_come", WHY)


def test_a_wrong_decision_is_overturned_with_a_reason_and_gives_another_chance(
    ctx: Context, workers: tuple[str, str]
) -> None:
    referral, (one, other) = who_missed(ctx), workers
    a_booking(ctx.database, referral, a_course(ctx.database, starts_at=NOW - timedelta(days=3)))
    decision.decide(ctx, referral.id, one, "did_not_come", WHY)
    key = decision_of(ctx, referral).id
    with pytest.raises(DecidedError):
        decision.overturn(ctx, key, other, "It was not final yet, so refuse it.")
    decision.agree(ctx, key, other)
    decision.overturn(ctx, key, one, "The list had the wrong name on it.")
    assert state_of(ctx, referral) is ReferralState.SECOND_CHANCE
    assert decision.look(ctx, referral.id, one).standing is None
    with ctx.database.reading() as session:  # what they missed stands in the way of nothing any more
        assert active_booking(session, referral.id) is None


def test_the_evidence_holds_what_they_said_what_arrived_and_what_we_did_not_do(
    ctx: Context, clock: Clock, workers: tuple[str, str]
) -> None:
    referral = who_missed(ctx, finish_by=None)
    with ctx.database.reading() as session:
        never = {each.kind for each in evidence.read(session, ctx, referral).failings}
    assert {"nothing_sent", "no_offer", "deadline_missing"} <= never
    talk = a_conversation_of(ctx, referral)
    course = a_course(ctx.database, state=CourseState.CANCELLED)
    offer = an_offer(ctx.database, talk, referral, course)
    a_booking(ctx.database, referral, course, offer_token=offer.token, state=BookingState.MISSED, ended_at=NOW)
    a_message_in(ctx.database, talk, "my mum is ill")
    a_message_in(ctx.database, talk, "what I did", sensitive_at=NOW)
    a_message_out(ctx.database, talk, "Your session is on Tuesday.", state=OutState.FAILED, failure="blocked")
    a_case(ctx.database, reason=CaseReason.COMPLAINT, referral_id=referral.id, due_at=NOW + timedelta(hours=1))
    clock.forward(hours=2)
    decision.decide(ctx, referral.id, workers[0], "did_not_come", WHY)
    kept = json.loads(decision_of(ctx, referral).evidence)
    assert kept["offers"][0]["taken"] is True
    assert [each["text"] for each in kept["heard"]] == ["my mum is ill", None]
    assert ("Your session is on Tuesday.", "failed") in [(each["text"], each["state"]) for each in kept["sent"]]
    kinds = {each["kind"]: each["about"] for each in kept["failings"]}
    assert kinds["not_delivered"] == "blocked" and kinds["case_late"] == "complaint"
    assert "session_cancelled" in kinds and not {"no_offer", "nothing_sent"} & set(kinds)


def test_no_clock_and_no_dialogue_decides() -> None:
    """Only the console's forms know the module, and the workers of the simulated year and of the sample's story."""
    callers = set()
    for folder in ("actions", "bot", "console", "launch", "programme"):
        for path in Path(folder).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.ImportFrom) and (
                    node.module == "programme.decision"
                    or (node.module == "programme" and "decision" in {each.name for each in node.names})
                ):
                    callers.add(str(path))
    assert callers == {"console/decision.py", "launch/bench/year/desk.py", "programme/sample_event.py"}


def a_conversation_of(ctx: Context, referral: Referral) -> Conversation:
    key = proved(ctx, referral)
    with ctx.database.reading() as session:
        return session.get_one(Conversation, key)
