"""The ledger on a person's page: what was tried, what came of it, and plainly where nobody was reached."""

import pytest
from starlette.applications import Starlette

from programme.context import Context
from storage.enums import Channel, OutreachKind, OutreachState, OutState, Way
from tests.builders import NOW, a_conversation, a_message_out, a_referral, an_outreach
from tests.console.desk import Browser, a_console, signed_in


@pytest.fixture
def app(ctx: Context) -> Starlette:
    return a_console(ctx)


@pytest.fixture
def wren(ctx: Context, app: Starlette) -> Browser:
    return signed_in(ctx, app)


def test_who_was_not_reached_is_told_as_such(ctx: Context, wren: Browser) -> None:
    row = a_referral(ctx.database)
    page = wren.page(f"/referrals/{row.id}")
    assert "Not reached, as far as we can tell" in page and "Nothing was sent unasked yet" in page


@pytest.mark.parametrize("state", list(OutreachState))
@pytest.mark.parametrize("way", list(Way))
def test_each_thing_that_can_come_of_a_try_has_words(
    ctx: Context, wren: Browser, way: Way, state: OutreachState
) -> None:
    row = a_referral(ctx.database)
    given = {"state": state, "failure": "not_set_up", "text": "Your <b>session</b>"}
    steps = ("reminder:x:1:7d", "reminder:x:1:1h", "nudge:x:after24h", "nudge:x:before1d")
    for step in steps:
        kind = OutreachKind.REMINDER if step.startswith("r") else OutreachKind.NUDGE
        an_outreach(ctx.database, row, occasion=step, kind=kind, way=way, **given)
    page = wren.page(f"/referrals/{row.id}")
    for words in ("7 days before", "1 hour before", "24 hours after the referral", "1 day before the last day"):
        assert words in " ".join(page.split())
    assert "this way is not set up" in page and "Your &lt;b&gt;session&lt;/b&gt;" in page


def test_what_was_shown_in_a_chat_is_seen(ctx: Context, wren: Browser) -> None:
    row = a_referral(ctx.database)
    chat = a_conversation(ctx.database, Channel.WEB, referral_id=row.id)
    said = a_message_out(ctx.database, chat, "A reminder.", state=OutState.DELIVERED, delivered_at=NOW)
    an_outreach(
        ctx.database, row, way=Way.WEB, kind=OutreachKind.REMINDER, occasion="reminder:x:1:3d", message_id=said.id
    )
    page = wren.page(f"/referrals/{row.id}")
    assert "Seen" in page and "A reminder." in page and "Reached: we know" in page
