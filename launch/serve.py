"""The processes that the supervisor starts in the app's environment: the app, and the action server."""

import signal
from typing import TYPE_CHECKING

from launch.context import make_context
from launch.logs import be_discreet
from launch.moved_clock import refuse_real
from launch.parent import end_with_parent
from launch.settings import BadSettingsError, Settings

if TYPE_CHECKING:  # the action server is started without them
    import uvicorn
    from starlette.applications import Starlette

# What uvicorn itself refuses, without words; bot/socket.py has refused less than that in words already.
FRAME_BYTES = 256 * 1024
PING_SECONDS = 20.0
STOP_SECONDS = 5


def serve_app(settings: Settings) -> None:
    """Serves the web chat, Telegram and the staff's pages until told to stop."""
    import uvicorn

    from launch.wiring import make_app

    _begin(settings)
    if settings.trace_dir is not None:
        from launch.bench.trace import watch_app

        watch_app(settings.trace_dir)
    app = make_app(settings)
    app.state.server = uvicorn.Server(web_config(app, settings))  # open pages' lines end when it is to stop
    app.state.server.run()


def web_config(app: "Starlette", settings: Settings) -> "uvicorn.Config":
    """How the port that faces people is served."""
    import uvicorn

    return uvicorn.Config(
        app,
        host=settings.host,
        port=settings.port,
        access_log=False,  # paths carry personal links
        log_config=None,  # launch/logs.py
        server_header=False,
        proxy_headers=bool(settings.trusted_proxy),
        forwarded_allow_ips=list(settings.trusted_proxy),
        ws_max_size=FRAME_BYTES,
        ws_ping_interval=PING_SECONDS,
        ws_ping_timeout=PING_SECONDS,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


def serve_actions(settings: Settings) -> None:
    """Serves the dialogue's custom actions, on loopback."""
    from actions.server import serve

    _begin(settings)
    if settings.actions_port is None or settings.actions_secret is None:
        raise BadSettingsError("The action server is started by `make run`, which gives it its port and secret.")
    ctx = make_context(settings)
    refuse_real(ctx, settings)
    serve(ctx, settings.actions_port, settings.actions_secret.get_secret_value())


def _begin(settings: Settings) -> None:
    """Ends with the supervisor, and logs without words."""
    if settings.parent_pid is not None:
        end_with_parent(signal.SIGKILL, settings.parent_pid)
    be_discreet()
