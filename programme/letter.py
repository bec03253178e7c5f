"""The letter that somebody is sent: their personal link, also as a QR code, and their matching word."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from programme import audit, setting, verification
from programme.answers import Fact
from programme.context import Context
from programme.rules import london, reference
from storage.enums import OutreachKind, Way
from storage.outreach import Outreach
from storage.person import Person
from storage.referral import Referral
from storage.row import lock_one

ORGANISATION, PHONE, HOURS = "organisation_name", "contact_phone", "opening_hours_text"
LABELS = ("greeting", "begin", "how", "scan", "word", "by", "help", "sign")


@dataclass(frozen=True)
class Letter:
    """`words`: the letter's sentences by name, ready to print; `path`: of the personal link, behind our address.
    `lacking`: settings without which it had better not be sent."""

    id: str  # in the ledger
    name: str
    reference: str
    today: date
    path: str
    words: dict[str, str]
    lacking: tuple[str, ...]
    is_sample: bool


def make(ctx: Context, referral_id: str, account_id: str) -> Letter:
    """A letter with a fresh link, which lasts as links do; the earlier ones go on working. Raises NoRowError."""
    with ctx.database.writing() as session:
        row = lock_one(session, Referral, referral_id)
        return write(session, ctx, setting.facts(session), row, account_id)


def write(session: Session, ctx: Context, facts: Mapping[str, Fact], row: Referral, account_id: str) -> Letter:
    """The same, in a transaction that goes on. It stands in the ledger as a letter that is not in the post yet."""
    person, today = session.get_one(Person, row.person_id), london.today(ctx.clock())
    known = {
        key: facts[key].value
        for key in (ORGANISATION, PHONE, HOURS)
        if key in facts and facts[key].review_by >= today and facts[key].value.strip()
    }
    shown = reference.show(row.reference, setting.reference_pattern(session))
    values = known | {"name": person.name, "reference": shown, "matching_word": row.matching_word or ""}
    values |= {"book_by": row.book_by.isoformat()} if row.book_by else {}
    sentences = {name: ctx.answers.label(f"label_letter_{name}", values) for name in _said(values)}
    token = verification.make_link(session, ctx, row.id)
    key = _keep(session, ctx, row, token, "\n\n".join(sentences.values()), account_id)
    lacking = tuple(each for each in (ORGANISATION, PHONE, HOURS) if each not in known)
    return Letter(key, person.name, shown, today, f"/r/{token}", sentences, lacking, setting.SAMPLE in facts)


def _keep(session: Session, ctx: Context, row: Referral, token: str, text: str, account_id: str) -> str:
    """The letter's line of the ledger: whoever opens its link has seen it. Its id."""
    session.flush()
    key, link = ctx.new_id(), verification.link_id(session, ctx, token)
    session.add(
        Outreach(
            id=key,
            occasion=f"letter:{link}",
            kind=OutreachKind.LINK,
            way=Way.POST,
            referral_id=row.id,
            link_id=link,
            text=text,
            created_at=ctx.clock(),
        )
    )
    audit.note(session, ctx, audit.worker(account_id), "letter", "referral", row.id)
    return key


def _said(values: dict[str, str]) -> list[str]:
    """What can be said: a sentence whose value is not known is left out."""
    needs = {
        "begin": (ORGANISATION,),
        "word": ("matching_word",),
        "by": ("book_by",),
        "help": (PHONE, HOURS),
        "sign": (ORGANISATION,),
    }
    return [name for name in LABELS if all(values.get(key) for key in needs.get(name, ()))]
