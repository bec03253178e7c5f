"""Letters to print, one or many: they are made by a button, since each has a link of its own."""

import asyncio
import functools
import re
from dataclasses import dataclass

import segno
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.conversation import done
from console.page import AT, Page
from programme import letter, letter_post, referral_state
from programme.letter import Letter
from programme.referral_state import LongReasonError, NoReasonError, NotFromHereError
from programme.rules.role import Permission

AREA, HERE = f"{AT}/referrals/{{person}}", f"{AT}/referrals/letters"
BACK = re.compile(rf"{AT}/referrals/[0-9a-z]{{1,32}}")


@dataclass(frozen=True)
class _Sheet:
    """A letter as it is printed. `code`: the link as a drawing."""

    one: Letter
    link: str
    code: Markup

    @classmethod
    def of(cls, one: Letter, origin: str) -> "_Sheet":
        link = f"{origin}{one.path}"
        # Without a size of its own it has a viewBox, and grows and shrinks with the page that it is printed on.
        drawn = segno.make(link, error="m", micro=False).svg_inline(omitsize=True, border=4, dark="#000", light="#fff")
        return cls(one, link, Markup(drawn))  # noqa: S704 - drawn here, of our own address


async def _letter(request: Request) -> Response:
    key, me = request.path_params["person"], pages.staff(request).account_id
    made = await done(letter.make, pages.ctx(request), key, me)
    sheet = _Sheet.of(made, pages.origin(request))
    return pages.render(request, "letter.html", one=made, link=sheet.link, code=sheet.code, at=f"{AT}/referrals/{key}")


async def _letters(request: Request) -> Response:
    found = await asyncio.to_thread(letter_post.read, pages.ctx(request))
    return pages.render(request, "letters.html", found=found, here=HERE, most=letter_post.MOST)


async def _print(request: Request) -> Response:
    ctx, me, of, origin = (
        pages.ctx(request),
        pages.staff(request).account_id,
        pages.form(request)["of"],
        pages.origin(request),
    )

    def make() -> list[_Sheet]:
        return [_Sheet.of(one, origin) for one in letter_post.make(ctx, of, me)]

    made = await asyncio.to_thread(make)
    if not made:
        return pages.redirect(request, HERE, said="referrals.no_letters", tone="warn")
    return pages.render(request, "letters_print.html", made=made, here=HERE)


async def _posted(request: Request) -> Response:
    ctx, me, given = pages.ctx(request), pages.staff(request).account_id, pages.form(request)
    sent, back = given["sent"] == "yes", given["back"]
    count = await asyncio.to_thread(
        functools.partial(letter_post.post, ctx, me, given.all("letter")[: letter_post.MOST], sent=sent)
    )
    said = f"referrals.{'posted' if sent else 'thrown_away'}" if count else "referrals.no_letters"
    return pages.redirect(request, back if BACK.fullmatch(back) else HERE, said=said, tone="good" if count else "warn")


async def _state(request: Request) -> Response:
    key, me, given = request.path_params["person"], pages.staff(request).account_id, pages.form(request)
    said, tone = "state", "good"
    try:
        await done(referral_state.put_down, pages.ctx(request), key, me, given["event"], given["why"])
    except NoReasonError:
        said, tone = "no_reason", "bad"
    except LongReasonError:
        said, tone = "long_reason", "bad"
    except NotFromHereError:
        said, tone = "not_from_here", "warn"
    return pages.redirect(request, f"{AT}/referrals/{key}", said=f"referrals.{said}", tone=tone)


PAGES = [
    Page(HERE, _letters, Permission.REFER),
    Page(HERE, _print, Permission.REFER, methods=("POST",)),
    Page(f"{HERE}/posted", _posted, Permission.REFER, methods=("POST",)),
    Page(f"{AREA}/letter", _letter, Permission.REFER, methods=("POST",)),
    Page(f"{AREA}/state", _state, Permission.REFER, methods=("POST",)),
]
