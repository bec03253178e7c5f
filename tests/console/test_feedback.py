"""What a person said of the help stands beside their conversation, for workers to read."""

import pytest
from starlette.applications import Starlette

from console.topics import TOPICS
from programme import feedback
from programme.context import Context
from storage.conversation import Conversation
from storage.database import Database
from storage.enums import HandoffState
from storage.keys import Keyring
from tests.builders import NOW, a_handoff_request
from tests.conftest import Clock
from tests.console.desk import a_console, signed_in
from tests.programme.desk import a_context, opened


@pytest.fixture
def ctx(sqlite_url: str, keyring: Keyring, clock: Clock) -> Context:
    return a_context(Database(sqlite_url, keyring), clock)


@pytest.fixture
def app(ctx: Context) -> Starlette:
    return a_console(ctx)


def test_it_stands_beside_the_conversation_and_renews_the_page(ctx: Context, app: Starlette) -> None:
    chat, wren = opened(ctx), signed_in(ctx, app)
    with ctx.database.reading() as session:
        conversation = session.get_one(Conversation, chat)
    asked = a_handoff_request(ctx.database, conversation, state=HandoffState.CLOSED, first_reply_at=NOW, ended_at=NOW)
    assert "How they found the help" not in wren.page(f"/conversations/{chat}")
    before = version(ctx, chat)
    feedback.rate(ctx, chat, asked.id, "mixed")
    feedback.add_words(ctx, chat, asked.id, "kind, but <slow>")
    assert version(ctx, chat) != before
    page = wren.page(f"/conversations/{chat}")
    assert "So-so" in page and "kind, but &lt;slow&gt;" in page


def version(ctx: Context, chat: str) -> object:
    topic = next(each for each in TOPICS if each.name == "conversation")
    with ctx.database.reading() as session:
        return topic.versions(session, [chat], ctx.clock())[chat]
