"""One referral by hand, or several from another system: checked as a file is, written in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlmodel import Session

from programme import audit, new_contact, referral_plan, referral_writing
from programme.context import Context
from programme.referral_plan import Changed, Plan, Wrong
from programme.referral_words import Column
from storage.person import Person
from storage.referral import Referral, lock_intake
from storage.row import NoRowError, lock_one

OF_ALL = ("name", "date_of_birth")  # without these nothing is a row
DATES = ("book_by", "finish_by")
MAY_BE_EMPTIED = ("phone", "email", "access_needs", *DATES)


@dataclass(frozen=True)
class Entered:
    """What came of one referral. `referral_id` where it is here now; `wrong` where it is not; `changes`: what it would
    change of one that is here already, and was not changed."""

    referral_id: str | None = None
    wrong: tuple[Wrong, ...] = ()
    changes: tuple[Changed, ...] = ()
    is_known: bool = False
    is_sent: bool = False  # their personal link goes to the number or address that is new


@dataclass(frozen=True)
class Taken:
    """What came of several: `done` is False where one of them is wrong, or it was only to be checked; then nothing
    was written."""

    plan: Plan
    done: bool


def enter(ctx: Context, account_id: str, cells: Mapping[str, str]) -> Entered:
    """One new referral, by field as somebody wrote it. One that is here already is left as it is."""
    with ctx.database.writing() as session:
        lock_intake(session)
        plan = referral_plan.of_rows(session, ctx, [(1, cells)])
        if plan.wrong:
            return Entered(wrong=plan.wrong)
        if not plan.added:
            known = plan.changed[0].referral_id if plan.changed else None
            return Entered(known, changes=plan.changed[0].changes if plan.changed else (), is_known=True)
        done = referral_writing.write(session, ctx, plan, audit.worker(account_id))
        return Entered(done.added[0])


def change(ctx: Context, account_id: str, referral_id: str, cells: Mapping[str, str]) -> Entered:
    """Puts one referral right: `cells` are those that somebody has changed, by field as they wrote it. One of
    MAY_BE_EMPTIED that is empty is taken out; any other that is empty stays as it is, and so does the reference.

    Raises NoRowError."""
    actor = audit.worker(account_id)
    with ctx.database.writing() as session:
        row = lock_one(session, Referral, referral_id)
        known = _cells(session, row)
        emptied = {field for field in MAY_BE_EMPTIED if known.get(field) and not cells.get(field, "-").strip()}
        given = {field: cell for field, cell in cells.items() if cell.strip()}
        beside = DATES if given.keys() & set(DATES) else ()  # one is judged by the other
        kept = {field: known[field] for field in (*OF_ALL, *beside) if field in known and field not in emptied}
        plan = referral_plan.of_rows(session, ctx, [(1, {**kept, **given, "reference": row.reference})])
        if plan.wrong:
            return Entered(wrong=plan.wrong)
        referral_writing.write(session, ctx, plan, actor, by_hand=True)
        if emptied:
            referral_writing.empty(session, ctx, referral_id, emptied, actor)
        made = plan.changed[0].changes if plan.changed else ()
        is_sent = new_contact.use(session, ctx, row, account_id, {each.field for each in made})
        titles = referral_plan.words_of(session).columns
        gone = tuple(Changed(field, titles[field].title, known[field], "") for field in sorted(emptied))
        return Entered(referral_id, changes=(*made, *gone), is_known=True, is_sent=is_sent)


def cells_of(ctx: Context, referral_id: str) -> dict[str, str]:
    """A referral by field, as somebody would write it. Raises NoRowError."""
    with ctx.database.reading() as session:
        row = session.get(Referral, referral_id)
        if row is None:
            raise NoRowError(NoRowError.__doc__)
        return _cells(session, row)


def _cells(session: Session, row: Referral) -> dict[str, str]:
    person = session.get_one(Person, row.person_id)
    of_person = {field: getattr(person, field) for field in ("name", "phone", "email", "language", "access_needs")}
    days = {field: getattr(row, field) for field in ("referred_on", "book_by", "finish_by")}
    days["date_of_birth"] = date.fromisoformat(person.date_of_birth)
    written = {field: f"{day:%d/%m/%Y}" for field, day in days.items() if day}
    words = of_person | {"reference": row.reference, "matching_word": row.matching_word}
    return written | {field: value for field, value in words.items() if value}


def take(ctx: Context, actor: str, rows: Sequence[Mapping[str, str]], *, check_only: bool = False) -> Taken:
    """Several, all or nothing; those that are here already take over what changed. The first is line 1."""
    with ctx.database.writing() as session:
        lock_intake(session)
        plan = referral_plan.of_rows(session, ctx, list(enumerate(rows, 1)))
        if plan.wrong or check_only:
            return Taken(plan, done=False)
        referral_writing.write(session, ctx, plan, actor)
        return Taken(plan, done=True)


def columns(ctx: Context) -> tuple[Column, ...]:
    """What can be said of a referral, in the order of the template, with words for people."""
    with ctx.database.reading() as session:
        return tuple(referral_plan.words_of(session).columns.values())
