"""Letters by the hundred: who needs one, all of them made in one go, and put in the post, as the ledger keeps it."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func
from sqlmodel import Session, col, select

from programme import audit, letter, setting
from programme.context import Context
from programme.letter import Letter
from programme.outreach_due import NUDGED
from storage.case import Case
from storage.enums import CaseReason, OutreachState, Way
from storage.outreach import Outreach
from storage.referral import Referral
from storage.referral_import import latest_imports
from storage.row import lock_row

UNREACHED = "unreached"  # everybody whom nothing else has got through to
MOST = 200  # letters at once: what one prints and folds in a morning, and a page that a browser can print
LATEST = 10  # files
TAKES = timedelta(days=5)  # a letter in the post: so long nobody is asked to try another way
THERE = (OutreachState.WAITING, OutreachState.SENT, OutreachState.SEEN)


@dataclass(frozen=True)
class File:
    """People of one import who have no letter yet."""

    id: str
    name: str
    ended_at: datetime
    people: int


@dataclass(frozen=True)
class Letters:
    """`unreached`: people who need one today; `made`: ids of letters that are not in the post yet; `since`: when the
    first of those was made."""

    unreached: int
    files: tuple[File, ...]
    made: tuple[str, ...]
    since: datetime | None


def read(ctx: Context) -> Letters:
    """What there is to make, and to post."""
    with ctx.database.reading() as session:
        ended = [(row, len(_of_file(session, row.id))) for row in latest_imports(session, LATEST)]
        files = tuple(File(row.id, row.file_name, row.ended_at or row.checked_at, count) for row, count in ended)
        made = select(Outreach.id, Outreach.created_at).where(
            Outreach.way == Way.POST, Outreach.state == OutreachState.WAITING
        )
        rows = session.exec(made.order_by(col(Outreach.created_at), col(Outreach.id)).limit(MOST)).all()
        since = min((at for _, at in rows), default=None)
        return Letters(
            len(_unreached(session)), tuple(each for each in files if each.people), tuple(key for key, _ in rows), since
        )


def make(ctx: Context, of: str, account_id: str) -> tuple[Letter, ...]:
    """Letters for `of`, UNREACHED or the id of an import: MOST at most; asked again, for the next ones."""
    with ctx.database.writing() as session:
        ids = (_unreached(session) if of == UNREACHED else _of_file(session, of))[:MOST]
        facts = setting.facts(session)
        found = (lock_row(session, Referral, key) for key in ids)
        return tuple(letter.write(session, ctx, facts, row, account_id) for row in found if row is not None)


def post(ctx: Context, account_id: str, ids: Collection[str], *, sent: bool) -> int:
    """These letters are in the post, or (`sent` is False) were thrown away; how many. What was to be done about people
    who could not be reached is done with that."""
    now, done = ctx.clock(), 0
    with ctx.database.writing() as session:
        for key in ids:
            row = lock_row(session, Outreach, key)
            if row is None or row.way is not Way.POST or row.state is not OutreachState.WAITING:
                continue
            done += 1
            row.state = OutreachState.SENT if sent else OutreachState.DROPPED
            row.sent_at, row.failure = (now, None) if sent else (None, "not_posted")
            session.add(row)
            audit.note(
                session,
                ctx,
                audit.worker(account_id),
                "post_letter" if sent else "drop_letter",
                "referral",
                row.referral_id,
                {"letter": row.id},
                at=now,
            )
            if sent:
                _settle(session, ctx, row.referral_id, account_id)
    return done


def under_way(session: Session, now: datetime) -> set[str]:
    """Referrals of people to whom a letter is on its way."""
    found = select(Outreach.referral_id).where(
        Outreach.way == Way.POST, Outreach.state == OutreachState.SENT, col(Outreach.sent_at) > now - TAKES
    )
    return set(session.exec(found))


def _settle(session: Session, ctx: Context, referral_id: str, account_id: str) -> None:
    found = select(Case.id).where(
        Case.referral_id == referral_id, Case.reason == CaseReason.NOT_DELIVERED, col(Case.closed_at).is_(None)
    )
    for key in session.exec(found).all():
        row = lock_row(session, Case, key)
        if row is not None and row.closed_at is None:
            row.closed_at, row.closed_by, row.outcome = ctx.clock(), account_id, "letter"
            session.add(row)


def _unreached(session: Session) -> list[str]:
    """Who has an open case since nothing got through, and no letter that waits to be posted; the first due first."""
    waiting = select(Outreach.referral_id).where(Outreach.way == Way.POST, Outreach.state == OutreachState.WAITING)
    found = (
        select(Referral.id)
        .join(Case, col(Case.referral_id) == col(Referral.id))
        .where(Case.reason == CaseReason.NOT_DELIVERED, col(Case.closed_at).is_(None))
        .where(col(Referral.state).in_(NUDGED), col(Referral.id).not_in(waiting))
        .group_by(col(Referral.id))
        .order_by(func.min(Case.due_at), col(Referral.id))
    )
    return list(session.exec(found))


def _of_file(session: Session, import_id: str) -> list[str]:
    """Who came in by this file, still has to book, and has no letter."""
    has_one = select(Outreach.referral_id).where(Outreach.way == Way.POST, col(Outreach.state).in_(THERE))
    found = select(Referral.id).where(
        Referral.import_id == import_id, col(Referral.state).in_(NUDGED), col(Referral.id).not_in(has_one)
    )
    return list(session.exec(found.order_by(col(Referral.created_at), col(Referral.id))))
