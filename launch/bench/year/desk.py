"""What staff do at their desks: who waits is taken and answered, cases are worked off, people are rung, decisions are
made by two, and lists go to the police."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from random import Random
from typing import Any

from sqlmodel import col, select

from launch.bench.year.clock import Agenda, FastClock
from launch.bench.year.people import People
from programme import (
    attention,
    closing,
    danger,
    decision,
    handoff,
    on_behalf,
    police_list,
    queue,
    referral_state,
    reply,
    shift,
)
from programme.context import Context
from programme.on_behalf import By
from programme.outcome import Done
from programme.owner import NotAllowedError
from programme.rules.danger import DANGERS
from storage.case import Case, cases_of_referral, open_cases
from storage.conversation import Conversation
from storage.decision import decisions_in
from storage.enums import CaseReason, DecisionState, HandoffState, ListKind, ReferralState
from storage.handoff import open_request_of
from storage.referral import Referral

BEATS = timedelta(minutes=5)
HOLD_CASES = (CaseReason.DECLINED,)  # is decided, with its referral
TALKS_A_ROUND = 12
WHY = "Seen together, with all that was sent and said."


class Desk:
    """The desks of one programme. `staff`: accounts by name."""

    def __init__(
        self, ctx: Context, clock: FastClock, agenda: Agenda, rng: Random, people: People, staff: dict[str, str]
    ) -> None:
        self._ctx, self._clock, self._agenda, self._rng = ctx, clock, agenda, rng
        self._people, self._staff = people, staff

    async def begin(self) -> None:
        """In the morning."""
        for name in ("ada", "ben"):
            await self._do(shift.begin, self._staff[name])

    async def end(self) -> None:
        """What they have goes back to the queue."""
        for name in ("ada", "ben"):
            await self._do(shift.end, self._staff[name])

    async def work(self) -> None:
        """Half an hour at the desks."""
        for name in ("ada", "ben"):
            await self._do(shift.beat, self._staff[name])
        waiting = [row for row in await self._do(queue.waiting) if row.request_id is not None]
        for place, row in enumerate(waiting[:TALKS_A_ROUND]):
            worker = self._staff[("ada", "ben")[place % 2]]
            try:
                taken = await self._do(handoff.take, row.conversation_id, worker)
            except NotAllowedError:
                continue
            if taken.won:
                await self._talk(row.conversation_id, worker)
        await self._work_off()

    async def decide(self) -> None:
        """Whose time is over, or who has missed their session, is looked at; what a second one must agree to follows
        the next day."""
        found = await self._do(attention.read)
        for row in found.rows:
            if row.why in ("over", "missed"):
                await self._look_at(row.referral_id, row.why == "missed")
        with self._ctx.database.reading() as session:
            held = [case for case in open_cases(session) if case.reason in HOLD_CASES and case.referral_id]
        for case in held:
            await self._look_at(case.referral_id or "", again=False)

    async def agree(self) -> None:
        """The second one agrees, or seldom not."""
        second = self._staff["ben"]
        for row in await self._do(decision.waiting, second):
            try:
                if self._rng.random() < 0.03:
                    await self._do(decision.refuse, row.decision.id, second, "Please ring them once more before this.")
                else:
                    await self._do(decision.agree, row.decision.id, second)
                    await self._close_cases(row.decision.referral_id)
            except decision.NotPossibleError:
                await self._do(decision.refuse, row.decision.id, second, "Something has changed since it was written.")

    async def tell_police(self) -> None:
        """Both lists, signed off by a lead, handed over, and their receipt."""
        lead = self._staff["lea"]
        for kind in ListKind:
            due = await self._do(police_list.due, kind)
            if not due.rows:
                continue
            key = await self._do(police_list.sign, kind, lead, due.mark)
            await self._do(police_list.download, key, lead)
            await self._do(police_list.hand_over, key, lead, "The liaison officer")
            await self._do(police_list.receive, key, lead, "By e-mail")

    async def overturn(self) -> None:
        """Now and then a decision was wrong."""
        with self._ctx.database.reading() as session:
            final = decisions_in(session, DecisionState.FINAL)
        for row in final[-20:]:
            if self._rng.random() < 0.02:
                await self._do(decision.overturn, row.id, self._staff["lea"], "They had been in hospital all along.")

    async def _talk(self, conversation_id: str, worker: str) -> None:
        """The worker writes, waits for an answer, writes once more and hands back."""
        await self._do(reply.say, conversation_id, worker, "Hello, how can I help?", self._ctx.new_id())
        someone = next((each for each in self._people.talks.items() if each[1].id == conversation_id), None)
        if someone is not None:
            number = someone[0]
            person = next(each for each in self._people.by_referral.values() if each.number == number)
            self._people.answered(conversation_id, person)
        self._agenda.at(self._clock() + BEATS, lambda: self._hand_back(conversation_id, worker))

    async def _hand_back(self, conversation_id: str, worker: str) -> None:
        with self._ctx.database.reading() as session:
            request = open_request_of(session, conversation_id)
        if request is None or request.state is not HandoffState.TAKEN or request.account_id != worker:
            return
        await self._do(reply.say, conversation_id, worker, "I have noted it. All the best.", self._ctx.new_id())
        await self._clear_danger(conversation_id, worker)
        await self._do(handoff.hand_back, conversation_id, worker, "answered")

    async def _clear_danger(self, conversation_id: str, worker: str) -> None:
        with self._ctx.database.reading() as session:
            found = select(Case.id).where(
                Case.conversation_id == conversation_id,
                col(Case.closed_at).is_(None),
                col(Case.reason).in_([CaseReason(each) for each in DANGERS]),
            )
            keys = session.exec(found).all()
        for key in keys:
            await self._do(danger.clear, key, f"worker:{worker}")

    async def _work_off(self) -> None:
        with self._ctx.database.reading() as session:
            rows = open_cases(session)
        for row in rows[:30]:
            if row.reason in HOLD_CASES or row.reason.value in DANGERS:
                continue
            referral_id = row.referral_id or self._of_chat(row.conversation_id)
            if referral_id is not None:
                await self._help(referral_id)
            await self._do(closing.close, row.id, self._staff["ada"], "done")

    async def _help(self, referral_id: str) -> None:
        """Rings them; who answers is found a place, if they have none and may have one."""
        someone = self._people.by_referral.get(referral_id)
        if someone is None or not someone.reachable or someone.phone is None or self._rng.random() < 0.4:
            return
        with self._ctx.database.reading() as session:
            state = session.get_one(Referral, referral_id).state
        worker = self._staff["ada"]
        if state is ReferralState.REFERRED:
            await self._do(referral_state.put_down, referral_id, worker, "reach", "Rang them.")
        if state is ReferralState.MISSED and someone.ways.again:
            await self._chance(referral_id)
        found = await self._do(on_behalf.choices, referral_id)
        if found.held is None and found.choices and someone.ways.needs is not None and not someone.ways.declines:
            by = By(worker, born=someone.born.isoformat())
            acted = await self._do(on_behalf.book, referral_id, found.choices[0].course_id, by)
            if acted.done is Done.BOOKED:
                someone.done.add("booked")

    async def _chance(self, referral_id: str) -> None:
        try:
            await self._do(attention.give_chance, referral_id, self._staff["ada"])
        except attention.NotMissedError:
            return

    async def _look_at(self, referral_id: str, again: bool) -> None:
        someone = self._people.by_referral[referral_id]
        if again and someone.ways.again and self._rng.random() < 0.5:
            await self._chance(referral_id)
            return
        found = await self._do(decision.look, referral_id, self._staff["ada"])
        if found.standing is None and found.pack.findings:
            await self._do(decision.decide, referral_id, self._staff["ada"], found.pack.findings[-1], WHY)

    async def _close_cases(self, referral_id: str) -> None:
        with self._ctx.database.reading() as session:
            rows = [row for row in cases_of_referral(session, referral_id) if row.closed_at is None]
        for row in sorted(rows, key=lambda row: row.due_at):
            if row.reason.value not in DANGERS:
                await self._do(closing.close, row.id, self._staff["ben"], "not_needed")

    def _of_chat(self, conversation_id: str | None) -> str | None:
        if conversation_id is None:
            return None
        with self._ctx.database.reading() as session:
            return session.get_one(Conversation, conversation_id).referral_id

    async def _do(self, act: Callable[..., Any], *given: object) -> Any:
        return await asyncio.to_thread(act, self._ctx, *given)
