"""Migrations: they make exactly what the tables say, once, however many processes start."""

import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, inspect, text

from storage import tables
from storage.database import Database
from storage.engine import file_lock
from storage.keys import Keyring
from storage.migrate import FOLDER as MIGRATIONS
from storage.migrate import BrokenReferenceError, _alone, go_back, is_current, migrate, newest
from tests.processes import together


@pytest.fixture(params=["sqlite", "postgresql"])
def new_url(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], str]:
    """Makes an empty database and gives its URL."""
    if request.param == "sqlite":
        names = iter(["one", "two", "three"])
        return lambda: f"sqlite:///{tmp_path}/{next(names)}.db"
    make: Callable[[], str] = request.getfixturevalue("new_postgres")
    return make


def schema(engine: Engine) -> dict[str, Any]:
    """All that the database says of its tables, in an order of its own making."""
    look = inspect(engine)
    found = {}
    for name in set(look.get_table_names()) - {"alembic_version"}:
        found[name] = {
            "columns": [(c["name"], str(c["type"]), c["nullable"], c["default"]) for c in look.get_columns(name)],
            "primary key": (look.get_pk_constraint(name)["name"], look.get_pk_constraint(name)["constrained_columns"]),
            "foreign keys": sorted(
                (
                    str(k["name"]),
                    k["constrained_columns"],
                    k["referred_table"],
                    k["referred_columns"],
                    str(k["options"]),
                )
                for k in look.get_foreign_keys(name)
            ),
            "unique": sorted((str(u["name"]), u["column_names"]) for u in look.get_unique_constraints(name)),
            "checks": sorted((str(c["name"]), c["sqltext"]) for c in look.get_check_constraints(name)),
            "indexes": sorted(
                (
                    str(i["name"]),
                    i["column_names"],
                    i["unique"],
                    sorted(f"{k}={v}" for k, v in i["dialect_options"].items()),
                )
                for i in look.get_indexes(name)
            ),
        }
    return found


def test_migrations_make_what_the_tables_say(new_url: Callable[[], str], keyring: Keyring) -> None:
    migrated, made = Database(new_url(), keyring), Database(new_url(), keyring)
    migrate(migrated)
    with made.engine.begin() as connection:
        tables.metadata.create_all(connection)
    ours, theirs = schema(migrated.engine), schema(made.engine)
    assert set(ours) == set(theirs) == set(tables.metadata.tables)
    for name in theirs:
        assert ours[name] == theirs[name], f"write a migration for {name}"
    assert ours["booking"]["checks"]
    assert any("where" in str(index[3]) for index in ours["booking"]["indexes"])  # the comparison sees partial indexes
    migrated.close()
    made.close()


def test_migrations_go_back_and_forth(new_url: Callable[[], str], keyring: Keyring) -> None:
    database = Database(new_url(), keyring)
    migrate(database)
    whole = schema(database.engine)
    migrate(database)  # again: nothing
    go_back(database, "0001")
    assert not is_current(database)
    assert 0 < len(schema(database.engine)) < len(whole)
    go_back(database, "base")
    assert schema(database.engine) == {}
    migrate(database)
    assert schema(database.engine) == whole
    database.close()


def start(database: Database, number: int) -> bool:
    migrate(database)
    return is_current(database)


def test_several_processes_may_start_at_once(new_url: Callable[[], str], keyring: Keyring) -> None:
    database = Database(new_url(), keyring)
    assert together(database, start, 4) == [True] * 4
    with database.reading() as session:
        assert session.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [newest()]
    database.close()


def test_a_migration_waits_for_the_one_at_work(sqlite_url: str, keyring: Keyring) -> None:
    database = Database(sqlite_url, keyring)
    waiting = threading.Thread(target=migrate, args=(database,))
    with file_lock(database.path):
        waiting.start()
        waiting.join(0.3)
        assert waiting.is_alive()
    waiting.join(10)
    assert not waiting.is_alive()
    database.close()


def test_a_migration_that_fails_is_undone_whole(new_url: Callable[[], str], keyring: Keyring) -> None:
    database = Database(new_url(), keyring)
    with database.engine.begin() as connection:
        connection.execute(text("CREATE TABLE message_in (id INTEGER)"))  # in the way of 0002
    with pytest.raises(Exception, match="message_in"):
        migrate(database)
    assert set(schema(database.engine)) == {"message_in"}
    database.close()


def test_a_migration_must_not_leave_rows_that_point_at_nothing(sqlite_url: str, keyring: Keyring) -> None:
    database = Database(sqlite_url, keyring)
    with pytest.raises(BrokenReferenceError), _alone(database) as connection:
        connection.execute(text("INSERT INTO session VALUES ('s', 'no course', 1, '2026', '2027', NULL, NULL)"))
    with database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM session")).scalar() == 0
    database.close()


def test_migrations_use_raw_types() -> None:
    for file in (MIGRATIONS / "versions").glob("*.py"):
        imported = [line for line in file.read_text().splitlines() if line.startswith(("import", "from"))]
        assert not [line for line in imported if "storage" in line and line.split()[1] != "storage.migrations.columns"]
    assert "storage" not in "".join(
        line for line in (MIGRATIONS / "columns.py").read_text().splitlines() if line.startswith(("import", "from"))
    )


def test_opening_a_database_of_no_tables_does_not_make_them(sqlite_url: str, keyring: Keyring, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/empty.db", keyring)
    assert not is_current(database)
    assert inspect(create_engine(f"sqlite:///{database.path}")).get_table_names() == []
    database.close()


def test_whoever_opens_the_database_knows_every_table() -> None:
    """Also a process that uses a few of them: a row cannot be written while a table that it points at is unknown."""
    words = (
        "import storage.database; from storage.row import Row;"
        " print(len({each.column for table in Row.metadata.tables.values() for each in table.foreign_keys}))"
    )
    told = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    assert int(told.stdout) > 10
