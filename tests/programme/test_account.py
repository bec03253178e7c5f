"""Accounts and invitations: a link that works once, for a week; who may change whom; a manager always stays."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlmodel import col, select

from programme import account, invitation, sign_in
from programme.account import LastManagerError, NotYoursError
from programme.context import Context
from programme.invitation import (
    DisabledAccountError,
    EasyPasswordError,
    NoInvitationError,
    NoNameError,
    NotAnEmailError,
)
from programme.sign_in import Outcome, Staff
from storage.account import Account, Shift, open_shift_of
from storage.enums import Role
from tests.builders import new_id
from tests.conftest import Clock
from tests.programme.staff import PASSWORD, a_member, signed_in

EMAIL = "New@example.org"


@pytest.fixture
def manager(ctx: Context) -> Staff:
    return signed_in(ctx, a_member(ctx, Role.MANAGER))[0]


@pytest.fixture
def lead(ctx: Context) -> Staff:
    return signed_in(ctx, a_member(ctx, Role.LEAD))[0]


def test_an_invitation_makes_an_account_once(ctx: Context, lead: Staff) -> None:
    token = invitation.invite(ctx, lead, EMAIL, Role.WORKER)
    about = invitation.find(ctx, token)
    assert (about.email, about.role, about.renews) == (EMAIL, Role.WORKER, False)
    assert [one.invited_by for one in invitation.waiting(ctx)] == ["Wren Worker"]
    tried = invitation.accept(ctx, token, "  Nia   Nwosu ", PASSWORD, "")
    staff = sign_in.who(ctx, tried.token)
    assert staff is not None
    assert (staff.name, staff.role) == ("Nia Nwosu", Role.WORKER)
    assert invitation.waiting(ctx) == []
    with pytest.raises(NoInvitationError):
        invitation.accept(ctx, token, "Eve", PASSWORD, "")
    assert sign_in.begin(ctx, "new@EXAMPLE.org", PASSWORD, "", "").outcome is Outcome.SIGNED_IN


def test_one_link_in_two_browsers_at_once_makes_one_account(ctx: Context, lead: Staff) -> None:
    token = invitation.invite(ctx, lead, EMAIL, Role.WORKER)

    def accept(name: str) -> bool:
        try:
            invitation.accept(ctx, token, name, PASSWORD, "")
        except NoInvitationError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(accept, ["A", "B", "C", "D"])) == [False, False, False, True]
    with ctx.database.reading() as session:
        assert len(session.exec(select(Account).where(col(Account.role) == Role.WORKER)).all()) == 1


def test_an_invitation_ends_after_a_week_when_taken_back_and_when_another_is_made(
    ctx: Context, lead: Staff, clock: Clock
) -> None:
    first = invitation.invite(ctx, lead, EMAIL, Role.WORKER)
    second = invitation.invite(ctx, lead, EMAIL.lower(), Role.TRAINER)
    with pytest.raises(NoInvitationError):
        invitation.find(ctx, first)
    clock.forward(days=6, hours=23)
    assert invitation.find(ctx, second).role is Role.TRAINER
    clock.forward(hours=1)
    with pytest.raises(NoInvitationError):
        invitation.find(ctx, second)
    third = invitation.invite(ctx, lead, EMAIL, Role.WORKER)
    invitation.take_back(ctx, lead, invitation.find(ctx, third).invitation_id)
    with pytest.raises(NoInvitationError):
        invitation.accept(ctx, third, "Nia", PASSWORD, "")
    with pytest.raises(NoInvitationError):
        invitation.find(ctx, "made-up")


def test_what_cannot_be_invited_or_accepted(ctx: Context, lead: Staff) -> None:
    for email in ("nobody", "a b@example.org", "a@b", "@example.org", ""):
        with pytest.raises(NotAnEmailError):
            invitation.invite(ctx, lead, email, Role.WORKER)
    a_member(ctx, disabled_at=ctx.clock(), email="gone@example.org")
    with pytest.raises(DisabledAccountError):
        invitation.invite(ctx, lead, "gone@example.org", Role.WORKER)
    token = invitation.invite(ctx, lead, EMAIL, Role.WORKER)
    with pytest.raises(NoNameError):
        invitation.accept(ctx, token, " ", PASSWORD, "")
    with pytest.raises(EasyPasswordError):
        invitation.accept(ctx, token, "Nia", "password12345", "")
    assert invitation.find(ctx, token).email == EMAIL


def test_an_invitation_for_an_account_sets_its_password_and_keeps_its_role(ctx: Context, lead: Staff) -> None:
    worker = a_member(ctx, email=EMAIL)
    _, before = signed_in(ctx, worker)
    token = invitation.invite(ctx, lead, EMAIL, Role.TRAINER)
    assert invitation.find(ctx, token).renews
    tried = invitation.accept(ctx, token, "Nia", "quiet marble canoe", "")
    staff = sign_in.who(ctx, tried.token)
    assert staff is not None
    assert (staff.account_id, staff.role) == (worker.id, Role.WORKER)
    assert sign_in.who(ctx, before.token) is None


def test_a_new_password_does_not_pass_by_the_second_factor(ctx: Context, lead: Staff) -> None:
    a_member(ctx, second_factor=True, email=EMAIL)
    tried = invitation.accept(ctx, invitation.invite(ctx, lead, EMAIL, Role.WORKER), "Nia", "quiet marble canoe", "")
    assert tried.outcome is Outcome.CODE_WANTED
    assert sign_in.who(ctx, tried.token) is None


def test_a_lead_gives_and_changes_workers_and_trainers_only(ctx: Context, lead: Staff, manager: Staff) -> None:
    worker, other = a_member(ctx), a_member(ctx, Role.LEAD, email="other@example.org")
    for role in (Role.LEAD, Role.MANAGER):
        with pytest.raises(NotYoursError):
            invitation.invite(ctx, lead, EMAIL, role)
        with pytest.raises(NotYoursError):
            account.change_role(ctx, lead, worker.id, role)
    with pytest.raises(NotYoursError):
        invitation.invite(ctx, lead, "manager@example.org", Role.WORKER)
    for work in (account.disable, account.enable, account.forget_second_factor):
        for target in (other.id, manager.account_id, lead.account_id):
            with pytest.raises(NotYoursError):
                work(ctx, lead, target)
    account.change_role(ctx, lead, worker.id, Role.TRAINER)
    shown = {one.account_id: one for one in account.members(ctx, lead)}
    assert shown[worker.id].role is Role.TRAINER
    assert [one.name for one in shown.values() if one.yours] == [worker.name]


def test_an_invitation_made_by_a_lead_does_not_open_what_became_a_managers_account(
    ctx: Context, lead: Staff, manager: Staff
) -> None:
    worker = a_member(ctx)
    token = invitation.invite(ctx, lead, worker.email, Role.WORKER)
    account.change_role(ctx, manager, worker.id, Role.MANAGER)
    with pytest.raises(NoInvitationError):
        invitation.accept(ctx, token, "Eve", "quiet marble canoe", "")
    assert sign_in.begin(ctx, worker.email, PASSWORD, "", "").outcome is Outcome.SIGNED_IN


def test_a_disabled_account_is_signed_out_and_off_shift_until_it_is_enabled(ctx: Context, lead: Staff) -> None:
    worker = a_member(ctx)
    _, inside = signed_in(ctx, worker)
    with ctx.database.writing() as session:
        session.add(Shift(id=new_id(), account_id=worker.id, began_at=ctx.clock(), beat_at=ctx.clock()))
    account.disable(ctx, lead, worker.id)
    assert sign_in.who(ctx, inside.token) is None
    assert sign_in.begin(ctx, worker.email, PASSWORD, "", "").outcome is Outcome.WRONG
    with ctx.database.reading() as session:
        assert open_shift_of(session, worker.id) is None
    account.enable(ctx, lead, worker.id)
    assert sign_in.who(ctx, inside.token) is None
    assert sign_in.begin(ctx, worker.email, PASSWORD, "", "").outcome is Outcome.SIGNED_IN


def test_a_role_is_another_from_the_next_page_on(ctx: Context, manager: Staff) -> None:
    worker = a_member(ctx)
    _, inside = signed_in(ctx, worker)
    account.change_role(ctx, manager, worker.id, Role.LEAD)
    staff = sign_in.who(ctx, inside.token)
    assert staff is not None
    assert staff.role is Role.LEAD


def test_the_last_manager_stays(ctx: Context, manager: Staff) -> None:
    a_member(ctx, Role.MANAGER, disabled_at=ctx.clock(), email="gone@example.org")
    with pytest.raises(LastManagerError):
        account.change_role(ctx, manager, manager.account_id, Role.LEAD)
    with pytest.raises(NotYoursError):
        account.disable(ctx, manager, manager.account_id)


def test_two_managers_who_take_each_other_out_at_once_leave_one(ctx: Context, manager: Staff) -> None:
    other = signed_in(ctx, a_member(ctx, Role.MANAGER, email="other@example.org"))[0]

    def disable(pair: tuple[Staff, Staff]) -> bool:
        try:
            account.disable(ctx, pair[0], pair[1].account_id)
        except LastManagerError:
            return False
        return True

    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(disable, [(manager, other), (other, manager)]))
    assert sorted(done) == [False, True]


def test_somebody_who_lost_everything_gets_in_by_a_colleague(ctx: Context, lead: Staff) -> None:
    worker = a_member(ctx, second_factor=True)
    account.forget_second_factor(ctx, lead, worker.id)
    assert sign_in.begin(ctx, worker.email, PASSWORD, "", "").outcome is Outcome.SIGNED_IN


def test_the_command_line_brings_back_a_programme_that_nobody_can_get_into(ctx: Context) -> None:
    gone = a_member(ctx, disabled_at=ctx.clock())
    tried = invitation.accept(ctx, invitation.invite(ctx, None, gone.email, Role.MANAGER), "Mo", PASSWORD, "")
    staff = sign_in.who(ctx, tried.token)
    assert staff is not None
    assert (staff.account_id, staff.role) == (gone.id, Role.MANAGER)
