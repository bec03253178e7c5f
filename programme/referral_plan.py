"""What a list of referrals would do: who is new, what would change, what is wrong. Nothing is written here."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlmodel import Session, col, select

from programme import phone, setting
from programme.context import Context
from programme.referral_words import Words, words
from programme.rules import london, referral_row
from programme.rules import reference as references
from programme.rules.referral_row import Known, Problem, Values
from storage import referral as referrals
from storage.person import Person
from storage.referral import Referral

Cells = Mapping[str, str]  # by field
Progress = Callable[[int], None]
AT_ONCE = 500  # rows between two words on how far it is
SHORTENED = re.compile(r"(\d)(?:\.(\d+))?E\+?(\d{1,2})", re.IGNORECASE)  # 7.7009E+09
MOBILE = re.compile(r"07[1-57-9]\d{8}")
EXAMPLE, USUAL_EXAMPLE = "reference_example", "TVP-4F7K-92"
OTHERS = "{lines}"  # stands in the words for the lines that say something else
OF_PERSON = {"name": "name", "phone": "phone", "email": "email", "language": "language", "access_needs": "access_needs"}
OF_REFERRAL = ("referred_on", "book_by", "finish_by", "matching_word")


@dataclass(frozen=True)
class Wrong:
    """A row that is left out. `field` is what its column is called; `reason` and `fix` are words for people."""

    line: int
    field: str
    title: str
    code: str
    reason: str
    fix: str


@dataclass(frozen=True)
class Changed:
    """One field of a referral that is here already."""

    field: str
    title: str
    before: str
    after: str


@dataclass(frozen=True)
class Row:
    """A row that can be written. `referral_id` and `changes` where it is here already."""

    line: int
    values: Values
    shown: str  # the reference as it is printed
    referral_id: str | None = None
    changes: tuple[Changed, ...] = ()


@dataclass(frozen=True)
class Alike:
    """A new referral for somebody who seems to be here: in an earlier line of the file, or in the programme."""

    line: int
    shown: str
    other_line: int | None
    referral_id: str | None


@dataclass(frozen=True)
class Read:
    """Rows that were looked at by themselves: what stands in those that can be read, and what is wrong. `told` and
    `known`: the words, and what they were read against."""

    told: Words
    known: Known
    total: int
    values: tuple[tuple[int, Values], ...]
    wrong: tuple[Wrong, ...]


@dataclass(frozen=True)
class Plan:
    """`same`: lines that would change nothing; `repeated`: (line, line before it that says the same)."""

    total: int
    added: tuple[Row, ...]
    changed: tuple[Row, ...]
    same: tuple[int, ...]
    repeated: tuple[tuple[int, int], ...]
    wrong: tuple[Wrong, ...]
    alike: tuple[Alike, ...]

    @property
    def refused(self) -> int:
        """Rows with something wrong; one row can have several things."""
        return len({one.line for one in self.wrong})

    @property
    def without_contact(self) -> int:
        """New people whom nothing can be sent to."""
        return sum(not (row.values.phone or row.values.email) for row in self.added)


def of_rows(session: Session, ctx: Context, rows: Sequence[tuple[int, Cells]]) -> Plan:
    """The plan for rows, each with its line."""
    return of_read(session, ctx, read_rows(*basis(session, ctx), rows))


def basis(session: Session, ctx: Context) -> tuple[Words, Known]:
    """The words, and what rows are read against, as things are now."""
    told = words_of(session)
    return told, Known(london.today(ctx.clock()), setting.reference_pattern(session), told.languages)


def read_rows(
    told: Words, known: Known, rows: Sequence[tuple[int, Cells]], progress: Progress = lambda _done: None
) -> Read:
    """What stands in each row, and what is wrong with it by itself: the long part, and without the database.
    `progress` is told now and then how many rows were looked at."""
    wrong: list[Wrong] = []
    values: list[tuple[int, Values]] = []
    for place, (line, cells) in enumerate(rows, 1):
        found, problems = _read(cells, known)
        wrong += [_wrong(told, line, problem) for problem in problems]
        if found is not None:
            values.append((line, found))
        if place % AT_ONCE == 0:
            progress(place)
    return Read(told, known, len(rows), tuple(values), tuple(wrong))


def of_read(session: Session, ctx: Context, read: Read) -> Plan:
    """The plan for what was read, against all that is here now, which is read once for all of them."""
    told, known, wrong = read.told, read.known, list(read.wrong)
    once, repeated, differ = _once(read.values)
    for lines in differ:
        wrong += [_twice(told, line, lines) for line in lines]
    here = referrals.known_references(session, ctx.database.keyring, [values.reference for _, values in once])
    fresh = [(line, values) for line, values in once if values.reference not in here]
    over = [(line, field) for line, values in fresh for field in _over(values, known.today)]
    wrong += [_wrong(told, line, Problem(field, "day_over")) for line, field in over]
    late = {line for line, _ in over}
    added = tuple(
        Row(line, values, references.show(values.reference, known.pattern))
        for line, values in fresh
        if line not in late
    )
    changed, same = _against(session, ctx, told, [(line, one) for line, one in once if one.reference in here], here)
    wrong.sort(key=lambda one: one.line)
    return Plan(read.total, added, changed, same, tuple(repeated), tuple(wrong), _alike(session, added))


def words_of(session: Session) -> Words:
    """The words, with this programme's own example of a reference."""
    fact = setting.facts(session).get(EXAMPLE)
    return words(fact.value if fact and fact.value.strip() else USUAL_EXAMPLE)


