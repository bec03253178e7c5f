"""Files of referrals: checked whole, shown, brought in by one transaction; what their columns mean is remembered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from programme import audit, referral_plan, referral_writing, sheet
from programme import referral_columns as columns_of
from programme.context import Context
from programme.referral_plan import Cells, Plan, Read
from programme.referral_words import Words
from programme.rules.referral_row import FIELDS
from programme.sheet import BadFileError
from storage.account import Account
from storage.enums import ImportState
from storage.referral import lock_intake
from storage.referral_import import (
    ImportMapping,
    ReferralImport,
    latest_imports,
    left_behind,
    note_progress,
    progress_of,
)
from storage.row import lock_row

LARGEST = 5 * 1024 * 1024  # bytes
KEPT = timedelta(days=1)  # a checked file, until it is brought in
PATIENCE = timedelta(minutes=5)  # an import that says nothing for so long was cut off, and was undone whole
LATEST = 20
NOTHING = '{"headings": [], "rows": [], "columns": null}'


class NoImportError(LookupError):
    """There is no such file, or it was not kept."""


class ColumnsMissingError(ValueError):
    """Say which columns hold the reference, the name and the date of birth."""


class NotNowError(ValueError):
    """This file is in already, or is on its way in."""


@dataclass(frozen=True)
class Upload:
    """A file as it was checked. `columns`: heading to field, None where somebody must say; `samples`: of each heading
    the first cells; `plan`: None where it cannot be made yet, or all is done. While it is on its way in, `looked_at`:
    rows so far, and `writing`: how many are being written."""

    id: str
    file_name: str
    state: ImportState
    total: int
    headings: tuple[str, ...]
    columns: Mapping[str, str] | None
    samples: Mapping[str, tuple[str, ...]]
    plan: Plan | None
    words: Words
    may_start: bool
    looked_at: int = 0
    writing: int = 0


@dataclass(frozen=True)
class Past:
    """A file that came in. `by`: a name."""

    id: str
    file_name: str
    ended_at: datetime
    by: str
    total: int
    added: int
    changed: int
    same: int
    refused: int

    @property
    def twice(self) -> int:
        """Rows that were twice in the file, and counted once."""
        return self.total - self.added - self.changed - self.same - self.refused


def check(ctx: Context, account_id: str, file_name: str, content: bytes) -> str:
    """Reads a file and keeps its rows, sealed, for a day; nothing of it is brought in. Its id. Raises BadFileError."""
    if not content:
        raise BadFileError("no_file")
    if len(content) > LARGEST:
        raise BadFileError("too_large")
    with ctx.database.reading() as session:
        words = referral_plan.words_of(session)
    found = sheet.read(content, lambda cell: words.field_of(cell) is not None)
    with ctx.database.writing() as session:
        for old in left_behind(session, ctx.clock() - KEPT):
            old.content = None
            session.add(old)
        columns = columns_of.remembered(session, found.headings) or columns_of.plain_columns(words, found.headings)
        row = ReferralImport(
            id=ctx.new_id(),
            account_id=account_id,
            file_name=file_name[-120:],
            content=json.dumps({"headings": found.headings, "rows": found.rows, "columns": columns}),
            checked_at=ctx.clock(),
            total=len(found.rows),
        )
        session.add(row)
        return row.id


def read(ctx: Context, import_id: str) -> Upload:
    """The file, and what it would do as things are now. Raises NoImportError."""
    with ctx.database.reading() as session:
        row = _there(session, import_id)
        content = json.loads(row.content or NOTHING)
        columns = content["columns"]
        looked_at, writing = progress_of(row)
        may_start = row.content is not None and _may_start(row, ctx.clock())
        return Upload(
            id=row.id,
            file_name=row.file_name,
            state=row.state,
            total=row.total,
            headings=tuple(content["headings"]),
            columns=columns,
            samples=columns_of.samples(content["headings"], content["rows"]),
            plan=referral_plan.of_rows(session, ctx, _rows(content)) if may_start and columns is not None else None,
            words=referral_plan.words_of(session),
            may_start=may_start,
            looked_at=looked_at,
            writing=writing,
        )


def set_columns(ctx: Context, import_id: str, account_id: str, columns: Mapping[str, str]) -> None:
    """Says what each column of the file holds (heading to field), for this and every file with the same headings.

    Raises NoImportError, ColumnsMissingError, NotNowError.
    """
    chosen = {heading: field for heading, field in columns.items() if field in FIELDS}
    if not columns_of.enough(chosen):
        raise ColumnsMissingError(ColumnsMissingError.__doc__)
    with ctx.database.writing() as session:
        row = _locked(session, import_id)
        if row.content is None or not _may_start(row, ctx.clock()):
            raise NotNowError(NotNowError.__doc__)
        content = json.loads(row.content)
        content["columns"] = {heading: field for heading, field in chosen.items() if heading in content["headings"]}
        row.content = json.dumps(content)
        session.add(row)
        session.merge(
            ImportMapping(
                id=columns_of.signature(content["headings"]),
                columns=json.dumps(content["columns"]),
                account_id=account_id,
                saved_at=ctx.clock(),
            )
        )


def start(ctx: Context, import_id: str) -> None:
    """Claims the file for `bring_in`, so that nobody brings it in beside. Raises NoImportError, NotNowError."""
    with ctx.database.writing() as session:
        row = _locked(session, import_id)
        if row.content is None or not _may_start(row, ctx.clock()):
            raise NotNowError(NotNowError.__doc__)
        row.state, row.started_at = ImportState.IMPORTING, ctx.clock()
        note_progress(session, row, 0)


def bring_in(ctx: Context, import_id: str, account_id: str, *, with_changes: bool) -> None:
    """Checks the whole file again and writes what is right, in one transaction: all of that or nothing. How far it is
    stands in the database until that one begins; SQLite has one writer, so nothing can be told from within it.

    Raises NoImportError, NotNowError; any other error leaves nothing written and the file as it was checked.
    """
    try:
        read = _look_through(ctx, import_id, with_changes)
        with ctx.database.writing() as session:
            lock_intake(session)
            row = _on_its_way(_locked(session, import_id))
            actor = audit.worker(account_id)
            plan = referral_plan.of_read(session, ctx, read)
            done = referral_writing.write(session, ctx, plan, actor, with_changes=with_changes, import_id=row.id)
            row.added, row.changed, row.refused = len(done.added), len(done.changed), plan.refused
            row.same = len(plan.same) + (0 if with_changes else len(plan.changed))  # left as they were, as was wanted
            row.state, row.content, row.ended_at = ImportState.DONE, None, ctx.clock()
            session.add(row)
            _record(session, ctx, row, actor)
    except NotNowError:
        raise
    except Exception:
        _give_back(ctx, import_id)
        raise


def _look_through(ctx: Context, import_id: str, with_changes: bool) -> Read:
    """Reads every row, and says how far that is, then how many will be written, where every process can see it."""

    def tell(looked_at: int, writing: int = 0) -> None:
        with ctx.database.writing() as session:
            note_progress(session, _on_its_way(_locked(session, import_id)), looked_at, writing)

    with ctx.database.reading() as session:
        row = _on_its_way(_there(session, import_id))
        rows, basis = _rows(json.loads(row.content or NOTHING)), referral_plan.basis(session, ctx)
    read = referral_plan.read_rows(*basis, rows, tell)
    with ctx.database.reading() as session:
        plan = referral_plan.of_read(session, ctx, read)
    tell(read.total, len(plan.added) + (len(plan.changed) if with_changes else 0))
    return read


def _on_its_way(row: ReferralImport) -> ReferralImport:
    if row.content is None or row.state is not ImportState.IMPORTING:
        raise NotNowError(NotNowError.__doc__)
    return row


def past(ctx: Context) -> tuple[Past, ...]:
    """The last files that came in, the newest first."""
    with ctx.database.reading() as session:
        return tuple(_past(session, row) for row in latest_imports(session, LATEST))


def outcome(ctx: Context, import_id: str) -> Past | None:
    """What a file has done; None where it is not in. Raises NoImportError."""
    with ctx.database.reading() as session:
        row = _there(session, import_id)
        return _past(session, row) if row.state is ImportState.DONE else None


def _rows(content: Mapping[str, object]) -> list[tuple[int, Cells]]:
    """Each row with its line, by what its columns hold."""
    columns, headings = dict(content["columns"]), list(content["headings"])  # type: ignore[call-overload]
    places = [(place, columns[heading]) for place, heading in enumerate(headings) if heading in columns]
    return [
        (int(line), {field: cells[place] for place, field in places})
        for line, cells in list(content["rows"])  # type: ignore[call-overload]
    ]


def _may_start(row: ReferralImport, now: datetime) -> bool:
    if row.state is ImportState.IMPORTING:
        return row.started_at is not None and now - row.started_at > PATIENCE
    return row.state in (ImportState.CHECKED, ImportState.FAILED)


def _there(session: Session, import_id: str) -> ReferralImport:
    row = session.get(ReferralImport, import_id)
    if row is None:
        raise NoImportError(NoImportError.__doc__)
    return row


def _locked(session: Session, import_id: str) -> ReferralImport:
    row = lock_row(session, ReferralImport, import_id)
    if row is None:
        raise NoImportError(NoImportError.__doc__)
    return row


def _give_back(ctx: Context, import_id: str) -> None:
    with ctx.database.writing() as session:
        row = _locked(session, import_id)
        if row.state is ImportState.IMPORTING:
            row.state = ImportState.FAILED
            note_progress(session, row, 0)


def _record(session: Session, ctx: Context, row: ReferralImport, actor: str) -> None:
    counts = {"added": row.added, "changed": row.changed, "same": row.same, "refused": row.refused}
    audit.note(session, ctx, actor, "import", "referral_import", row.id, counts)


def _past(session: Session, row: ReferralImport) -> Past:
    by = session.get(Account, row.account_id)
    counts = (row.total, row.added, row.changed, row.same, row.refused)
    return Past(row.id, row.file_name, row.ended_at or row.checked_at, by.name if by else "", *counts)
