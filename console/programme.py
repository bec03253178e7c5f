"""Programme: every setting with its source, approver and review date; filling one in, agreeing to what others did."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.page import AT, Page
from programme import fact, known, look, setting
from programme.catalogue import Entry, UnknownFactError, catalogue
from programme.context import Context
from programme.fact import Change, Changed, Given, WrongFieldsError
from programme.known import One
from programme.rules import fact as rules
from programme.rules import london, week
from programme.rules.role import Permission
from programme.rules.week import Day

HERE = f"{AT}/programme"
SPARE_DAYS = 4  # empty rows below the closed days
MOST_DAYS = 60
FIELDS = ("value", "source", "approver", "review_by", "reason")
TIMES = ("begins", "ends", "break_begins", "break_ends")


@dataclass(frozen=True)
class Draft:
    """What stands in the form. `week` of hours, `days` of closed days; `wrong`: what is not right, by field;
    `wrong_days`: the same by weekday; `trouble`: what is not about a field."""

    value: str = ""
    source: str = ""
    approver: str = ""
    review_by: str = ""
    week: tuple[Day, ...] = ()
    days: tuple[str, ...] = ()
    wrong: dict[str, str] | None = None
    wrong_days: dict[int, str] | None = None
    trouble: str = ""


async def _list(request: Request) -> Response:
    ctx = pages.ctx(request)
    if not pages.is_live(request):
        await asyncio.to_thread(look.note, ctx, pages.staff(request).account_id, "page", "programme")
    listing = await asyncio.to_thread(known.listing, ctx)
    return pages.render(request, "programme.html", **_words(ctx), listing=listing)


async def _show(request: Request) -> Response:
    ctx, key = pages.ctx(request), request.path_params["key"]
    one = await _one(request)
    if not pages.is_live(request):
        await asyncio.to_thread(look.note, ctx, pages.staff(request).account_id, "setting", key)
    return _page(request, one, _drafted(one, london.today(ctx.clock())))


async def _change(request: Request) -> Response:
    one, form = await _one(request), pages.form(request)
    draft, value = _written(one.view.entry, form)
    if draft.wrong_days:
        return _page(request, one, draft, 422)
    given = Given(value, form["source"], form["approver"], form["review_by"])
    return await _try(request, one, draft, lambda ctx, who: fact.propose(ctx, who, one.view.entry.key, given))


async def _take_out(request: Request) -> Response:
    one, reason = await _one(request), pages.form(request)["reason"]
    draft = _drafted(one, london.today(pages.ctx(request).clock()))
    return await _try(request, one, draft, lambda ctx, who: fact.take_out(ctx, who, one.view.entry.key, reason))


async def _agree(request: Request) -> Response:
    one, version = await _one(request), pages.form(request)["version"]
    draft = _drafted(one, london.today(pages.ctx(request).clock()))
    return await _try(request, one, draft, lambda ctx, who: fact.agree(ctx, who, version))


async def _refuse(request: Request) -> Response:
    one, form = await _one(request), pages.form(request)
    draft = _drafted(one, london.today(pages.ctx(request).clock()))
    return await _try(request, one, draft, lambda ctx, who: fact.refuse(ctx, who, form["version"], form["reason"]))


async def _one(request: Request) -> One:
    try:
        return await asyncio.to_thread(known.one, pages.ctx(request), request.path_params["key"])
    except UnknownFactError as error:
        raise HTTPException(404) from error


async def _try(request: Request, one: One, draft: Draft, work: Callable[[Context, str], Changed | None]) -> Response:
    """Does it and says what became of it; or shows the page again, with what was written and what is wrong."""
    key = one.view.entry.key
    try:
        changed = await asyncio.to_thread(work, pages.ctx(request), pages.staff(request).account_id)
    except WrongFieldsError as error:
        return _page(request, one, _replace(draft, wrong=error.wrong), 422)
    except fact.NotAllowedError as error:
        raise pages.Refused from error
    except (fact.NotChangeableError, fact.SamePersonError, fact.DecidedError, fact.ReviewOverError) as error:
        return _page(request, one, _replace(draft, trouble=str(error)), 409)
    if changed is None:
        return pages.redirect(request, f"{HERE}/{key}", said="programme.refused", tone="warn")
    if changed.change is Change.PROPOSED:
        return pages.redirect(request, f"{HERE}/{key}", said="programme.proposed", tone="warn")
    answered = str(len(changed.answered)) if changed.answered else ""
    return pages.redirect(request, f"{HERE}/{key}", said="programme.live", answered=answered)


def _replace(draft: Draft, **given: Any) -> Draft:
    return Draft(**{**draft.__dict__, **given})


def _page(request: Request, one: One, draft: Draft, status: int = 200) -> Response:
    today = london.today(pages.ctx(request).clock())
    return pages.render(
        request,
        "setting.html",
        status,
        **_words(pages.ctx(request)),
        one=one,
        draft=draft,
        wrong=dict.fromkeys(FIELDS, "") | (draft.wrong or {}),
        wrong_days=draft.wrong_days or {},
        tomorrow=(today + timedelta(days=1)).isoformat(),
    )


def _words(ctx: Context) -> dict[str, Any]:
    """What the templates read values with."""
    return {
        "here": HERE,
        "today": london.today(ctx.clock()),
        "week_of": _week,
        "days_of": _days,
        "entries": catalogue().entries,
    }


def _drafted(one: One, today: date) -> Draft:
    """The form as it opens: what is there, but for a sample's words, its source and its approver."""
    view = one.view
    keep = not view.sample
    later = keep and view.review_by is not None and view.review_by > today and view.origin == "setting"
    days = tuple(day.isoformat() for day in _days(view.value) if day >= today) if view.entry.kind == "days" else ()
    return Draft(
        value=view.value if keep or view.entry.kind not in ("text", "line") else "",
        source=view.source if keep else "",
        approver=view.approver if keep else "",
        review_by=view.review_by.isoformat() if later and view.review_by else "",
        week=_week(view.value) if view.entry.kind == "hours" else (),
        days=(*days, *[""] * SPARE_DAYS),
    )


