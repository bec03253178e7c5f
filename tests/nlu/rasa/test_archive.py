"""What a model's file says of itself: the names in it, and why it cannot be used, without loading it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from nlu.archive import NotAModelError, read_archive
from nlu.components.store import ModelOutdatedError, fingerprint
from nlu.in_use import names_in_use
from nlu.keys import Keys, UnreadableTracker
from nlu.rows import open_rows
from tests.nlu.rasa.conftest import ROOT, new_key

UNDERSTANDING = "components/train_Understanding0/understanding.json"


@pytest.fixture
def whole(model: Path, tmp_path: Path) -> Path:
    """The small bot's model with an understanding of ours beside it, trained by this very code."""
    return with_file(model, tmp_path / "whole.tar.gz", UNDERSTANDING, json.dumps({"fingerprint": fingerprint()}))


def with_file(model: Path, out: Path, name: str, content: str) -> Path:
    with tarfile.open(model, "r:gz") as old, tarfile.open(out, "w:gz") as new:
        for member in old:
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
        added = tarfile.TarInfo(name)
        added.size = len(content.encode())
        new.addfile(added, io.BytesIO(content.encode()))
    return out


def test_the_names_are_those_of_its_domain_and_its_rules(whole):
    names = read_archive(whole)["contents"]
    assert {"greet", "book_course"} <= set(names["intents"])
    assert {"note", "reference", "birthday"} <= set(names["slots"])
    assert names["forms"] == ["booking_form"]
    assert "action_json" in names["actions"]
    assert "utter_cost" in names["answers"]
    assert names["replies"]["ask_cost"] == "utter_cost"
    assert names["replies"]["book_course"] == "booking_form"
    assert {"utter_cost", "action_json", "booking_form"} <= set(names["said"])


def test_one_that_other_code_has_trained_is_refused_in_words(model, tmp_path):
    other = with_file(model, tmp_path / "other.tar.gz", UNDERSTANDING, json.dumps({"fingerprint": "0" * 64}))
    with pytest.raises(ModelOutdatedError, match=r"trained by other code, words or weights.*make train.*000000000000"):
        read_archive(other)


def test_one_without_our_understanding_is_none_of_ours(model):
    with pytest.raises(NotAModelError):
        read_archive(model)


@pytest.mark.parametrize("share", [0, 0.2, 0.6, 0.95, 0.999])
def test_a_torn_file_is_seen_wherever_it_is_torn(whole, tmp_path, share):
    content = whole.read_bytes()
    torn = tmp_path / "torn.tar.gz"
    torn.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(NotAModelError, match="missing or damaged"):
        read_archive(torn)


def test_a_file_with_other_bytes_in_it_is_seen(whole, tmp_path):
    content = bytearray(whole.read_bytes())
    content[len(content) // 2] ^= 0xFF
    (tmp_path / "other.tar.gz").write_bytes(content)
    with pytest.raises(NotAModelError):
        read_archive(tmp_path / "other.tar.gz")


def test_the_command_tells_of_all_and_loads_no_rasa(whole, tmp_path):
    missing = tmp_path / "missing.tar.gz"
    code = "import sys, runpy; runpy.run_module('nlu.archive', run_name='__main__'); assert 'rasa' not in sys.modules"
    done = subprocess.run(
        [sys.executable, "-c", code, whole, missing], cwd=ROOT, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told[str(whole)]["why"] is None
    assert "missing" in told[str(missing)]["why"]


def test_a_conversation_in_a_form_tells_its_names_and_no_words(make_server, tmp_path):
    server = make_server()
    server.start()
    server.answers_of("c", "t1", "book")
    server.turn("d", "t1", None, intent="remember", values={"note": "marmalade"})
    given = {"TRACKER_URL": server.environment["TRACKER_URL"], "TRACKER_KEYS": server.environment["TRACKER_KEYS"]}
    done = subprocess.run(
        [sys.executable, "-m", "nlu.in_use"],
        cwd=ROOT, env=given, input="c\nd\nnobody\n", text=True, capture_output=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    names = json.loads(done.stdout)
    assert names["forms"] == ["booking_form"]
    assert names["slots"] == ["note"]
    assert "booking_form" in names["actions"]
    assert "action_listen" not in names["actions"]
    assert "marmalade" not in done.stdout


def test_a_conversation_that_no_key_opens_is_an_error(make_server, tmp_path):
    server = make_server()
    server.start()
    server.answers_of("c", "t1", "book")
    rows = open_rows(server.environment["TRACKER_URL"])
    keys = Keys(server.environment["TRACKER_KEYS"])
    keys._sealing = Keys(new_key())._sealing  # the row is found, and does not open
    with pytest.raises(UnreadableTracker):
        names_in_use(rows, keys, ["c"])
    rows.close()
