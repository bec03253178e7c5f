"""Runs the stand-in as a process: `python -m tests.telegram_api --port N` (0: a free one, printed)."""

import argparse

from launch.stand_in.server import bind
from launch.stand_in.world import TOKEN, World
from tests.telegram_api.serving import serve


def main() -> None:
    """Serves until it is ended by a signal."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--token", default=TOKEN)
    given = parser.parse_args()
    bound = bind(given.port)
    print(f"Bot API: http://127.0.0.1:{bound.getsockname()[1]}", flush=True)
    serve(World(given.token), bound).run(sockets=[bound])


main()
