"""Other languages: noticed where they are, not in English however it is spelt; what an interpreter's button does."""

from pathlib import Path

import pytest
import yaml
from sqlmodel import select

from programme.answers import Situation
from programme.language import INTENT, UNKNOWN, BadLanguageFileError, Languages, ask_for_interpreter
from programme.rules import london
from storage.case import Case
from storage.conversation import Conversation
from storage.database import Database
from storage.enums import CaseReason, Owner
from storage.handoff import HandoffRequest
from tests.conftest import Clock
from tests.nlu_files import examples
from tests.programme.desk import ANSWERS, a_context, opened

ROOT = Path(__file__).resolve().parents[2]
LANGUAGES = Languages.load(ROOT / "nlu" / "answers")
MESSAGES = yaml.safe_load((Path(__file__).parent / "data" / "languages.yml").read_text(encoding="utf-8"))
FOREIGN = [(code, text) for code, texts in MESSAGES["plain"].items() for text in texts]
MOST_FALSE = 0.003
NATIVE = {"ask_interpreter", "greet", "thank", "out_of_scope"}  # where an example may be in another language itself


@pytest.mark.parametrize(("code", "text"), FOREIGN)
def test_another_language_is_noticed(code: str, text: str) -> None:
    assert LANGUAGES.find(text) == code


@pytest.mark.parametrize("text", MESSAGES["english"])
def test_english_with_all_its_spellings_and_names_is_not(text: str) -> None:
    assert LANGUAGES.find(text) is None


def test_among_all_english_messages_hardly_any_is_taken_for_another_language() -> None:
    files = [*(ROOT / "nlu/examples").glob("*.yml"), *(ROOT / "tests/nlu").glob("*.yml")]
    texts = [text for file in files for intent, text in examples(file) if intent not in NATIVE]
    noticed = [text for text in texts if LANGUAGES.find(text)]
    assert len(texts) > 5000
    assert len(noticed) / len(texts) <= MOST_FALSE, noticed


def test_ten_languages_have_lines_that_say_999_and_that_nobody_has_checked_them() -> None:
    assert len(LANGUAGES.lines) == 10
    for code, lines in LANGUAGES.lines.items():
        assert "999" in lines.notice and "999" in lines.asked
        assert len(lines.button) <= 30
        for reply in (LANGUAGES.notice(code), LANGUAGES.asked(code)):
            said = ANSWERS.render(reply.answer, reply.values, Situation(), {}, london.today(Clock()()), reply.buttons)
            assert reply.values["in_language"] in said.text
            assert f"No speaker of {lines.name} has checked" in said.text
            assert [(button.intent, button.values) for button in said.buttons] in ([], [(INTENT, {"language": code})])


def test_lines_that_a_speaker_has_checked_say_nothing_of_it(tmp_path: Path) -> None:
    words = (
        (ROOT / "nlu/answers/languages.yml").read_text(encoding="utf-8").replace("reviewed_by: null", "reviewed_by: A.")
    )
    (tmp_path / "languages.yml").write_text(words, encoding="utf-8")
    reply = Languages.load(tmp_path).notice("pl")
    text = ANSWERS.render(reply.answer, reply.values, Situation(), {}, london.today(Clock()())).text
    assert "999" in text and "checked" not in text


def test_a_language_without_lines_is_told_in_english() -> None:
    reply = LANGUAGES.notice(UNKNOWN)
    said = ANSWERS.render(reply.answer, reply.values, Situation(), {}, london.today(Clock()()), reply.buttons)
    assert "999" in said.text and [button.values for button in said.buttons] == [{"language": UNKNOWN}]


def test_who_wants_an_interpreter_is_in_the_queue_with_the_language(database: Database, clock: Clock) -> None:
    ctx = a_context(database, clock)
    conversation_id = opened(ctx)
    for _ in range(2):  # asked twice is one case and one request
        replies = ask_for_interpreter(ctx, LANGUAGES, conversation_id, "so")
    assert replies[0].answer == "notice_interpreter" and replies[1].answer.startswith("utter_handoff")
    with database.reading() as session:
        row = session.get_one(Conversation, conversation_id)
        assert (row.language, row.owner) == ("so", Owner.QUEUED)
        case = session.exec(select(Case)).one()
        assert case.reason is CaseReason.LANGUAGE and case.detail == '{"language": "so"}'
        assert session.exec(select(HandoffRequest)).one().reason == "interpreter"


def test_a_file_that_lacks_something_is_named(tmp_path: Path) -> None:
    (tmp_path / "languages.yml").write_text("languages: {pl: {name: Polish}}\nenglish: the", encoding="utf-8")
    with pytest.raises(BadLanguageFileError, match=r"languages\.yml"):
        Languages.load(tmp_path)


def test_it_takes_less_than_a_millisecond_and_little_memory() -> None:
    psutil = pytest.importorskip("psutil")
    process = psutil.Process()
    before = process.memory_info().rss
    fresh = Languages.load(ROOT / "nlu" / "answers")
    begun = sum(process.cpu_times()[:2])
    for _ in range(500):
        fresh.find("my name is john and i cant come on tuesday because of work")
        fresh.find("nie moge we wtorek bo pracuje")
    assert (sum(process.cpu_times()[:2]) - begun) / 1000 < 0.001
    assert process.memory_info().rss - before < 60_000_000
