"""The browser that tests drive: $CHROMIUM, else one on PATH, else Debian's package, installed where we may."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from launch.settings import chromium, search_path

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
COMMAND = "apt-get update && apt-get install --yes --no-install-recommends chromium"


class NoBrowserError(RuntimeError):
    """The tests of the web page need Chromium."""


def find_chromium() -> Path:
    """The browser's program; installed first where it is missing and we may. Raises NoBrowserError."""
    if named := chromium():
        if not os.access(named, os.X_OK):
            raise NoBrowserError(f"CHROMIUM names {named}, which is no program that can be run.")
        return Path(named)
    found = _on_path()
    if found is None and shutil.which("apt-get"):
        _install()
        found = _on_path()
    if found is None:
        raise NoBrowserError(
            f"The tests of the web page need Chromium. Install it with: sudo sh -c '{COMMAND}'\n"
            "or say where it is: CHROMIUM=/path/to/chromium make test"
        )
    return found


def _on_path() -> Path | None:
    places = (shutil.which(name, path=search_path()) for name in NAMES)
    return next((Path(place) for place in places if place), None)


def _install() -> None:
    """As root, or with sudo where it asks for no password. Whether it worked is seen by looking again."""
    as_root = ["sh", "-c", COMMAND] if os.geteuid() == 0 else ["sudo", "-n", "sh", "-c", COMMAND]
    if as_root[0] == "sudo" and not shutil.which("sudo"):
        return
    print("Installing Chromium, for the tests of the web page …", flush=True)
    subprocess.run(as_root, stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False)  # noqa: S603  # our own words


if __name__ == "__main__":
    try:
        print(find_chromium())
    except NoBrowserError as error:
        sys.exit(str(error))
