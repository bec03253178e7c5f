"""What people tell us stands in no file and in no database dump in a form that can be read."""

import base64
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from storage.referral import Referral
from tests.journeys.conftest import next_reference
from tests.journeys.system import System, wait
from tests.journeys.telegram_person import TelegramPerson
from tests.journeys.test_web import book, prove
from tests.journeys.web_person import WebPerson

Visit = Callable[..., WebPerson]
NAME = "Zebedee Quillfeather"
PHONE = "07700 900987"
BORN, BORN_TYPED, BORN_KEPT = "17 august 1983", "17/8/1983", "1983-08-17"
WORDS = "my aunt Philomena keeps axolotls in Wokingham"
SHORTEST = 8  # bytes; what is shorter stands in any big file by chance
IN_TELEGRAM = "the Marmaduke bus never comes to Bracknell"


def forms(word: str) -> list[bytes]:
    """How a word could stand in a file: as it is and in small letters, UTF-8 and UTF-16, plain, base64 and hex."""
    found = []
    for written in {word, word.lower()}:
        for encoded in (written.encode(), written.encode("utf-16-le"), written.encode("utf-16-be")):
            found += [encoded, encoded.hex().encode(), encoded.hex().upper().encode()]
            for shift in range(3):  # base64 looks different at each place in its groups of three bytes
                code = base64.b64encode(b"\0" * shift + encoded)
                whole = code[(0, 2, 3)[shift] : len(code) // 4 * 4 - 4]
                found += [whole, whole.replace(b"+", b"-").replace(b"/", b"_")]
    return [form for form in found if len(form) >= SHORTEST]


def leaks(content: bytes, planted: list[str]) -> list[str]:
    """The planted words that can be read in it."""
    return [word for word in planted if any(form in content for form in forms(word))]


def files(system: System, since: float) -> Iterator[tuple[Path, bytes]]:
    """Every file under VAR_DIR, and what the processes printed; but big models, which take long to search, only where
    they were written `since` (seconds of the epoch), when nobody had said anything yet.
    """
    for file in [*system.var.rglob("*"), system.printed]:
        if file.is_file() and (system.var / "models" not in file.parents or file.stat().st_mtime >= since):
            yield file, file.read_bytes()


def tell_everything(person: WebPerson, referral: Referral) -> None:
    """Through the front door: free text; a lost reference with name, birth and phone; the reference, and a place."""
    person.say(WORDS)
    person.say("ive lost my reference")
    person.say(NAME)
    person.say(BORN)
    assert "passed this on to a worker" in person.say(PHONE)[-1]
    prove(person, f"{referral.reference[:3]}-{referral.reference[3:]}", BORN_TYPED)
    book(person)


def planted_words(referral: Referral) -> list[str]:
    reference = referral.reference
    names = [NAME, "Quillfeather", PHONE, PHONE.replace(" ", ""), BORN, BORN_TYPED, BORN_KEPT]
    free = [WORDS, "Philomena", "axolotls", IN_TELEGRAM, "Marmaduke"]
    return [*names, reference, f"TVP-{reference[3:]}", *free]


def test_the_search_finds_what_is_there(tmp_path: Path) -> None:
    """So that finding nothing means something."""
    for form in (
        f"x{WORDS}x".encode(),
        WORDS.encode("utf-16"),
        WORDS.lower().encode(),
        base64.b64encode(f"{{'text': '{WORDS}'}}".encode()),
        base64.urlsafe_b64encode(f"1{WORDS}2".encode()),
        f"12{WORDS}".encode().hex().encode(),
    ):
        assert leaks(b"before " + form + b" after", [WORDS]) == [WORDS]
    assert leaks(WORDS.encode(), [NAME]) == []


def test_no_file_holds_what_people_said(
    system: System, visit: Visit, in_telegram: Callable[[], TelegramPerson]
) -> None:
    began = time.time()
    referral = system.add_referral(next_reference(), BORN_KEPT, name=NAME, phone=PHONE)
    person = visit(system.address)
    tell_everything(person, referral)
    chat = in_telegram()
    chat.say("/start", "Before you start")
    before = len(chat.texts())
    chat.api.say(chat.chat, IN_TELEGRAM)
    wait(lambda: len(chat.texts()) > before and system.unended() == 0)
    planted = planted_words(referral)
    seen = dict(files(system, began))
    assert {"app.db", "tracker.db", "app.log", "dialogue.log", "actions.log"} <= {file.name for file in seen}
    assert any(file.name.endswith("-wal") for file in seen)
    assert {file.name: leaks(content, planted) for file, content in seen.items() if leaks(content, planted)} == {}


@pytest.fixture(scope="module")
def on_postgresql(
    tmp_path_factory: pytest.TempPathFactory, model: Path, new_postgres: Callable[[], str]
) -> Iterator[System]:
    """The whole system, its own data and Rasa's tracker, on PostgreSQL."""
    running = System(tmp_path_factory.mktemp("postgresql"), model, DATABASE_URL=new_postgres())
    try:
        running.start()
        yield running
    finally:
        running.stop()


def test_on_postgresql_a_place_is_booked_and_no_table_holds_what_was_said(on_postgresql: System, visit: Visit) -> None:
    system = on_postgresql
    assert not list(system.var.glob("*.db"))
    began = time.time()
    referral = system.add_referral(next_reference(), BORN_KEPT, name=NAME, phone=PHONE)
    person = visit(system.address)
    tell_everything(person, referral)
    assert len(system.bookings(referral, active=True)) == 1
    system.check_nothing_lost_or_doubled(system.newest_conversation(referral))
    planted = planted_words(referral)
    tables = dict(dump(system.environment["DATABASE_URL"]))
    assert {"message_in", "person", "referral", "booking"} <= tables.keys()
    assert any("tracker" in name or "conversation" in name for name in tables)
    assert sum(map(len, tables.values())) > 10_000
    assert {name: leaks(content, planted) for name, content in tables.items() if leaks(content, planted)} == {}
    assert {
        file.name: leaks(content, planted) for file, content in files(system, began) if leaks(content, planted)
    } == {}


def dump(url: str) -> Iterator[tuple[str, bytes]]:
    """Every table of every schema of ours, as text and as its raw bytes."""
    with psycopg.connect(url) as connection:
        names = connection.execute(
            "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        ).fetchall()
        for schema, name in names:
            content = b""
            for form in ("TEXT", "BINARY"):
                query = SQL("COPY {}.{} TO STDOUT (FORMAT {})").format(Identifier(schema), Identifier(name), SQL(form))
                with connection.cursor().copy(query) as copy:
                    content += b"".join(bytes(piece) for piece in copy)
            yield name, content
