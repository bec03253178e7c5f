"""The processes that the supervisor starts in the app's environment: the app, and the action server."""

import signal

from launch.context import make_context
from launch.logs import be_discreet
from launch.parent import end_with_parent
from launch.settings import BadSettingsError, Settings

FRAME_BYTES = 64 * 1024  # a say of 2,000 characters fits many times; what is longer is not a person
PING_SECONDS = 20.0
STOP_SECONDS = 5


def serve_app(settings: Settings) -> None:
    """Serves the web chat, Telegram and the staff's pages until told to stop."""
    import uvicorn

    from launch.wiring import make_app

    _begin(settings)
    config = uvicorn.Config(
        make_app(settings),
        host=settings.host,
        port=settings.port,
        access_log=False,  # paths carry personal links
        log_config=None,  # launch/logs.py
        server_header=False,
        proxy_headers=False,
        ws_max_size=FRAME_BYTES,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    uvicorn.Server(config).run()


def serve_actions(settings: Settings) -> None:
    """Serves the dialogue's custom actions, on loopback."""
    from actions.server import serve

    _begin(settings)
    if settings.actions_port is None or settings.actions_secret is None:
        raise BadSettingsError("The action server is started by `make run`, which gives it its port and secret.")
    serve(make_context(settings), settings.actions_port, settings.actions_secret.get_secret_value())


def _begin(settings: Settings) -> None:
    """Ends with the supervisor, and logs without words."""
    if settings.parent_pid is not None:
        end_with_parent(signal.SIGKILL, settings.parent_pid)
    be_discreet()
