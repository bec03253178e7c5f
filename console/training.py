"""Training: what was not understood, what a trainer says it means, and a model that learns it, put live or undone."""

import asyncio
from pathlib import Path

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, Response

from console import page as pages
from console.page import AT, Page
from programme import lesson, taught, training
from programme.intent import guide, title
from programme.rules.role import Permission
from programme.training import Run
from storage.enums import RunKind, RunState

HERE = f"{AT}/training"
SHOWN = 30  # groups at a time
# Reports are pages of their own, made by our tools: styles and pictures stand in them, scripts do not.
REPORT_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; base-uri 'none'; sandbox"
    ),
    "Cache-Control": "no-store",
}


async def _show(request: Request) -> Response:
    ctx = pages.ctx(request)
    groups, runs, new, recent = await asyncio.gather(
        asyncio.to_thread(lesson.waiting, ctx),
        asyncio.to_thread(training.latest, ctx),
        asyncio.to_thread(taught.untrained, ctx),
        asyncio.to_thread(taught.latest, ctx),
    )
    return pages.render(
        request,
        "training.html",
        groups=groups[:SHOWN],
        more=sum(len(group) for group in groups[SHOWN:]),
        guide=guide(),
        title=title,
        new=new,
        run=runs[0] if runs else None,
        trained=_trained(runs),
        live=_live(runs),
        taught=recent,
    )


def _trained(runs: list[Run]) -> Run | None:
    """The training whose model may be put live: the last one, unless its model is live or was taken back since."""
    over = [run for run in runs if run.state is RunState.DONE]
    if not over or over[0].kind is not RunKind.TRAIN:
        return None
    return over[0]


def _live(runs: list[Run]) -> Run | None:
    """The last time that a model was put live here, where that was not undone since."""
    changed = [run for run in runs if run.kind is not RunKind.TRAIN and run.state is RunState.DONE]
    return changed[0] if changed and changed[0].kind is RunKind.LIVE else None


async def _teach(request: Request) -> Response:
    given, ctx, me = pages.form(request), pages.ctx(request), pages.staff(request).account_id
    chosen = given.all("miss")
    intent = given["guess"] or given["intent"]
    if not chosen:
        return _back(request, "none_chosen", "warn")
    match given["do"]:
        case "not_ours":
            count = await asyncio.to_thread(lesson.put_aside, ctx, chosen, me)
            return _back(request, "put_aside", count=str(count))
        case "send_back":
            count = await asyncio.to_thread(lesson.send_back, ctx, chosen, me)
            return _back(request, "sent_back", count=str(count))
    if not intent:
        return _back(request, "no_intent", "warn")
    try:
        count = await asyncio.to_thread(lesson.teach, ctx, chosen, intent, me)
    except lesson.NoIntentError:
        raise HTTPException(404) from None
    except lesson.OtherMeaningError as error:
        return _back(request, "other_meaning", "bad", meant=title(error.intent))
    return _back(request, "taught", count=str(count), meant=title(intent))


async def _take_back(request: Request) -> Response:
    me = pages.staff(request).account_id
    if not await asyncio.to_thread(lesson.undo, pages.ctx(request), request.path_params["lesson"], me):
        return _back(request, "undone_before", "warn")
    return _back(request, "undone")


async def _train(request: Request) -> Response:
    return await _ask(request, RunKind.TRAIN)


async def _make_live(request: Request) -> Response:
    model = pages.form(request)["model"]
    runs = await asyncio.to_thread(training.latest, pages.ctx(request))
    if not any(run.kind is RunKind.TRAIN and run.model == model and run.state is RunState.DONE for run in runs):
        raise HTTPException(404)
    return await _ask(request, RunKind.LIVE, model)


async def _go_back(request: Request) -> Response:
    return await _ask(request, RunKind.BACK)


async def _ask(request: Request, kind: RunKind, model: str | None = None) -> Response:
    try:
        await asyncio.to_thread(training.ask, pages.ctx(request), kind, pages.staff(request).account_id, model)
    except training.BusyError:
        return _back(request, "busy", "warn")
    return _back(request, f"asked_{kind.value}")


async def _report(request: Request) -> Response:
    runs = await asyncio.to_thread(training.latest, pages.ctx(request))
    run = next((one for one in runs if one.id == request.path_params["run"]), None)
    told = run.result.get("compared" if request.path_params["which"] == "comparison" else "trained", {}) if run else {}
    place = Path(str(told.get("page", "")))
    if place.suffix != ".html" or not await asyncio.to_thread(place.is_file):
        raise HTTPException(404)
    return FileResponse(place, media_type="text/html", headers=REPORT_HEADERS)


async def _export(request: Request) -> Response:
    content = await asyncio.to_thread(taught.export, pages.ctx(request))
    headers = {"Content-Disposition": 'attachment; filename="taught.yml"'}
    return Response(content, media_type="application/yaml", headers=headers)


def _back(request: Request, said: str, tone: str = "good", **values: str) -> Response:
    return pages.redirect(request, HERE, said=f"training.{said}", tone=tone, **values)


PAGES = [
    Page(HERE, _show, Permission.TRAIN, nav="Training"),
    Page(f"{HERE}/teach", _teach, Permission.TRAIN, methods=("POST",)),
    Page(f"{HERE}/lessons/{{lesson}}/undo", _take_back, Permission.TRAIN, methods=("POST",)),
    Page(f"{HERE}/train", _train, Permission.TRAIN, methods=("POST",)),
    Page(f"{HERE}/live", _make_live, Permission.TRAIN, methods=("POST",)),
    Page(f"{HERE}/back", _go_back, Permission.TRAIN, methods=("POST",)),
    Page(f"{HERE}/runs/{{run}}/{{which}}", _report, Permission.TRAIN),
    Page(f"{HERE}/taught.yml", _export, Permission.TRAIN),
]
