"""Finding conversations and people: by reference or name, by who has them, by channel and urgency; a page at a time."""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from programme import audit, setting
from programme.context import Context
from programme.rules import handoff as rules
from programme.rules import reference
from storage import referral as referrals
from storage.account import Account
from storage.audit import Audit
from storage.case import Case
from storage.conversation import Conversation
from storage.enums import Channel, HandoffState, Owner, Urgency
from storage.handoff import HandoffRequest
from storage.person import Person
from storage.referral import Referral

PAGE = 25
SEARCHED = "searched"
SAME_SEARCH = timedelta(minutes=30)  # a page that renews itself is one search for so long
MOST_PEOPLE = 200  # of one search by name


@dataclass(frozen=True)
class Wanted:
    """What is looked for. `text`: a reference, however it is written, or words that a name's words begin with."""

    text: str = ""
    owner: Owner | None = None
    channel: Channel | None = None
    urgency: Urgency | None = None
    page: int = 1


@dataclass(frozen=True)
class Hit:
    """A conversation, or a person who has none (`conversation_id` is None). `name` only of who is known."""

    conversation_id: str | None
    referral_id: str | None
    name: str | None
    reference: str | None
    channel: Channel | None
    owner: Owner | None
    owner_name: str | None
    urgency: Urgency | None
    last_at: datetime
    left: bool
    language: str | None


@dataclass(frozen=True)
class Hits:
    hits: tuple[Hit, ...]
    more: bool


def search(ctx: Context, wanted: Wanted, account_id: str, *, live: bool = False) -> Hits:
    """What fits, the newest first; a search for somebody is logged, with what was typed. `live`: an open page renews
    itself, which is no new search."""
    if wanted.text.strip() and not (live and _searched_lately(ctx, account_id)):
        note(ctx, wanted.text.strip(), account_id)
    with ctx.database.reading() as session:
        found = people(session, ctx, wanted.text) if wanted.text.strip() else None
        rows = _conversations(session, wanted, found)
        hits = _hits(session, rows[:PAGE])
        if found and wanted.page == 1 and not (wanted.owner or wanted.channel or wanted.urgency):
            hits += _without_chat(session, found)
        return Hits(tuple(hits), len(rows) > PAGE)


def note(ctx: Context, text: str, account_id: str) -> None:
    """Writes down who searched for whom."""
    with ctx.database.writing() as session:
        audit.note(session, ctx, audit.worker(account_id), SEARCHED, "account", account_id, {"text": text[:200]})


def _searched_lately(ctx: Context, account_id: str) -> bool:
    found = select(Audit.id).where(
        Audit.subject_kind == "account",
        Audit.subject_id == account_id,
        Audit.action == SEARCHED,
        Audit.at > ctx.clock() - SAME_SEARCH,
    )
    with ctx.database.reading() as session:
        return session.exec(found.limit(1)).first() is not None


def people(session: Session, ctx: Context, text: str) -> list[str]:
    """Ids of referrals with this reference (also misread: O for 0), else of people with such a name."""
    pattern = setting.reference_pattern(session)
    canonical = reference.read(text, pattern)
    if canonical is not None:
        keyring = ctx.database.keyring
        tried = (referrals.id_by_reference(session, keyring, each) for each in reference.variants(canonical, pattern))
        return [found for found in tried if found]
    words = words_of(text)
    fitting = [key for key, name in session.exec(select(Person.id, Person.name)) if fits(words, words_of(name))]
    found = select(Referral.id).where(col(Referral.person_id).in_(fitting[:MOST_PEOPLE]))
    return list(session.exec(found))


def words_of(text: str) -> list[str]:
    return unicodedata.normalize("NFKC", text).casefold().replace("-", " ").split()


def fits(wanted: Collection[str], name: Collection[str]) -> bool:
    return bool(wanted) and all(any(part.startswith(word) for part in name) for word in wanted)


