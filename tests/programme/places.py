"""Offers and places, as a chat has them."""

from datetime import timedelta

from sqlmodel import select

from programme import offers
from programme.context import Context
from storage.booking import Booking
from storage.database import Database
from storage.enums import ReferralState
from storage.referral import Referral
from storage.session import Course
from tests.builders import NOW, a_course

OVER = [ReferralState.WITHDRAWN, ReferralState.COMPLETED, ReferralState.RETURNED, ReferralState.CLOSED]


def offered(ctx: Context, chat: str, place: int = 0) -> str:
    """The token of one of the offers that are made now."""
    return offers.make(ctx, chat, None).offers[place].token


def all_bookings(ctx: Context) -> list[Booking]:
    with ctx.database.reading() as session:
        return list(session.exec(select(Booking)))


def in_days(database: Database, days: int, **given: object) -> Course:
    return a_course(database, starts_at=NOW + timedelta(days=days), **given)


def put(database: Database, referral: Referral, **values: object) -> None:
    with database.writing() as session:
        row = session.get_one(Referral, referral.id)
        for name, value in values.items():
            setattr(row, name, value)
        session.add(row)


def state_of(database: Database, referral: Referral) -> ReferralState:
    with database.reading() as session:
        return session.get_one(Referral, referral.id).state
