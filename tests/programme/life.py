"""Somebody who has left a trace in every table that can hold one; and looking for traces in a whole database."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select as every

from programme import audit, keeping, retention, search, verification
from programme.context import Context
from storage.absence import Absence
from storage.attendance import Attendance
from storage.booking import Booking
from storage.callback import Callback
from storage.case import Case
from storage.conversation import Conversation, address_lookup
from storage.decision import Decision
from storage.enums import (
    AbsenceStep,
    CaseReason,
    Channel,
    DecisionState,
    Finding,
    HandoffState,
    LessonState,
    ListKind,
    Mark,
    OutreachState,
    OutState,
    PaperKind,
    Rating,
    ReferralState,
    Urgency,
    WaitingState,
    Way,
)
from storage.feedback import Feedback
from storage.identity import Attempt, AttemptKind, subject_lookup
from storage.lesson import Lesson
from storage.note import Draft, Note
from storage.paper import Paper, token_lookup
from storage.police_list import PoliceList, PoliceListRow
from storage.referral import SOURCE, Referral
from storage.referral_change import ReferralChange
from storage.retention import AUDITED_OF_CONVERSATION, AUDITED_OF_REFERRAL
from storage.row import Row
from storage.session import CourseSession
from storage.tables import metadata
from storage.types import Sealed
from storage.waiting import Waiting
from tests.builders import (
    NOW,
    a_booking,
    a_button,
    a_case,
    a_conversation,
    a_course,
    a_handoff_request,
    a_message_in,
    a_message_out,
    a_miss,
    a_person,
    a_referral,
    a_setting,
    an_account,
    an_identity,
    an_outreach,
    new_id,
)

NAME, REFERENCE, CHAT, ADDRESS = "Quentin Zebedee", "TVP7Q8Z91", "990077661", "198.51.100.23"
# Each is looked for as it stands, however it is written.
TRACES = ("zebedee", "quentin", "900987", "zz.example", "7q8z91", "1983-04-17", "marigold", CHAT, ADDRESS)
SAID = "it's Quentin Zebedee, ring 07700 900987, marigold"
DETAIL = json.dumps({"said": [{"turn": "a turn", "words": SAID}]})
ENDED = NOW - timedelta(days=400)


@dataclass(frozen=True)
class Life:
    """`web`, `telegram`, `linked`: their conversations, the last by a link alone; `token`: of their link."""

    referral: Referral
    web: Conversation
    telegram: Conversation
    linked: Conversation
    booking: Booking
    token: str


def a_life(ctx: Context, whole: bool = True, number: int = 1) -> Life:
    """All that somebody leaves, who came to the end of their referral 400 days ago; or only what stands in no way."""
    database, worker, referral = ctx.database, an_account(ctx.database, name="Wren Worker"), _someone(ctx, number)
    them = {"referral_id": referral.id, "verified_at": ENDED, "last_in_at": ENDED}
    web = a_conversation(database, address_lookup=address_lookup(database.keyring, ADDRESS), language="pl", **them)
    account = an_identity(database, Channel.TELEGRAM, external=f"{CHAT[:-1]}{number}")
    telegram = a_conversation(database, Channel.TELEGRAM, identity_id=account.id, **them)
    linked = a_conversation(database, linked_referral_id=referral.id, last_in_at=ENDED)
    course = a_course(database, starts_at=ENDED - timedelta(days=1))
    booking = a_booking(database, referral, course, made_at=ENDED - timedelta(days=8), offer_token=new_id())
    with database.writing() as session:
        token = verification.make_link(session, ctx, referral.id)
        link = verification.link_id(session, ctx, token)
    life = Life(referral, web, telegram, linked, booking, token)
    _add(ctx, _listed(ctx, life, worker.id, number))
    if whole:
        _leave_the_rest(ctx, life, worker.id, link)
    return life


def _someone(ctx: Context, number: int) -> Referral:
    about = {"phone": "07700 900987", "email": "q@zz.example", "access_needs": "says Zebedee", "language": "pl"}
    return a_referral(
        ctx.database,
        person=a_person(ctx.database, name=NAME, date_of_birth="1983-04-17", **about),
        reference=f"{REFERENCE[:-1]}{number}",
        matching_word="marigold",
        source_lookup=ctx.database.keyring.lookup(SAID, SOURCE),
        state=ReferralState.COMPLETED,
        verified_at=ENDED,
        created_at=ENDED - timedelta(days=30),
        referred_on=(ENDED - timedelta(days=30)).date(),
    )


def _leave_the_rest(ctx: Context, life: Life, worker: str, link: str | None) -> None:
    for typed in ("Zebedee", "tvp 7q8z 91"):
        search.note(ctx, typed, worker)
    for chat in (life.web, life.telegram, life.linked):
        _talk(ctx, chat, worker)
    message = a_message_out(ctx.database, life.web, SAID, state=OutState.DELIVERED)
    sent = {"state": OutreachState.SENT, "text": SAID, "external_id": CHAT}
    an_outreach(ctx.database, life.referral, link_id=link, **sent)
    an_outreach(ctx.database, life.referral, way=Way.WEB, message_id=message.id, occasion="chat", text=SAID)
    _add(ctx, [*_came_and_was_decided(ctx, life, worker), *_papers_and_notes(ctx, life, worker)])
    _audit(ctx, life)


def _audit(ctx: Context, life: Life) -> None:
    """A line about each record of theirs, with words in its details."""
    tables: dict[str, type[Row]] = {**AUDITED_OF_CONVERSATION, **AUDITED_OF_REFERRAL, "conversation": Conversation}
    with ctx.database.reading() as session:
        told = [(kind, row.id) for kind, table in tables.items() for row in session.scalars(every(table))]
    with ctx.database.writing() as session:
        for kind, key in [*told, ("referral", life.referral.id), ("person", life.referral.person_id)]:
            audit.note(session, ctx, "system", "viewed", kind, key, {"said": SAID})


def _talk(ctx: Context, chat: Conversation, worker: str) -> None:
    """Both sides' words, what was made of them, what was noted beside them."""
    database = ctx.database
    told = a_message_in(database, chat, SAID, choice=SAID, understood=SAID, received_at=ENDED)
    a_button(database, a_message_out(database, chat, SAID, reply_to_id=told.id, buttons=SAID), title=NAME, choice=SAID)
    taught = a_message_in(database, chat, SAID, received_at=ENDED)
    miss = a_miss(database, taught, text="…", ranking=SAID)
    a_miss(database, told, text=SAID)
    ended = {"state": HandoffState.CLOSED, "requested_at": ENDED, "ended_at": ENDED, "first_reply_at": ENDED}
    request = a_handoff_request(database, chat, last_words=SAID, outcome_note=SAID, account_id=worker, **ended)
    a_case(database, conversation_id=chat.id, detail=DETAIL, closed_at=ENDED, reason=CaseReason.COMPLAINT)
    rang = {"good_time": SAID, "outcome_note": SAID, "due_at": ENDED, "asked_at": ENDED, "closed_at": ENDED}
    lesson = {"text": "i am …", "account_id": worker, "taught_at": ENDED, "intent": "greet"}
    ids = {"miss_id": miss.id, "message_in_id": taught.id}
    _add(
        ctx,
        [
            Feedback(
                id=new_id(),
                conversation_id=chat.id,
                request_id=request.id,
                rating=Rating.GOOD,
                words=SAID,
                given_at=ENDED,
            ),
            Callback(id=new_id(), conversation_id=chat.id, number="+447700900987", **rang),
            Draft(id=new_id(), conversation_id=chat.id, account_id=worker, text=SAID, written_at=ENDED),
            Note(id=new_id(), conversation_id=chat.id, account_id=worker, text=SAID, written_at=ENDED),
            Lesson(id=new_id(), state=LessonState.LABELLED, **ids, **lesson),
            Lesson(id=new_id(), state=LessonState.NOT_OURS, **ids, **(lesson | {"text": SAID})),
        ],
    )


