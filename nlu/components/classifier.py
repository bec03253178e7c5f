"""The understanding as a component of Rasa: trains, is stored, and writes `intent` and `intent_ranking`."""

from __future__ import annotations

import dataclasses
import os
import re
from pathlib import Path
from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.classifiers.classifier import IntentClassifier
from rasa.shared.constants import DEFAULT_NLU_FALLBACK_INTENT_NAME
from rasa.shared.nlu.constants import INTENT, INTENT_NAME_KEY, INTENT_RANKING_KEY, PREDICTED_CONFIDENCE_KEY, TEXT
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from nlu.components.clauses import Understood, understand
from nlu.components.model import IntentModel, Settings
from nlu.components.store import fingerprint, load, save
from nlu.components.training import load_encoder, train

# What Rasa's own handler takes for a button after us; we leave it alone.
PAYLOAD = re.compile(r"\s*/\w+(@\d+(\.\d+)?)?\s*(\{.*\})?\s*", re.DOTALL)
RANKED = 10
KEEP_VECTORS = "KEEP_VECTORS"  # in the environment: the file where a training leaves its sentence vectors for the next
QUESTIONS = "questions"  # what is asked in a message of several clauses: [{"name", "confidence"}, …]
TOLD = "told"  # what is told in it beside its intent and must be hidden: names of intents


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.INTENT_CLASSIFIER, is_trainable=True)
class UnderstandingClassifier(GraphComponent, IntentClassifier):
    """Takes a message's text for one of the intents, or for `nlu_fallback` where it is not sure enough."""

    def __init__(
        self, settings: Settings, storage: ModelStorage, resource: Resource, model: IntentModel | None
    ) -> None:
        self._settings, self._storage, self._resource, self._model = settings, storage, resource, model

    @staticmethod
    def get_default_config() -> dict[str, Any]:
        """The settings of `nlu.components.model.Settings`."""
        return {**dataclasses.asdict(Settings()), "danger": []}

    @staticmethod
    def required_packages() -> list[str]:
        """What training and reading import."""
        return ["numpy", "scipy", "onnxruntime", "tokenizers", "rapidfuzz"]

    @classmethod
    def fingerprint_addon(cls, config: dict[str, Any]) -> str | None:  # noqa: ARG003 - Rasa's signature
        """Rasa's cache sees this class alone; a change in what it stands on must train anew as well."""
        return fingerprint()

    @classmethod
    def create(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,  # noqa: ARG003
    ) -> UnderstandingClassifier:
        """A component that knows nothing yet."""
        return cls(_settings(config), model_storage, resource, None)

    @classmethod
    def load(
        cls,
        config: dict[str, Any],
        model_storage: ModelStorage,
        resource: Resource,
        execution_context: ExecutionContext,  # noqa: ARG003
        **kwargs: Any,  # noqa: ARG003
    ) -> UnderstandingClassifier:
        """The trained component. Raises ModelOutdatedError, WeightsMissingError or WeightsChangedError."""
        with model_storage.read_from(resource) as folder:
            return cls(_settings(config), model_storage, resource, load(folder))

    def train(self, training_data: TrainingData) -> Resource:
        """Learn from the examples that have text and an intent, and store what was learnt."""
        examples = [
            (m.get(TEXT), m.get(INTENT)) for m in training_data.intent_examples if m.get(TEXT) and m.get(INTENT)
        ]
        kept = os.environ.get(KEEP_VECTORS)
        encoder = load_encoder(Path(kept) if kept else None)
        self._model = train(examples, self._settings, encoder)
        if encoder:
            encoder.keep()
        with self._storage.write_to(self._resource) as folder:
            save(self._model, folder)
        return self._resource

    def process(self, messages: list[Message]) -> list[Message]:
        """Write `intent`, `intent_ranking`, `questions` and `told`; a button's payload passes untouched."""
        for message in messages:
            text = message.get(TEXT)
            if self._model and text and not PAYLOAD.fullmatch(text):
                _write(message, understand(text, self._model.read, frozenset(self._settings.danger)))
        return messages


def _settings(config: dict[str, Any]) -> Settings:
    known = {field.name for field in dataclasses.fields(Settings)}
    given = {key: value for key, value in config.items() if key in known}
    return Settings(**{**given, "danger": tuple(given.get("danger", ()))})


def _write(message: Message, understood: Understood) -> None:
    reading = understood.reading
    ranking = [{INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: chance} for name, chance in reading.ranking[:RANKED]]
    if not reading.sure:
        best = ranking[0][PREDICTED_CONFIDENCE_KEY] if ranking else 0.0
        ranking.insert(0, {INTENT_NAME_KEY: DEFAULT_NLU_FALLBACK_INTENT_NAME, PREDICTED_CONFIDENCE_KEY: 1.0 - best})
    message.set(INTENT, dict(ranking[0]), add_to_output=True)
    message.set(INTENT_RANKING_KEY, ranking, add_to_output=True)
    asked = [{INTENT_NAME_KEY: name, PREDICTED_CONFIDENCE_KEY: chance} for name, chance in understood.questions]
    message.set(QUESTIONS, asked, add_to_output=True)
    message.set(TOLD, understood.told, add_to_output=True)
