"""docs/privacy.md against the tables: every field has a purpose, every table a basis, recipients and a retention."""

import re
from pathlib import Path

import pytest

from programme.catalogue import catalogue
from storage import retention
from storage.tables import metadata
from storage.types import Sealed

PAGE = (Path(__file__).resolve().parents[1] / "docs" / "privacy.md").read_text(encoding="utf-8")
PARTS = dict(re.findall(r"^## (\w+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
ROW = re.compile(r"^\| `(\w+)` \| (.+?) \| (yes|no) \|$", re.MULTILINE)
TABLES = {table.name: table for table in metadata.sorted_tables}


def test_every_table_has_its_part_and_none_is_left_over() -> None:
    assert set(PARTS) == set(TABLES), set(PARTS) ^ set(TABLES)


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_field_of_a_table_has_its_purpose(name: str) -> None:
    rows = {field: (purpose, sealed) for field, purpose, sealed in ROW.findall(PARTS[name])}
    assert list(rows) == [column.name for column in TABLES[name].columns]
    for column in TABLES[name].columns:
        purpose, sealed = rows[column.name]
        assert len(purpose) > 4 and purpose.endswith("."), column.name
        assert (sealed == "yes") is isinstance(column.type, Sealed), column.name


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_table_says_on_what_basis_for_whom_and_how_long(name: str) -> None:
    for what in ("Basis", "Recipients", "Retention"):
        found = re.search(rf"^- \*\*{what}\*\*: (.{{10,}})$", PARTS[name], re.MULTILINE)
        assert found, what
        if what == "Basis":
            assert "to be confirmed" in found[1], "what is not decided is not said as if it were"


ERASED = [
    *(table for table, _ in (*retention.OF_CONVERSATION, *retention.OF_REFERRAL)),
    *retention.GO_WITH_CONVERSATION,
    *retention.GO_WITH_REFERRAL,
]


def retention_of(name: str) -> str:
    found = re.search(r"^- \*\*Retention\*\*: (.+)$", PARTS[name], re.MULTILINE)
    assert found
    return found[1]


def test_what_is_erased_names_the_setting_that_says_when() -> None:
    settings = {key for key, entry in catalogue().entries.items() if entry.group == "retention"}
    assert len(settings) == 4
    named = {name: set(re.findall(r"`(keep_\w+)`", retention_of(name))) for name in TABLES}
    assert set().union(*named.values()) == settings, "each setting is named, and no other"
    assert all(f"| `{key}` |" in PAGE for key in settings)
    erased = {str(table.__tablename__) for table in ERASED}
    erased |= {"person", "referral", "conversation", "channel_identity", "message_in", "message_out", "miss"}
    assert not [name for name in sorted(erased) if "keep_ended_days" not in named[name]]
    said = {name for name, keys in named.items() if keys & {"keep_ended_days", "keep_unproved_days"}}
    assert {table.name for table in TABLES.values() if "conversation_id" in table.columns} <= said