def _conversations(session: Session, wanted: Wanted, people: list[str] | None) -> list[Conversation]:
    """One more than a page holds, where there are more. A page that was opened and never written in is left out."""
    where: list[ColumnElement[bool]] = [col(Conversation.erased_at).is_(None)]
    if people is None:
        where.append(col(Conversation.last_in_at).is_not(None))
    else:
        where.append(col(Conversation.referral_id).in_(people))
    if wanted.owner is not None:
        where.append(col(Conversation.owner) == wanted.owner)
    if wanted.channel is not None:
        where.append(col(Conversation.channel) == wanted.channel)
    if wanted.urgency is not None:
        where.append(col(Conversation.id).in_(_of_urgency(session, wanted.urgency)))
    newest = func.coalesce(col(Conversation.last_in_at), col(Conversation.created_at)).desc()
    found = select(Conversation).where(*where).order_by(newest, col(Conversation.id))
    return list(session.exec(found.offset((max(1, wanted.page) - 1) * PAGE).limit(PAGE + 1)))


def _of_urgency(session: Session, urgency: Urgency) -> list[str]:
    return [key for key, each in _urgencies(session, None).items() if each is urgency]


def _urgencies(session: Session, ids: Collection[str] | None) -> dict[str, Urgency]:
    """The highest urgency of what is open in each conversation."""
    asked = select(HandoffRequest.conversation_id, HandoffRequest.urgency).where(
        col(HandoffRequest.state).in_([HandoffState.WAITING, HandoffState.TAKEN])
    )
    open_cases = select(Case.conversation_id, Case.urgency).where(
        col(Case.closed_at).is_(None), col(Case.conversation_id).is_not(None)
    )
    if ids is not None:
        asked = asked.where(col(HandoffRequest.conversation_id).in_(ids))
        open_cases = open_cases.where(col(Case.conversation_id).in_(ids))
    found: dict[str, Urgency] = {}
    for key, urgency in [*session.exec(asked), *session.exec(open_cases)]:
        found[key or ""] = Urgency(rules.most_urgent([urgency, found.get(key or "", urgency)]))
    return found


def _hits(session: Session, rows: list[Conversation]) -> list[Hit]:
    ids = [row.id for row in rows]
    urgencies = _urgencies(session, ids)
    known = _known(session, [row.referral_id for row in rows if row.referral_id])
    taken = dict(
        session.exec(
            select(HandoffRequest.conversation_id, Account)
            .join(Account, col(Account.id) == col(HandoffRequest.account_id))
            .where(col(HandoffRequest.conversation_id).in_(ids), HandoffRequest.state == HandoffState.TAKEN)
        ).all()
    )
    found = []
    for row in rows:
        name, shown = known.get(row.referral_id or "", (None, None))
        by = taken.get(row.id)
        found.append(
            Hit(
                conversation_id=row.id,
                referral_id=row.referral_id,
                name=name,
                reference=shown,
                channel=row.channel,
                owner=row.owner,
                owner_name=by.name if by else None,
                urgency=urgencies.get(row.id),
                last_at=row.last_in_at or row.created_at,
                left=row.closed_at is not None,
                language=row.language,
            )
        )
    return found


def _without_chat(session: Session, people: list[str]) -> list[Hit]:
    """Those of them who have no conversation: somebody on the phone, for one."""
    talked = set(session.exec(select(Conversation.referral_id).where(col(Conversation.referral_id).in_(people))))
    quiet = [key for key in people if key not in talked]
    known, begun = _known(session, quiet), select(Referral.id, Referral.created_at).where(col(Referral.id).in_(quiet))
    return [
        Hit(None, key, *known[key], None, None, None, None, created_at, False, None)
        for key, created_at in session.exec(begun.order_by(col(Referral.created_at).desc()))
    ]


def _known(session: Session, referral_ids: Collection[str]) -> dict[str, tuple[str | None, str | None]]:
    """(name, reference as it is printed) of each."""
    pattern = setting.reference_pattern(session)
    found = select(Referral, Person).join(Person).where(col(Referral.id).in_(referral_ids))
    return {row.id: (person.name, reference.show(row.reference, pattern)) for row, person in session.exec(found)}
