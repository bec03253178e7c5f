"""The capacity outlook: free places against people who must have one before their deadlines, week by week."""

from dataclasses import dataclass

from sqlmodel import col, select

from programme.context import Context
from programme.rules import deadline, london
from programme.rules import outlook as rules
from programme.rules.deadline import Deadlines
from programme.rules.outlook import Week
from storage import session as courses
from storage import waiting
from storage.booking import Booking
from storage.enums import BookingState, ReferralState
from storage.referral import Referral

WEEKS = 8
MUST_BE_PLACED = (ReferralState.REFERRED, ReferralState.REACHED, ReferralState.VERIFIED, ReferralState.SECOND_CHANCE)


@dataclass(frozen=True)
class Outlook:
    """`overdue`, `unknown`: people without a place whose deadline is over, or missing; `waiting`: on the list;
    `later`: people whose last day comes after the weeks shown."""

    weeks: tuple[Week, ...]
    overdue: int
    unknown: int
    later: int
    waiting: int

    @property
    def short(self) -> int:
        """People for whom there is no place in time, in all weeks shown."""
        return sum(week.short for week in self.weeks)


def read(ctx: Context, weeks: int = WEEKS) -> Outlook:
    """As things are now. A place that is kept for somebody on the list counts as free: they count as without one."""
    now = ctx.clock()
    today = london.today(now)
    with ctx.database.reading() as session:
        held = select(Booking.referral_id).where(Booking.state == BookingState.ACTIVE)
        found = session.exec(
            select(col(Referral.book_by), col(Referral.finish_by)).where(
                col(Referral.state).in_(MUST_BE_PLACED), col(Referral.id).not_in(held)
            )
        ).all()
        kept: dict[str, int] = {}
        for hold in waiting.open_holds(session):
            kept[hold.course_id] = kept.get(hold.course_id, 0) + 1
        places = [
            (london.today(row.sessions[-1].starts_at), row.free + kept.get(row.course.id, 0))
            for row in courses.courses_from(session, now)
            if row.sessions
        ]
        on_list = len(waiting.on_the_list(session))
    states = [deadline.state(Deadlines(*days), today) for days in found]
    due = [last for (_, last), state in zip(found, states, strict=True) if state == "open" and last is not None]
    shown = rules.outlook(places, due, today, weeks)
    inside = sum(week.people for week in shown)
    return Outlook(tuple(shown), states.count("past"), states.count("unknown"), len(due) - inside, on_list)
