"""Tables that people upload: CSV however it was saved, and the first visible sheet of an XLSX file, as plain text."""

import csv
import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import chain, islice
from typing import Any

from openpyxl import load_workbook

MOST_ROWS, MOST_COLUMNS, LONGEST_CELL = 10_000, 100, 2_000
MOST_UNPACKED = 100 * 1024 * 1024  # bytes; a small file may unpack to gigabytes
MOST_PARTS = 1_000
OLD_EXCEL = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"  # .xls, and any Office file with a password
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
ZIP = b"PK\x03\x04"
PDF = b"%PDF-"
SEPARATORS = ",;\t|"
LOOKED_AT = 20  # rows among which the headings are looked for: exports put a title and a date above them
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


def read(content: bytes, is_heading: Callable[[str], bool] = lambda _cell: False) -> Sheet:
    """What stands in the file below its headings. `is_heading`: whether a cell is a heading that is known already.
    Raises BadFileError."""
    if not content.strip():
        raise BadFileError("empty")
    if content.startswith(OLD_EXCEL):
        raise BadFileError("locked" if ENCRYPTED in content else "old_excel")
    if content.startswith(PDF):
        raise BadFileError("not_a_table")
    lines = _xlsx(content) if content.startswith(ZIP) else _csv(content)
    return _sheet(((number, cells) for number, cells in lines if any(cells)), is_heading)


def _sheet(lines: Iterator[tuple[int, list[str]]], is_heading: Callable[[str], bool]) -> Sheet:
    first = list(islice(lines, LOOKED_AT))
    begins = _where([cells for _, cells in first], is_heading)
    headings = _headings(first[begins][1]) if first else ()
    rows: list[tuple[int, tuple[str, ...]]] = []
    for number, cells in chain(first[begins + 1 :], lines):
        if len(rows) >= MOST_ROWS:
            raise BadFileError("too_many_rows")
        rows.append((number, tuple([*cells, *[""] * len(headings)][: len(headings)])))
    if not rows:
        raise BadFileError("empty")
    return Sheet(headings, tuple(rows))


def _where(first: Sequence[Sequence[str]], is_heading: Callable[[str], bool]) -> int:
    """Which of the first rows holds the headings: the first with two that are known, else the first that is about as
    full as rows are here. What stands above it is a title, a date, who printed it."""
    for place, cells in enumerate(first):
        if sum(map(is_heading, filter(None, cells))) >= 2:
            return place
    full = [sum(map(bool, cells)) for cells in first]
    usual = sorted(full)[len(full) * 3 // 4] if full else 0
    place = next((place for place, cells in enumerate(full) if cells * 3 >= usual * 2), 0)
    return place if place + 1 < len(first) else 0


def _headings(cells: Sequence[str]) -> tuple[str, ...]:
    """Each once: a second Notes is Notes (2)."""
    found = list(cells)
    while found and not found[-1]:
        found.pop()
    if len(found) > MOST_COLUMNS:
        raise BadFileError("too_many_columns")
    told: dict[str, str] = {}  # in small letters, to as it stands there
    once = []
    for name in found:
        own, number = name, 1
        while own and own.casefold() in told:
            number += 1
            own = f"{name} ({number})"
        told[own.casefold()] = own
        once.append(own)
    return tuple(once)


def _csv(content: bytes) -> Iterator[tuple[int, list[str]]]:
    text = _decode(content)
    if "\0" in text:
        raise BadFileError("not_a_table")
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_separator(text), strict=True)
    begins = 1
    try:
        for cells in lines:
            yield begins, [_short(cell) for cell in cells]
            begins = lines.line_num + 1
    except csv.Error:
        raise BadFileError("damaged") from None


def _separator(text: str) -> str:
    """What stands on most of the first lines, and there most often: a title has none, a name may have one."""
    lines = list(islice((line for line in io.StringIO(text) if line.strip()), LOOKED_AT))
    return max(
        SEPARATORS, key=lambda mark: (sum(mark in line for line in lines), sum(line.count(mark) for line in lines))
    )


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