def _listed(ctx: Context, life: Life, worker: str, number: int) -> list[Row]:
    """That it ended, and that the police were told."""
    theirs = {"referral_id": life.referral.id}
    signed = {"signed_by": worker, "signed_at": ENDED, "recipient": SAID, "receipt": SAID}
    handed = PoliceList(id=new_id(), kind=ListKind.COMPLETED, number=number, fields='["name"]', **signed)
    with ctx.database.writing() as session:
        session.add(handed)
    return [
        ReferralChange(
            id=new_id(), at=ENDED, event="listed", now=life.referral.state, actor="worker:x", why=SAID, **theirs
        ),
        PoliceListRow(
            id=new_id(),
            list_id=handed.id,
            kind=ListKind.COMPLETED,
            place=1,
            cells=json.dumps({"name": NAME}),
            reason=SAID,
            written_at=ENDED,
            **theirs,
        ),
    ]


def _came_and_was_decided(ctx: Context, life: Life, worker: str) -> list[Row]:
    theirs, place = {"referral_id": life.referral.id}, {"booking_id": life.booking.id}
    decided = {"decided_by": worker, "decided_at": ENDED, "second_reason": SAID, "overturned_reason": SAID}
    found = {"finding": Finding.REFUSED, "state": DecisionState.OVERTURNED, "reason": SAID}
    missed = {"noted_at": ENDED, "step": AbsenceStep.DATES, "why": SAID, "put_right_at": ENDED}
    marked = {"mark": Mark.ATTENDED, "account_id": worker, "marked_at": ENDED}
    with ctx.database.reading() as session:
        held = session.exec(every(CourseSession).where(CourseSession.course_id == life.booking.course_id)).scalar_one()
    return [
        Absence(id=new_id(), **missed, **place, **theirs),
        Attendance(id=new_id(), session_id=held.id, **marked, **place),
        Decision(id=new_id(), evidence=json.dumps(SAID), **found, **decided, **theirs),
    ]


