"""A person's record without a conversation: for somebody on the phone, found by reference or name."""

from starlette.requests import Request
from starlette.responses import Response

from console import page as pages
from console.conversation import done
from console.page import AT, Page
from programme import keeping, note, record, referral_state
from programme.rules.role import Permission

AREA = f"{AT}/referrals/{{person}}"


async def _show(request: Request) -> Response:
    ctx, me, key = pages.ctx(request), pages.staff(request).account_id, request.path_params["person"]
    found = await done(record.read_person, ctx, key, me, live=pages.is_live(request))
    return pages.render(
        request,
        "person.html",
        one=found,
        at=f"{AT}/referrals/{key}",
        longest_note=note.LONGEST,
        history=await done(referral_state.history, ctx, key),
        events=referral_state.possible(found.person.state),
        longest_why=referral_state.LONGEST_WHY,
        keeping=await done(keeping.read, ctx, key),
    )


async def _note(request: Request) -> Response:
    key, me = request.path_params["person"], pages.staff(request).account_id
    code, tone = "noted", "good"
    try:
        await done(note.add_on_referral, pages.ctx(request), key, me, pages.form(request)["note"])
    except note.EmptyNoteError:
        code, tone = "note_empty", "bad"
    except note.LongNoteError:
        code, tone = "note_too_long", "bad"
    return pages.redirect(request, f"{AT}/referrals/{key}", said=f"conversation.{code}", tone=tone)


PAGES = [
    Page(AREA, _show, Permission.CONVERSATIONS),
    Page(f"{AREA}/note", _note, Permission.TALK, methods=("POST",)),
]
