"""A part for the supervisor to keep: `python -m tests.launch.part FOLDER PORT [child] [deaf]`. Standard library only.

It notes its pid in FOLDER/pids and in FOLDER/answered that it has answered. It answers /health, until FOLDER/stuck
exists: then it accepts and never answers.
`child`: it starts a process that outlives it if nobody ends its group. `deaf`: TERM is ignored.
"""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from launch.parent import end_with_parent


def main(folder: Path, port: int, *how: str) -> None:
    """Serves until it is ended."""
    if "PARENT_PID" in os.environ:
        end_with_parent(signal.SIGKILL, int(os.environ["PARENT_PID"]))
    if "deaf" in how:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    pids = [os.getpid()]
    if "child" in how:
        pids.append(subprocess.Popen(["sleep", "300"]).pid)
    with socket.create_server(("127.0.0.1", port)) as server:
        with (folder / "pids").open("a") as notes:
            notes.write(" ".join(map(str, pids)) + "\n")
        while True:
            connection, _ = server.accept()
            while (folder / "stuck").exists():
                time.sleep(0.02)
            connection.recv(4096)
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            (folder / "answered").touch()
            connection.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), *sys.argv[3:])
