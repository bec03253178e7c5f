"""Runs a trained model's graph of components, one after the other.

Rasa runs it by dask, which works out the order anew for every message and is built for clusters. A server answers with
the same few nodes each time: their order is worked out once.
"""

from __future__ import annotations

from typing import Any

from rasa.engine.exceptions import GraphRunError
from rasa.engine.graph import ExecutionContext, GraphNode, GraphNodeHook, GraphSchema
from rasa.engine.runner.interface import GraphRunner
from rasa.engine.storage.storage import ModelStorage


class PlainRunner(GraphRunner):
    """Same nodes, same inputs and same results as Rasa's `DaskGraphRunner`."""

    def __init__(
        self,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: list[GraphNodeHook] | None = None,
    ) -> None:
        self._schema = graph_schema
        self._nodes = {
            name: GraphNode.from_schema_node(name, node, model_storage, execution_context, hooks)
            for name, node in graph_schema.nodes.items()
        }
        self._orders: dict[tuple[str, ...], list[tuple[str, list[str]]]] = {}

    @classmethod
    def create(
        cls,
        graph_schema: GraphSchema,
        model_storage: ModelStorage,
        execution_context: ExecutionContext,
        hooks: list[GraphNodeHook] | None = None,
    ) -> PlainRunner:
        return cls(graph_schema, model_storage, execution_context, hooks)

    def run(self, inputs: dict[str, Any] | None = None, targets: list[str] | None = None) -> dict[str, Any]:
        """What each target node gives, by its name. Raises `GraphRunError` and what components raise."""
        wanted = tuple(targets or self._schema.target_names)
        if wanted not in self._orders:
            self._orders[wanted] = self._order(wanted)
        results: dict[str, Any] = {name: (name, value) for name, value in (inputs or {}).items()}
        for name, parents in self._orders[wanted]:
            results[name] = self._nodes[name](*(results.get(parent, parent) for parent in parents))
        return {name: results[name][1] for name in wanted}

    def _order(self, targets: tuple[str, ...]) -> list[tuple[str, list[str]]]:
        """The nodes that these targets need, each after those that it needs itself, with their parents' names."""
        order: dict[str, list[str]] = {}
        on_the_way: set[str] = set()

        def visit(name: str) -> None:
            if name in order or name not in self._schema.nodes:  # what is no node is an input
                return
            if name in on_the_way:
                raise GraphRunError(f"The node {name} needs itself.")
            on_the_way.add(name)
            parents = list(self._schema.nodes[name].needs.values())
            for parent in parents:
                visit(parent)
            order[name] = parents

        for target in targets:
            visit(target)
        return list(order.items())
