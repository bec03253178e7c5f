"""`make live`, `make back`, `make follow`, `make models`: which model serves, by rules, everywhere at once."""

import json
import os
import pwd
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from sqlmodel import select

from launch.choice import unfit
from launch.context import make_context
from launch.fitness import About, CannotLookError, consequences, in_words, look_at, objections
from launch.judged import read_rows
from launch.keys import read_keyring
from launch.live import Live, Pointer, mark_of
from launch.model import find_model
from launch.rollout import roll_out, show
from launch.serving import all_serving
from launch.settings import PROJECT, RASA_PYTHON, Settings, child_environment
from programme.rules.live import Objection, Share, Verdict, check_replies, judge
from storage.conversation import Conversation
from storage.keys import write_key

TESTS = PROJECT / "tests" / "nlu"
SHOWN = 20  # objections in a row
SQLITE = "sqlite:///"

Say = Callable[[str], None]


class NotLiveError(RuntimeError):
    """The model was not put live. Nothing has changed."""


def open_live(settings: Settings) -> Live:
    """The pointer, changed in the name of whoever runs this."""
    return Live(settings.models, pwd.getpwuid(os.getuid()).pw_name)


def go_live(settings: Settings, named: str, say: Say) -> None:
    """Puts a model live if nothing stands against it. Raises NotLiveError, RolloutError, and what scoring raises."""
    live = open_live(settings)
    candidate = find_candidate(settings, named)
    pointer = live.last()
    if pointer is not None and pointer.live == mark_of(candidate):
        _stay(live, pointer, say)
        return
    now = live.path(pointer.live) if pointer is not None else None
    say(f"Candidate: {candidate.name}\nLive:      {now.name if now else 'no model yet'}")
    say("1 of 3: does it fit this code, and the conversations that are open?")
    found = _check_fit(settings, candidate, now)
    say("   " + ("yes" if not found else "no"))
    if now is None or not now.is_file():
        say("2 of 3: there is no live model to compare it with.")
    else:
        files = sorted(TESTS.glob("*.yml"))
        verdict = compare(now, candidate, files, settings.live_margin, say)
        found += verdict.objections
        _show(verdict, settings.live_margin, say)
    if found:
        say(f"Not put live. {len(found)} {'thing stands' if len(found) == 1 else 'things stand'} against it:")
        for one in found[:SHOWN]:
            say(f" - {in_words(one)}")
        if len(found) > SHOWN:
            say(f"   … and {len(found) - SHOWN} more: make compare shows each message")
        raise NotLiveError(NotLiveError.__doc__)
    say("3 of 3: making it ready in every process, then changing all of them …")
    if now is None:
        live.begin(candidate, "put live", pinned=True)
    else:
        roll_out(live, mark_of(candidate), settings.live_seconds, "put live", say)
    say(f"Live: {candidate.name}. The way back: make back")


def _stay(live: Live, pointer: Pointer, say: Say) -> None:
    """It is live as it is: from now on also when the files change."""
    if not pointer.pinned:
        live.begin(live.path(pointer.live), "put live", pinned=True)
    say(f"{pointer.live.model} is live already, and stays so whatever changes in nlu/ and stories/.")


def go_back(settings: Settings, say: Say) -> None:
    """Puts the model live again that was before this one. Raises NotLiveError, RolloutError, NothingBeforeError."""
    live = open_live(settings)
    mark = live.before()
    if why := unfit(live, mark):
        raise NotLiveError(f"The model before it, {mark.model}, cannot be used: {why}")
    if found := _check_stored(settings, live.path(mark)):
        raise NotLiveError("\n".join(f"The model before it, {mark.model}: {in_words(one)}" for one in found))
    began = time.monotonic()
    roll_out(live, mark, settings.live_seconds, "gone back", say)
    say(f"Live again: {mark.model}, after {time.monotonic() - began:.0f} s. Back once more undoes this: make back")


def follow(settings: Settings, say: Say) -> None:
    """From the next start on the model of the files is live."""
    open_live(settings).let_follow()
    say("From the next start on sample data, the model of the files in nlu/ and stories/ is live.")


def list_models(settings: Settings, say: Say) -> None:
    """The models there are, which one is live, and what every process that runs serves with."""
    live = open_live(settings)
    pointer = live.last()
    models = sorted(settings.models.glob("*.tar.gz"), key=lambda one: one.stat().st_mtime, reverse=True)
    if not models:
        say("There is no model yet: make train")
        return
    newest = find_model(settings.models)
    for model, about in zip(models, look_at(models), strict=True):
        notes = ["of the files as they are"] if model == newest else []
        if pointer is not None and model.name == pointer.live.model:
            notes.insert(0, "LIVE" if pointer.pinned else "LIVE (follows the files)")
        if pointer is not None and pointer.previous and model.name == pointer.previous.model:
            notes.insert(0, "before it")
        if about.why:
            notes.append(about.why)
        say(f"{model.name}  trained {about.trained_at[:16].replace('T', ' ') or '?':16}  {'; '.join(notes)}")
    for one in all_serving(settings.models):
        say(show(one))


def find_candidate(settings: Settings, named: str) -> Path:
    """A model by its name or the beginning of it, or a file from elsewhere, which is taken in. Raises NotLiveError."""
    if not named:
        if (model := find_model(settings.models)) is None:
            raise NotLiveError("The files in nlu/ and stories/ have changed since the last training: make train")
        return model
    ours = sorted(settings.models.glob("*.tar.gz"))
    if fitting := [one for one in ours if one.name in (named, f"{named}.tar.gz") or one == Path(named).absolute()]:
        return fitting[0]
    if Path(named).is_file():
        return _take_in(settings.models, Path(named))
    fitting = [one for one in ours if one.name.startswith(named)]
    if len(fitting) == 1:
        return fitting[0]
    raise NotLiveError(f"There is no model {named}. There are: {', '.join(one.name for one in ours) or 'none'}")


def _take_in(models: Path, file: Path) -> Path:
    """A copy among the models, under a name that says what is in it."""
    models.mkdir(mode=0o700, parents=True, exist_ok=True)
    kept = models / f"{mark_of(file).sha256[:16]}.tar.gz"
    if not kept.exists():
        new = kept.with_suffix(".new")
        shutil.copyfile(file, new)
        new.replace(kept)
    return kept


def compare(live: Path, candidate: Path, files: Sequence[Path], margin: float, say: Say) -> Verdict:
    """Both models on the same messages. Raises ScoreFailedError, BadSetError."""
    say(f"2 of 3: the messages of {', '.join(one.name for one in files)}, by both, beside the phrase list …")
    return judge(read_rows(live, files), read_rows(candidate, files), consequences(), margin)


def _show(verdict: Verdict, margin: float, say: Say) -> None:
    """What was counted, before and after."""

    def line(what: str, shares: tuple[Share, Share], note: str) -> None:
        before, after = shares
        say(f"   {what:22} {_share(before)} -> {_share(after)}   {note}")

    line("danger noticed", verdict.dangers, "none may be lost")
    line("consequences right", verdict.consequences, "none may be lost")
    line("all else right", verdict.elsewhere, f"{margin:g} points may be lost")


def _share(share: Share) -> str:
    return f"{share.right} of {share.of} ({share.percent:.1f}%)"


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
    about: About
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
