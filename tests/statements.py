"""Each test opens databases of its own; what SQLAlchemy makes of a statement is worked out once for all of them."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import Engine

Maker = Callable[..., Engine]
MADE: list[Engine] = []  # in this test


def sharing(make: Maker) -> Maker:
    """`make`, whose engines of one keyring share the first one's dialect and compiled statements.

    They are kept by engine, and a statement takes longer to work out than a small database takes to answer it.
    """
    first: dict[int, tuple[Any, Engine]] = {}  # the keyring beside it, so that its id stays its own

    def made(where: Any, keyring: Any, **how: Any) -> Engine:
        engine = make(where, keyring, **how)
        known = first.get(id(keyring))
        if known is None or known[1].dialect.server_version_info is None:  # it is known from its first connection on
            first[id(keyring)] = keyring, engine
        else:
            engine.dialect = known[1].dialect
            engine._compiled_cache = known[1]._compiled_cache
        MADE.append(engine)
        return engine

    return made


def close_all() -> None:
    """What a test has opened and not closed: else its connections would be found in the middle of another one."""
    while MADE:
        MADE.pop().dispose()
