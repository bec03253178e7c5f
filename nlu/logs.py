"""What the Rasa server writes to its log: kinds of events and places in the code, never words.

Rasa, its components and Sanic put messages, slots and whole requests into what they log. So of a record that is not
our own only its logger, its place and the kind of its error are written.
"""

from __future__ import annotations

import json
import logging
import sys
import warnings
from datetime import UTC, datetime

OURS = "nlu"


class Discreet(logging.Formatter):
    """One line of JSON a record. The message itself is written only where our own code wrote it."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "place": f"{record.filename}:{record.lineno}",
        }
        if record.name == OURS or record.name.startswith(OURS + "."):
            line["event"] = record.getMessage()
        if record.exc_info and record.exc_info[0]:
            line["error"] = record.exc_info[0].__name__
        return json.dumps(line)


def be_discreet() -> None:
    """Send everything that is logged in this process through `Discreet`, and warnings nowhere."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Discreet())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger(OURS).setLevel(logging.INFO)
    for name in list(logging.root.manager.loggerDict):
        logging.getLogger(name).handlers = []
    warnings.showwarning = _nothing  # filters would not do: Sanic sets its own


def silence_structlog() -> None:
    """Rasa's newer log lines carry parsed messages as fields: keep none of them."""
    import structlog

    structlog.configure(
        processors=[_drop],
        wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL),
        cache_logger_on_first_use=True,
    )


def _drop(*_: object) -> str:
    import structlog

    raise structlog.DropEvent


def _nothing(*_: object, **__: object) -> None:
    """A warning that nobody sees."""
