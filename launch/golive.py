"""`make live`, `make back`, `make follow`, `make models`: which model serves, by rules, everywhere at once."""

import json
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from sqlmodel import select

from launch.choice import unfit
from launch.compare import Compared, Group, compare_on
from launch.context import make_context
from launch.fitness import About, CannotLookError, consequences, in_words, look_at, objections
from launch.judged import own_sets
from launch.keys import read_keyring
from launch.live import Live, Pointer, mark_of
from launch.model import NoModelError, find_model, find_named
from launch.rollout import roll_out, show
from launch.serving import all_serving
from launch.settings import PROJECT, RASA_PYTHON, Settings, child_environment
from programme.rules.live import Objection, check_replies
from storage.conversation import Conversation
from storage.keys import write_key

SHOWN = 20  # objections in a row
SQLITE = "sqlite:///"

Say = Callable[[str], None]


class NotLiveError(RuntimeError):
    """The model was not put live. Nothing has changed."""

    def __init__(self, words: str | None = None, **result: Any) -> None:
        super().__init__(words or NotLiveError.__doc__)
        self.result = result  # for whoever reads more than words


def open_live(settings: Settings) -> Live:
    """The pointer, changed in the name of whoever runs this."""
    return Live(settings.models, pwd.getpwuid(os.getuid()).pw_name)


def go_live(settings: Settings, named: str, say: Say) -> dict[str, Any]:
    """Puts a model live if nothing stands against it: which one, what was before it, where both are compared.

    Raises NotLiveError, RolloutError, and what scoring raises.
    """
    live = open_live(settings)
    candidate = find_candidate(settings, named)
    pointer = live.last()
    if pointer is not None and pointer.live == mark_of(candidate):
        return _stay(live, pointer, say)
    now = live.path(pointer.live) if pointer is not None else None
    say(f"Candidate: {candidate.name}\nLive:      {now.name if now else 'no model yet'}")
    say("1 of 3: does it fit this code, and the conversations that are open?")
    against = [in_words(one) for one in _check_fit(settings, candidate, now)]
    say("   " + ("yes" if not against else "no"))
    compared = _compare(settings, now, candidate, say)
    against += compared["verdict"]["against"] if compared else []
    result = {"compared": compared} if compared else {}
    if against:
        _refuse(against, result, say)
    say("3 of 3: making it ready in every process, then changing all of them …")
    if now is None:
        live.begin(candidate, "put live", pinned=True)
    else:
        roll_out(live, mark_of(candidate), settings.live_seconds, "put live", say)
    say(f"Live: {candidate.name}. The way back: make back")
    return {**_told(live), **result}


def _stay(live: Live, pointer: Pointer, say: Say) -> dict[str, Any]:
    """It is live as it is: from now on also when the files change."""
    if not pointer.pinned:
        live.begin(live.path(pointer.live), "put live", pinned=True)
    say(f"{pointer.live.model} is live already, and stays so whatever changes in nlu/ and stories/.")
    return _told(live)


def _compare(settings: Settings, live: Path | None, candidate: Path, say: Say) -> Compared | None:
    """Both on the project's own messages, and what was counted. Raises ScoreFailedError, BadSetError."""
    if live is None or not live.is_file():
        say("2 of 3: there is no live model to compare it with.")
        return None
    files = own_sets(settings)
    say(f"2 of 3: the messages of {', '.join(one.name for one in files)}, by both, beside the phrase list …")
    compared = compare_on(settings, live, candidate, files, briefly=True)
    verdict = compared["verdict"]

    def line(what: str, group: Group, note: str) -> None:
        say(f"   {what:22} {_share(group, group['live'])} -> {_share(group, group['candidate'])}   {note}")

    line("danger noticed", verdict["dangers"], "none may be lost")
    line("consequences right", verdict["consequences"], "none may be lost")
    line("all else right", verdict["elsewhere"], f"{verdict['margin']:g} points may be lost")
    return compared


def _share(group: Group, right: int) -> str:
    return f"{right} of {group['of']} ({100 * right / group['of'] if group['of'] else 100:.1f}%)"


def _refuse(against: list[str], result: Mapping[str, Any], say: Say) -> None:
    """Raises NotLiveError, having said what stands in the way."""
    say(f"Not put live. {len(against)} {'thing stands' if len(against) == 1 else 'things stand'} against it:")
    for one in against[:SHOWN]:
        say(f" - {one}")
    if len(against) > SHOWN:
        say(f"   … and {len(against) - SHOWN} more: the page shows each message")
    raise NotLiveError(against=against, **result)


def _told(live: Live) -> dict[str, Any]:
    pointer = live.read()
    before = pointer.previous.model if pointer and pointer.previous else None
    return {"live": pointer.live.model if pointer else None, "previous": before}


