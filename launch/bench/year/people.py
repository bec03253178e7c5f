"""What people do in a simulated year: they come by their link, prove who they are, book, move, cancel, miss, come back,
ask for a person, stop reminders, block us, or never answer."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from random import Random

from launch.bench.year.clock import Agenda, FastClock
from launch.bench.year.someone import Someone
from launch.bench.year.talk import Button, Doors, Heard, Talk
from programme.rules import london
from storage.enums import Channel

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
MOST_STEPS = 14
AWAKE = range(7, 23)  # London hours in which people do anything
DANGER = "i want to kill myself"
BOOKED = ("notice_booked", "notice_booked_online", "notice_moved", "notice_moved_online")
CHOICES = ("notice_called_off", "notice_place_kept", "notice_missed_dates")  # dates to choose from, unasked
LOOKS = 4  # days between two looks at the page


class People:
    """Everybody, and what they do next."""

    def __init__(
        self, doors: Doors, clock: FastClock, agenda: Agenda, rng: Random, block: Callable[[int], None]
    ) -> None:
        self._doors, self._clock, self._agenda, self._rng, self._block = doors, clock, agenda, rng, block
        self.by_referral: dict[str, Someone] = {}
        self.by_chat: dict[int, Someone] = {}
        self.talks: dict[int, Talk] = {}

    def add(self, someone: Someone) -> None:
        """They have been referred."""
        self.by_referral[someone.referral_id] = someone
        self.by_chat[someone.chat_number] = someone

    def got(self, someone: Someone, link: str | None) -> None:
        """A text message or an e-mail arrived, with a personal link in it."""
        someone.link, someone.letters = link or someone.link, someone.letters + 1
        ways = someone.ways
        if someone.number in self.talks:
            if ways.confirms and "booked" in someone.done:
                self._once(someone, f"confirm:{someone.sessions}", HOUR, self._confirm)
            return
        if ways.needs is not None and someone.letters > ways.needs and not someone.coming:
            someone.coming = True
            self._later(someone, timedelta(hours=ways.after), self._visit)

    def rang(self, chat: int) -> None:
        """Something came into their chat in Telegram."""
        someone = self.by_chat.get(chat)
        if someone is not None and someone.number in self.talks:
            self._later(someone, timedelta(minutes=self._rng.randint(2, 90)), self._look)

    def missed(self, someone: Someone) -> None:
        """The list of their session says that they were not there."""
        if someone.ways.disputes and someone.ways.again:
            self._once(someone, "dispute", DAY, self._dispute)
        elif someone.ways.again:
            self._once(someone, f"missed:{someone.sessions}", DAY * self._rng.randint(1, 3), self._tell_missed)

    def answered(self, conversation_id: str, someone: Someone) -> None:
        """A worker has written to them."""
        del conversation_id
        self._later(someone, timedelta(minutes=2), self._thank)

    async def _visit(self, someone: Someone) -> None:
        ways = someone.ways
        talk = await self._open(someone)
        if ways.wrong_person:
            await talk.mean("wrong_person")
            return
        heard = await talk.mean("book_course")
        if ways.declines:
            await self._walk(someone, talk, heard, until="utter_verified")
            await talk.mean("decline_programme")
            return
        await self._walk(someone, talk, heard)
        self._plan_life(someone)

    def _plan_life(self, someone: Someone) -> None:
        ways, rng = someone.ways, self._rng
        if rng.random() < 0.3:
            self._once(someone, "question", HOUR * rng.randint(1, 40), self._question)
        if ways.asks_person:
            self._once(someone, "person", HOUR * rng.randint(1, 60), self._person)
        if ways.danger:
            self._once(someone, "danger", HOUR * rng.randint(1, 80), self._danger)
        if ways.stops:
            self._once(someone, "stop", DAY * rng.randint(1, 4), self._stop)
        if ways.moves:
            self._once(someone, "move", DAY * rng.randint(1, 4), self._move)
        elif ways.cancels:
            self._once(someone, "cancel", DAY * rng.randint(1, 4), self._cancel)
        if ways.blocks and someone.channel is Channel.TELEGRAM:
            self._once(someone, "block", DAY * rng.randint(1, 6), self._blocks)
        if someone.channel is Channel.WEB and not ways.gone:
            self._later(someone, DAY, self._look_again)

    async def _look_again(self, someone: Someone) -> None:
        await self._look(someone)
        if "over" not in someone.done:
            self._later(someone, DAY * LOOKS, self._look_again)

    async def _look(self, someone: Someone) -> None:
        talk = self.talks[someone.number]
        for heard in await talk.look():
            await self._react(someone, talk, heard)

    async def _react(self, someone: Someone, talk: Talk, heard: Heard) -> None:
        confirm = heard.button("confirm_attendance")
        if confirm is not None and someone.ways.confirms and f"said:{someone.sessions}" not in someone.done:
            someone.done.add(f"said:{someone.sessions}")
            await talk.press(confirm)
        elif heard.answer.startswith(CHOICES):
            picked = heard.button("choose_session") or heard.button("join_waiting_list")
            if picked is not None:
                await self._walk(someone, talk, await talk.press(picked))
        elif heard.answer == "notice_nudge" and (book := heard.button("book_course")) is not None:
            await self._walk(someone, talk, await talk.press(book))

    async def _confirm(self, someone: Someone) -> None:
        talk = await self._open(someone)
        await self._walk(someone, talk, await talk.mean("confirm_attendance"))

    async def _tell_missed(self, someone: Someone) -> None:
        talk = await self._open(someone)
        await self._walk(someone, talk, await talk.mean("missed_session"))

    async def _dispute(self, someone: Someone) -> None:
        talk = await self._open(someone)
        await self._walk(someone, talk, await talk.mean("dispute_attendance"))

    async def _question(self, someone: Someone) -> None:
        await self.talks[someone.number].mean("ask_what_to_bring")

    async def _person(self, someone: Someone) -> None:
        await self.talks[someone.number].mean("request_human")

    async def _thank(self, someone: Someone) -> None:
        talk = self.talks[someone.number]
        await talk.look()
        await talk.say("thank you that helps")

    async def _danger(self, someone: Someone) -> None:
        await self.talks[someone.number].say(DANGER)

    async def _stop(self, someone: Someone) -> None:
        talk = self.talks[someone.number]
        heard = await talk.mean("stop_messages")
        button = next((found for each in heard if (found := each.button("stop_reminders"))), None)
        if button is not None:
            await talk.press(button)

    async def _move(self, someone: Someone) -> None:
        talk = await self._open(someone)
        await self._walk(someone, talk, await talk.mean("reschedule_booking"))

    async def _cancel(self, someone: Someone) -> None:
        talk = await self._open(someone)
        await self._walk(someone, talk, await talk.mean("cancel_booking"))
        if someone.ways.again:
            self._once(someone, "rebook", DAY * self._rng.randint(1, 3), self._rebook)

    async def _rebook(self, someone: Someone) -> None:
        talk = await self._open(someone)
        await self._walk(someone, talk, await talk.mean("book_course"))

    async def _blocks(self, someone: Someone) -> None:
        self._block(someone.chat_number)
        if self._rng.random() < 0.5:  # of the others we hear only when we write
            await self.talks[someone.number].leave()

    async def _open(self, someone: Someone) -> Talk:
        """Their chat; now and then on another device, by the newest link."""
        known = self.talks.get(someone.number)
        if known is not None and (someone.channel is Channel.TELEGRAM or self._rng.random() < 0.9):
            await known.look()
            return known
        talk = await Talk.open(self._doors, someone.channel, someone.chat_number, someone.link)
        self.talks[someone.number] = talk
        return talk

    async def _walk(self, someone: Someone, talk: Talk, heard: Sequence[Heard], until: str = "") -> None:
        """Answers what is asked, until nothing is."""
        for _ in range(MOST_STEPS):
            if any(each.answer in BOOKED for each in heard):
                someone.done.add("booked")
                return
            if any(each.answer == until for each in heard):
                return
            step = next((found for each in reversed(heard) if (found := self._step(someone, each)) is not None), None)
            if step is None:
                return
            heard = await (talk.press(step) if isinstance(step, Button) else talk.say(step))

    def _step(self, someone: Someone, heard: Heard) -> Button | str | None:
        """What they do about a message: a tap, words, or nothing."""
        match heard.answer:
            case "utter_step_reference":
                return someone.reference
            case "utter_step_date_of_birth":
                return f"{someone.born:%d/%m/%Y}"
            case "utter_step_preference":
                wishes = [each for each in heard.buttons if each.intent == "choose_session"]
                return self._rng.choice(wishes[:6]) if wishes else None
            case "utter_none_free":
                return heard.button("join_waiting_list")
            case "utter_none_fits":
                return None
            case answer if answer.startswith(("utter_offers", "utter_which_one")):
                offers = [each for each in heard.buttons if "offer" in each.values]
                return self._rng.choice(offers[:3]) if offers else None
            case answer if answer.startswith(("utter_ask_book", "utter_ask_move", "utter_ask_cancel")):
                return heard.button("affirm")
            case _:
                return None

    def _once(self, someone: Someone, what: str, after: timedelta, act: Callable[[Someone], Awaitable[None]]) -> None:
        if what not in someone.done:
            someone.done.add(what)
            self._later(someone, after, act)

    def _later(self, someone: Someone, after: timedelta, act: Callable[[Someone], Awaitable[None]]) -> None:
        async def happen() -> None:
            await act(someone)

        self._agenda.at(_awake(self._clock() + after, self._rng), happen)


def _awake(moment: datetime, rng: Random) -> datetime:
    """The same, or where people sleep, in the morning."""
    local = london.local(moment)
    if local.hour in AWAKE:
        return moment
    day = london.today(moment) + (timedelta(days=1) if local.hour >= AWAKE.stop else timedelta())
    return london.at(day, local.time().replace(hour=rng.randint(7, 10), minute=local.minute))
