"""The bench's pieces on tiny numbers: messages, the stock project, people, plan, report. Never how long things take."""

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from launch.bench.messages import Deck, Message, TooFewMessagesError, single_rules
from launch.bench.people import BadTurnError, RestPerson, is_right
from launch.bench.plan import Figures, Plan, Said, measure_crowd, measure_starts, measure_turns
from launch.bench.project import make_config, make_domain, plain_answers, write_endpoints, write_project
from launch.bench.report import as_content, as_text, make_lines
from launch.bench.sides import Memory
from launch.bench.table import Line
from launch.bench.trace import read_notes, take_apart
from launch.bench.training import Training
from launch.settings import PROJECT

SHIPPED = {
    "recipe": "default.v1",
    "assistant_id": "placeholder_default",
    "pipeline": [{"name": "WhitespaceTokenizer"}, {"name": "DIETClassifier", "epochs": 100}],
    "policies": [{"name": "RulePolicy"}, {"name": "TEDPolicy", "epochs": 100}],
}
PLAN = Plan(rounds=2, a_round=3, actions=2, long_people=1, crowd=3, crowd_messages=2, crowd_rounds=2, pause=0, warm=1)


# Messages


def test_nobody_is_sent_the_same_text_twice_and_every_run_sends_the_same() -> None:
    first, second = Deck(PROJECT), Deck(PROJECT)
    dealt = first.answers(3000) + first.actions(150) + first.answers(200)
    assert len({message.text.casefold() for message in dealt}) == len(dealt)
    assert second.answers(3000) + second.actions(150) + second.answers(200) == dealt


def test_a_whole_bench_has_messages_enough() -> None:
    plan, deck = Plan(), Deck(PROJECT)
    turns = plan.rounds * plan.a_round * (1 + plan.long_people)
    crowd = plan.crowd_rounds * plan.crowd * plan.crowd_messages
    deck.answers(turns + crowd + 2 * plan.warm + 10 * plan.a_round)
    deck.actions(plan.rounds * plan.actions + plan.warm)
    with pytest.raises(TooFewMessagesError):
        deck.actions(100_000)


def test_each_message_has_the_answer_of_the_rule_for_its_intent() -> None:
    rules = single_rules(PROJECT / "stories")
    deck = Deck(PROJECT)
    assert all(message.reaction == rules[message.intent] for message in deck.answers(500))
    assert all(message.reaction.startswith("utter_") for message in deck.answers(500))
    assert all(message.reaction.startswith("action_") for message in deck.actions(50))


# The stock project


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    file = tmp_path / "default_config.yml"
    file.write_text(yaml.safe_dump(SHIPPED))
    return file


def test_the_stock_configuration_is_the_makers_own_but_for_the_epochs_asked_for() -> None:
    assert make_config(SHIPPED, 100) == {**SHIPPED, "assistant_id": "stock"}
    config = make_config(SHIPPED, 2)
    assert [part.get("epochs") for part in config["pipeline"] + config["policies"]] == [None, 2, None, 2]


def test_the_stock_domain_knows_what_ours_knows_and_has_words_for_every_answer() -> None:
    domain, ours = make_domain(PROJECT), yaml.safe_load((PROJECT / "nlu/domain.yml").read_text())
    assert domain["intents"] == ours["intents"] and domain["actions"] == ours["actions"]
    used = {done for done in single_rules(PROJECT / "stories").values() if done.startswith("utter_")}
    assert used <= set(domain["responses"])
    asked = {message.reaction for message in Deck(PROJECT).answers(1000)}
    for name in asked:
        assert plain_answers(PROJECT)[name]["text"] == domain["responses"][name][0]["text"] != name


def test_the_stock_project_is_made_once_for_the_same_files_and_anew_for_others(tmp_path: Path, shipped: Path) -> None:
    homes = tmp_path / "homes"
    home = write_project(homes, 1, shipped=shipped)
    (home / "models").mkdir()
    assert write_project(homes, 1, shipped=shipped) == home
    assert (home / "models").exists()
    assert write_project(homes, 2, shipped=shipped) != home
    assert sorted(path.name for path in (home / "data/nlu/examples").iterdir()) == sorted(
        path.name for path in (PROJECT / "nlu/examples").iterdir()
    )
    assert not list((home / "data/stories").glob("test_*"))
    compile((home / "actions.py").read_text(), "actions.py", "exec")