def _written(entry: Entry, form: pages.Form) -> tuple[Draft, str]:
    """The form as it came, and the value as it is kept: hours and days are made from their editors' fields."""
    draft = Draft(form["value"], form["source"], form["approver"], form["review_by"])
    if entry.kind == "days":
        days = tuple(day.strip() for day in form.all("day")[:MOST_DAYS])
        return _replace(draft, days=(*days, *[""] * SPARE_DAYS)), json.dumps([day for day in days if day])
    if entry.kind == "hours":
        table = tuple(
            Day(form[f"mode_{weekday}"], *(form[f"{name}_{weekday}"] for name in TIMES)) for weekday in range(week.DAYS)
        )
        value, wrong = week.to_value(table)
        return _replace(draft, week=table, wrong_days=wrong), value
    return draft, form["value"]


def _week(value: str) -> tuple[Day, ...]:
    """A week that is kept, as a table; one that cannot be read is closed."""
    try:
        return week.from_spans(setting.parse_hours(value) if value else {})
    except setting.BadHoursError:
        return week.from_spans({})


def _days(value: str) -> tuple[date, ...]:
    try:
        return tuple(sorted(setting.parse_closures(value))) if value else ()
    except setting.BadHoursError:
        return ()


LONGEST = 4 * (rules.LONGEST_TEXT + rules.LONGEST_SOURCE + rules.LONGEST_APPROVER) * 3  # signs, as a form writes them
PAGES = [
    Page(HERE, _list, Permission.PROGRAMME, nav="Programme"),
    Page(f"{HERE}/{{key}}", _show, Permission.PROGRAMME),
    Page(f"{HERE}/{{key}}", _change, Permission.CHANGE_PROGRAMME, methods=("POST",), longest=LONGEST),
    Page(f"{HERE}/{{key}}/take-out", _take_out, Permission.CHANGE_PROGRAMME, methods=("POST",)),
    Page(f"{HERE}/{{key}}/agree", _agree, Permission.CHANGE_PROGRAMME, methods=("POST",)),
    Page(f"{HERE}/{{key}}/refuse", _refuse, Permission.CHANGE_PROGRAMME, methods=("POST",)),
]