def source_text(values: Values) -> str:
    """What a row is known again by, whatever staff have changed here since."""
    return values.text()


def _read(cells: Cells, known: Known) -> tuple[Values | None, list[Problem]]:
    values, problems = referral_row.read(cells, known)
    given = cells.get("phone", "").strip()
    if given.casefold() in referral_row.NOTHING:
        return values, problems
    given = whole_number(given)
    if MOBILE.fullmatch(bare := given.replace(" ", "")):  # nearly every number of a file; the whole look takes longer
        return values and replace(values, phone=f"{bare[:5]} {bare[5:]}"), problems
    found = phone.find(given)
    if found is None or found.number is None:
        return None, [*problems, Problem("phone", "phone_cut" if SHORTENED.fullmatch(given) else "bad_phone")]
    return values and replace(values, phone=phone.written(found.number)), problems


def whole_number(given: str) -> str:
    """A number with what spreadsheets cut off it: the 0, or the + of a country's code; and written out, where all of
    its digits are still there."""
    if short := SHORTENED.fullmatch(given):
        digits = short[1] + (short[2] or "")
        given = digits if len(digits) == int(short[3]) + 1 else given
    digits = "".join(filter(str.isdigit, given))
    if given[:1].isdigit() and len(digits) == 10 and digits[0] == "7":
        return f"0{digits}"
    return f"+{digits}" if given[:1].isdigit() and len(digits) == 12 and digits.startswith("447") else given


def _once(
    read: Iterable[tuple[int, Values]],
) -> tuple[list[tuple[int, Values]], list[tuple[int, int]], list[list[int]]]:
    """Each reference once; lines that say what one before them says, with that one; lines that say different things of
    one reference, all of them together."""
    said: dict[str, dict[Values, list[int]]] = {}
    for line, values in read:
        said.setdefault(values.reference, {}).setdefault(values, []).append(line)
    once = [(lines[0], values) for each in said.values() if len(each) == 1 for values, lines in each.items()]
    repeated = [(line, lines[0]) for each in said.values() for lines in each.values() for line in lines[1:]]
    differ = [sorted(lines[0] for lines in each.values()) for each in said.values() if len(each) > 1]
    return once, sorted(repeated), differ


def _over(values: Values, today: date) -> list[str]:
    days = {"book_by": values.book_by, "finish_by": values.finish_by}
    return [field for field, day in days.items() if day is not None and day < today]


