"""The lists for the police: seen, signed off by a named person, downloaded, handed over, and their receipt recorded.

They are made from what stands today and what went before; nothing is on two lists, and a row that went is put right by
a row of its own. Nothing is sent: somebody takes the file where it must go, and writes down who has it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from programme import audit, police_row
from programme.context import Context
from programme.police_row import DueRow, Next, number_of
from programme.rules import police_list as rules
from storage.account import Account
from storage.enums import ListKind
from storage.police_list import PoliceCorrection, PoliceList, PoliceListRow, lists_of, rows_of
from storage.referral import Referral
from storage.row import add_unless_there, lock_row

LONGEST = 500


class NoFieldsError(LookupError):
    """The columns of the lists are not set, so none can be signed off."""


class NothingDueError(RuntimeError):
    """There is nothing for this list."""


class OtherRowsError(RuntimeError):
    """The rows have changed since they were looked at. Look again."""


class NoListError(LookupError):
    """There is no such list, or row."""


class WordsError(ValueError):
    """Write who, or what, in a few words."""


class ErasedError(RuntimeError):
    """What was known of this person has been erased."""


class DoneError(RuntimeError):
    """This has been written down already."""


@dataclass(frozen=True)
class ListView:
    """A list that was signed off."""

    id: str
    kind: ListKind
    number: int
    rows: int
    signed_by: str
    signed_at: datetime
    recipient: str | None
    handed_over_by: str | None
    handed_over_at: datetime | None
    receipt: str | None
    receipt_by: str | None
    receipt_at: datetime | None


@dataclass(frozen=True)
class RowView:
    """A row of a list. `corrected`: a later row has put it right; `asked`: one will, with the next list; `erased`: its
    person is."""

    id: str
    referral_id: str
    kind: str
    cells: Mapping[str, str]
    reason: str | None
    corrected: bool
    asked: bool
    erased: bool


def due(ctx: Context, kind: ListKind) -> Next:
    """What the next list of a kind would hold now."""
    with ctx.database.reading() as session:
        return police_row.read(session, ctx, kind)


def lists(ctx: Context, kind: ListKind) -> list[ListView]:
    """The lists that were signed off, the newest first."""
    with ctx.database.reading() as session:
        return [_list_view(session, row) for row in lists_of(session, kind)]


def one(ctx: Context, list_id: str, account_id: str) -> tuple[ListView, list[RowView]]:
    """A list with its rows; that somebody looked is logged. Raises NoListError."""
    with ctx.database.writing() as session:
        handed = _found(session, list_id)
        rows = rows_of(session, list_id)
        ids = [row.id for row in rows]
        later = select(PoliceListRow.corrects_id).where(col(PoliceListRow.corrects_id).in_(ids))
        corrected = set(session.exec(later))
        asked = set(session.exec(select(PoliceCorrection.row_id).where(col(PoliceCorrection.row_id).in_(ids))))
        found = select(Referral.id).where(col(Referral.erased_at).is_not(None))
        erased = set(session.exec(found.where(col(Referral.id).in_([row.referral_id for row in rows]))))
        _record(session, ctx, account_id, "look_at_list", list_id)
        return _list_view(session, handed), [
            RowView(
                row.id,
                row.referral_id,
                _kind_of(row),
                json.loads(row.cells),
                row.reason,
                row.id in corrected,
                row.id in asked,
                row.referral_id in erased,
            )
            for row in rows
        ]


def sign(ctx: Context, kind: ListKind, account_id: str, mark: str) -> str:
    """Signs off what was seen, in one transaction; the new list's id.

    Raises NoFieldsError, NothingDueError, OtherRowsError; then nothing was written.
    """
    with ctx.database.writing() as session:
        found = police_row.read(session, ctx, kind)
        if found.fields is None:
            raise NoFieldsError(NoFieldsError.__doc__)
        if not found.rows:
            raise NothingDueError(NothingDueError.__doc__)
        if found.mark != mark:
            raise OtherRowsError(OtherRowsError.__doc__)
        handed = PoliceList(
            id=ctx.new_id(),
            kind=kind,
            number=max((row.number for row in lists_of(session, kind)), default=0) + 1,
            fields=json.dumps(found.fields),
            signed_by=account_id,
            signed_at=ctx.clock(),
        )
        if not add_unless_there(session, handed, ["kind", "number"]):
            raise OtherRowsError(OtherRowsError.__doc__)  # somebody else signed one in the same moment
        for place, row in enumerate(found.rows, 1):
            _write(session, ctx, handed, place, row)
        _record(session, ctx, account_id, "sign_list", handed.id)
        return handed.id


def download(ctx: Context, list_id: str, account_id: str) -> tuple[str, str]:
    """A list's file name and its CSV; each download is logged. Raises NoListError."""
    with ctx.database.writing() as session:
        handed = _found(session, list_id)
        rows = [_cells(session, row) for row in rows_of(session, list_id)]
        _record(session, ctx, account_id, "download_list", list_id)
        name = f"{handed.kind.value}-{handed.number}.csv"
        return name, rules.written(json.loads(handed.fields), rows)


