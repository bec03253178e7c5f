"""What staff do by the calendar: files come in, sessions are planned, lists are marked, some sessions are cancelled."""

import asyncio
import csv
import io
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, time, timedelta
from random import Random

import yaml
from sqlmodel import Session, select

from launch.bench.year.clock import Agenda, FastClock
from launch.bench.year.people import People
from launch.bench.year.someone import Someone, draw
from programme import attendance_sheet, calling_off, referral_import, sample, venue
from programme import session as sessions
from programme.context import Context
from programme.rules import london
from programme.rules import session as session_rules
from programme.session import About
from programme.venue import Given
from storage import account as accounts
from storage.account import Account
from storage.enums import Mark, Role
from storage.referral import Referral
from storage.session import CourseSession
from storage.setting import Setting

HEADINGS = ("Reference", "Name", "Date of birth", "Mobile", "Email")
SETTINGS = {
    "opening_hours": '{"0": [["09:00", "16:30"]], "1": [["09:00", "16:30"]], "2": [["09:00", "16:30"]], '
    '"3": [["09:00", "16:30"]], "4": [["09:00", "16:30"]], "5": [["09:00", "16:30"]]}',
    "closed_on_bank_holidays": "true",
}
NOT_SET = (sample.FLAG, "embed_origins", "leave_to")
YEARS = timedelta(days=800)
AHEAD, EACH = 10, 4  # weeks: planned at first, and then as many every four weeks
USUAL_WEEK = 137  # places of the sample's courses in a week
ROOM = 0.7  # places a week for each referral of a week
CALLED_OFF = 0.03  # of the courses
WHENCE, NO_HASH = "the simulated year", "nobody signs in"
WORKERS = (("ada", Role.WORKER), ("ben", Role.WORKER), ("lea", Role.LEAD), ("max", Role.MANAGER))


