"""What a channel says by itself, without the dialogue: a limit, an edit that cannot be seen, how the channel works."""

from programme import outbox, setting
from programme.answers import Situation
from programme.context import Context
from programme.outbox import Reply
from programme.rules import london
from storage.conversation import Conversation
from storage.enums import Channel
from storage.row import lock_one


def say(ctx: Context, conversation_id: str, reply: Reply) -> None:
    """Puts a notice in the outbox of a conversation; with a `unique_key` that was used before, nothing happens."""
    with ctx.database.writing() as session:
        outbox.say(session, ctx, lock_one(session, Conversation, conversation_id), [reply])


def text_of(ctx: Context, answer: str, channel: Channel) -> str:
    """The words of a notice for somebody with whom there is no conversation."""
    now = ctx.clock()
    with ctx.database.reading() as session:
        facts = setting.facts(session)
    situation = Situation(channel.value, open=setting.is_open(facts, now))
    return ctx.answers.render(answer, {}, situation, facts, london.today(now)).text
