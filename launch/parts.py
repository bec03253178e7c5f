"""The three processes inside: what each is given, and where each is asked for its health."""

import os
import secrets
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

from launch.child import Child
from launch.keys import read_keyring
from launch.settings import PROJECT, RASA_PYTHON, Settings, child_environment
from storage.keys import write_key

LOOPBACK = "127.0.0.1"
SECRET_BYTES = 32
APP_PATIENCE, RASA_PATIENCE = 60.0, 180.0  # a slow machine under load is not stuck


@dataclass(frozen=True)
class Inside:
    """Ports and secrets that live as long as this start. `dialogue_at`: the file that says where the dialogue is."""

    dialogue_port: int
    actions_port: int
    dialogue_secret: str
    actions_secret: str
    dialogue_at: Path | None = None


def make_inside(dialogue_at: Path | None = None) -> Inside:
    """Free ports on loopback and new secrets."""
    dialogue_port, actions_port = free_ports(2)
    dialogue_secret, actions_secret = (secrets.token_urlsafe(SECRET_BYTES) for _ in range(2))
    return Inside(dialogue_port, actions_port, dialogue_secret, actions_secret, dialogue_at)


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on now, all different."""
    sockets = [socket.socket() for _ in range(count)]
    try:
        for one in sockets:
            one.bind((LOOPBACK, 0))
        return [one.getsockname()[1] for one in sockets]
    finally:
        for one in sockets:
            one.close()


def all_children(settings: Settings, model: Path, inside: Inside) -> list[Child]:
    """Rasa first: it takes the longest. They start side by side."""
    return [make_dialogue(settings, model, inside), _actions(settings, inside), _app(settings, inside)]


def app_address(settings: Settings) -> str:
    """Where the app is reached from this machine, without a path."""
    host = {"0.0.0.0": LOOPBACK, "::": "[::1]"}.get(settings.host, settings.host)  # noqa: S104  # read, not bound
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"http://{host}:{settings.port}"


def make_dialogue(settings: Settings, model: Path, inside: Inside) -> Child:
    """The dialogue server with this model."""
    redis = settings.redis_url.get_secret_value() if settings.redis_url else None
    environment = child_environment(
        DIALOGUE_PORT=str(inside.dialogue_port),
        DIALOGUE_SECRET=inside.dialogue_secret,
        ACTIONS_URL=f"http://{LOOPBACK}:{inside.actions_port}/webhook",
        ACTIONS_SECRET=inside.actions_secret,
        TRACKER_URL=settings.tracker_url,
        TRACKER_KEYS=",".join(write_key(key) for key in read_keyring(settings).derive("tracker")),
        MODEL_PATH=str(model),
        PARENT_PID=str(os.getpid()),
        REDIS_URL=redis,
        TRACE_DIR=str(settings.trace_dir) if settings.trace_dir else None,
    )
    return Child(
        name="The dialogue server",
        command=(str(RASA_PYTHON), "-m", "nlu.launcher", "serve"),
        environment=environment,
        health=f"http://{LOOPBACK}:{inside.dialogue_port}/webhooks/dialogue/health",
        headers={"Authorization": f"Bearer {inside.dialogue_secret}"},
        log=settings.var_dir / "logs" / "dialogue.log",
        patience=RASA_PATIENCE,
        folder=PROJECT,
    )


def _actions(settings: Settings, inside: Inside) -> Child:
    return Child(
        name="The action server",
        command=(sys.executable, "-m", "launch", "actions"),
        environment=child_environment(
            settings,
            ACTIONS_PORT=str(inside.actions_port),
            ACTIONS_SECRET=inside.actions_secret,
            PARENT_PID=str(os.getpid()),
        ),
        health=f"http://{LOOPBACK}:{inside.actions_port}/health",
        log=settings.var_dir / "logs" / "actions.log",
        patience=APP_PATIENCE,
        folder=PROJECT,
    )


def _app(settings: Settings, inside: Inside) -> Child:
    environment = child_environment(
        settings,
        PORT=str(settings.port),
        DIALOGUE_PORT=str(inside.dialogue_port),
        DIALOGUE_AT=str(inside.dialogue_at) if inside.dialogue_at else None,
        DIALOGUE_SECRET=inside.dialogue_secret,
        ACTIONS_PORT=str(inside.actions_port),
        PARENT_PID=str(os.getpid()),
    )
    return Child(
        name="The app",
        command=(sys.executable, "-m", "launch", "app"),
        environment=environment,
        health=f"{app_address(settings)}/live",
        log=settings.var_dir / "logs" / "app.log",
        patience=APP_PATIENCE,
        folder=PROJECT,
    )