class Office:
    """`staff`: accounts by name."""

    def __init__(
        self, ctx: Context, clock: FastClock, agenda: Agenda, rng: Random, people: People, a_week: int
    ) -> None:
        self._ctx, self._clock, self._agenda, self._rng, self._people = ctx, clock, agenda, rng, people
        self._a_week, self._number = a_week, 0
        self.staff: dict[str, str] = {}
        self._venues: dict[str, str] = {}
        self._content = yaml.safe_load(sample.FILE.read_text(encoding="utf-8"))

    def found(self) -> None:
        """The programme on its first day: settings, staff, venues, and the sessions of the first weeks."""
        with self._ctx.database.writing() as session:
            self._write_settings(session)
            for name, role in WORKERS:
                self.staff[name] = self._hire(session, name, role)
        for row in self._content["venues"]:
            given = Given(**{key: value for key, value in row.items() if key != "id"})
            self._venues[row["id"]] = venue.save(self._ctx, self.staff["max"], None, given)
        self._plan(1, AHEAD)

    async def refer(self, count: int) -> None:
        """A week's file of the force: checked, looked at, brought in."""
        new = [draw(self._rng, self._number + each) for each in range(count)]
        self._number += count
        await asyncio.to_thread(self._bring_in, new)
        for someone in new:
            self._people.add(someone)

    async def plan_more(self, weeks: int = EACH) -> None:
        """The sessions after those that are planned already."""
        await asyncio.to_thread(self._plan, AHEAD - weeks + 1, weeks)

    def _bring_in(self, new: Sequence[Someone]) -> None:
        content, me = written(new), self.staff["max"]
        key = referral_import.check(self._ctx, me, f"referrals-{self._number}.csv", content)
        referral_import.read(self._ctx, key)
        referral_import.start(self._ctx, key)
        referral_import.bring_in(self._ctx, key, me, with_changes=True)
        again = referral_import.check(self._ctx, me, f"again-{self._number}.csv", content)  # it is sent twice
        referral_import.start(self._ctx, again)
        referral_import.bring_in(self._ctx, again, me, with_changes=True)
        since = self._clock()
        with self._ctx.database.reading() as session:
            rows = session.exec(select(Referral.id, Referral.reference).where(Referral.created_at >= since)).all()
        ids = {reference: key for key, reference in rows}
        for someone in new:
            someone.referral_id = ids[someone.reference.replace("-", "")]

    def _plan(self, first: int, weeks: int) -> None:
        begins = london.today(self._clock()) + timedelta(weeks=first - 1)
        share = self._a_week * ROOM / USUAL_WEEK
        for row in self._content["courses"]:
            day = begins + timedelta(days=(row["weekday"] - begins.weekday()) % 7 or 7)
            times = session_rules.Times(day, time.fromisoformat(row["at"]), row["minutes"], row["sessions"], weeks)
            about = About(max(1, round(row["capacity"] * share)))
            planned = sessions.plan(self._ctx, self.staff["lea"], self._venues[row["venue"]], times, about)
            for course_id in planned.courses:
                self._expect(course_id)

    def _expect(self, course_id: str) -> None:
        with self._ctx.database.reading() as session:
            held = session.exec(select(CourseSession).where(CourseSession.course_id == course_id)).all()
        called_off = self._rng.random() < CALLED_OFF
        if called_off:
            day = london.today(held[0].starts_at) - timedelta(days=self._rng.randint(1, 5))
            self._at(london.at(day, time(11, 20)), self._call_off, course_id)
        for each in held:
            self._at(each.ends_at + timedelta(minutes=5), self._mark, each.id)

    async def _call_off(self, course_id: str) -> None:
        await asyncio.to_thread(calling_off.call_off, self._ctx, course_id, self.staff["lea"], "The room is closed.")

    async def _mark(self, session_id: str) -> None:
        sheet = await asyncio.to_thread(attendance_sheet.read, self._ctx, session_id, self.staff["ada"])
        if not sheet.open:
            return
        for line in sheet.lines:
            if line.elsewhere:
                continue
            someone = self._people.by_referral[line.referral_id]
            comes = someone.ways.comes[min(someone.sessions, len(someone.ways.comes) - 1)]
            if self._rng.random() < 0.02:  # a slip of the finger, put right at once
                await self._put(session_id, line.booking_id, Mark.LATE)
                await asyncio.to_thread(
                    attendance_sheet.undo, self._ctx, session_id, line.booking_id, self.staff["ada"]
                )
            await self._put(session_id, line.booking_id, Mark(comes))
            someone.sessions += 1
            if comes == "attended":
                someone.done.add("over")
            else:
                self._people.missed(someone)

    async def _put(self, session_id: str, booking_id: str, what: Mark) -> None:
        await asyncio.to_thread(attendance_sheet.mark, self._ctx, session_id, booking_id, what, self.staff["ada"])

    def _at(self, moment: datetime, act: Callable[[str], Awaitable[None]], key: str) -> None:
        async def happen() -> None:
            await act(key)

        self._agenda.at(moment, happen)

    def _write_settings(self, session: Session) -> None:
        today = london.today(self._clock())
        usual = {key: str(value) for key, value in self._content["settings"].items() if key not in NOT_SET}
        for key, value in {**usual, **SETTINGS}.items():
            row = Setting(
                key=key,
                value=value,
                source=WHENCE,
                approver=WHENCE,
                approved_on=today,
                review_by=today + YEARS,
                updated_at=self._clock(),
            )
            session.add(row)

    def _hire(self, session: Session, name: str, role: Role) -> str:
        email, key = f"{name}@example.org", self._ctx.new_id()
        lookup = accounts.email_lookup(self._ctx.database.keyring, email)
        row = Account(
            id=key,
            email=email,
            email_lookup=lookup,
            name=name.title(),
            role=role,
            password_hash=NO_HASH,
            created_at=self._clock(),
        )
        session.add(row)
        return key


def written(new: Sequence[Someone]) -> bytes:
    """A file as the force sends it."""
    out = io.StringIO()
    rows = csv.writer(out)
    rows.writerow(HEADINGS)
    rows.writerows(
        (each.reference, each.name, f"{each.born:%d/%m/%Y}", each.phone or "", each.email or "") for each in new
    )
    return out.getvalue().encode()