def test_the_stock_server_keeps_its_conversations_in_an_sqlite_file_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "tracker.db").write_text("an older run's")
    write_endpoints(tmp_path, tmp_path / "tracker.db", 5055)
    assert not (tmp_path / "tracker.db").exists()
    endpoints = yaml.safe_load((tmp_path / "endpoints.yml").read_text())
    assert endpoints["tracker_store"] == {"type": "SQL", "dialect": "sqlite", "db": str(tmp_path / "tracker.db")}
    assert yaml.safe_load((tmp_path / "credentials.yml").read_text()) == {"rest": None}


# People


@dataclass
class RestServer:
    """Answers as Rasa's REST channel does, over a real socket."""

    status: int = 200
    text: str = "yes"
    asked: list[dict[str, Any]] = field(default_factory=list)
    connections: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while head := await reader.readline():
            length = 0
            while line := (await reader.readline()).strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            self.asked.append(json.loads(await reader.readexactly(length)) | {"path": head.split()[1].decode()})
            body = json.dumps([{"recipient_id": "x", "text": self.text}]).encode()
            writer.write(f"HTTP/1.1 {self.status} OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
        writer.close()


async def test_a_person_on_rasas_rest_channel_keeps_one_line_and_knows_the_right_answer() -> None:
    stock = RestServer()
    server = await asyncio.start_server(stock.serve, "127.0.0.1", 0)
    async with server:
        person = RestPerson(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", {"utter_a": "yes"})
        assert (await person.say(Message("one", "a", "utter_a"))).right
        stock.text = "something else"
        assert not (await person.say(Message("two", "a", "utter_a"))).right
        stock.status = 500
        with pytest.raises(BadTurnError):
            await person.say(Message("three", "a", "utter_a"))
        await person.leave()
    assert [asked["message"] for asked in stock.asked] == ["one", "two", "three"]
    assert len({asked["sender"] for asked in stock.asked}) == stock.connections == 1
    assert stock.asked[0]["path"] == "/webhooks/rest/webhook"


@pytest.mark.parametrize(
    ("answers", "reaction", "right"),
    [
        (["utter_ask_cost"], "utter_ask_cost", True),
        (["utter_fallback"], "utter_ask_cost", False),
        (["utter_deadline_unknown"], "action_deadline", True),
        (["notice_menu"], "action_deadline", False),
    ],
)
def test_what_counts_as_the_right_answer(answers: list[str], reaction: str, right: bool) -> None:
    assert is_right(answers, reaction) is right


# The plan


@dataclass
class Talker:
    said: list[str]
    left: list[bool]

    async def say(self, message: Message) -> Said:
        self.said.append(message.text)
        return Said(0.001 * len(self.said), right=True, accepted=0.0005)

    async def leave(self) -> None:
        self.left.append(True)


@dataclass
class Pretend:
    """A side that notes what is done to it."""

    name: str
    done: list[str] = field(default_factory=list)
    people: list[list[str]] = field(default_factory=list)
    left: list[bool] = field(default_factory=list)

    def train(self) -> Training:
        return Training(1.0, 2.0, "2026-11-23")

    async def start(self) -> float:
        self.done.append("start")
        return 2.0

    async def join(self) -> Talker:
        self.people.append([])
        return Talker(self.people[-1], self.left)

    def memory(self) -> Memory:
        return Memory(100.0, 200.0, 2)

    async def stop(self) -> None:
        self.done.append("stop")


@pytest.fixture
def sides() -> list[Pretend]:
    return [Pretend("ours"), Pretend("stock Rasa")]


@pytest.fixture(autouse=True)
def no_limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr("launch.bench.plan.LIMIT_SECONDS", 0.0)
    yield


def measured(sides: list[Pretend]) -> dict[str, Figures]:
    figures = {side.name: Figures(training=side.train()) for side in sides}

    async def go() -> None:
        deck = Deck(PROJECT)
        await measure_starts(sides, figures, PLAN, deck, print)
        await measure_turns(sides, figures, PLAN, deck, print)
        await measure_crowd(sides, figures, PLAN, deck, print)

    asyncio.run(go())
    return figures


def test_both_sides_hear_the_same_messages_and_count_the_same(sides: list[Pretend]) -> None:
    figures = measured(sides)
    ours, stock = sides
    assert ours.people == stock.people
    texts = [text for person in ours.people for text in person]
    assert len(set(texts)) == len(texts)
    assert ours.done == ["start", "stop", "start"]  # the last start goes on running
    found = figures["ours"]
    assert len(found.turns) == PLAN.rounds * PLAN.a_round
    assert len(found.actions) == PLAN.rounds * PLAN.actions
    assert [len(person) for person in found.long] == [PLAN.rounds * PLAN.a_round]
    assert len(found.crowd) == PLAN.crowd_rounds * PLAN.crowd * PLAN.crowd_messages
    assert len(found.crowd_rates) == PLAN.crowd_rounds
    assert len(ours.left) == len(ours.people)


# The report


def a_side(milliseconds: float, rate: float, ready: float) -> Figures:
    said = Said(milliseconds / 1000, right=True, accepted=0.001)
    return Figures(
        training=Training(60.0, 50.0, "2026-11-23"),
        ready=[ready, ready + 1],
        memory_at_rest=Memory(400.0, 500.0, 4),
        memory=Memory(450.0, 550.0, 4),
        turns=[said] * 4,
        actions=[said] * 4,
        crowd=[said] * 4,
        crowd_rates=[rate, rate],
        long=[[said] * 40],
    )


def test_the_table_has_both_figures_their_ratio_and_whether_the_goal_was_reached() -> None:
    figures = {"ours": a_side(30, 100, 9), "stock Rasa": a_side(60, 50, 49)}
    lines = {line.what: line for line in make_lines(figures, Plan(rounds=2))}
    turn = lines["turn of one person, median"]
    assert (turn.ours, turn.stock, turn.ratio, turn.reached) == (30.0, 60.0, 0.5, True)
    rate = lines["replies a second, 32 people at once"]
    assert (rate.ratio, rate.reached) == (2.0, False)
    assert lines["start to ready"].reached is True
    assert lines["message 40 against message 10"].ours == 1.0
    assert lines["memory at rest, all processes"].reached is True
    text = as_text(list(lines.values()), [], Plan(), datetime(2026, 11, 23, tzinfo=UTC), 1.5, epochs=15)
    assert "| turn of one person, median | 30.0 ms | 60.0 ms | 0.50× | ≤ 0.7×, aim 0.35× | reached |" in text
    assert "2.00× | ≥ 2.5×, aim 5× | **missed** |" in text
    assert "load 1.5" in text and "for 15 of its 100 epochs" in text


def test_a_figure_that_was_not_measured_leaves_its_place_empty() -> None:
    lines = make_lines({"ours": Figures()}, Plan())
    assert all(line.stock is None and line.reached is None for line in lines)
    assert Line("a", "ms", None, None).ratio is None
    found = as_content(lines, [], {"ours": Figures()}, Plan(), datetime(2026, 11, 23, tzinfo=UTC))
    assert json.loads(json.dumps(found))["plan"]["rounds"] == Plan().rounds


def test_a_turn_is_taken_apart_into_steps_that_add_up(tmp_path: Path) -> None:
    (tmp_path / "app").write_text("receive 0.002\nask 0.010\nshow 0.001\nshow 0.003\nend 0.003\n")
    (tmp_path / "dialogue").write_text("read 0.001\nclassify 0.004\npredict 0.001\npredict 0.001\nturn 0.008\n")
    steps = take_apart([Said(0.020, right=True, accepted=0.004)], read_notes(tmp_path))
    whole, parts = steps[0].milliseconds, [step.milliseconds for step in steps[1:] if not step.inside]
    assert whole == pytest.approx(sum(parts)) == pytest.approx(20.0)
    ask = next(step.milliseconds for step in steps if step.name == "dialogue")
    assert ask == pytest.approx(sum(step.milliseconds for step in steps if step.inside)) == pytest.approx(10.0)


def test_the_steps_that_are_timed_are_where_the_bench_looks_for_them(tmp_path: Path) -> None:
    (tmp_path / "app").touch()
    watch = f"from pathlib import Path; from launch.bench.trace import watch_app; watch_app(Path({str(tmp_path)!r}))"
    assert subprocess.run([sys.executable, "-c", watch], cwd=PROJECT, check=False).returncode == 0