def hand_over(ctx: Context, list_id: str, account_id: str, recipient: str) -> None:
    """Writes down who was given the list. Raises NoListError, WordsError, DoneError."""
    words = _words(recipient)
    with ctx.database.writing() as session:
        handed = _found(session, list_id)
        if handed.handed_over_at is not None:
            raise DoneError(DoneError.__doc__)
        handed.recipient, handed.handed_over_by, handed.handed_over_at = words, account_id, ctx.clock()
        session.add(handed)
        _record(session, ctx, account_id, "hand_over_list", list_id)


def receive(ctx: Context, list_id: str, account_id: str, receipt: str) -> None:
    """Writes down how the police said that they have it. Raises NoListError, WordsError, DoneError (also where it was
    not handed over yet)."""
    words = _words(receipt)
    with ctx.database.writing() as session:
        handed = _found(session, list_id)
        if handed.receipt_at is not None or handed.handed_over_at is None:
            raise DoneError(DoneError.__doc__)
        handed.receipt, handed.receipt_by, handed.receipt_at = words, account_id, ctx.clock()
        session.add(handed)
        _record(session, ctx, account_id, "list_received", list_id)


def correct(ctx: Context, row_id: str, account_id: str, reason: str) -> str:
    """A row that went is not right: it goes again with the next list, as it stands then. The list's id.

    Raises NoListError, WordsError, DoneError where a correction went already, or waits, ErasedError.
    """
    words = _words(reason)
    with ctx.database.writing() as session:
        row = lock_row(session, PoliceListRow, row_id)
        if row is None:
            raise NoListError(NoListError.__doc__)
        later = session.exec(select(PoliceListRow.id).where(PoliceListRow.corrects_id == row_id)).first()
        if session.get_one(Referral, row.referral_id).erased_at is not None:
            raise ErasedError(ErasedError.__doc__)  # nothing is left that it could be put right by
        asked = PoliceCorrection(row_id=row_id, reason=words, asked_by=account_id, asked_at=ctx.clock())
        if later is not None or not add_unless_there(session, asked, ["row_id"]):
            raise DoneError(DoneError.__doc__)
        _record(session, ctx, account_id, "correct_list", row.list_id)
        return row.list_id


def _write(session: Session, ctx: Context, handed: PoliceList, place: int, row: DueRow) -> None:
    session.add(
        PoliceListRow(
            id=ctx.new_id(),
            list_id=handed.id,
            referral_id=row.referral_id,
            kind=handed.kind,
            place=place,
            cells=json.dumps(row.cells),
            corrects_id=row.corrects_id,
            takes_back=row.kind == "take_back",
            reason=row.reason,
            written_at=ctx.clock(),
        )
    )
    asked = session.get(PoliceCorrection, row.corrects_id) if row.corrects_id else None
    if asked is not None:
        session.delete(asked)
    session.flush()


def _kind_of(row: PoliceListRow) -> str:
    if row.corrects_id is None:
        return "new"
    return "take_back" if row.takes_back else "correction"


def _cells(session: Session, row: PoliceListRow) -> dict[str, str]:
    before = session.get(PoliceListRow, row.corrects_id) if row.corrects_id else None
    return {
        "row": _kind_of(row),
        "corrects_list": str(number_of(session, before) or ""),
        "reason": row.reason or "",
        **json.loads(row.cells),
    }


def _found(session: Session, list_id: str) -> PoliceList:
    row = lock_row(session, PoliceList, list_id)
    if row is None:
        raise NoListError(NoListError.__doc__)
    return row


def _words(text: str) -> str:
    words = " ".join(text.split())
    if not words or len(words) > LONGEST:
        raise WordsError(WordsError.__doc__)
    return words


def _list_view(session: Session, row: PoliceList) -> ListView:
    return ListView(
        id=row.id,
        kind=row.kind,
        number=row.number,
        rows=len(rows_of(session, row.id)),
        signed_by=_account(session, row.signed_by) or "",
        signed_at=row.signed_at,
        recipient=row.recipient,
        handed_over_by=_account(session, row.handed_over_by),
        handed_over_at=row.handed_over_at,
        receipt=row.receipt,
        receipt_by=_account(session, row.receipt_by),
        receipt_at=row.receipt_at,
    )


def _account(session: Session, account_id: str | None) -> str | None:
    account = session.get(Account, account_id) if account_id else None
    return account.name if account else None


def _record(session: Session, ctx: Context, account_id: str, action: str, list_id: str) -> None:
    audit.note(session, ctx, audit.worker(account_id), action, "police_list", list_id)
