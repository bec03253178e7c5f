"""Referrals: added when they come in, and asked about by the person themselves once they proved who they are."""

from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from programme import audit, case, concern, referral_state, setting, verification
from programme.arrival import arrived
from programme.concern import Said
from programme.context import Context
from programme.rules import age, deadline, london
from programme.rules import reference as references
from programme.rules.deadline import Deadlines
from storage import referral as referrals
from storage.conversation import Conversation
from storage.enums import CaseReason, Urgency
from storage.person import Person
from storage.referral import Referral
from storage.row import lock_one


class BadReferenceError(ValueError):
    """This is not a reference of this programme."""


class KnownReferenceError(ValueError):
    """There is a referral with this reference already."""


@dataclass(frozen=True)
class NewReferral:
    """A referral as it comes in. `reference`: however it is written; dates are London's, both deadlines inclusive."""

    reference: str
    name: str
    born: date
    book_by: date | None
    finish_by: date | None
    contact_by: date | None = None
    referred_on: date | None = None  # today, where it is not said
    phone: str | None = None
    email: str | None = None
    access_needs: str | None = None
    language: str = "en"
    matching_word: str | None = None  # stands also in what they were sent


@dataclass(frozen=True)
class Added:
    """`link`: the token of the personal link, told this once; `claims`: open cases that this referral may solve."""

    referral_id: str
    link: str
    claims: int


def add(ctx: Context, new: NewReferral, actor: str = "system") -> Added:
    """Takes a referral in, with a personal link; people who wrote without their reference are looked at again.

    Raises BadReferenceError, KnownReferenceError; then nothing was written.
    """
    with ctx.database.writing() as session:
        referrals.lock_intake(session)
        row = write(session, ctx, new, actor)
        link = verification.make_link(session, ctx, row.id)
        return Added(row.id, link, arrived(session, ctx, [row.id]))


def write(session: Session, ctx: Context, new: NewReferral, actor: str = "system") -> Referral:
    """The rows of a new referral; for many at once, `match_claims` is asked by the caller, when all are there."""
    now = ctx.clock()
    canonical = references.read(new.reference, setting.reference_pattern(session))
    if canonical is None:
        raise BadReferenceError(BadReferenceError.__doc__)
    if referrals.id_by_reference(session, ctx.database.keyring, canonical):
        raise KnownReferenceError(KnownReferenceError.__doc__)
    person = Person(
        id=ctx.new_id(),
        name=new.name,
        date_of_birth=new.born.isoformat(),
        phone=new.phone,
        email=new.email,
        access_needs=new.access_needs,
        language=new.language,
        created_at=now,
    )
    session.add(person)
    session.flush()
    row = Referral(
        id=ctx.new_id(),
        person_id=person.id,
        reference=canonical,
        reference_lookup=referrals.reference_lookup(ctx.database.keyring, canonical),
        referred_on=new.referred_on or london.today(now),
        contact_by=new.contact_by,
        book_by=new.book_by,
        finish_by=new.finish_by,
        matching_word=new.matching_word,
        created_at=now,
    )
    session.add(row)
    session.flush()
    referral_state.begin(session, ctx, row, actor)
    audit.note(session, ctx, actor, "refer", "referral", row.id, at=now)
    return row


def new_link(ctx: Context, typed: str) -> str | None:
    """A fresh personal link's token for a reference, however it is written; None where there is no such referral."""
    with ctx.database.writing() as session:
        canonical = references.read(typed, setting.reference_pattern(session))
        found = canonical and referrals.id_by_reference(session, ctx.database.keyring, canonical)
        return verification.make_link(session, ctx, found) if found else None


def deadlines(ctx: Context, conversation_id: str) -> Deadlines | None:
    """Their two dates; None where nobody has proved who they are. One that is missing opens a worker's case."""
    with ctx.database.writing() as session:
        conversation = lock_one(session, Conversation, conversation_id)
        if conversation.referral_id is None:
            return None
        referral = session.get_one(Referral, conversation.referral_id)
        days = Deadlines(referral.book_by, referral.finish_by)
        if deadline.state(days, london.today(ctx.clock())) == "unknown":
            case.open_for(session, ctx, CaseReason.DEADLINE_UNKNOWN, Urgency.DEADLINE, conversation)
        return days


def ask_more_time(ctx: Context, conversation_id: str, said: Said) -> None:
    """Asks a worker for more time on this person's behalf: a case, once."""
    concern.note(ctx, conversation_id, CaseReason.MORE_TIME, said)


def is_under_18(ctx: Context, conversation_id: str) -> bool:
    """Whether whoever proved here who they are is too young for the programme; False where nobody did."""
    with ctx.database.reading() as session:
        conversation = session.get_one(Conversation, conversation_id)
        if conversation.referral_id is None:
            return False
        person = session.get_one(Person, session.get_one(Referral, conversation.referral_id).person_id)
        return not age.is_adult(date.fromisoformat(person.date_of_birth), london.today(ctx.clock()))
