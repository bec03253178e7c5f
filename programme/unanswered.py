"""Questions that were asked and could not be answered: how often, in which words (masked), which settings would answer
them; and the end of such a case once its answer can be given."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import product

from sqlmodel import Session, col, func, select

from programme import audit, miss
from programme.answers import Answers, Fact, Situation, is_known, may_be_said
from programme.case import ANSWER, ASKED
from programme.catalogue import settings_of
from programme.context import Context
from programme.rules.mask import mask, mask_people
from programme.why import GIVEN
from storage.audit import Audit
from storage.case import Case, open_because
from storage.conversation import Conversation
from storage.enums import CaseReason
from storage.message import MessageIn
from storage.person import Person

LOOKED_AT = 20  # askings whose words are looked at
MOST_WORDS = 3  # different ways of asking that are shown
SITUATIONS = tuple(
    Situation(channel, verified, booked, open)
    for channel, verified, booked, open in product(("web", "telegram"), (False, True), (False, True), (False, True))
)


@dataclass(frozen=True)
class Asked:
    """An answer that was wanted. `words`: how it was asked lately, masked; `missing`: settings that are not known.

    `expired`: no setting is missing, but the answer's own review date has passed.
    """

    answer: str
    times: int
    since: datetime
    words: tuple[str, ...]
    missing: tuple[str, ...]

    @property
    def expired(self) -> bool:
        return not self.missing


def questions(session: Session, answers: Answers, facts: Mapping[str, Fact], today: date) -> list[Asked]:
    """Every question that waits for a fact, the most asked first."""
    cases = open_because(session, CaseReason.NOT_ANSWERED)
    times = _times(session, [case.id for case in cases])
    people = _names(session) if cases else frozenset()
    found = []
    for case in cases:
        answer = case.subject.removeprefix(ANSWER)
        missing = tuple(
            key
            for key in settings_of(answers, answer)
            if key not in answers.help_lines and not is_known(facts.get(key), today)
        )
        found.append(
            Asked(answer, max(1, times.get(case.id, 0)), case.opened_at, _words(session, case, people), missing)
        )
    return sorted(found, key=lambda each: (-each.times, each.since, each.answer))


def settle(session: Session, ctx: Context, account_id: str, facts: Mapping[str, Fact], today: date) -> list[str]:
    """Closes the cases of questions that can be answered now. The answers' names."""
    answered = []
    for case in open_because(session, CaseReason.NOT_ANSWERED):
        answer = case.subject.removeprefix(ANSWER)
        if not can_be_said(ctx.answers, answer, facts, today):
            continue
        case.closed_at, case.closed_by, case.outcome = ctx.clock(), account_id, "answered"
        session.add(case)
        audit.note(session, ctx, audit.worker(account_id), "close_case", "case", case.id)
        answered.append(answer)
    return answered


def can_be_said(answers: Answers, answer: str, facts: Mapping[str, Fact], today: date) -> bool:
    """Whether everybody who may ask it now hears this answer, wherever they stand."""
    if answer not in answers:
        return False
    given = dict.fromkeys([*GIVEN, *answers.help_lines], "")
    for situation in SITUATIONS:
        fitting = [each for each in answers.variations(answer) if situation.fits(_when(each))]
        if fitting and not any(may_be_said(each, facts, given, today) for each in fitting):
            return False
    return True


def _when(variation: Mapping[str, object]) -> Mapping[str, object]:
    about = variation.get("metadata")
    return (about.get("when") or {}) if isinstance(about, Mapping) else {}


def _times(session: Session, case_ids: Sequence[str]) -> dict[str, int]:
    found = (
        select(Audit.subject_id, func.count())
        .where(Audit.subject_kind == "case", Audit.action == ASKED, col(Audit.subject_id).in_(case_ids))
        .group_by(Audit.subject_id)
    )
    return dict(session.exec(found).all())


def _words(session: Session, case: Case, people: frozenset[str]) -> tuple[str, ...]:
    """The newest different ways in which it was asked; nothing of who asked, nothing that is hidden."""
    found = (
        select(Audit)
        .where(Audit.subject_kind == "case", Audit.subject_id == case.id, Audit.action == ASKED)
        .order_by(col(Audit.at).desc(), col(Audit.id))
        .limit(LOOKED_AT)
    )
    ids = [json.loads(row.detail)["message"] for row in session.exec(found) if row.detail]
    words: dict[str, str] = {}
    for message_id in ids:
        row = session.get(MessageIn, message_id)
        if row is None or not row.text or row.sensitive_at is not None or row.danger is not None:
            continue
        conversation = session.get_one(Conversation, row.conversation_id)
        masked = mask_people(mask(row.text, miss.names_in(session, conversation)), people)
        words.setdefault(masked.casefold(), masked)
    return tuple(words.values())[:MOST_WORDS]


def _names(session: Session) -> frozenset[str]:
    """The parts of every name that is known, in lower case: somebody who asks may not have shown who they are."""
    return frozenset(part for name in session.exec(select(Person.name)) for part in name.casefold().split())
