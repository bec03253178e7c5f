"""The letter that somebody is sent: their personal link, also as a QR code, and their matching word."""

from dataclasses import dataclass
from datetime import date

from programme import setting, verification
from programme.context import Context
from programme.rules import london, reference
from storage.audit import record
from storage.person import Person
from storage.referral import Referral
from storage.row import lock_one

ORGANISATION, PHONE, HOURS = "organisation_name", "contact_phone", "opening_hours_text"
LABELS = ("greeting", "begin", "how", "scan", "word", "by", "help", "sign")


@dataclass(frozen=True)
class Letter:
    """`words`: the letter's sentences by name, ready to print; `path`: of the personal link, behind our address.
    `lacking`: settings without which it had better not be sent."""

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
        person = session.get_one(Person, row.person_id)
        facts, today = setting.facts(session), london.today(ctx.clock())
        known = {
            key: facts[key].value
            for key in (ORGANISATION, PHONE, HOURS)
            if key in facts and facts[key].review_by >= today and facts[key].value.strip()
        }
        shown = reference.show(row.reference, setting.reference_pattern(session))
        values = known | {"name": person.name, "reference": shown, "matching_word": row.matching_word or ""}
        values |= {"book_by": row.book_by.isoformat()} if row.book_by else {}
        path = f"/r/{verification.make_link(session, ctx, row.id)}"
        record(
            session,
            id=ctx.new_id(),
            at=ctx.clock(),
            actor=f"worker:{account_id}",
            action="letter",
            subject_kind="referral",
            subject_id=row.id,
        )
        sentences = {name: ctx.answers.label(f"label_letter_{name}", values) for name in _said(values)}
        lacking = tuple(key for key in (ORGANISATION, PHONE, HOURS) if key not in known)
        return Letter(person.name, shown, today, path, sentences, lacking, setting.SAMPLE in facts)


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
