"""Building the environments: only when a lock file changed, never half, one at a time, failures in words.

uv itself is a small program of ours here, which notes how it is called; `tests/journeys` and CI run the real one.
"""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from launch import bootstrap
from launch.bootstrap import NoRoomError, WrongPythonError, prepare
from launch.environments import APP, RASA, UV_LOCK, BootstrapError, is_built, one_at_a_time
from launch.settings import PROJECT

UV = """#!/bin/sh
echo "$@" >> {home}/calls
[ -f {home}/fail ] && [ "$1" = pip ] && {{ cat {home}/fail; exit 2; }}
if [ "$1" = venv ]; then for folder; do :; done; mkdir -p $folder/bin; touch $folder/bin/python; fi
exit 0
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A checkout with lock files and a uv that is up to date."""
    for file in (UV_LOCK, APP.lock, APP.test_lock, RASA.lock, RASA.test_lock):
        (tmp_path / file).parent.mkdir(exist_ok=True)
        (tmp_path / file).write_text(f"{file.stem}==1 \\\n    --hash=sha256:00\n")
    return tmp_path


@pytest.fixture(autouse=True)
def fake_uv(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def install(at: Path, step: str) -> None:
        uv = at / ".tools" / "bin" / "uv"
        uv.parent.mkdir(parents=True)
        uv.write_text(UV.format(home=at))
        uv.chmod(0o755)

    monkeypatch.setattr(bootstrap, "install_uv", install)
    monkeypatch.setattr(bootstrap, "is_uv_installed", lambda at: (at / ".tools" / "bin" / "uv").exists())


def calls(project: Path) -> list[str]:
    """How uv was called since the last time this was asked."""
    notes = project / "calls"
    lines = notes.read_text().splitlines() if notes.exists() else []
    notes.write_text("")
    return [line.replace(f"{project}/", "") for line in lines]


def test_a_fresh_clone_gets_both_environments_with_progress(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepare("run", project)
    assert [line for line in calls(project) if "sync" in line] == [
        "pip sync --quiet --require-hashes --python .venv requirements.lock",
        "pip sync --quiet --require-hashes --python .venv-rasa nlu/requirements.lock",
    ]
    said = capsys.readouterr().out
    assert "2 of 4: building the app's environment, 1 packages …" in said
    assert "3 of 4: building Rasa's environment" in said


def test_a_second_time_does_and_says_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    prepare("run", project)
    capsys.readouterr()
    calls(project)
    prepare("run", project)
    assert calls(project) == []
    assert capsys.readouterr().out == ""


def test_only_the_environment_whose_lock_changed_is_built_anew(project: Path) -> None:
    prepare("run", project)
    calls(project)
    (project / RASA.lock).write_text("other==2 --hash=sha256:00\n")
    prepare("run", project)
    assert calls(project) == ["pip sync --quiet --require-hashes --python .venv-rasa nlu/requirements.lock"]


def test_an_environment_whose_python_is_gone_is_made_again(project: Path) -> None:
    prepare("run", project)
    (project / ".venv/bin/python").unlink()
    (project / ".venv/bin/python").symlink_to("/nowhere/python3.11")
    calls(project)
    prepare("lint", project)
    assert calls(project)[0].startswith("venv --quiet --clear")


def test_tests_bring_their_tools_and_running_does_not_take_them_away(project: Path) -> None:
    prepare("run", project)
    prepare("test", project)
    assert "requirements-dev.lock" in calls(project)[-1]
    prepare("run", project)
    assert calls(project) == []
    (project / APP.test_lock).write_text("other==2 --hash=sha256:00\n")
    prepare("run", project)
    assert calls(project) == ["pip sync --quiet --require-hashes --python .venv requirements-dev.lock"]


@pytest.mark.parametrize(
    ("uv_says", "words"),
    [
        ("error: Failed to fetch: dns error: failed to lookup address", "could not be reached"),
        ("error: failed to write: No space left on device (os error 28)", "The disk is full"),
        ("error: Hash mismatch for x==1", "Hash mismatch for x==1"),
    ],
)
def test_a_failure_is_said_in_words_and_leaves_nothing_that_passes_for_built(
    project: Path, uv_says: str, words: str
) -> None:
    prepare("run", project)
    (project / RASA.lock).write_text("other==2 --hash=sha256:00\n")
    (project / "fail").write_text(uv_says)
    with pytest.raises(BootstrapError) as error:
        prepare("run", project)
    assert words in str(error.value)
    assert "run the same command again" in str(error.value)
    assert is_built(project, APP, test_tools=False)
    assert not is_built(project, RASA, test_tools=False)
    (project / "fail").unlink()
    prepare("run", project)
    assert is_built(project, RASA, test_tools=False)


def test_another_python_is_refused_in_words(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "NEEDED", (3, 5))
    with pytest.raises(WrongPythonError) as error:
        prepare("run", project)
    assert "This needs Python 3.11" in str(error.value)


def test_a_full_disk_is_said_before_anything_is_begun(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "FREE_BYTES", 10**18)
    with pytest.raises(NoRoomError):
        prepare("run", project)
    assert calls(project) == []


def test_a_second_make_waits_and_says_so(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    order: list[str] = []

    def second() -> None:
        with one_at_a_time(project):
            order.append("second")

    with one_at_a_time(project):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.3)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
    assert "Waiting for another make" in capsys.readouterr().out


def test_a_command_that_needs_no_rasa_does_not_build_it(project: Path) -> None:
    prepare("lint", project)
    assert not any("rasa" in line for line in calls(project))


INSTALL = """
import sys; sys.path.insert(0, sys.argv[1])
from pathlib import Path
from launch.environments import BootstrapError, install_uv, is_uv_installed
try:
    install_uv(Path(sys.argv[2]), "1 of 4")
except BootstrapError as error:
    print(error)
print(is_uv_installed(Path(sys.argv[2])))
"""


def test_the_real_uv_is_installed_with_its_hash_checked(project: Path) -> None:
    """By a bare Python, as in a fresh clone, not by one of the environments that come later."""

    def install() -> str:
        command = [Path(sys.base_prefix) / "bin" / "python3.11", "-c", INSTALL, str(PROJECT), str(project)]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()

    real = (PROJECT / UV_LOCK).read_text()
    (project / UV_LOCK).write_text(real)
    assert install().splitlines()[-1] == "True"
    uv = [project / ".tools/bin/uv", "--version"]
    version = subprocess.run(uv, capture_output=True, text=True, check=True).stdout.split()[1]
    assert real.startswith(f"uv=={version} ")
    (project / UV_LOCK).write_text(f"uv=={version} --hash=sha256:{'0' * 64}\n")
    said = install()
    assert "THESE PACKAGES DO NOT MATCH THE HASHES" in said
    assert said.splitlines()[-1] == "False"


def test_bootstrap_needs_nothing_but_the_standard_library() -> None:
    code = f"import sys; sys.path.insert(0, {str(PROJECT)!r}); import launch.bootstrap; print(*sys.modules)"
    bare = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = {name.partition(".")[0] for name in bare.split()} - {"__main__", "launch"}
    assert loaded <= sys.stdlib_module_names | {"sitecustomize"}, loaded - sys.stdlib_module_names