def _against(
    session: Session, ctx: Context, told: Words, rows: Sequence[tuple[int, Values]], here: Mapping[str, str]
) -> tuple[tuple[Row, ...], tuple[int, ...]]:
    """What those who are here already would have changed, and the lines that say nothing new."""
    keyring, changed, same = ctx.database.keyring, [], []
    pattern = setting.reference_pattern(session)
    sources = dict(session.exec(select(Referral.id, Referral.source_lookup)).all()) if rows else {}
    asked: list[tuple[int, Values]] = []
    for line, values in rows:
        source = sources.get(here[values.reference])
        if source and source in keyring.lookups(source_text(values), referrals.SOURCE):
            same.append(line)
        else:
            asked.append((line, values))
    known = _stored(session, [here[values.reference] for _, values in asked])
    for line, values in asked:
        key = here[values.reference]
        changes = _changes(told, *known[key], values)
        if changes:
            changed.append(Row(line, values, references.show(values.reference, pattern), key, changes))
        else:
            same.append(line)
    return tuple(changed), tuple(sorted(same))


def _stored(session: Session, ids: Sequence[str]) -> dict[str, tuple[Referral, Person]]:
    found: dict[str, tuple[Referral, Person]] = {}
    for start in range(0, len(ids), referrals.AT_ONCE):
        some = ids[start : start + referrals.AT_ONCE]
        rows = session.exec(select(Referral, Person).join(Person).where(col(Referral.id).in_(some)))
        found |= {referral.id: (referral, person) for referral, person in rows}
    return found


def _changes(told: Words, referral: Referral, person: Person, values: Values) -> tuple[Changed, ...]:
    """What a row says anew. What it leaves empty is left as it is."""
    pairs = [(field, getattr(person, column), getattr(values, field)) for field, column in OF_PERSON.items()]
    pairs.append(("date_of_birth", date.fromisoformat(person.date_of_birth), values.born))
    pairs += [(field, getattr(referral, field), getattr(values, field)) for field in OF_REFERRAL]
    return tuple(
        Changed(field, told.columns[field].title, _shown(before), _shown(after))
        for field, before, after in pairs
        if after is not None and after != before and not (field == "phone" and _same_number(before, after))
    )


def _same_number(one: str | None, other: str) -> bool:
    found = phone.find(one) if one else None
    again = phone.find(other)
    return found is not None and again is not None and found.number is not None and found.number == again.number


def _shown(value: object) -> str:
    return f"{value:%d/%m/%Y}" if isinstance(value, date) else str(value or "")


def _alike(session: Session, added: Sequence[Row]) -> tuple[Alike, ...]:
    """New ones with the name and date of birth of somebody before them."""
    if not added:
        return ()
    people: dict[date, list[tuple[str, int | None, str | None]]] = {}
    everyone = session.exec(select(Referral.id, Person.name, Person.date_of_birth).join(Person))
    for key, called, born in everyone:
        people.setdefault(date.fromisoformat(born), []).append((called, None, key))
    found = []
    for row in added:
        same_day = people.setdefault(row.values.born, [])
        other = next(
            (each for each in same_day if referral_row.same_person(row.values, each[0], row.values.born)), None
        )
        if other is not None:
            found.append(Alike(row.line, row.shown, other[1], other[2]))
        same_day.append((row.values.name, row.line, None))
    return tuple(found)


def _twice(told: Words, line: int, lines: Sequence[int]) -> Wrong:
    """One of several lines that say different things of one reference: it names the others."""
    found = _wrong(told, line, Problem("reference", "twice"))
    others = ", ".join(str(each) for each in lines if each != line)
    return replace(found, reason=found.reason.replace(OTHERS, others))


def _wrong(told: Words, line: int, problem: Problem) -> Wrong:
    about = told.problems[problem.code]
    title = told.columns[problem.field].title if problem.field else ""
    return Wrong(line, problem.field, title, problem.code, about.reason, about.fix)
