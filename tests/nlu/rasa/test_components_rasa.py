"""The understanding inside Rasa: trained, packed, loaded and asked by Rasa's own engine."""

import json
import shutil
from pathlib import Path

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.nlu.classifiers.regex_message_handler import RegexMessageHandler
from rasa.shared.core.domain import Domain
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.classifier import KEEP_VECTORS, UnderstandingClassifier
from nlu.components.gate import Gate
from nlu.components.store import REST, ModelOutdatedError, fingerprint
from nlu.measure import configured, read_examples
from tests.nlu.rasa.conftest import LEFT_BY_TRAINING

PROJECT = Path(__file__).resolve().parents[3]
TAUGHT = ("ask_cost", "ask_location", "request_human", "cancel_booking", "out_of_scope")
CONTEXT = ExecutionContext(GraphSchema({}))
RESOURCE = Resource("understanding")


@pytest.fixture(scope="module")
def storage(tmp_path_factory):
    storage = LocalModelStorage.create(tmp_path_factory.mktemp("model"))
    vectors = tmp_path_factory.mktemp("vectors") / "kept.npz"  # a copy: what a training does not use, it drops
    if LEFT_BY_TRAINING.exists():
        shutil.copy(LEFT_BY_TRAINING, vectors)
    rows = [row for row in read_examples(PROJECT / "nlu" / "examples") if row[1] in TAUGHT]
    data = TrainingData([Message.build(text, intent) for text, intent in rows])
    component = UnderstandingClassifier.create(UnderstandingClassifier.get_default_config(), storage, RESOURCE, CONTEXT)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(KEEP_VECTORS, str(vectors))
        assert component.train(training_data=data) == RESOURCE
    return storage


@pytest.fixture(scope="module")
def component(storage):
    return UnderstandingClassifier.load(UnderstandingClassifier.get_default_config(), storage, RESOURCE, CONTEXT)


def ask(component, text):
    (message,) = component.process([Message({"text": text})])
    return message


def test_an_intent_and_its_ranking_are_written(component):
    message = ask(component, "how much does it cost")
    ranking = message.get("intent_ranking")
    assert message.get("intent") == ranking[0]
    assert ranking[0]["name"] == "ask_cost"
    assert [entry["confidence"] for entry in ranking] == sorted((e["confidence"] for e in ranking), reverse=True)
    assert {"intent", "intent_ranking"} <= message.output_properties
    json.dumps(ranking)  # plain numbers, which the channel can send


def test_a_closed_gate_puts_the_fallback_first_and_keeps_the_ranking(component, monkeypatch):
    open_ranking = ask(component, "how much does it cost").get("intent_ranking")
    monkeypatch.setattr(component._model, "gate", Gate(component._model.names, least=99.0))
    message = ask(component, "how much does it cost")
    fallback, *ranking = message.get("intent_ranking")
    assert message.get("intent") == fallback
    assert fallback["name"] == "nlu_fallback"
    assert ranking == open_ranking


def test_a_message_without_a_word_is_a_fallback(component):
    assert ask(component, "!…").get("intent") == {"name": "nlu_fallback", "confidence": 1.0}


@pytest.mark.parametrize(
    "payload", ["/choose_session", '/choose_session{"offer": "a1"}', "/affirm@0.9", ' /affirm{"a":"b"} ']
)
def test_a_buttons_payload_passes_to_rasas_own_handler(component, payload):
    message = ask(component, payload)
    assert message.get("intent") is None
    domain = Domain.from_dict({"intents": ["choose_session", "affirm"], "entities": ["offer", "a"]})
    handler = RegexMessageHandler.create({}, None, RESOURCE, CONTEXT)
    (read,) = handler.process([message], domain)
    assert read.get("intent")["name"] in ("choose_session", "affirm")
    assert read.get("intent_ranking")[0]["name"] == read.get("intent")["name"]


def test_a_slash_in_a_sentence_is_a_message_like_any_other(component):
    assert ask(component, "/ how much does it cost").get("intent")["name"] == "ask_cost"


def test_another_codes_model_is_refused_with_what_to_do(storage):
    with storage.write_to(RESOURCE) as folder:
        kept = (folder / REST).read_text()
        (folder / REST).write_text(kept.replace(fingerprint(), "0" * 64))
    try:
        with pytest.raises(ModelOutdatedError, match="train it again"):
            UnderstandingClassifier.load({}, storage, RESOURCE, CONTEXT)
    finally:
        with storage.write_to(RESOURCE) as folder:
            (folder / REST).write_text(kept)


def test_rasas_cache_sees_what_the_component_stands_on():
    assert UnderstandingClassifier.fingerprint_addon({}) == fingerprint()


def test_the_configuration_names_only_intents_and_settings_that_exist():
    import yaml

    config = yaml.safe_load((PROJECT / "nlu" / "config.yml").read_text(encoding="utf-8"))["pipeline"][0]
    assert set(config) - {"name"} <= set(UnderstandingClassifier.get_default_config())
    guide = yaml.safe_load((PROJECT / "nlu" / "intents.yml").read_text(encoding="utf-8"))
    assert set(configured().danger) == set(list(guide["support"])[:5])
