"""`make run` with parts that start in no time: `python -m tests.launch.roof FOLDER PORT…`, a part for each port."""

import asyncio
import os
import sys
from pathlib import Path

from launch.child import Child
from launch.supervisor import Pace, Supervisor, say, supervise

PACE = Pace(starting=0.02, looking=0.1, first_pause=0.05, settled=1.0, stopping=2.0, parent=0.1)


def part(folder: Path, port: int, *how: str) -> Child:
    """A part that notes its pids in `folder`."""
    folder.mkdir(exist_ok=True)
    return Child(
        name=f"The part {folder.name}",
        command=(sys.executable, "-m", "tests.launch.part", str(folder), str(port), *how),
        environment={**os.environ, "PARENT_PID": str(os.getpid())},
        health=f"http://127.0.0.1:{port}/health",
        log=folder / "log",
        patience=10.0,
    )


if __name__ == "__main__":
    home = Path(sys.argv[1])
    children = [part(home / port, int(port)) for port in sys.argv[2:]]
    parent = os.getppid()
    asyncio.run(supervise(Supervisor(children, say, PACE), parent))
    say("Stopped.")
