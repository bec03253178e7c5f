"""The entity rules as a component of Rasa: writes `entities` beside the intent. Nothing to learn, nothing kept."""

from __future__ import annotations

from typing import Any

from rasa.engine.graph import ExecutionContext, GraphComponent
from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.engine.storage.resource import Resource
from rasa.engine.storage.storage import ModelStorage
from rasa.nlu.extractors.extractor import EntityExtractorMixin
from rasa.shared.nlu.constants import (
    ENTITIES,
    ENTITY_ATTRIBUTE_END,
    ENTITY_ATTRIBUTE_START,
    ENTITY_ATTRIBUTE_TYPE,
    ENTITY_ATTRIBUTE_VALUE,
    EXTRACTOR,
    TEXT,
)
from rasa.shared.nlu.training_data.message import Message

from nlu.components.classifier import PAYLOAD
from nlu.components.entity_rules import EntityRules


@DefaultV1Recipe.register(DefaultV1Recipe.ComponentType.ENTITY_EXTRACTOR, is_trainable=False)
class EntityMarker(GraphComponent, EntityExtractorMixin):
    """Marks what nlu/words/entities*.yml know: references, dates, places and so on. Forms do not read it."""

    def __init__(self, rules: EntityRules) -> None:
        self._rules = rules

    @staticmethod
    def required_packages() -> list[str]:
        """What reading imports."""
        return ["spacy", "yaml"]

    @classmethod
    def create(
        cls,
        config: dict[str, Any],  # noqa: ARG003 - Rasa's signature
        model_storage: ModelStorage,  # noqa: ARG003
        resource: Resource,  # noqa: ARG003
        execution_context: ExecutionContext,  # noqa: ARG003
    ) -> EntityMarker:
        """A component with the rules as they stand in the files."""
        return cls(EntityRules())

    def process(self, messages: list[Message]) -> list[Message]:
        """Write `entities` into each message; a button's payload passes untouched, with what it carries."""
        for message in messages:
            text = message.get(TEXT)
            if text and not PAYLOAD.fullmatch(text):
                found = [
                    {
                        ENTITY_ATTRIBUTE_TYPE: entity.name,
                        ENTITY_ATTRIBUTE_START: entity.start,
                        ENTITY_ATTRIBUTE_END: entity.end,
                        ENTITY_ATTRIBUTE_VALUE: entity.value,
                        EXTRACTOR: type(self).__name__,
                    }
                    for entity in self._rules.find(text)
                ]
                message.set(ENTITIES, message.get(ENTITIES, []) + found, add_to_output=True)
        return messages