def go_back(settings: Settings, say: Say) -> dict[str, Any]:
    """Puts the model live again that was before this one. Raises NotLiveError, RolloutError, NothingBeforeError."""
    live = open_live(settings)
    mark = live.before()
    if why := unfit(live, mark):
        raise NotLiveError(f"The model before it, {mark.model}, cannot be used: {why}")
    if found := _check_stored(settings, live.path(mark)):
        raise NotLiveError("\n".join(f"The model before it, {mark.model}: {in_words(one)}" for one in found))
    began = time.monotonic()
    say("1 of 1: making it ready in every process, then changing all of them …")
    roll_out(live, mark, settings.live_seconds, "gone back", say)
    say(f"Live again: {mark.model}, after {time.monotonic() - began:.0f} s. Back once more undoes this: make back")
    return _told(live)


def follow(settings: Settings, say: Say) -> dict[str, Any]:
    """From the next start on the model of the files is live."""
    live = open_live(settings)
    live.let_follow()
    say("From the next start on sample data, the model of the files in nlu/ and stories/ is live.")
    return _told(live)


def list_models(settings: Settings, say: Say) -> dict[str, Any]:
    """The models there are, which one is live, and what every process that runs serves with."""
    live = open_live(settings)
    models = sorted(settings.models.glob("*.tar.gz"), key=lambda one: one.stat().st_mtime, reverse=True)
    told = [_about(model, about, live.last(), find_model(settings.models)) for model, about in _looked_at(models)]
    if not models:
        say("There is no model yet: make train")
    for one in told:
        say(f"{one['model']}  trained {one['trained_at'][:16].replace('T', ' ') or '?':16}  {'; '.join(one['notes'])}")
    serving = all_serving(settings.models)
    for process in serving:
        say(show(process))
    return {"models": told, "processes": [one.model_dump(mode="json") for one in serving]}


def _looked_at(models: list[Path]) -> list[tuple[Path, About]]:
    return list(zip(models, look_at(models), strict=True)) if models else []


def _about(model: Path, about: About, pointer: Pointer | None, newest: Path | None) -> dict[str, Any]:
    """What is told of a model. `trained_at`: UTC, empty where it cannot be used."""
    is_live = pointer is not None and model.name == pointer.live.model
    is_before = pointer is not None and pointer.previous is not None and model.name == pointer.previous.model
    notes = {
        "before it": is_before,
        "LIVE" if pointer and pointer.pinned else "LIVE (follows the files)": is_live,
        "of the files as they are": model == newest,
        about.why: bool(about.why),
    }
    told = {"live": is_live, "previous": is_before, "of_the_files": model == newest, "unusable": about.why}
    return {"model": model.name, "trained_at": about.trained_at, **told, "notes": [one for one in notes if notes[one]]}


def find_candidate(settings: Settings, named: str) -> Path:
    """A model by its name or the beginning of it, or a file from elsewhere, which is taken in. Raises NotLiveError."""
    if not named:
        if (model := find_model(settings.models)) is None:
            raise NotLiveError("The files in nlu/ and stories/ have changed since the last training: make train")
        return model
    try:
        found = find_named(settings.models, named)
    except NoModelError as error:
        raise NotLiveError(str(error)) from None
    return found if found.parent == settings.models else _take_in(settings.models, found)


def _take_in(models: Path, file: Path) -> Path:
    """A copy among the models, under a name that says what is in it."""
    models.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = models / f"{mark_of(file).sha256[:16]}.tar.gz"
    if not kept.exists():
        new = kept.with_suffix(".new")
        shutil.copyfile(file, new)
        new.replace(kept)
    return kept


def _check_fit(settings: Settings, candidate: Path, live: Path | None) -> list[Objection]:
    """Raises NotLiveError where the candidate cannot be used at all."""
    try:
        about, *others = look_at([candidate, *([live] if live and live.is_file() else [])])
    except CannotLookError as error:
        raise NotLiveError(str(error)) from None
    if about.why:
        raise NotLiveError(f"{candidate.name} cannot be used: {about.why}")
    found = objections(about, stored_names(settings))
    if others and not others[0].why:
        found += check_replies(others[0].domain, about.domain, consequences())
    return found


def _check_stored(settings: Settings, model: Path) -> list[Objection]:
    (about,) = look_at([model])
    return objections(about, stored_names(settings))


def stored_names(settings: Settings) -> dict[str, list[str]]:
    """Names that stored conversations hold, by kind. Raises NotLiveError where they cannot be read."""
    for url in (settings.database_url, settings.tracker_url):
        if url.startswith(SQLITE) and not Path(url.removeprefix(SQLITE)).exists():
            return {}  # nobody has talked to it yet
    ctx = make_context(settings)
    try:
        with ctx.database.reading() as session:
            conversations = list(session.exec(select(Conversation.id)))
    finally:
        ctx.database.close()
    keys = read_keyring(settings).derive("tracker")
    done = subprocess.run(  # noqa: S603  # our own Python
        [str(RASA_PYTHON), "-m", "nlu.in_use"],
        cwd=PROJECT,
        env=child_environment(TRACKER_URL=settings.tracker_url, TRACKER_KEYS=",".join(map(write_key, keys))),
        input="\n".join(conversations),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if done.returncode:
        raise NotLiveError("The stored conversations cannot be read; why stands above.")
    names: dict[str, list[str]] = json.loads(done.stdout)
    return names
