"""Settings that consequences rest on: two people, the old words until then, refusals and newer proposals."""

import pytest

from programme import fact, known
from programme.context import Context
from programme.fact import Change, Given, WrongFieldsError
from storage.enums import Role, VersionState
from tests.builders import NOW, a_setting, an_account
from tests.conftest import Clock
from tests.programme.asked import ask, view

TOLD = Given("We tell the police if you came.", "Agreement of May", "Mary Moss", "2027-06-01")


@pytest.fixture
def lead(ctx: Context) -> str:
    return an_account(ctx.database, name="Lou Lead", role=Role.LEAD).id


@pytest.fixture
def manager(ctx: Context) -> str:
    return an_account(ctx.database, name="Max Manager", role=Role.MANAGER).id


def test_what_consequences_rest_on_takes_two_different_people(ctx: Context, lead: str, manager: str) -> None:
    assert fact.propose(ctx, lead, "reported_text", TOLD) == fact.Changed(Change.PROPOSED)
    assert view(ctx, "reported_text").state == "empty"
    proposal = view(ctx, "reported_text").proposal
    assert proposal is not None and proposal.proposed_name == "Lou Lead"
    with pytest.raises(fact.SamePersonError):
        fact.agree(ctx, lead, proposal.id)
    worker = an_account(ctx.database)
    with pytest.raises(fact.NotAllowedError):
        fact.agree(ctx, worker.id, proposal.id)
    assert fact.agree(ctx, manager, proposal.id).change is Change.LIVE
    now = known.one(ctx, "reported_text")
    assert (now.view.value, now.view.proposal) == ("We tell the police if you came.", None)
    assert (now.history[0].proposed_name, now.history[0].decided_name) == ("Lou Lead", "Max Manager")
    with pytest.raises(fact.DecidedError):
        fact.agree(ctx, manager, proposal.id)


def test_the_old_words_stand_until_the_new_ones_are_agreed(ctx: Context, lead: str, manager: str) -> None:
    a_setting(ctx.database, "after_text", "Nothing is left to do.")
    fact.propose(ctx, lead, "after_text", Given("You get a letter.", "The board", "Mary Moss", "2027-06-01"))
    assert "Nothing is left" in ask(ctx, "utter_ask_after_course").text
    proposal = view(ctx, "after_text").proposal
    assert proposal is not None
    fact.agree(ctx, manager, proposal.id)
    assert "You get a letter." in ask(ctx, "utter_ask_after_course").text


def test_taking_out_takes_two_people_too(ctx: Context, lead: str, manager: str) -> None:
    a_setting(ctx.database, "after_text", "Nothing is left to do.")
    assert fact.take_out(ctx, lead, "after_text", "Not true any more").change is Change.PROPOSED
    proposal = view(ctx, "after_text").proposal
    assert proposal is not None and proposal.value == "" and view(ctx, "after_text").state == "known"
    fact.agree(ctx, manager, proposal.id)
    assert view(ctx, "after_text").state == "empty"


def test_a_refusal_has_a_reason_that_the_history_shows(ctx: Context, lead: str, manager: str) -> None:
    fact.propose(ctx, lead, "reported_text", TOLD)
    proposal = view(ctx, "reported_text").proposal
    assert proposal is not None
    with pytest.raises(WrongFieldsError):
        fact.refuse(ctx, manager, proposal.id, "  ")
    fact.refuse(ctx, manager, proposal.id, "The force has not confirmed it")
    last = known.one(ctx, "reported_text").history[0]
    assert (last.state, last.reason) == (VersionState.REFUSED, "The force has not confirmed it")
    assert view(ctx, "reported_text").state == "empty"
    with pytest.raises(fact.DecidedError):
        fact.agree(ctx, manager, proposal.id)


def test_a_newer_proposal_takes_the_place_of_an_older_one(ctx: Context, lead: str, manager: str, clock: Clock) -> None:
    fact.propose(ctx, lead, "reported_text", TOLD)
    first = view(ctx, "reported_text").proposal
    clock.forward(minutes=1)
    fact.propose(ctx, manager, "reported_text", Given("Other words.", "The force", "Mary Moss", "2027-06-01"))
    assert first is not None
    with pytest.raises(fact.DecidedError):
        fact.agree(ctx, manager, first.id)
    second = view(ctx, "reported_text").proposal
    assert second is not None and second.value == "Other words."
    assert fact.agree(ctx, lead, second.id).change is Change.LIVE


def test_a_proposal_whose_review_is_over_must_be_made_again(
    ctx: Context, lead: str, manager: str, clock: Clock
) -> None:
    fact.propose(ctx, lead, "reported_text", TOLD)
    proposal = view(ctx, "reported_text").proposal
    clock.now = NOW.replace(year=2027, month=6, day=1)
    assert proposal is not None
    with pytest.raises(fact.ReviewOverError):
        fact.agree(ctx, manager, proposal.id)
