"""Checks the language data of the project in this folder: what to put right, and what to think about.

python -m nlu.language --cache var/language
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from nlu.language.coverage import check_coverage
from nlu.language.doubles import check_doubles, check_likeness
from nlu.language.finding import Finding, read_words, tell
from nlu.language.labels import check_labels
from nlu.language.personal import check_personal
from nlu.language.project import Project
from nlu.language.style import check_style
from nlu.language.vectors import read_vectors
from nlu.sources import Sources, inspect


def check(project: Project, cache: Path, trainings: Path | None = None) -> Iterator[Finding]:
    """Everything that can be said of it. `cache`, `trainings`: see read_vectors."""
    yield from project.findings
    yield from check_accepted()
    yield from check_coverage(project)
    yield from check_doubles(project.training, project.tests)
    yield from check_personal(project)
    vectors = read_vectors([one.text for one in (*project.training, *project.tests)], cache, trainings)
    yield from check_likeness(project.training, project.tests, vectors)
    yield from check_labels(project.training, vectors[: len(project.training)], cache)
    yield from check_style(project)


def check_accepted() -> Iterator[Finding]:
    """What Rasa refuses, or warns about and `ALLOWED` in nlu/sources.py does not name, in the files of this folder."""
    for complaint in inspect(Sources()):
        yield Finding("", 0, "refused", {"error": complaint})


def main(arguments: list[str]) -> None:
    """The command line: 0 where nothing is to be put right, else 1."""
    parser = argparse.ArgumentParser(prog="python -m nlu.language", description="Check the language data.")
    parser.add_argument("--cache", type=Path, required=True, help="a folder for what takes long to work out")
    parser.add_argument("--vectors", type=Path, help="the file where a training leaves its vectors for the next")
    parser.add_argument("--all", action="store_true", help="show every warning")
    given = parser.parse_args(arguments)
    project = Project.read(Path.cwd())
    lines, errors, warnings = tell(check(project, given.cache, given.vectors), given.all)
    words = read_words()["summary"]
    counts = {"examples": len(project.training), "tests": len(project.tests), "intents": len(project.guide)}
    print("\n".join(lines))
    print(words["counted"].format(**counts))
    print(words["failed" if errors else "passed"].format(errors=errors, warnings=warnings), flush=True)
    raise SystemExit(1 if errors else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
