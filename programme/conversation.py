"""A conversation: opened on a channel, found again, closed, and what its person has proved."""

from dataclasses import dataclass

from sqlmodel import Session

from programme import outbox, request, verification
from programme.context import Context
from programme.outbox import Reply
from storage import conversation as conversations
from storage import identity as identities
from storage.conversation import Conversation
from storage.enums import Channel
from storage.identity import ChannelIdentity
from storage.row import lock_one

LINK_OVER = Reply("notice_link_over")


@dataclass(frozen=True)
class Opened:
    conversation_id: str
    token: str


def open_web(ctx: Context, address: str | None, link: str | None) -> Opened:
    """A new web chat. `link`: the token of a personal link; one that is worthless is said to be so, and no more."""
    token = ctx.new_token()
    with ctx.database.writing() as session:
        identity = _new_identity(session, ctx, Channel.WEB, token, None)
        conversation = _new_conversation(session, ctx, identity, address)
        works = not link or verification.follow_link(session, ctx, conversation, link)
        outbox.say(session, ctx, conversation, [*([] if works else [LINK_OVER]), Reply("utter_welcome")])
        return Opened(conversation.id, token)


def open_telegram(ctx: Context, chat_id: str) -> str:
    """The conversation of a Telegram chat, begun where there is none yet; its id."""
    with ctx.database.writing() as session:
        identity = identities.find_identity(session, ctx.database.keyring, Channel.TELEGRAM, chat_id)
        if identity is None:
            identity = _new_identity(session, ctx, Channel.TELEGRAM, chat_id, chat_id)
        if identity.blocked_at:
            identity.blocked_at = None
            session.add(identity)
        conversation = conversations.conversation_of(session, identity.id)
        return (conversation or _new_conversation(session, ctx, identity, None)).id


def find_by_token(ctx: Context, token: str) -> str | None:
    """The open web conversation that this session token belongs to."""
    with ctx.database.reading() as session:
        identity = identities.find_identity(session, ctx.database.keyring, Channel.WEB, token)
        conversation = conversations.conversation_of(session, identity.id) if identity else None
        keyring = ctx.database.keyring
        newest = identities.external_lookup(keyring, Channel.WEB, token)
    if identity is not None and identity.external_lookup != newest:
        with ctx.database.writing() as session:  # only the hash of a token is kept: it is made anew when it is shown
            identities.find_identity(session, keyring, Channel.WEB, token)
    return conversation.id if conversation and conversation.closed_at is None else None


def close(ctx: Context, conversation_id: str) -> None:
    """The person has left the page for good: its token opens nothing any more."""
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        conversation.closed_at = ctx.clock()
        session.add(conversation)
        request.leave(session, ctx, conversation)


def _new_identity(session: Session, ctx: Context, channel: Channel, external: str, kept: str | None) -> ChannelIdentity:
    identity = ChannelIdentity(
        id=ctx.new_id(),
        channel=channel,
        external_lookup=identities.external_lookup(ctx.database.keyring, channel, external),
        external=kept,
        created_at=ctx.clock(),
    )
    session.add(identity)
    session.flush()
    return identity


def _new_conversation(session: Session, ctx: Context, identity: ChannelIdentity, address: str | None) -> Conversation:
    conversation = Conversation(
        id=ctx.new_id(),
        identity_id=identity.id,
        channel=identity.channel,
        address_lookup=conversations.address_lookup(ctx.database.keyring, address) if address else None,
        created_at=ctx.clock(),
    )
    session.add(conversation)
    session.flush()
    return conversation


def standing(ctx: Context, conversation_id: str) -> tuple[bool, bool]:
    """Whether somebody has proved here who they are, and whether a personal link brought them.

    Neither where there is no such conversation: a model is tried out in one that nobody has.
    """
    with ctx.database.reading() as session:
        conversation = session.get(Conversation, conversation_id)
        if conversation is None:
            return False, False
        return conversation.referral_id is not None, conversation.linked_referral_id is not None
