"""What a command tells a program: with `--json` every line on standard output is a JSON object, whoever wrote it.

    {"kind": "step", "at": 2, "of": 3, "within": false, "text": "…"}    a line of words that began with "2 of 3: "
    {"kind": "line", "text": "…"}     any other line, its children's and standard error's included
    {"kind": "done", "result": {…}}                     the last line, with exit code 0
    {"kind": "failed", "code": 1, "text": "…", "result": {…}}    the last line where it went wrong, with that exit code

`within`: a step of the step before it that is not; its line was indented.
Who sees no last line knows that the command was killed. Whoever stops reading does not stop the work.
"""

import json
import os
import re
import sys
import threading
import traceback
from collections.abc import Callable, Mapping
from typing import IO, Any, NoReturn

STEP = re.compile(r"(\s*)(\d+) of (\d+): (.*)")
LAST_SECONDS = 5.0  # for what a child left unread


class Refused(SystemExit):  # it ends the command, in order
    """A command ends with words, exit code 1, and for a program whatever belongs to them."""

    def __init__(self, words: str, result: Mapping[str, Any] | None = None) -> None:
        super().__init__(words)
        self.result = dict(result or {})


def tell_in_json(work: Callable[[], object]) -> NoReturn:
    """Does the work, all that is printed meanwhile as JSON, and exits. What `work` returns is the result."""
    told = os.fdopen(os.dup(1), "w", encoding="utf-8")
    reading, writing = os.pipe()
    for number in (1, 2):
        os.dup2(writing, number)
    os.close(writing)
    sys.stdout.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    relay = threading.Thread(target=_relay, args=(reading, told), daemon=True)
    relay.start()
    last = _end_of(work)
    nothing = os.open(os.devnull, os.O_WRONLY)
    sys.stdout.flush()
    sys.stderr.flush()
    for number in (1, 2):
        os.dup2(nothing, number)  # the pipe's last end of ours: the relay comes to its end
    relay.join(LAST_SECONDS)
    _write(told, last)
    sys.exit(last.get("code", 0))


def as_event(line: str) -> dict[str, Any]:
    """A line of words as a program is told it."""
    if found := STEP.fullmatch(line):
        at, of = int(found[2]), int(found[3])
        return {"kind": "step", "at": at, "of": of, "within": bool(found[1]), "text": found[4]}
    return {"kind": "line", "text": line}


def _end_of(work: Callable[[], object]) -> dict[str, Any]:
    try:
        return {"kind": "done", "result": work() or {}}
    except SystemExit as error:
        if error.code in (None, 0):
            return {"kind": "done", "result": {}}
        code, text = (error.code, "") if isinstance(error.code, int) else (1, str(error.code))
        return {"kind": "failed", "code": code, "text": text, "result": getattr(error, "result", {})}
    except KeyboardInterrupt:
        return {"kind": "failed", "code": 130, "text": "", "result": {}}
    except Exception as error:
        traceback.print_exc()
        return {"kind": "failed", "code": 1, "text": type(error).__name__, "result": {}}


def _relay(reading: int, told: IO[str]) -> None:
    with os.fdopen(reading, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if words := line.rstrip():
                _write(told, as_event(words))


def _write(told: IO[str], event: Mapping[str, Any]) -> None:
    try:
        print(json.dumps(event, ensure_ascii=False), file=told, flush=True)
    except (OSError, ValueError):
        return  # nobody reads any more
