"""Reports: how far people have come and how long it took, as charts with their tables, and each as a CSV file."""

import asyncio
from datetime import date

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from console import chart
from console import page as pages
from console.page import AT, Page
from programme import look, report
from programme.report import STAGES, WEEKS, Table
from programme.rules.police_list import safe_cell
from programme.rules.role import Permission

HERE = f"{AT}/reports"
FUNNEL = (0, 3, 5)  # of the funnel's columns by week: referred, booked, completed
HIDDEN = "hidden"  # what stands in a CSV for a number that is not shown


async def _show(request: Request) -> Response:
    weeks = _weeks(request)
    found = await asyncio.to_thread(report.read, pages.ctx(request), weeks)
    await asyncio.to_thread(look.note, pages.ctx(request), pages.staff(request).account_id, "page", "reports")
    drawn = [
        (table, chart.since_somebody(table, FUNNEL))
        if table.columns == STAGES
        else (table, chart.of_rows(table, tuple(range(len(table.columns)))))
        for table in found.tables
    ]
    funnel = found.tables[0]
    return pages.render(
        request,
        "report.html",
        found=found,
        funnel=(funnel, chart.of_totals(funnel)),
        drawn=drawn,
        days={name: date.fromisoformat(name) for name in funnel.groups},
        weeks=weeks,
        here=HERE,
    )


async def _file(request: Request) -> Response:
    weeks, key = _weeks(request), request.path_params["key"]
    found = await asyncio.to_thread(report.read, pages.ctx(request), weeks)
    table = found.table(key)
    if table is None:
        raise HTTPException(404)
    await asyncio.to_thread(look.note, pages.ctx(request), pages.staff(request).account_id, "page", "reports")
    name = f"{key}-{found.first.isoformat()}-{found.last.isoformat()}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response("\ufeff" + written(table), media_type="text/csv; charset=utf-8", headers=headers)


def written(table: Table) -> str:
    """A table as CSV, what is hidden named as that."""
    lines = [[table.key, *table.columns]]
    lines += [[safe_cell(name), *map(_cell, row)] for name, row in zip(table.groups, table.rows, strict=True)]
    lines.append(["total", *map(_cell, table.totals)])
    return "".join(",".join(_quoted(cell) for cell in line) + "\r\n" for line in lines)


def _cell(value: int | None) -> str:
    return HIDDEN if value is None else str(value)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if set(text) & set(',"\r\n') else text


def _weeks(request: Request) -> int:
    asked = request.query_params.get("weeks", "")
    return int(asked) if asked.isdecimal() and int(asked) in WEEKS else 12


PAGES = [
    Page(HERE, _show, Permission.REPORTS, nav="Reports"),
    Page(f"{HERE}/{{key}}.csv", _file, Permission.REPORTS),
]
