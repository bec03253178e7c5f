"""Signing in: what is right, wrong and unknown; slower, never locked; sessions that end; a code that is used once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import select

from programme import own_account, password, second_factor, sign_in
from programme.context import Context
from programme.own_account import WrongPasswordError
from programme.second_factor import AlreadyOnError
from programme.sign_in import Outcome, Tried
from programme.tries import SlowedError
from storage.account import Account, StaffSession
from storage.audit import audit_of
from storage.enums import Role
from tests.builders import a_setting
from tests.conftest import Clock
from tests.programme.staff import PASSWORD, SECRET, a_member, code, signed_in

HERE, THERE = "198.51.100.7", "203.0.113.9"
OTHER = "quiet marble canoe"


def begin(ctx: Context, given: str = PASSWORD, address: str = HERE, email: str = "worker@example.org") -> Tried:
    return sign_in.begin(ctx, email, given, address, "Firefox, Linux")


def test_the_right_password_opens_a_session(ctx: Context) -> None:
    account = a_member(ctx, name="Wren")
    tried = begin(ctx, email=" Worker@Example.org")
    staff = sign_in.who(ctx, tried.token)
    assert tried.outcome is Outcome.SIGNED_IN
    assert staff is not None
    assert (staff.account_id, staff.name, staff.role) == (account.id, "Wren", Role.WORKER)
    with ctx.database.reading() as session:
        assert [row.action for row in audit_of(session, "account", account.id)] == ["sign_in"]
        kept = session.exec(select(StaffSession)).one()
        assert tried.token not in (kept.token_lookup, kept.csrf, kept.id)


def test_each_sign_in_has_a_new_cookie_and_a_new_form_token(ctx: Context) -> None:
    account = a_member(ctx)
    first, second = signed_in(ctx, account), signed_in(ctx, account)
    assert first[1].token != second[1].token
    assert first[0].csrf != second[0].csrf


@pytest.mark.parametrize("case", ["wrong", "unknown", "disabled", "empty"])
def test_wrong_unknown_and_disabled_are_one_answer_after_the_same_work(
    ctx: Context, monkeypatch: pytest.MonkeyPatch, case: str
) -> None:
    a_member(ctx, disabled_at=ctx.clock() if case == "disabled" else None)
    looked: list[str | None] = []

    def look(kept: str | None, given: str) -> bool:
        looked.append(kept)
        return password.is_password(kept, given)

    monkeypatch.setattr(sign_in, "is_password", look)
    email = "nobody@example.org" if case == "unknown" else "worker@example.org"
    given = {"wrong": OTHER, "unknown": PASSWORD, "disabled": PASSWORD, "empty": ""}[case]
    assert begin(ctx, given, email=email) == Tried(Outcome.WRONG)
    assert len(looked) == 1


def test_nobody_is_never_somebody() -> None:
    assert not password.is_password(None, "nobody has this password")
    assert not password.is_password("no hash", PASSWORD)


def test_it_slows_and_does_not_lock(ctx: Context, clock: Clock) -> None:
    a_member(ctx)
    for _ in range(6):
        assert begin(ctx, OTHER).outcome is Outcome.WRONG
    slowed = begin(ctx)
    assert (slowed.outcome, slowed.retry_after) == (Outcome.SLOWED, timedelta(seconds=2))
    for _ in range(20):
        begin(ctx)  # refused tries cost nothing
    clock.forward(seconds=2)
    assert begin(ctx).outcome is Outcome.SIGNED_IN


def test_an_unknown_address_is_slowed_like_any_other(ctx: Context) -> None:
    outcomes = [begin(ctx, OTHER, email="nobody@example.org").outcome for _ in range(7)]
    assert outcomes == [Outcome.WRONG] * 6 + [Outcome.SLOWED]


def test_a_stranger_who_guesses_does_not_keep_out_a_browser_that_is_known(ctx: Context) -> None:
    account = a_member(ctx)
    known = begin(ctx).known
    for _ in range(6):
        begin(ctx, OTHER, THERE)
    assert begin(ctx, address=HERE).outcome is Outcome.SLOWED
    assert sign_in.begin(ctx, account.email, PASSWORD, HERE, "", known).outcome is Outcome.SIGNED_IN


def test_a_known_browser_is_slowed_by_its_own_failures_and_is_known_for_one_account(ctx: Context) -> None:
    account, other = a_member(ctx), a_member(ctx, Role.LEAD)
    known = begin(ctx).known
    outcomes = [sign_in.begin(ctx, account.email, OTHER, HERE, "", known).outcome for _ in range(7)]
    assert outcomes == [Outcome.WRONG] * 6 + [Outcome.SLOWED]
    assert sign_in.is_known(ctx, account.id, known)
    assert not sign_in.is_known(ctx, other.id, known)
    assert not sign_in.is_known(ctx, account.id, "made.up")
    assert not sign_in.is_known(ctx, account.id, "")


def test_an_address_that_tries_many_accounts_is_slowed(ctx: Context) -> None:
    outcomes = [begin(ctx, OTHER, email=f"p{number}@example.org").outcome for number in range(22)]
    assert outcomes == [Outcome.WRONG] * 21 + [Outcome.SLOWED]
    assert begin(ctx, OTHER, THERE, "p50@example.org").outcome is Outcome.WRONG


def test_many_tries_at_once_count_as_many(ctx: Context) -> None:
    a_member(ctx)
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: begin(ctx, OTHER).outcome, range(16)))
    assert outcomes.count(Outcome.WRONG) == 6
    assert outcomes.count(Outcome.SLOWED) == 10


def test_a_session_ends_after_an_hour_without_a_sign_of_life(ctx: Context, clock: Clock) -> None:
    token = begin_in(ctx)
    for _ in range(3):
        clock.forward(minutes=59)
        assert sign_in.who(ctx, token) is not None
    clock.forward(minutes=40)
    assert sign_in.who(ctx, token, quiet=True) is not None
    clock.forward(minutes=20)
    assert sign_in.who(ctx, token) is None


def begin_in(ctx: Context) -> str:
    a_member(ctx)
    return begin(ctx).token


def test_a_session_ends_after_twelve_hours_whatever_is_done(ctx: Context, clock: Clock) -> None:
    token = begin_in(ctx)
    for _ in range(23):
        clock.forward(minutes=30)
        assert sign_in.who(ctx, token) is not None
    clock.forward(minutes=30)
    assert sign_in.who(ctx, token) is None


def test_both_are_settings(ctx: Context, clock: Clock) -> None:
    a_setting(ctx.database, sign_in.HOURS, "2")
    a_setting(ctx.database, sign_in.IDLE_MINUTES, "90")
    token = begin_in(ctx)
    clock.forward(minutes=89)
    assert sign_in.who(ctx, token) is not None
    clock.forward(minutes=31)
    assert sign_in.who(ctx, token) is None


def test_signing_out_and_ending_another_browser(ctx: Context, clock: Clock) -> None:
    account = a_member(ctx)
    here, _ = signed_in(ctx, account)
    there, token = signed_in(ctx, account)
    shown = own_account.browsers(ctx, here)
    assert [(one.device, one.here) for one in shown] == [("Firefox, Linux", True), ("Firefox, Linux", False)]
    own_account.end_browser(ctx, here, there.session_id)
    assert sign_in.who(ctx, token.token) is None
    assert [one.here for one in own_account.browsers(ctx, here)] == [True]
    other, others = signed_in(ctx, a_member(ctx, Role.LEAD))
    own_account.end_browser(ctx, here, other.session_id)
    assert sign_in.who(ctx, others.token) is not None
    sign_in.end(ctx, here)
    assert own_account.browsers(ctx, here) == []


def test_a_made_up_cookie_is_nobody(ctx: Context) -> None:
    begin_in(ctx)
    assert sign_in.who(ctx, "made-up") is None


def test_with_a_second_factor_the_password_alone_opens_nothing(ctx: Context) -> None:
    a_member(ctx, second_factor=True)
    half = begin(ctx)
    assert (half.outcome, half.known) == (Outcome.CODE_WANTED, "")
    assert sign_in.who(ctx, half.token) is None
    whole = sign_in.finish(ctx, half.token, code(ctx), HERE)
    assert whole.outcome is Outcome.SIGNED_IN
    assert whole.token != half.token
    assert sign_in.who(ctx, whole.token) is not None
    assert sign_in.who(ctx, half.token) is None


@pytest.mark.parametrize(("steps", "right"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phones_clock_may_be_half_a_minute_off(ctx: Context, steps: int, right: bool) -> None:
    a_member(ctx, second_factor=True)
    tried = sign_in.finish(ctx, begin(ctx).token, code(ctx, steps), HERE)
    assert (tried.outcome is Outcome.SIGNED_IN) is right


def test_no_code_is_taken_twice_nor_one_before_it(ctx: Context, clock: Clock) -> None:
    a_member(ctx, second_factor=True)
    used, earlier = code(ctx), code(ctx, -1)
    assert sign_in.finish(ctx, begin(ctx).token, used, HERE).outcome is Outcome.SIGNED_IN
    assert sign_in.finish(ctx, begin(ctx).token, used, HERE).outcome is Outcome.WRONG
    assert sign_in.finish(ctx, begin(ctx).token, earlier, HERE).outcome is Outcome.WRONG
    clock.forward(seconds=30)
    assert sign_in.finish(ctx, begin(ctx).token, f" {code(ctx)[:3]} {code(ctx)[3:]}", HERE).outcome is Outcome.SIGNED_IN


def test_codes_are_slowed_by_account_and_the_half_way_ends_by_itself(ctx: Context, clock: Clock) -> None:
    a_member(ctx, second_factor=True)
    half = begin(ctx).token
    outcomes = [sign_in.finish(ctx, half, "000000", HERE).outcome for _ in range(6)]
    assert outcomes == [Outcome.WRONG] * 5 + [Outcome.SLOWED]
    assert sign_in.finish(ctx, half, code(ctx), THERE).outcome is Outcome.SLOWED
    clock.forward(seconds=15)
    clock.forward(minutes=10)
    assert sign_in.finish(ctx, half, code(ctx), HERE).outcome is Outcome.STARTED_OVER
    assert sign_in.finish(ctx, "made-up", code(ctx), HERE).outcome is Outcome.STARTED_OVER


def test_setting_up_the_second_factor_and_recovery_codes_that_work_once(ctx: Context, clock: Clock) -> None:
    account = a_member(ctx)
    staff, _ = signed_in(ctx, account)
    _, elsewhere = signed_in(ctx, account)
    setup = second_factor.set_up(ctx, account.id)
    assert second_factor.set_up(ctx, account.id) == setup
    assert setup.address.startswith("otpauth://totp/Druglink%20console:worker%40example.org?secret=")
    with ctx.database.writing() as session:
        row = session.get_one(Account, account.id)
        row.totp_secret = SECRET
        session.add(row)
    assert second_factor.confirm(ctx, account.id, staff.session_id, "000000") == []
    spare = second_factor.confirm(ctx, account.id, staff.session_id, code(ctx))
    assert len(set(spare)) == 10
    with pytest.raises(AlreadyOnError):
        second_factor.set_up(ctx, account.id)
    assert sign_in.who(ctx, elsewhere.token) is None
    half = begin(ctx)
    assert half.outcome is Outcome.CODE_WANTED
    assert sign_in.finish(ctx, half.token, spare[3].upper(), HERE).outcome is Outcome.SIGNED_IN
    assert second_factor.codes_left(ctx, account.id) == 9
    assert sign_in.finish(ctx, begin(ctx).token, spare[3], HERE).outcome is Outcome.WRONG
    clock.forward(seconds=30)
    fresh = second_factor.renew_codes(ctx, account.id, code(ctx))
    assert len(fresh) == 10
    assert sign_in.finish(ctx, begin(ctx).token, spare[4], HERE).outcome is Outcome.WRONG
    assert second_factor.turn_off(ctx, account.id, fresh[0])
    assert begin(ctx).outcome is Outcome.SIGNED_IN


def test_one_recovery_code_at_two_doors_at_once_opens_one(ctx: Context) -> None:
    account = a_member(ctx, second_factor=True)
    spare = second_factor.renew_codes(ctx, account.id, code(ctx))
    halves = [begin(ctx).token for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        outcomes = [one.outcome for one in pool.map(lambda half: sign_in.finish(ctx, half, spare[0], HERE), halves)]
    assert sorted(outcomes) == [Outcome.SIGNED_IN] + [Outcome.WRONG] * 3


def test_turning_it_off_is_slowed_too(ctx: Context) -> None:
    account = a_member(ctx, second_factor=True)
    for _ in range(5):
        assert not second_factor.turn_off(ctx, account.id, "000000")
    with pytest.raises(SlowedError) as slowed:
        second_factor.turn_off(ctx, account.id, code(ctx))
    assert slowed.value.waiting == timedelta(seconds=15)


def test_a_new_password_signs_out_everywhere_else(ctx: Context) -> None:
    account = a_member(ctx)
    staff, here = signed_in(ctx, account)
    _, there = signed_in(ctx, account)
    with pytest.raises(WrongPasswordError):
        own_account.change_password(ctx, staff, OTHER, OTHER)
    own_account.change_password(ctx, staff, PASSWORD, OTHER)
    assert sign_in.who(ctx, here.token) is not None
    assert sign_in.who(ctx, there.token) is None
    assert begin(ctx).outcome is Outcome.WRONG
    assert begin(ctx, OTHER).outcome is Outcome.SIGNED_IN


def test_what_failed_is_in_the_audit_log(ctx: Context) -> None:
    account = a_member(ctx, second_factor=True)
    begin(ctx, OTHER)
    begin(ctx, email="nobody@example.org")
    sign_in.finish(ctx, begin(ctx).token, "000000", HERE)
    with ctx.database.reading() as session:
        rows = sorted((row.actor, row.action) for row in audit_of(session, "account", account.id))
        assert rows == [("somebody", "code_failed"), ("somebody", "sign_in_failed")]
        assert [row.action for row in audit_of(session, "account", "")] == ["sign_in_failed"]
