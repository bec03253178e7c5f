"""Every step of the booking × every interruption, over the real servers: by intent, and in words people type.

Persons whose interruption left them where they were are interrupted again, so that long conversations, with their
renewals in mid-form, are walked too.
"""

import uuid
from collections.abc import Callable
from datetime import UTC, datetime

import pytest
import yaml

from actions.confirming import SHORT
from actions.journey import ASIDE, ELSEWHERE
from launch.settings import PROJECT
from programme import dates, feedback
from programme.rules import preference, reference
from programme.rules.danger import DANGERS
from programme.rules.step import yes_no
from storage.conversation import Conversation
from storage.enums import CaseReason, HandoffState, Owner, Urgency
from storage.handoff import HandoffRequest
from tests.dialogue.desk import Desk, Person, Said, answers
from tests.dialogue.outcome import Ends, Goes, Leaves, Outcome, Stays, Told
from tests.dialogue.table import ASKED, BUTTONS_ONLY, EXPECTED, LINE, LONG, STEPS, TEXTS, TYPED

INTENTS = sorted({intent for _, intent in EXPECTED})
WORDS_OF = PROJECT / "tests" / "nlu"
SURE = 0.85
TRIES = 8  # texts of an intent that are looked at, to find one that is understood


class Standing:
    """Persons who stand at a step, kept for the next interruption where the last one left them there."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._at: dict[str, Person] = {}

    def take(self, step: str) -> Person:
        return self._at.pop(step, None) or bring(self._desk, step)

    def keep(self, step: str, person: Person) -> None:
        self._at[step] = person


@pytest.fixture(scope="module")
def standing(desk: Desk) -> Standing:
    return Standing(desk)


def bring(desk: Desk, step: str) -> Person:
    """Somebody new, brought to this step."""
    verified = step in ("preference", "choice", "book", "callback_known")
    person = desk.person(verified=verified, booked=step in ("move", "cancel"))
    for act in WAYS[step]:
        said = act(person)
    assert answers(said)[-1] == ASKED[step], f"not brought to {step}: {answers(said)}"
    return person


Act = Callable[[Person], list[Said]]


def _intent(name: str) -> Act:
    return lambda person: person.intent(name)


def _tap(title: str) -> Act:
    return lambda person: person.tap(title)


def _say(text: str) -> Act:
    return lambda person: person.say(text)


def _helped(person: Person) -> list[Said]:
    """A worker has written here, and is done: it is asked how it was."""
    with person.ctx.database.writing() as session:
        conversation = session.get_one(Conversation, person.id)
        now = person.ctx.clock()
        request = HandoffRequest(
            id=uuid.uuid4().hex,
            conversation_id=person.id,
            reason="request_human",
            urgency=Urgency.ASKED,
            state=HandoffState.HANDED_BACK,
            requested_at=now,
            first_reply_at=now,
            ended_at=now,
        )
        session.add(request)
        session.flush()
        assert feedback.invite(session, person.ctx, conversation, request)
    return person.look()


BOOK, MOVE, LOST_IT = _intent("book_course"), _intent("reschedule_booking"), _intent("lost_reference")
READING, A_CALL, NUMBER = _tap("Reading"), _intent("ask_callback"), _say("07700 900123")
WAYS: dict[str, tuple[Act, ...]] = {
    "reference": (BOOK,),
    "date_of_birth": (BOOK, lambda person: person.say(person.referral.reference)),
    "preference": (BOOK,),
    "choice": (BOOK, READING),
    "book": (BOOK, READING, lambda person: person.press(person.heard[-1].buttons[0][1])),
    "move": (MOVE, READING, lambda person: person.press(person.heard[-1].buttons[0][1])),
    "cancel": (_intent("cancel_booking"),),
    "lost_name": (LOST_IT,),
    "lost_birth": (LOST_IT, _say("Sam Sample")),
    "lost_phone": (LOST_IT, _say("Sam Sample"), _say("14 March 1990")),
    "callback_number": (A_CALL,),
    "callback_known": (A_CALL,),
    "callback_time": (A_CALL, NUMBER),
    "callback_yes": (A_CALL, NUMBER, _tap("Any time")),
    "feedback_words": (_helped, _tap("Good"), _tap("Add a line")),
}


def test_the_table_is_whole() -> None:
    domain = yaml.safe_load((PROJECT / "nlu" / "domain.yml").read_text())
    known = {name for each in domain["intents"] for name in each}
    assert set(EXPECTED) == {(step, intent) for step in STEPS for intent in known}


@pytest.mark.parametrize("intent", INTENTS)
@pytest.mark.parametrize("step", STEPS)
def test_an_interruption(standing: Standing, desk: Desk, step: str, intent: str) -> None:
    interrupt(standing, desk, step, intent, EXPECTED[step, intent], lambda person: person.intent(intent))


# By intent every pair is tried. In words every third: each intent at five steps, each step with a third of the intents.
SAID = sorted(set(INTENTS) - BUTTONS_ONLY - {"nlu_fallback"})
IN_WORDS = [(step, intent) for s, step in enumerate(STEPS) for i, intent in enumerate(SAID) if (s + i) % 3 == 0]


@pytest.mark.parametrize(("step", "intent"), IN_WORDS)
def test_an_interruption_in_words(
    standing: Standing, desk: Desk, understood: dict[str, str], step: str, intent: str
) -> None:
    text = understood[intent]
    expected = TYPED.get((step, intent), EXPECTED[step, intent])
    if step == LINE and (kept := kept_as_line(intent, text)):
        said = answers(standing.take(LINE).say(text))
        assert said[0] == kept  # a question among it is answered all the same
        also = f"utter_{intent}"
        assert set(said[1:]) <= ({desk.sayable(also, desk.person())} if also in desk.ctx.answers else set())
        return
    interrupt(standing, desk, step, intent, expected, lambda person: person.say(text), text)


def kept_as_line(intent: str, text: str) -> str | None:
    """What is said to a line for the team; None: a question, or what has a way of its own, is itself."""
    asks = intent in ASIDE or (intent.startswith("ask_") and intent != "ask_available_sessions")
    if intent in ELSEWHERE or ("?" in text and asks):
        return None
    return "utter_feedback_no_words" if yes_no(text) is False else "utter_feedback_words_kept"


def interrupt(
    standing: Standing, desk: Desk, step: str, intent: str, expected: Outcome, act: Act, typed: str = ""
) -> None:
    person = standing.take(step)
    held = place_of(person)
    said = act(person)
    where = f"{step} × {intent} {typed}: {[each.text for each in said]}"
    wanted = [desk.sayable(answer, person) for answer in expected.said]
    match expected:
        case Stays():
            assert answers(said) == [*wanted, ASKED[step]], where
            if intent != "nlu_fallback":  # the second in a row is another matter
                standing.keep(step, person)
        case Told():
            assert answers(said) == wanted, where
            assert answers(person.intent("carry_on")) == [ASKED[step]], f"{where}, then carry on"
        case Goes(to=to):
            assert answers(said) == [*wanted, ASKED[to]], where
        case Leaves():
            assert answers(said) == wanted, where
            back, heard = ("im_safe", ["utter_im_safe"]) if intent in DANGERS else ("carry_on", [])
            assert answers(person.intent(back)) == [*heard, ASKED[step]], f"{where}, then {back}"
        case Ends():
            assert answers(said) == wanted, where
            assert answers(person.intent("carry_on")) == ["utter_start_over"], f"{where}, then carry on"
    changed = expected.said[:1] in (("notice_booked",), ("notice_moved",), ("notice_cancelled",))
    assert (place_of(person) != held) == changed, where
    if intent == "request_human":
        check_queue(person)
    if intent in DANGERS:
        check_danger(person, intent)


def place_of(person: Person) -> str | None:
    """The booking that is held: what is noted on it, such as that they are coming, leaves it theirs."""
    return person.booking.id if person.booking else None


def check_queue(person: Person) -> None:
    """One request, also where a person is asked for twice."""
    assert answers(person.intent("request_human")) == ["utter_handoff_still_waiting"]
    assert [request.state for request in person.requests()].count(HandoffState.WAITING) == 1
    assert person.owner is Owner.QUEUED


def check_danger(person: Person, danger: str) -> None:
    assert [case.reason for case in person.open_cases()].count(CaseReason(danger)) == 1


@pytest.fixture(scope="module")
def understood(desk: Desk) -> dict[str, str]:
    """For each intent a text of tests/nlu that the model is sure of and that is no answer to any step."""
    person = desk.person()
    return {intent: _understood(person, intent, texts) for intent, texts in _texts().items()}


def _understood(person: Person, intent: str, texts: list[str]) -> str:
    if intent in TEXTS:
        assert TEXTS[intent] in texts
        return TEXTS[intent]
    best, surest = "", 0.0
    for text in texts[:TRIES]:
        said = person.say(text)
        name, confidence = person.understood
        if name == intent and confidence > surest and not _asks_more(said):
            best, surest = text, confidence
        if surest > SURE:
            break
    assert best, f"no text of tests/nlu is understood as {intent}"
    return best


def _asks_more(said: list[Said]) -> bool:
    """Whether a second question was heard in the text: those are walked through elsewhere."""
    return any(answer.startswith(("utter_ask_", "utter_also_asked")) for answer in answers(said)[1:])


def _texts() -> dict[str, list[str]]:
    texts: dict[str, list[str]] = {}
    for path in sorted(WORDS_OF.glob("*.yml")):
        for block in yaml.safe_load(path.read_text())["nlu"]:
            if block.get("intent") in INTENTS:
                lines = [line.removeprefix("- ") for line in block["examples"].splitlines()]
                least = SHORT + 1 if block["intent"] in LONG else 1
                fit = [line for line in lines if len(line.split()) >= least and not _answers_something(line)]
                texts.setdefault(block["intent"], []).extend(fit)
    return texts


def _answers_something(text: str) -> bool:
    """Whether the text is also an answer to a step: what that means is tested in the walks."""
    now = datetime(2026, 12, 1, 12, tzinfo=UTC)
    places = ["Aylesbury", "Milton Keynes", "Oxford", "Reading", "Slough", "online"]
    return bool(
        reference.read(text)
        or dates.born(text, now.date()).value
        or preference.read(dates.plainly(text, now), places)
        or any(map(str.isdigit, text))
    )
