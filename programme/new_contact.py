"""A new number or address that staff have put in: the way in is sent there at once, which ends the search for one."""

from collections.abc import Collection, Mapping

from sqlmodel import Session, col, select

from programme import chat, closing
from programme import outreach_due as due
from programme.context import Context
from storage import outreach as tries
from storage.case import Case
from storage.enums import CaseReason, OutreachKind, OutreachState, Way
from storage.outreach import Outreach
from storage.person import Person
from storage.referral import Referral
from storage.row import lock_row

WAYS: Mapping[str, Way] = {"phone": Way.SMS, "email": Way.EMAIL}  # by what was written anew
OUTCOME = "new_number"


def use(session: Session, ctx: Context, referral: Referral, account_id: str, fields: Collection[str]) -> bool:
    """Plans the personal link to what has changed of `fields`, a mobile first, for whoever still has to book and has
    not asked us to write nothing; it goes out as soon as it is not quiet. The (locked) referral's cases since nothing
    got through are done with that. Whether anything will be sent."""
    open_ways = due.contacts(session.get_one(Person, referral.person_id))
    way = next((way for field, way in WAYS.items() if field in fields and way in open_ways), None)
    if way is None or referral.state not in due.NUDGED or chat.has_stopped(session, referral.id):
        return False
    if (under_way := _under_way(session, referral.id, way)) is not None:  # it asks for the number when it is sent
        under_way.failure, under_way.next_try_at = None, None
        session.add(under_way)
    else:
        session.add(_link(ctx, referral.id, way))
    _settle(session, ctx, referral.id, account_id)
    return True


def _under_way(session: Session, referral_id: str, way: Way) -> Outreach | None:
    unsent = tries.unsent_of_referral(session, referral_id)
    found = (row for row, _ in unsent if row.kind is OutreachKind.LINK and row.way is way)
    return next(found, None)


def _link(ctx: Context, referral_id: str, way: Way) -> Outreach:
    return Outreach(
        id=ctx.new_id(),
        occasion=tries.link_again(referral_id, ctx.new_id()),
        kind=OutreachKind.LINK,
        way=way,
        referral_id=referral_id,
        state=OutreachState.WAITING,
        created_at=ctx.clock(),
    )


def _settle(session: Session, ctx: Context, referral_id: str, account_id: str) -> None:
    found = select(Case.id).where(
        Case.referral_id == referral_id, Case.reason == CaseReason.NOT_DELIVERED, col(Case.closed_at).is_(None)
    )
    for key in session.exec(found).all():
        row = lock_row(session, Case, key)
        if row is not None and row.closed_at is None:
            closing.end(session, ctx, row, account_id, OUTCOME)
