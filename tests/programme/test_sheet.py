"""Files as people upload them: what cannot be read says why, and none takes the service down with it."""

import io
import zipfile

import pytest
from openpyxl import Workbook

from programme import sheet
from programme.sheet import MOST_UNPACKED, BadFileError
from tests.programme.referral_files import ALEX, a_csv, an_xlsx


def a_zip(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return out.getvalue()


def a_bomb() -> bytes:
    """100 kB that unpack to more than may be."""
    return a_zip({"xl/workbook.xml": b"<w/>", "xl/worksheets/sheet1.xml": b" " * (MOST_UNPACKED + 1)})


BAD_FILES = {
    "nothing": (b"", "empty"),
    "spaces": (b" \n", "empty"),
    "headings alone": (a_csv(), "empty"),
    "a picture": (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not_a_table"),
    "a printed list": (b"%PDF-1.4 hello", "not_a_table"),
    "an old Excel file": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "old_excel"),
    "a locked one": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "locked"),
    "half of an XLSX": (an_xlsx(ALEX)[:900], "damaged"),
    "a file that unpacks to gigabytes": (a_bomb(), "too_large"),
    "a document": (a_zip({"word/document.xml": b"<w/>"}), "not_a_table"),
    "an open quote": (b'Reference,Name\n"TVP', "damaged"),
    "too many columns": (a_csv(["x"] * 101, headings=[f"h{number}" for number in range(101)]), "too_many_columns"),
    "too many rows": (a_csv(*[ALEX] * 10_001), "too_many_rows"),
}


@pytest.mark.parametrize("how", list(BAD_FILES))
def test_files_that_cannot_be_read_say_why(how: str) -> None:
    content, code = BAD_FILES[how]
    with pytest.raises(BadFileError) as raised:
        sheet.read(content)
    assert raised.value.code == code


def test_entities_of_an_xlsx_are_not_unfolded() -> None:
    """A page of text that would unfold to gigabytes is refused by the reader, at once."""
    with zipfile.ZipFile(io.BytesIO(an_xlsx(ALEX))) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    unfolding = b"".join(b'<!ENTITY e%d "%s">' % (n, b"&e%d;" % (n - 1) * 20) for n in range(1, 12))
    doctype = b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "ha">' + unfolding + b"]>"
    parts["xl/workbook.xml"] = doctype + parts["xl/workbook.xml"].partition(b"?>")[2].lstrip()
    with pytest.raises(BadFileError) as raised:
        sheet.read(a_zip(parts))
    assert raised.value.code == "damaged"


def test_the_first_sheet_that_is_shown_is_read() -> None:
    book, out = Workbook(), io.BytesIO()
    book.active.sheet_state = "hidden"
    shown = book.create_sheet("Referrals")
    for row in (["Reference", "Name", ""], [None, None, None], ["A", 7.0, 1.5]):
        shown.append(row)
    book.save(out)
    found = sheet.read(out.getvalue())
    assert found.headings == ("Reference", "Name")
    assert found.rows == ((3, ("A", "7")),)


def test_a_file_of_windows_keeps_its_letters() -> None:
    content = a_csv(("TVP-4F7K-92", "Zoë O’Brien"), headings=("Reference", "Name")).decode().encode("cp1252")
    assert sheet.read(content).rows == ((2, ("TVP-4F7K-92", "Zoë O’Brien")),)


TABLE = ("TVP-1A2B-34", "Green", "Alex", "14/03/1990")


@pytest.mark.parametrize("above", [b"", b"sep=;\r\n", b"Thames Valley Police\r\nReferrals, 23/11/2026\r\n\r\n"])
def test_what_an_export_puts_above_its_headings_is_no_row(above: bytes) -> None:
    """The headings are nobody's but the force's, and one name holds commas."""
    odd = ("Occurrence No", "Subject surname", "Subject forename", "Born")
    found = sheet.read(above + a_csv(TABLE, ("TVP-1A2B-35", "Green, O, P", "", ""), headings=odd, separator=";"))
    assert found.headings == odd
    assert [cells for _, cells in found.rows] == [TABLE, ("TVP-1A2B-35", "Green, O, P", "", "")]
    assert found.rows[0][0] == above.count(b"\n") + 2


def test_a_title_above_known_headings_and_a_column_that_begins_empty() -> None:
    content = an_xlsx(("", *TABLE), headings=("", "Reference", "Surname", "First name", "DOB"))
    below = a_csv(("Printed", "23/11/2026", "by", "J"), ("Ref", "Name", "DOB"), ("A", "B", "C"), headings=("Police",))
    known = {"Reference", "Ref", "Name"}.__contains__
    assert sheet.read(content, known).rows == ((2, ("", *TABLE)),)
    assert sheet.read(below, known) == sheet.Sheet(("Ref", "Name", "DOB"), ((4, ("A", "B", "C")),))


def test_two_headings_alike_are_told_apart() -> None:
    assert sheet.read(b"Notes,Ref,notes\na,b,c").headings == ("Notes", "Ref", "notes (2)")
