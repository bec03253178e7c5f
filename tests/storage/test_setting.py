"""Settings and the audit log."""

from datetime import timedelta

from storage.audit import audit_of, record
from storage.database import Database
from storage.setting import all_settings
from tests.builders import NOW, a_setting, new_id


def test_all_settings(database: Database) -> None:
    a_setting(database, "session_count", "2")
    a_setting(database, "cost", "Reading — £0")
    with database.reading() as session:
        found = all_settings(session)
    assert {key: setting.value for key, setting in found.items()} == {"cost": "Reading — £0", "session_count": "2"}


def test_what_was_done_to_a_record(database: Database) -> None:
    with database.writing() as session:
        for minutes, action in ((2, "move"), (1, "book")):
            record(session, id=new_id(), at=NOW + timedelta(minutes=minutes), actor="person", action=action,
                   subject_kind="booking", subject_id="1", detail='{"from": "x"}')  # fmt: skip
        record(session, id=new_id(), at=NOW, actor="person", action="book", subject_kind="booking", subject_id="2")
    with database.reading() as session:
        found = audit_of(session, "booking", "1")
    assert [(row.action, row.detail) for row in found] == [("book", '{"from": "x"}'), ("move", '{"from": "x"}')]
