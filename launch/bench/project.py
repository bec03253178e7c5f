"""Stock Rasa's project: its makers' default configuration on our training data, our answers as plain responses.

What is compared is Rasa as `rasa init` leaves it with what this assistant knows. So where we would have to choose, the
choice helps stock: its answers are finished texts (ours are rendered from settings), its actions speak one fixed
sentence (ours read the database), it keeps what people write in the clear.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from launch.bench.messages import single_rules
from launch.settings import PROJECT, child_environment
from programme.answers import Answers, BadAnswerFileError, Fact, MissingValueError, Situation, UnknownAnswerError

STOCK = PROJECT / ".venv-stock"
DEFAULTS = STOCK / "lib/python3.11/site-packages/rasa/engine/recipes/config_files/default_config.yml"
SOURCES = ("nlu/examples", "stories")
TESTS = "test_*"  # test stories: nobody learns from these
ACTIONS = '''"""Stock actions, served by stock rasa-sdk: each says one fixed sentence."""

from rasa_sdk import Action


def _speak(name):
    def run(self, dispatcher, tracker, domain):
        dispatcher.utter_message(text="This is what " + name + " says.")
        return []

    return type(name, (Action,), {{"name": lambda self: name, "run": run}})


for _name in {names!r}:
    globals()[_name] = _speak(_name)
'''


def write_project(homes: Path, epochs: int, project: Path = PROJECT, shipped: Path = DEFAULTS) -> Path:
    """The stock project of these files in a folder of `homes` that is named by their hash; written where it is new.

    `epochs`: of each trainable part, 100 as shipped. The words of our answers are not in the hash: nothing is learnt
    from them, and a reworded answer should not cost a training of a quarter of an hour.
    """
    config, domain = make_config(yaml.safe_load(shipped.read_text()), epochs), make_domain(project)
    digest = hashlib.sha256((project / "nlu" / "requirements-stock.lock").read_bytes())
    digest.update(json.dumps([config, {**domain, "responses": sorted(domain["responses"])}], default=str).encode())
    learnt = (path for source in SOURCES for path in (project / source).rglob("*.yml") if not path.match(TESTS))
    for file in sorted(learnt):
        digest.update(f"{file.relative_to(project)}\0".encode() + file.read_bytes())
    home = homes / digest.hexdigest()[:16]
    if not (home / "whole").exists():
        shutil.rmtree(home, ignore_errors=True)
        for source in SOURCES:
            shutil.copytree(project / source, home / "data" / source, ignore=shutil.ignore_patterns(TESTS))
        _write(home / "config.yml", config)
        _write(home / "domain.yml", domain)
        (home / "actions.py").write_text(ACTIONS.format(names=domain["actions"]))
        (home / "whole").touch()
    return home


def make_config(shipped: Mapping[str, Any], epochs: int) -> dict[str, Any]:
    """The configuration that Rasa fills in by itself where a project says nothing, with this many epochs."""
    config = {**shipped, "assistant_id": "stock"}
    for part in ("pipeline", "policies"):
        config[part] = [{**one, "epochs": epochs} if "epochs" in one else dict(one) for one in shipped[part]]
    return config


def make_domain(project: Path) -> dict[str, Any]:
    """Our domain with every answer as one finished text; sessions as Rasa's default has them."""
    domain = yaml.safe_load((project / "nlu" / "domain.yml").read_text())
    domain["session_config"] = {"session_expiration_time": 60, "carry_over_slots_to_new_session": True}
    used = {done for done in single_rules(project / "stories").values() if done.startswith("utter_")}
    texts = plain_answers(project)
    domain["responses"] = {name: [texts.get(name, {"text": name})] for name in sorted(used | texts.keys())}
    return dict(domain)


def plain_answers(project: Path) -> dict[str, dict[str, Any]]:
    """Every answer as the sample programme's web chat gives it, with its buttons; what needs values stays out."""
    answers = Answers.load(project / "nlu" / "answers")
    settings = yaml.safe_load((project / "programme" / "sample.yml").read_text())["settings"]
    today = date.min  # whatever its review date
    facts = {
        key: Fact(value if isinstance(value, str) else json.dumps(value), today) for key, value in settings.items()
    }
    found: dict[str, dict[str, Any]] = {}
    for name in answers.names():
        if not name.startswith("utter_"):
            continue
        try:
            said = answers.render(name, {}, Situation(), facts, today)
        except (MissingValueError, UnknownAnswerError, BadAnswerFileError):
            continue
        buttons = [{"title": button.title, "payload": f"/{button.intent}"} for button in said.buttons]
        found[name] = {"text": said.text.replace("{", "(").replace("}", ")")} | (
            {"buttons": buttons} if buttons else {}
        )
    return found


def write_endpoints(folder: Path, database: Path, actions_port: int) -> None:
    """Where a stock server keeps its conversations (Rasa's SQL store on SQLite), its actions, the bare REST channel."""
    database.unlink(missing_ok=True)
    _write(
        folder / "endpoints.yml",
        {
            "tracker_store": {"type": "SQL", "dialect": "sqlite", "db": str(database)},
            "action_endpoint": {"url": f"http://127.0.0.1:{actions_port}/webhook"},
        },
    )
    _write(folder / "credentials.yml", {"rest": None})


def stock_environment() -> dict[str, str]:
    """Stock Rasa tells nobody about its use here, and says less; nothing else is changed."""
    return child_environment(RASA_TELEMETRY_ENABLED="false", SQLALCHEMY_SILENCE_UBER_WARNING="1")


def _write(path: Path, content: Mapping[str, Any]) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000), encoding="utf-8")
