"""One referral by hand, or several from another system: checked as a file is, written in one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from programme import referral_plan, referral_writing
from programme.context import Context
from programme.referral_plan import Changed, Plan, Wrong
from programme.referral_words import Column


@dataclass(frozen=True)
class Entered:
    """What came of one referral. `referral_id` where it is here now; `wrong` where it is not; `changes`: what it would
    change of one that is here already, and was not changed."""

    referral_id: str | None = None
    wrong: tuple[Wrong, ...] = ()
    changes: tuple[Changed, ...] = ()
    is_known: bool = False


@dataclass(frozen=True)
class Taken:
    """What came of several: `done` is False where one of them is wrong, or it was only to be checked; then nothing
    was written."""

    plan: Plan
    done: bool


def enter(ctx: Context, account_id: str, cells: Mapping[str, str]) -> Entered:
    """One new referral, by field as somebody wrote it. One that is here already is left as it is."""
    with ctx.database.writing() as session:
        plan = referral_plan.of_rows(session, ctx, [(1, cells)])
        if plan.wrong:
            return Entered(wrong=plan.wrong)
        if not plan.added:
            known = plan.changed[0].referral_id if plan.changed else None
            return Entered(known, changes=plan.changed[0].changes if plan.changed else (), is_known=True)
        done = referral_writing.write(session, ctx, plan, f"worker:{account_id}")
        return Entered(done.added[0])


def take(ctx: Context, actor: str, rows: Sequence[Mapping[str, str]], *, check_only: bool = False) -> Taken:
    """Several, all or nothing; those that are here already take over what changed. The first is line 1."""
    with ctx.database.writing() as session:
        plan = referral_plan.of_rows(session, ctx, list(enumerate(rows, 1)))
        if plan.wrong or check_only:
            return Taken(plan, done=False)
        referral_writing.write(session, ctx, plan, actor)
        return Taken(plan, done=True)


def columns(ctx: Context) -> tuple[Column, ...]:
    """What can be said of a referral, in the order of the template, with words for people."""
    with ctx.database.reading() as session:
        return tuple(referral_plan.words_of(session).columns.values())
