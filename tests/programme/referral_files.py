"""Files of referrals, checked and brought in."""

import csv
import io
from collections.abc import Sequence

from openpyxl import Workbook
from sqlmodel import select

from programme import referral_import
from programme.context import Context
from programme.referral_import import Upload
from storage.person import Person
from storage.referral import Referral, by_reference

HEADINGS = ("Reference", "Name", "Date of birth", "Referred on", "Book by", "Finish by", "Mobile", "Email", "Language")
ALEX = ("TVP-4F7K-92", "Alex Green", "14/03/1990", "20/11/2026", "20/12/2026", "20/01/2027", "07700 900123", "", "")
ROBIN = ("tvp 2h8m 41", "Robin Brown", "2 Nov 1985", "", "", "", "", "robin@example.org", "Polish")


def a_csv(*rows: Sequence[str], headings: Sequence[str] = HEADINGS, separator: str = ",") -> bytes:
    out = io.StringIO()
    csv.writer(out, delimiter=separator).writerows([headings, *rows])
    return out.getvalue().encode()


def an_xlsx(*rows: Sequence[object], headings: Sequence[str] = HEADINGS) -> bytes:
    book, out = Workbook(), io.BytesIO()
    for row in [headings, *rows]:
        book.active.append(list(row))
    book.save(out)
    return out.getvalue()


def checked(ctx: Context, me: str, content: bytes) -> Upload:
    return referral_import.read(ctx, referral_import.check(ctx, me, "export.csv", content))


def brought_in(ctx: Context, me: str, content: bytes, with_changes: bool = True) -> referral_import.Past:
    key = referral_import.check(ctx, me, "export.csv", content)
    referral_import.start(ctx, key)
    referral_import.bring_in(ctx, key, me, with_changes=with_changes)
    found = referral_import.outcome(ctx, key)
    assert found is not None
    return found


def everything(ctx: Context) -> list[dict[str, object]]:
    with ctx.database.reading() as session:
        rows = session.exec(select(Referral, Person).join(Person).order_by(Referral.id))
        return [referral.model_dump() | person.model_dump() for referral, person in rows]


def stored(ctx: Context, reference: str) -> tuple[Referral, Person]:
    with ctx.database.reading() as session:
        row = by_reference(session, ctx.database.keyring, reference)
        assert row is not None
        return row, session.get_one(Person, row.person_id)


def made_up(number: int) -> tuple[str, ...]:
    letters = "ABCDEFGHJK"
    reference = f"TVP-{letters[number // 1000]}{number % 1000:03d}-{number % 97:02d}"
    name = f"Person {letters[number % 10]}{letters[number // 10 % 10].lower()}"
    born = f"{number % 28 + 1:02d}/{number % 12 + 1:02d}/{1950 + number % 50}"
    return (reference, name, born, "20/11/2026", "", "", f"07700 900{number % 1000:03d}", "", "")
