"""docs/privacy.md against the tables: every field has a purpose, every table a basis, recipients and a retention."""

import re
from pathlib import Path

import pytest

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
