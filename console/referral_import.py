"""Import: a file of referrals is checked and shown, then brought in while the page says how far it is."""

import asyncio
import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

import structlog
from sqlmodel import Session, col, select
from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.conversation import done
from console.live import Topic
from console.page import AT, Page
from programme import look, referral_entry, referral_import
from programme.context import Context
from programme.referral_import import LARGEST, ColumnsMissingError, NotNowError
from programme.rules.role import Permission
from programme.sheet import BadFileError
from storage.referral_import import ReferralImport

log = structlog.get_logger()
HERE = f"{AT}/referrals/import"
MOST_SHOWN = 200  # rows of each list on a page; all that is wrong can be fetched as a file
FORM_ROOM = 64 * 1024  # bytes around the file
HEADING = "column-"  # the names of the fields in which columns are chosen
_tasks: set[asyncio.Task[None]] = set()


async def _show(request: Request) -> Response:
    return await _page(request)


async def _page(request: Request, status: int = 200, problem: str = "") -> Response:
    ctx = pages.ctx(request)
    columns = await asyncio.to_thread(referral_entry.columns, ctx)
    past = await asyncio.to_thread(referral_import.past, ctx)
    return pages.render(request, "referral_import.html", status, columns=columns, past=past, problem=problem)


async def _check(request: Request) -> Response:
    sent, ctx, me = pages.form(request).file, pages.ctx(request), pages.staff(request).account_id
    try:
        if sent is None:
            raise BadFileError("no_file")
        key = await asyncio.to_thread(referral_import.check, ctx, me, sent.name, sent.content)
    except BadFileError as error:
        return await _page(request, 422, error.code)
    return pages.redirect(request, f"{HERE}/{key}")


async def _one(request: Request) -> Response:
    return await _file(request)


async def _file(request: Request, chosen: Mapping[str, str] | None = None) -> Response:
    """`chosen`: what was said of its columns, where that is not enough."""
    ctx, me, key = pages.ctx(request), pages.staff(request).account_id, request.path_params["id"]
    finished = await done(referral_import.outcome, ctx, key)
    if finished is not None:
        return pages.render(request, "referral_imported.html", one=finished)
    upload = await done(referral_import.read, ctx, key)
    if not pages.is_live(request):
        await asyncio.to_thread(look.note, ctx, me, "referral_import", key)
    again = request.query_params.get("columns") == "choose"
    return pages.render(
        request,
        "referral_check.html",
        200 if chosen is None else 422,
        one=upload if chosen is None else replace(upload, columns=chosen),
        not_enough=chosen is not None,
        here=f"{HERE}/{key}",
        choose=upload.may_start and (upload.columns is None or again or chosen is not None),
        most=MOST_SHOWN,
        name_of=HEADING,
    )


async def _columns(request: Request) -> Response:
    sent, key = pages.form(request), request.path_params["id"]
    ctx, me = pages.ctx(request), pages.staff(request).account_id
    upload = await done(referral_import.read, ctx, key)
    chosen = {heading: sent[f"{HEADING}{place}"] for place, heading in enumerate(upload.headings) if heading}
    try:
        await done(referral_import.set_columns, ctx, key, me, chosen)
    except ColumnsMissingError:
        return await _file(request, chosen)
    except NotNowError:
        return pages.redirect(request, f"{HERE}/{key}", said="referrals.not_now", tone="warn")
    return pages.redirect(request, f"{HERE}/{key}", said="referrals.remembered")


async def _bring_in(request: Request) -> Response:
    ctx, me, key = pages.ctx(request), pages.staff(request).account_id, request.path_params["id"]
    with_changes = pages.form(request)["changes"] == "yes"
    try:
        await done(referral_import.start, ctx, key)
    except NotNowError:
        return pages.redirect(request, f"{HERE}/{key}", said="referrals.not_now", tone="warn")
    task = asyncio.create_task(_work(ctx, key, me, with_changes))
    _tasks.add(task)
    task.add_done_callback(_tasks.discard)
    return pages.redirect(request, f"{HERE}/{key}")


async def _work(ctx: Context, key: str, me: str, with_changes: bool) -> None:
    """Beside the page, which looks for how far it is; so does that of any other process."""
    try:
        await asyncio.to_thread(referral_import.bring_in, ctx, key, me, with_changes=with_changes)
    except Exception as error:  # the page says that it failed, and that nothing was written
        log.error("referrals not imported", exc_info=error)


async def _template(request: Request) -> Response:
    columns = await asyncio.to_thread(referral_entry.columns, pages.ctx(request))
    kept = [one for one in columns if one.field not in ("first_name", "last_name")]
    return _csv("referrals.csv", [[one.title for one in kept], [one.example for one in kept]])


async def _wrong(request: Request) -> Response:
    """All that is wrong, as a file to work through beside the force's own; it holds nothing of the rows themselves."""
    upload = await done(referral_import.read, pages.ctx(request), request.path_params["id"])
    wrong = upload.plan.wrong if upload.plan else ()
    rows = [[str(one.line), one.title, one.reason, one.fix] for one in wrong]
    return _csv("to-put-right.csv", [["Line", "Column", "What is wrong", "What to do"], *rows])


def _csv(name: str, rows: Sequence[Sequence[str]]) -> Response:
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + out.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)


def _versions(session: Session, keys: Sequence[str], _now: datetime) -> Mapping[str, object]:
    of = col(ReferralImport.id), col(ReferralImport.state), col(ReferralImport.same), col(ReferralImport.added)
    return {key: how_far for key, *how_far in session.exec(select(*of).where(of[0].in_(keys)))}


PAGES = [
    Page(HERE, _show, Permission.IMPORT),
    Page(HERE, _check, Permission.IMPORT, methods=("POST",), longest=LARGEST + FORM_ROOM, file=True),
    Page(f"{HERE}/template.csv", _template, Permission.IMPORT),
    Page(f"{HERE}/{{id}}", _one, Permission.IMPORT),
    Page(f"{HERE}/{{id}}/columns", _columns, Permission.IMPORT, methods=("POST",)),
    Page(f"{HERE}/{{id}}/write", _bring_in, Permission.IMPORT, methods=("POST",)),
    Page(f"{HERE}/{{id}}/wrong.csv", _wrong, Permission.IMPORT),
]
TOPICS = [Topic("import", Permission.IMPORT, _versions)]
