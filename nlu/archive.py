"""What a trained model says of itself, read from its file without loading it.

    python -m nlu.archive FILE…        JSON: for each file {"why", "trained_at", "contents"}

`why` is null where this code can load the model, else the words that say why not. `contents` are the names in it:
{"intents", "slots", "forms", "actions", "answers", "said": [name, …], "replies": {intent: action}}. `said` is what its
rules do; `replies` is what each intent is answered with first. Rasa itself is not needed, so this takes no time.
"""

from __future__ import annotations

import gzip
import json
import sys
import tarfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from nlu.components.store import REST, ModelOutdatedError, fingerprint

METADATA, RULES = "metadata.json", "rule_policy.json"
PIECE = 1 << 20
LARGEST = 200_000_000  # bytes of one file in it: ours are a tenth of that
DAMAGED = (tarfile.TarError, zlib.error, EOFError, OSError, ValueError, KeyError, TypeError, AttributeError, IndexError)


class NotAModelError(Exception):
    """The file is missing or damaged, or is no model of ours."""


def read_archive(path: Path) -> dict[str, Any]:
    """When it was trained, and the names in it. Raises NotAModelError, ModelOutdatedError."""
    try:
        files = _files(path, {METADATA, RULES, REST})
        metadata = json.loads(files[METADATA])
        about = {"trained_at": metadata["trained_at"], "contents": _contents(metadata["domain"], files.get(RULES))}
        trained_by = json.loads(files[REST])["fingerprint"]
    except DAMAGED as error:
        raise NotAModelError(f"{NotAModelError.__doc__} ({type(error).__name__})") from None
    if trained_by != fingerprint():
        raise ModelOutdatedError(f"{ModelOutdatedError.__doc__} ({trained_by[:12]}, not {fingerprint()[:12]})")
    return about


def _files(path: Path, wanted: set[str]) -> dict[str, bytes]:
    """The content of the files of these names, each read to its end, as is the archive: a torn one is found so."""
    found: dict[str, bytes] = {}
    with gzip.open(path) as whole, tarfile.open(fileobj=whole, mode="r|") as archive:
        for member in archive:
            if member.isfile() and Path(member.name).name in wanted and member.size < LARGEST:
                content = archive.extractfile(member)
                found[Path(member.name).name] = content.read() if content else b""
        while whole.read(PIECE):  # to its checksum
            pass
    return found


def _contents(domain: dict[str, Any], rules: bytes | None) -> dict[str, Any]:
    steps = json.loads(rules or b"{}").get("lookup", {})
    lookup = {**steps.get("rules", {}), **steps.get("rules_for_loop_unhappy_path", {})}
    return {
        "intents": _names(domain.get("intents")),
        "slots": _names(domain.get("slots")),
        "forms": _names(domain.get("forms")),
        "actions": _names(domain.get("actions")),
        "answers": _names(domain.get("responses")),
        "said": sorted({action for action in lookup.values() if isinstance(action, str)}),
        "replies": _replies(steps.get("rules", {})),
    }


def _names(given: Any) -> list[str]:
    """A list of names, or of {name: how}, or a dictionary of them."""
    return sorted(one if isinstance(one, str) else next(iter(one)) for one in given or ())


def _replies(rules: dict[str, str]) -> dict[str, str]:
    """What is done first after each intent, by the rules of one step."""
    states = ((json.loads(key), action) for key, action in rules.items())
    first = ((steps[0], action) for steps, action in states if len(steps) == 1)
    return {step["user"]["intent"]: action for step, action in first if "intent" in step.get("user", {})}


def describe(paths: Iterable[str], read: Callable[[Path], dict[str, Any]] = read_archive) -> dict[str, Any]:
    """What the command prints: a file that cannot be used has its reason."""
    told: dict[str, Any] = {}
    for path in paths:
        try:
            told[path] = {"why": None, **read(Path(path))}
        except (NotAModelError, ModelOutdatedError) as error:
            told[path] = {"why": str(error), "trained_at": None, "contents": None}
    return told


if __name__ == "__main__":
    print(json.dumps(describe(sys.argv[1:])))
