"""Which model a start begins with: the one that somebody has put live, else that of the files as they are."""

from collections.abc import Callable
from pathlib import Path

from launch.fitness import in_words, look_at, objections
from launch.live import Live, Mark, Pointer, mark_of
from launch.model import find_model, make_model
from launch.serving import all_serving
from launch.settings import Settings

Say = Callable[[str], None]


def choose_model(settings: Settings, live: Live, say: Say, is_sample: bool) -> Mark:
    """The model to start with, which the pointer then names too. Raises TrainingFailedError.

    A model that somebody put live stays, whatever has changed in nlu/ since; so does the live one of a real programme,
    and of one that another start serves with. It must be there, whole, trained by this code, and fit it: else that is
    said, and the one before it is taken, or that of the files. On sample data, and where nothing was live yet, the
    files lead.
    """
    before = _read(live, say)
    if before is not None and (before.pinned or not is_sample or all_serving(settings.models)):
        for mark in (before.live, before.previous):
            if mark is None:
                continue
            if not (why := unfit(live, mark)):
                return _keep(live, before, mark, settings, say)
            say(f"The model {mark.model} cannot be used: {why}")
    if find_model(settings.models) is None:
        say("4 of 4: training the model of what it understands, about a minute …")
    model = make_model(settings.models)
    if before is not None and before.pinned:
        say(f"Live is now the model of the files as they are: {model.name}")
    return live.begin(model, "the model of the files as they were at the start").live


def _read(live: Live, say: Say) -> Pointer | None:
    """The pointer; where it is damaged or gone, as it was when it was last changed."""
    pointer = live.last()
    if pointer is not None and not live.is_whole():
        say("The file that says which model is live was damaged or gone. What was written of it last counts.")
    return pointer


def _keep(live: Live, before: Pointer, mark: Mark, settings: Settings, say: Say) -> Mark:
    if mark != before.live:
        say(f"The model before it is live again: {mark.model}")
    if live.is_whole() and mark == before.live:
        pointer = before
    else:
        pointer = live.begin(live.path(mark), "the live one could not be used at the start", before.pinned)
    newest = find_model(settings.models)
    if newest is None or newest.name != mark.model:
        say(f"Live is {mark.model}. The files in nlu/ or stories/ are not those that it was trained from:")
        say("make train, make compare and make live put theirs live; make follow lets every start do so.")
    return pointer.live


def unfit(live: Live, mark: Mark) -> str:
    """Why a model that was live cannot be used now, in words; empty where it can."""
    path: Path = live.path(mark)
    if not path.is_file():
        return "its file is gone."
    if mark_of(path) != mark:
        return "its file is damaged: it is not what went live."
    (about,) = look_at([path])
    if about.why:
        return about.why
    found = objections(about)
    return "; ".join(map(in_words, found)) + "." if found else ""
