"""The door for papers over HTTP: what whoever scans a code sees, and what they do not."""

import asyncio
from collections.abc import Iterator

import httpx
import pytest
from starlette.applications import Starlette

from bot.limits import LOOKUPS, Limits
from bot.papers import PaperDoor
from programme import paper
from programme.context import Context
from storage.database import Database
from storage.enums import ReferralState
from storage.keys import Keyring
from tests.builders import a_booking, a_person, a_referral
from tests.conftest import Clock
from tests.programme.desk import a_context


@pytest.fixture
def ctx(sqlite_url: str, keyring: Keyring, clock: Clock) -> Iterator[Context]:
    database = Database(sqlite_url, keyring)
    yield a_context(database, clock)
    database.close()


def get(ctx: Context, *paths: str) -> list[httpx.Response]:
    app = Starlette(routes=PaperDoor(ctx, Limits(ctx.clock)).routes())

    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://paper.test") as client:
            return [await client.get(path) for path in paths]

    return asyncio.run(ask())


def test_whoever_scans_the_code_sees_that_it_is_real_and_no_name(ctx: Context) -> None:
    person = a_person(ctx.database, name="Alex <Green>")
    referral = a_referral(ctx.database, person=person, state=ReferralState.COMPLETED)
    token = paper.issue(ctx, referral.id, "person").token
    real, unknown = get(ctx, f"/verify/{token}", "/verify/made-up")
    assert real.status_code == 200 and "Yes, this paper is real" in real.text
    assert "A. &lt;." in real.text and "Alex" not in real.text and referral.reference not in real.text
    assert "default-src 'none'" in real.headers["Content-Security-Policy"]
    assert unknown.status_code == 404 and "we do not know this paper" in unknown.text


def test_a_person_gets_their_own_paper_whose_code_leads_back_here(ctx: Context) -> None:
    held = a_booking(ctx.database, a_referral(ctx.database, state=ReferralState.BOOKED))
    file, none = get(ctx, f"/proof/{held.calendar_token}.pdf", "/proof/made-up.pdf")
    assert file.headers["content-type"] == "application/pdf" and file.headers["Cache-Control"] == "no-store"
    token = paper.issue_to_person(ctx, held.calendar_token).token
    assert f"http://paper.test/verify/{token}".encode() in file.content
    assert none.status_code == 404


def test_nobody_tries_many_tokens(ctx: Context) -> None:
    answers = get(ctx, *["/verify/made-up"] * (LOOKUPS.count + 1))
    assert [each.status_code for each in answers[-2:]] == [404, 429]
