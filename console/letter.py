"""A letter to print: it is made by a button, since each has a link of its own."""

import segno
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.conversation import done
from console.page import AT, Page
from programme import letter, referral_state
from programme.referral_state import LongReasonError, NoReasonError, NotFromHereError
from programme.rules.role import Permission

AREA = f"{AT}/referrals/{{person}}"


async def _letter(request: Request) -> Response:
    key, me = request.path_params["person"], pages.staff(request).account_id
    made = await done(letter.make, pages.ctx(request), key, me)
    link = f"{pages.origin(request)}{made.path}"
    # Without a size of its own it has a viewBox, and grows and shrinks with the page that it is printed on.
    drawn = segno.make(link, error="m", micro=False).svg_inline(omitsize=True, border=4, dark="#000", light="#fff")
    code = Markup(drawn)  # noqa: S704 - drawn here, of our own address
    return pages.render(request, "letter.html", one=made, link=link, code=code, at=f"{AT}/referrals/{key}")


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
    Page(f"{AREA}/letter", _letter, Permission.REFER, methods=("POST",)),
    Page(f"{AREA}/state", _state, Permission.REFER, methods=("POST",)),
]
