"""What trainers ask for on their page, done: our own commands, in processes of their own that give way to the rest."""

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import structlog

from launch.parent import end_with_parent
from launch.settings import PROJECT, Settings, child_environment
from launch.telling import as_event
from programme import lease, training
from programme.context import Context
from programme.training import Run
from storage.enums import RunKind

log = structlog.get_logger()

LEASE = "training"
LEASE_SECONDS = 30.0
LOOK_SECONDS = 1.0
BEAT_SECONDS = 5.0
ASIDE = 10  # niceness: whoever chats comes first
TRAINING_SHARE = 80  # per cent of a training; the rest is the comparison with what is live
COUNTED = ("danger_lost", "danger_won", "false_alarms_new", "false_alarms_gone", "better", "worse")


class Trainings:
    """Does the runs that wait, one at a time, in one process of all."""

    def __init__(self, ctx: Context, settings: Settings) -> None:
        self._ctx = ctx
        self._settings = settings
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to look for runs."""
        self._task = asyncio.create_task(self._look())

    async def stop(self) -> None:
        """Ends; a command in hand ends too, and what it had made so far is not used."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _look(self) -> None:
        while True:
            try:
                await self._do_next()
            except Exception as error:  # a database that is away for a moment
                log.error("training_not_begun", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)

    async def _do_next(self) -> None:
        fence = await asyncio.to_thread(lease.take, self._ctx, LEASE, LEASE_SECONDS)
        if fence is None:
            return
        try:
            run = await asyncio.to_thread(training.begin, self._ctx)
            if run is not None:
                await self._do(run, fence)
        finally:
            await asyncio.shield(asyncio.to_thread(lease.give_back, self._ctx, LEASE, fence))

    async def _do(self, run: Run, fence: int) -> None:
        progress = _Progress()
        beating = asyncio.create_task(self._beat(run, fence, progress))
        try:
            well, result, model = await self._work(run, progress)
        except Exception as error:
            log.error("training_failed", run=run.id, error=type(error).__name__)
            well, result, model = False, {"text": type(error).__name__}, None
        finally:
            beating.cancel()
        await asyncio.to_thread(training.end, self._ctx, run.id, well, result, model)

    async def _beat(self, run: Run, fence: int, progress: "_Progress") -> None:
        while True:
            try:
                await asyncio.to_thread(lease.keep, self._ctx, LEASE, fence, LEASE_SECONDS)
                await asyncio.to_thread(training.tell, self._ctx, run.id, progress.share, progress.phase)
            except Exception as error:
                log.warning("training_not_told", error=type(error).__name__)
            await asyncio.sleep(BEAT_SECONDS if progress.phase else LOOK_SECONDS)

    async def _work(self, run: Run, progress: "_Progress") -> tuple[bool, dict[str, Any], str | None]:
        if run.kind is not RunKind.TRAIN:
            last = await self._command(
                progress, *(("live", run.model or "") if run.kind is RunKind.LIVE else ("back",))
            )
            return last["kind"] == "done", _told(last), last["result"].get("live")
        progress.upto = TRAINING_SHARE
        last = await self._command(progress, "train")
        if last["kind"] != "done":
            return False, _told(last), None
        model = str(last["result"]["model"])
        progress.frm, progress.upto = TRAINING_SHARE, 100
        compared = await self._command(progress, "compare", model)
        told = {"trained": last["result"], "compared": _told(compared)}
        if compared["kind"] == "done":
            told["changes"] = await asyncio.to_thread(_changes, Path(compared["result"]["report"]))
        return True, told, model

    async def _command(self, progress: "_Progress", *words: str) -> dict[str, Any]:
        """The last line of a command of ours (see launch/telling.py); what came before it moves the progress."""
        ours = os.getpid()

        def aside() -> None:
            os.nice(ASIDE)
            end_with_parent(signal.SIGKILL, ours)

        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "launch",
            "--json",
            *(word for word in words if word),
            cwd=PROJECT,
            env=child_environment(self._settings),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=aside,
        )
        try:
            return await self._follow(process, progress)
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                await process.wait()

    async def _follow(self, process: asyncio.subprocess.Process, progress: "_Progress") -> dict[str, Any]:
        last: dict[str, Any] = {"kind": "failed", "code": 1, "text": "", "result": {}}
        assert process.stdout is not None
        async for line in process.stdout:
            try:
                event = json.loads(line)
            except ValueError:
                event = as_event(line.decode(errors="replace").rstrip())
            if event["kind"] in ("done", "failed"):
                last = event
            progress.hear(event)
        await process.wait()
        return last


class _Progress:
    """How far it is, from the steps of the commands. `frm`, `upto`: per cent between which this command moves."""

    def __init__(self) -> None:
        self.frm, self.upto, self.share, self.phase = 0, 100, 0, ""
        self._outer = (0.0, 1.0)  # of the command: where the step begins, and its width

    def hear(self, event: Mapping[str, Any]) -> None:
        """A line of the command."""
        if event["kind"] == "step":
            part = (event["at"] - 1) / max(event["of"], 1)
            if event["within"]:
                part = self._outer[0] + part * self._outer[1]
            else:
                self._outer = (part, 1 / max(event["of"], 1))
            self.share = max(self.share, round(self.frm + part * (self.upto - self.frm)))
        if event["kind"] in ("step", "line"):
            self.phase = str(event["text"]).strip()


def _told(last: Mapping[str, Any]) -> dict[str, Any]:
    return {"text": last.get("text", ""), **last.get("result", {})}


def _changes(report: Path) -> dict[str, Any]:
    """Of a comparison: how both do in figures, and how many messages changed each way."""
    content = json.loads(report.read_text(encoding="utf-8"))
    counts = {name: len(content[name]) for name in COUNTED}
    return {"live": content["live"], "candidate": content["candidate"], "examples": content["examples"], **counts}
