"""What staff do in a conversation is told at once to whoever serves its person."""

from starlette.applications import Starlette

from console.routes import routes
from programme import handoff
from programme.context import Context
from tests.builders import a_referral
from tests.console.desk import signed_in, take
from tests.programme.desk import proved


def test_each_form_of_a_conversation_gives_a_hint_and_looking_gives_none(ctx: Context) -> None:
    heard: list[str] = []
    worker = signed_in(ctx, Starlette(routes=routes(ctx, heard.append)))
    chat = proved(ctx, a_referral(ctx.database))
    handoff.ask(ctx, chat, "request_human")
    take(ctx, worker, chat)
    worker.page(f"/conversations/{chat}")
    worker.page("/waiting")
    assert heard == []
    worker.post(f"/conversations/{chat}/reply", script=True, text="Hello.", client_id="1")
    assert heard == [chat]
    worker.post(f"/conversations/{chat}/hand-back", outcome="answered")
    assert heard == [chat, chat]