def _papers_and_notes(ctx: Context, life: Life, worker: str) -> list[Row]:
    keyring, of = ctx.database.keyring, life.referral.id
    theirs, closed = {"referral_id": of}, {"opened_at": ENDED, "due_at": ENDED, "closed_at": ENDED}
    paper = {"kind": PaperKind.CERTIFICATE, "token": SAID, "token_lookup": token_lookup(keyring, SAID)}
    waited = {"wanted": SAID, "state": WaitingState.PLACED, "joined_at": ENDED, "ended_at": ENDED}
    asked = {"reason": CaseReason.MORE_TIME, "urgency": Urgency.ASKED, "detail": DETAIL}
    guessed = subject_lookup(keyring, AttemptKind.REFERENCE, REFERENCE)
    return [
        Paper(id=new_id(), subject=f"referral:{of}", issued_at=ENDED, **paper, **theirs),
        Waiting(id=new_id(), conversation_id=life.web.id, **waited, **theirs),
        Note(id=new_id(), account_id=worker, text=SAID, written_at=ENDED, **theirs),
        Case(id=new_id(), subject=f"referral:{of}", **asked, **closed, **theirs),
        Attempt(id=new_id(), kind=AttemptKind.REFERENCE, subject_lookup=guessed, failed_at=ENDED),
    ]


def _add(ctx: Context, rows: list[Row]) -> None:
    with ctx.database.writing() as session:
        session.add_all(rows)


def set_all(ctx: Context, ended: str = "365") -> None:
    """The settings by which things are erased."""
    days = {keeping.ENDED_DAYS: ended, retention.UNPROVED_DAYS: "90", retention.LIST_DAYS: "365"}
    for key, value in days.items():
        a_setting(ctx.database, key, value)


def traces(ctx: Context, *more: str) -> set[str]:
    """Where in the whole database, opened, something of TRACES or `more` stands: "table.column"."""
    looked_for = [each.casefold() for each in (*TRACES, *more)]
    with ctx.database.reading() as session:
        return {
            f"{table.name}.{column}"
            for table in metadata.sorted_tables
            for row in session.execute(every(table)).mappings()
            for column, value in row.items()
            if value is not None and any(each in str(value).casefold() for each in looked_for)
        }


def sealed_columns() -> Iterator[str]:
    """Every column that is sealed."""
    for table in metadata.sorted_tables:
        yield from (f"{table.name}.{column.name}" for column in table.columns if isinstance(column.type, Sealed))
