"""The processes behind the conversation service, started as the supervisor starts them."""

import os
import subprocess
import threading
from contextlib import suppress

import httpx

from launch.child import Child
from launch.model import make_model
from launch.parts import Inside, all_children, make_inside
from launch.settings import Settings, read_settings

START_SECONDS = 120.0


class Servers:
    """The Rasa server and the action server of the project, on free ports, as the supervisor starts them."""

    def __init__(self, settings: Settings) -> None:
        self.inside: Inside = make_inside()
        model = make_model(read_settings().models)  # shared by every part of a test run, trained once
        children = all_children(settings, model, self.inside)[:2]
        self._processes = [start(child) for child in children]
        try:
            for child, process in zip(children, self._processes, strict=True):
                await_health(child, process)
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, 15)
        for process in self._processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, 9)
                process.wait()


def start(child: Child) -> "subprocess.Popen[bytes]":
    child.log.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with child.log.open("ab") as log:
        return subprocess.Popen(
            child.command,
            cwd=child.folder,
            env=dict(child.environment),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def await_health(child: Child, process: "subprocess.Popen[bytes]") -> None:
    waited = threading.Event()
    for _ in range(int(START_SECONDS / 0.1)):
        assert process.poll() is None, f"{child.name} ended: {child.log.read_text()[-2000:]}"
        with suppress(httpx.HTTPError):
            if httpx.get(child.health, headers=dict(child.headers), timeout=2, trust_env=False).status_code == 200:
                return
        waited.wait(0.1)
    raise AssertionError(f"{child.name} does not answer: {child.log.read_text()[-2000:]}")
