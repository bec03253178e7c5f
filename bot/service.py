"""The conversation service, the same for all channels: store first, then one message at a time per conversation,
many conversations at once; ask the dialogue, write the outbox, give a hint to whoever delivers."""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import structlog

from bot.dialogue import Dialogue, DialogueError
from programme import conversation as conversations
from programme import language, meanwhile, menu
from programme import turn as turns
from programme.context import Context
from programme.language import Languages
from programme.outbox import Reply
from programme.safety import Safety
from programme.turn import Accepted, Incoming, LeaseLostError, Turn
from storage.enums import MessageKind, Owner, TurnEnd

log = structlog.get_logger()

TURN_SECONDS = 8.0  # from storing to the menu; the promise to the page is 10
LEAST_SECONDS = 0.5
LONG_AGO_SECONDS = 10.0
LOOK_FOR_DANGER_SECONDS = 2.0
ASK_SECONDS = 5.0
HEARTBEAT_SECONDS = 1.3
LOOK_SECONDS = 1.0
RENEW_SECONDS = 3.0


class ConversationService:
    """`on_change` of a conversation wakes its listeners: they read rows, the hint itself carries nothing."""

    def __init__(
        self,
        ctx: Context,
        dialogue: Dialogue,
        safety: Safety,
        other_answer: Callable[[str], str] | None = None,
        languages: Languages | None = None,
    ) -> None:
        self._ctx = ctx
        self._dialogue = dialogue
        self._safety = safety
        self._languages = languages or Languages({}, frozenset())
        self._other_answer = other_answer or (lambda _kind: "notice_cannot_read")
        self._listeners: defaultdict[str, set[asyncio.Event]] = defaultdict(set)
        self._any: set[asyncio.Event] = set()
        self._working: dict[str, asyncio.Task[None]] = {}
        self._again: dict[str, Turn | None] = {}  # to be worked on once more, with the turn that has begun
        self._caught_up: set[str] = set()  # nothing had come after the turn that ended last
        self._finder: asyncio.Task[None] | None = None
        self._closing = False
        self.relay: Callable[[str], None] | None = None  # passes hints on to other processes

    async def start(self) -> None:
        """Begins to look for turns that nobody works on: left by a crash, or by another process."""
        self._finder = asyncio.create_task(self._find_work())

    async def stop(self) -> None:
        """Ends when the turns in hand have ended."""
        self._closing = True
        if self._finder:
            self._finder.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._finder
        if self._working:
            await asyncio.wait(list(self._working.values()), timeout=TURN_SECONDS)

    def speaks_of_danger(self, text: str) -> bool:
        """Whether the phrase list sees danger; such words are heard beyond every limit."""
        return self._safety.check(text) is not None

    async def accept(self, conversation_id: str, incoming: Incoming) -> Accepted:
        """Stores a message and has it handled. Raises UnknownButtonError, ClosedError."""
        danger = self._safety.check(incoming.text) if incoming.kind is MessageKind.TEXT and incoming.text else None
        free = conversation_id not in self._working and not self._closing
        accepted = await asyncio.to_thread(
            turns.receive, self._ctx, conversation_id, incoming, danger.kind if danger else None, free
        )
        if danger and accepted.new:
            self.hint(conversation_id)
        if not accepted.ended:
            self._work(conversation_id, accepted.begun)
        return accepted

    def listen(self, event: asyncio.Event, conversation_id: str | None = None) -> Callable[[], None]:
        """`event` is set whenever something in the conversation (None: in any) may have changed; call to stop."""
        group = self._listeners[conversation_id] if conversation_id else self._any
        group.add(event)

        def stop() -> None:
            group.discard(event)
            if conversation_id and not group:
                self._listeners.pop(conversation_id, None)

        return stop

    def hint(self, conversation_id: str) -> None:
        """Something in this conversation may have changed: told here, and to the other processes."""
        self.wake(conversation_id)
        if self.relay:
            self.relay(conversation_id)

    def wake(self, conversation_id: str) -> None:
        """The same, told in this process only."""
        for event in [*self._listeners.get(conversation_id, ()), *self._any]:
            event.set()

    async def forget(self, conversation_id: str) -> None:
        """The person has left for good: the conversation is closed, and the dialogue forgets it."""
        await asyncio.to_thread(conversations.close, self._ctx, conversation_id)
        if turn := self._working.get(conversation_id):
            await asyncio.wait({turn}, timeout=TURN_SECONDS)  # what it leaves behind must be forgotten too
        with contextlib.suppress(DialogueError):
            await self._dialogue.forget(conversation_id, RENEW_SECONDS)

    def _work(self, conversation_id: str, begun: Turn | None = None) -> None:
        if conversation_id in self._working:
            self._again[conversation_id] = begun or self._again.get(conversation_id)
            return
        task = asyncio.create_task(self._work_on(conversation_id, begun))
        self._working[conversation_id] = task
        task.add_done_callback(partial(self._worked, conversation_id))

    def _worked(self, conversation_id: str, task: "asyncio.Task[None]") -> None:
        self._working.pop(conversation_id, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("turn_failed", conversation=conversation_id, error=type(error).__name__)
        if conversation_id in self._again and not self._closing:
            self._work(conversation_id, self._again.pop(conversation_id))

    async def _work_on(self, conversation_id: str, begun: Turn | None) -> None:
        while turn := begun or await asyncio.to_thread(turns.begin_turn, self._ctx, conversation_id):
            begun = None
            heartbeat = asyncio.create_task(self._keep(turn))
            try:
                await self._handle(turn)
            except LeaseLostError:
                log.warning("turn_abandoned", conversation=conversation_id, turn=turn.id)
                return
            finally:
                heartbeat.cancel()
                self.hint(conversation_id)
            if conversation_id in self._caught_up:
                self._caught_up.discard(conversation_id)
                return

    async def _keep(self, turn: Turn) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_SECONDS)
            try:
                if not await asyncio.to_thread(turns.keep_lease, self._ctx, turn):
                    return
            except Exception as error:  # a database that is away for a moment; the fence guards what is written
                log.warning("lease_not_kept", turn=turn.id, error=type(error).__name__)

    async def _handle(self, turn: Turn) -> None:
        try:
            await self._answer(turn)
        except LeaseLostError:
            raise
        except Exception as error:  # one bad turn must not hold up all that the person writes after it
            log.error("turn_failed", conversation=turn.conversation_id, turn=turn.id, error=type(error).__name__)
            await self._menu(turn)

    async def _answer(self, turn: Turn) -> None:
        if turn.owner is Owner.WORKER:
            await self._leave_to_worker(turn)
        elif turn.kind is MessageKind.OTHER:
            await self._end(turn, TurnEnd.ANSWERED, [Reply(self._other_answer(turn.text))])
        elif turn.intent in menu.INTENTS:
            replies = await asyncio.to_thread(menu.answer, self._ctx, turn.conversation_id, turn.intent or "")
            await self._end(turn, TurnEnd.ANSWERED, replies)
        elif turn.intent == language.INTENT:
            await self._ask_for_interpreter(turn)
        elif (notice := self._notice_of_language(turn)) and turn.danger is None:
            await self._end(turn, TurnEnd.ANSWERED, [notice])
        else:
            await self._ask(turn, [notice] if notice else [])

    async def _leave_to_worker(self, turn: Turn) -> None:
        """Silence, but for danger: where the phrases saw none, the model looks too."""
        understood = None
        if turn.danger is None and turn.kind is MessageKind.TEXT and turn.intent is None:
            with contextlib.suppress(DialogueError):
                understood = await self._dialogue.understand(turn, LOOK_FOR_DANGER_SECONDS)
        await self._end(turn, TurnEnd.LEFT_TO_WORKER, (), understood)

    def _notice_of_language(self, turn: Turn) -> Reply | None:
        """What is said to a message that is not in English: the dialogue is not asked, so the form stays."""
        if turn.kind is not MessageKind.TEXT or turn.intent is not None:
            return None
        code = self._languages.find(turn.text)
        return self._languages.notice(code) if code else None

    async def _ask_for_interpreter(self, turn: Turn) -> None:
        code = turn.values.get("language", language.UNKNOWN)
        replies = await asyncio.to_thread(
            language.ask_for_interpreter, self._ctx, self._languages, turn.conversation_id, code
        )
        await self._end(turn, TurnEnd.ANSWERED, replies)

    async def _ask(self, turn: Turn, more: Sequence[Reply] = ()) -> None:
        """Asks the dialogue. `more`: what is said after its answer."""
        try:
            renewed = await self._renew(turn)
            answered = await self._dialogue.ask(turn, self._seconds_left(turn))
            if not answered.replies and not await self._was_told(turn):
                raise DialogueError("no answer")
        except DialogueError as error:
            log.warning("dialogue_failed", conversation=turn.conversation_id, turn=turn.id, reason=str(error))
            await self._menu(turn, more)
            return
        await self._end(turn, TurnEnd.ANSWERED, [*answered.replies, *more], answered.understood, renewed)

    async def _menu(self, turn: Turn, more: Sequence[Reply] = ()) -> None:
        """The fixed menu; who asked for a person has asked; after a crisis card the card is enough."""
        if turn.intent == "request_human":
            replies = await asyncio.to_thread(menu.answer, self._ctx, turn.conversation_id, "menu_person")
        else:
            replies = [] if turn.danger else menu.offer()
        await self._end(turn, TurnEnd.MENU, [*replies, *more])

    async def _was_told(self, turn: Turn) -> bool:
        """Whether an action has already said something in this turn (a confirmation, the crisis card)."""
        return await asyncio.to_thread(turns.was_answered, self._ctx, turn.id)

    async def _renew(self, turn: Turn) -> bool:
        """Begins a new session where one is due and there is time, and always where the dialogue has not heard what a
        worker and the person said. Raises DialogueError: then asking is no use."""
        left = self._seconds_left(turn)
        if turn.out_of_step_since is not None:
            heard = await asyncio.to_thread(meanwhile.heard, self._ctx, turn)
            await self._dialogue.renew(turn.conversation_id, min(RENEW_SECONDS, left), heard)
            return True
        if not turn.renew or turn.tries > 1 or left < ASK_SECONDS:  # a turn that is tried again may be in the session
            return False
        await self._dialogue.renew(turn.conversation_id, RENEW_SECONDS)
        return True

    def _seconds_left(self, turn: Turn) -> float:
        """What is left of the promise. Raises DialogueError where it is too little to ask at all.

        A turn that was found after a crash is tried in earnest once: its page is told of its end when it comes back.
        """
        age = (self._ctx.clock() - turn.received_at).total_seconds()
        left = min(ASK_SECONDS, TURN_SECONDS - age)
        if left >= LEAST_SECONDS:
            return left
        if turn.tries == 2 and age > LONG_AGO_SECONDS:
            return ASK_SECONDS
        raise DialogueError("no time left")

    async def _end(
        self,
        turn: Turn,
        ended_as: TurnEnd,
        replies: Sequence[Reply] = (),
        understood: Mapping[str, Any] | None = None,
        renewed: bool = False,
    ) -> None:
        if not await asyncio.to_thread(turns.end_turn, self._ctx, turn, ended_as, replies, understood, renewed):
            self._caught_up.add(turn.conversation_id)

    async def _find_work(self) -> None:
        while True:
            try:
                for conversation_id in await asyncio.to_thread(turns.waiting, self._ctx):
                    self._work(conversation_id)
            except Exception as error:  # the search must outlive a database that is away for a moment
                log.error("search_failed", error=type(error).__name__)
            await asyncio.sleep(LOOK_SECONDS)
