"""The action server: rasa-sdk's executor behind a door of our own, on loopback, with a secret and a time limit."""

import asyncio
import hmac
from typing import Any

import structlog
from rasa_sdk.executor import ActionExecutor
from rasa_sdk.interfaces import ActionExecutionRejection, ActionMissingDomainException, ActionNotFoundException
from sanic import HTTPResponse, Request, Sanic, response

from actions import beginning, caring, coming, helping, reaching
from actions.form import ValidateJourneyForm
from actions.rest import AnswerRest
from programme import dates
from programme.context import Context

log = structlog.get_logger()

LIMIT_SECONDS = 4.0
SEND_DOMAIN = 449  # rasa-sdk's own word for: I have not seen this domain yet
ACTIONS = (
    ValidateJourneyForm,
    beginning.BeginBooking,
    beginning.BeginMoving,
    beginning.BeginCancelling,
    beginning.BeginChecking,
    beginning.BeginLostReference,
    beginning.Details,
    beginning.Sessions,
    beginning.Choose,
    beginning.ShowMore,
    beginning.GoBack,
    beginning.StartOver,
    beginning.CarryOn,
    beginning.ImSafe,
    beginning.Affirm,
    beginning.Deny,
    beginning.Unsure,
    helping.Repeat,
    helping.Fallback,
    helping.Stop,
    helping.StopReminders,
    helping.StartReminders,
    helping.RequestHuman,
    helping.WithdrawHuman,
    reaching.AskCallback,
    reaching.WithdrawCallback,
    reaching.Rate,
    helping.Danger,
    helping.Goodbye,
    helping.MoreTime,
    helping.Deadline,
    coming.MyCase,
    coming.ConfirmAttendance,
    coming.MissedSession,
    coming.RunningLate,
    caring.DisputeAttendance,
    caring.WaitingList,
    caring.ChangeContact,
    caring.Complain,
    caring.MyData,
    caring.Decline,
    caring.WrongPerson,
    caring.TechnicalProblem,
    caring.DiscloseOffence,
    caring.YoungPeople,
    caring.TellWorker,
    AnswerRest,
)


def make_executor(ctx: Context) -> ActionExecutor:
    """An executor that knows our actions and no others: nothing is found by scanning packages."""
    executor = ActionExecutor()
    for action in ACTIONS:
        executor.register_action(action(ctx))
    return executor


def make_server(ctx: Context, secret: str) -> Sanic[Any, Any]:
    """The Sanic app: `POST /webhook` as Rasa calls it, and `GET /health`."""
    app = Sanic("actions", configure_logging=False)
    app.config.RESPONSE_TIMEOUT = 10
    executor = make_executor(ctx)
    dates.plainly("tomorrow", ctx.clock())  # reads its rules now, not while the first person waits
    wanted = f"Bearer {secret}".encode()

    @app.get("/health")
    async def health(_request: Request) -> HTTPResponse:
        return response.json({"ok": True})

    @app.post("/webhook")
    async def webhook(request: Request) -> HTTPResponse:
        given = request.headers.get("authorization", "").encode()
        if not hmac.compare_digest(given, wanted):
            return response.empty(401)
        call = request.json or {}
        name = str(call.get("next_action", ""))
        try:
            result = await asyncio.wait_for(executor.run(call), LIMIT_SECONDS)
        except ActionExecutionRejection:
            return response.json({"error": "rejected", "action_name": name}, 400)
        except ActionMissingDomainException:
            return response.json({"error": "send the domain", "action_name": name}, SEND_DOMAIN)
        except ActionNotFoundException:
            return response.json({"error": "no such action", "action_name": name}, 404)
        except Exception as error:  # what a person wrote may stand in its text: only its kind is logged
            log.error("action_failed", action=name, error=type(error).__name__)
            return response.json({"error": "failed", "action_name": name}, 500)
        return response.json(result.model_dump() if result else None)

    return app


def serve(ctx: Context, port: int, secret: str) -> None:
    """Serves until it is told to stop. On 127.0.0.1 only."""
    app = make_server(ctx, secret)
    app.run(host="127.0.0.1", port=port, single_process=True, access_log=False, motd=False, register_sys_signals=True)
