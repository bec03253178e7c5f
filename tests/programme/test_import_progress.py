"""How far a file is that is on its way in, seen from another process."""

from collections.abc import Callable
from typing import Any

import pytest

from programme import referral_import, referral_plan, referral_writing
from storage.database import Database
from storage.keys import Keyring
from tests.builders import an_account
from tests.conftest import Clock
from tests.programme.desk import a_context

CSV = b"""Reference,Name,Date of birth
TVP-4F7K-92,Alex Green,14/03/1990
TVP-2H8M-41,Robin Brown,02/11/1985
"""


def test_how_far_it_is_can_be_seen_from_any_process(
    database: Database, database_url: str, keyring: Keyring, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    ctx, other = a_context(database, clock), a_context(Database(database_url, keyring), clock)
    me = an_account(database).id
    key = referral_import.check(ctx, me, "x.csv", CSV)
    seen: list[tuple[int, int]] = []

    def looking(do: Callable[..., object]) -> Callable[..., object]:
        def look(*given: Any, **named: Any) -> object:
            upload = referral_import.read(other, key)
            seen.append((upload.looked_at, upload.writing))
            return do(*given, **named)

        return look

    referral_import.start(ctx, key)
    with monkeypatch.context() as patch:
        patch.setattr(referral_plan, "AT_ONCE", 1)
        patch.setattr(referral_plan, "_read", looking(referral_plan._read))
        patch.setattr(referral_writing, "write", looking(referral_writing.write))  # inside the one transaction
        referral_import.bring_in(ctx, key, me, with_changes=True)
    assert seen == [(0, 0), (1, 0), (2, 2)]
    done = referral_import.outcome(other, key)
    assert done is not None
    assert (done.added, done.same) == (2, 0)
    other.database.close()
