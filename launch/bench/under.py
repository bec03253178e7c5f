"""Becomes another program that ends with the bench: `python launch/bench/under.py PID FOLDER PROGRAM …`."""

import os
import signal
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from launch.parent import end_with_parent  # run by its path, in whatever folder

if __name__ == "__main__":
    end_with_parent(signal.SIGKILL, int(sys.argv[1]))
    os.chdir(sys.argv[2])
    os.execv(sys.argv[3], sys.argv[3:])  # noqa: S606  # that is the point: same process, other program
