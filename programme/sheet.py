"""Tables that people upload: CSV however it was saved, and the first visible sheet of an XLSX file, as plain text."""

import csv
import io
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from openpyxl import load_workbook

MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 10_000, 100, 2_000
MOST_UNPACKED = 100 * 1024 * 1024  # bytes; a small file may unpack to gigabytes
MOST_PARTS = 1_000
OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # .xls, and any Office file with a password
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
ZIP = b"PK\x03\x04"
SEPARATORS = ",;\t|"
MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


class BadFileError(ValueError):
    """This file cannot be read. `code` says why, as the page has words for it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Sheet:
    """`headings`, each once; `rows`: (number of the line or row in the file, as its reader counts; cells)."""

    headings: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]


def read(content: bytes) -> Sheet:
    """What stands in the file: the first row that is not empty holds the headings. Raises BadFileError."""
    if not content.strip():
        raise BadFileError("empty")
    if content.startswith(OLD_EXCEL):
        raise BadFileError("locked" if ENCRYPTED in content else "old_excel")
    lines = _xlsx(content) if content.startswith(ZIP) else _csv(content)
    return _sheet((number, cells) for number, cells in lines if any(cells))


def _sheet(lines: Iterable[tuple[int, list[str]]]) -> Sheet:
    rows: list[tuple[int, tuple[str, ...]]] = []
    headings: tuple[str, ...] | None = None
    for number, cells in lines:
        if headings is None:
            headings = _headings(cells)
            continue
        if len(rows) >= MOST_ROWS:
            raise BadFileError("too_many_rows")
        rows.append((number, tuple([*cells, *[""] * len(headings)][: len(headings)])))
    if headings is None or not rows:
        raise BadFileError("empty")
    return Sheet(headings, tuple(rows))


def _headings(cells: Sequence[str]) -> tuple[str, ...]:
    found = list(cells)
    while found and not found[-1]:
        found.pop()
    if len(found) > MOST_COLUMNS:
        raise BadFileError("too_many_columns")
    named = [one.casefold() for one in found if one]
    if len(named) != len(set(named)):
        raise BadFileError("same_heading")
    return tuple(found)


def _csv(content: bytes) -> Iterator[tuple[int, list[str]]]:
    text = _decode(content)
    if "\0" in text:
        raise BadFileError("not_a_table")
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(SEPARATORS, key=first.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    begins = 1
    try:
        for cells in lines:
            yield begins, [_short(cell) for cell in cells]
            begins = lines.line_num + 1
    except csv.Error:
        raise BadFileError("damaged") from None


def _decode(content: bytes) -> str:
    """By its mark, as UTF-8, else as Windows writes it here."""
    for mark, encoding in MARKS:
        if content.startswith(mark):
            try:
                return content.decode(encoding)
            except UnicodeDecodeError:
                raise BadFileError("damaged") from None
    for encoding in ("utf-8", "cp1252"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise BadFileError("not_a_table")


def _xlsx(content: bytes) -> Iterator[tuple[int, list[str]]]:
    _weigh(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        visible = [sheet for sheet in book.worksheets if sheet.sheet_state == "visible"]
        sheet = (visible or book.worksheets)[0]
        sheet.reset_dimensions()  # what a file says of its size may be wrong
        # One more of each than may be, so that a longer one is noticed and never read whole.
        for number, cells in enumerate(sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1), 1):
            yield number, [_short(_written(cell)) for cell in cells]
    except BadFileError:
        raise
    except Exception:  # whatever a damaged file makes its reader do
        raise BadFileError("damaged") from None


def _weigh(content: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            parts = packed.infolist()
    except zipfile.BadZipFile:
        raise BadFileError("damaged") from None
    if "xl/workbook.xml" not in {part.filename for part in parts}:
        raise BadFileError("not_a_table")
    if len(parts) > MOST_PARTS or sum(part.file_size for part in parts) > MOST_UNPACKED:
        raise BadFileError("too_large")


def _written(cell: Any) -> str:
    """A cell as it reads: 2026-12-24, a whole number without its .0, nothing for an error of a formula."""
    if cell is None or (isinstance(cell, str) and cell.startswith("#") and cell.endswith(("!", "?", "A"))):
        return ""
    if isinstance(cell, datetime):
        return (cell.date() if cell.time() == time() else cell).isoformat()
    if isinstance(cell, date):
        return cell.isoformat()
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def _short(cell: str) -> str:
    return cell.strip()[:LONGEST_CELL]
