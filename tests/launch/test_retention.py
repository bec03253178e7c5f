"""The dialogue's own store forgets what was erased here: owed until it has, by one process at a time."""

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlmodel import select

from launch.retention import AWAY_SECONDS, EACH_SECONDS, Erasing
from programme import retention
from programme.context import Context
from storage.conversation import Conversation
from storage.database import Database
from storage.keys import Keyring
from tests.builders import NOW, a_conversation, a_setting
from tests.conftest import Clock
from tests.programme.desk import a_context


@pytest.fixture
def ctx(sqlite_url: str, keyring: Keyring, clock: Clock) -> Iterator[Context]:
    database = Database(sqlite_url, keyring)
    yield a_context(database, clock)
    database.close()


class Store:
    """The dialogue's: what it was told to forget; `away`: it does not answer."""

    def __init__(self) -> None:
        self.forgotten: list[str] = []
        self.away = False

    async def forget(self, conversation_id: str, _seconds: float) -> None:
        if self.away:
            raise TimeoutError
        self.forgotten.append(conversation_id)


def test_what_is_erased_is_owed_until_the_dialogue_has_forgotten_it(ctx: Context) -> None:
    a_setting(ctx.database, retention.UNPROVED_DAYS, "90")
    old = [a_conversation(ctx.database, created_at=NOW - timedelta(days=100)).id for _ in range(3)]
    a_conversation(ctx.database)
    store = Store()
    first, second = Erasing(ctx, store.forget), Erasing(a_context(ctx.database, ctx.clock, "other"), store.forget)  # type: ignore[arg-type]

    async def work() -> None:
        store.away = True
        assert await first.erase_due() == AWAY_SECONDS
        assert await first.erase_due() == AWAY_SECONDS
        store.away = False
        assert await second.erase_due() == EACH_SECONDS  # the first one leads
        assert store.forgotten == []
        assert await first.erase_due() == EACH_SECONDS

    asyncio.run(work())
    assert sorted(store.forgotten) == sorted(old)
    with ctx.database.reading() as session:
        rows = session.exec(select(Conversation)).all()
    assert {row.id for row in rows if row.forgotten_at is not None} == set(old)
