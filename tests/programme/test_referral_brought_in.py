"""Files of referrals on their way in: all or nothing, kept no longer than needed, and quick."""

import json
import time
from datetime import date

import pytest
from sqlmodel import col, func, select

from programme import referral_import, verification
from programme.context import Context
from programme.referral_import import NotNowError
from programme.verification import Outcome
from storage.audit import Audit
from storage.enums import CaseReason, ImportState, ReferralState
from storage.outreach import Outreach
from storage.referral import Referral
from storage.referral_change import changes_of
from storage.referral_import import ReferralImport
from tests.builders import an_account
from tests.conftest import Clock
from tests.programme.desk import open_cases, opened
from tests.programme.referral_files import ALEX, ROBIN, a_csv, an_xlsx, brought_in, everything, made_up, stored


@pytest.fixture
def me(ctx: Context) -> str:
    return an_account(ctx.database).id


def test_it_is_all_or_nothing_and_can_be_tried_again(ctx: Context, me: str, monkeypatch: pytest.MonkeyPatch) -> None:
    key = referral_import.check(ctx, me, "x.csv", a_csv(ALEX, ROBIN))
    referral_import.start(ctx, key)
    with pytest.raises(NotNowError):
        referral_import.start(ctx, key)

    def broken(*_given: object) -> int:
        raise RuntimeError

    with monkeypatch.context() as patch:
        patch.setattr("programme.referral_writing.arrived", broken)
        with pytest.raises(RuntimeError):
            referral_import.bring_in(ctx, key, me, with_changes=True)
    assert everything(ctx) == []
    assert referral_import.read(ctx, key).state is ImportState.FAILED
    referral_import.start(ctx, key)
    referral_import.bring_in(ctx, key, me, with_changes=True)
    assert len(everything(ctx)) == 2
    with pytest.raises(NotNowError):
        referral_import.bring_in(ctx, key, me, with_changes=True)


def test_what_was_cut_off_may_start_again(ctx: Context, me: str, clock: Clock) -> None:
    key = referral_import.check(ctx, me, "x.csv", a_csv(ALEX))
    referral_import.start(ctx, key)
    assert not referral_import.read(ctx, key).may_start
    clock.forward(minutes=6)
    assert referral_import.read(ctx, key).may_start


def test_rows_are_kept_no_longer_than_they_are_needed(ctx: Context, me: str, clock: Clock) -> None:
    left = referral_import.check(ctx, me, "x.csv", a_csv(ALEX))
    done = brought_in(ctx, me, a_csv(ROBIN))
    clock.forward(hours=25)
    referral_import.check(ctx, me, "y.csv", a_csv(ALEX))
    with ctx.database.reading() as session:
        assert session.get_one(ReferralImport, left).content is None
        assert session.get_one(ReferralImport, done.id).content is None
    with pytest.raises(NotNowError):
        referral_import.start(ctx, left)


def test_who_came_in_can_prove_it_is_looked_for_and_has_a_history(ctx: Context, me: str, clock: Clock) -> None:
    verification.claim_without_reference(ctx, opened(ctx), "Alex Green", date(1990, 3, 14), "07700 900123")
    brought_in(ctx, me, a_csv(ALEX))
    row, _ = stored(ctx, "TVP4F7K92")
    claim = next(case for case in open_cases(ctx) if case.reason is CaseReason.NO_REFERENCE)
    assert json.loads(claim.detail or "{}")["matches"] == [row.id]
    clock.forward(minutes=5)
    assert verification.check(ctx, opened(ctx), "TVP4F7K92", date(1990, 3, 14)).outcome is Outcome.VERIFIED
    with ctx.database.reading() as session:
        lines = [(one.event, one.was, one.now, one.actor) for one in changes_of(session, row.id)]
    referred, verified = ReferralState.REFERRED, ReferralState.VERIFIED
    assert lines == [("refer", None, referred, f"worker:{me}"), ("verify", referred, verified, "person")]


def test_five_thousand_rows_in_half_a_minute(ctx: Context, me: str) -> None:
    """Checked, shown and brought in, everybody's link planned. Of this process's own time, since how busy the
    machine is besides says nothing about us; it comes to two seconds or three."""
    rows = [made_up(number) for number in range(5_000)]
    began = time.process_time()
    key = referral_import.check(ctx, me, "x.xlsx", an_xlsx(*rows))
    assert referral_import.read(ctx, key).plan is not None
    referral_import.start(ctx, key)
    referral_import.bring_in(ctx, key, me, with_changes=True)
    took = time.process_time() - began
    assert took < 15
    with ctx.database.reading() as session:
        assert session.exec(select(func.count()).select_from(Referral)).one() == 5_000
        assert session.exec(select(func.count()).where(col(Audit.action) == "refer")).one() == 5_000
        assert session.exec(select(func.count()).select_from(Outreach)).one() == 5_000
    print(f"5,000 rows: {took:.1f} s")
