"""Erasing: all of somebody goes, nothing of anybody else, nothing that is needed, and the numbers stay."""

from collections.abc import Callable
from datetime import date, timedelta

from sqlmodel import select
from sqlmodel.sql.expression import SelectOfScalar

from programme import keeping, known, retention
from programme.context import Context
from storage import identity as identities
from storage.audit import Audit
from storage.conversation import Conversation, address_lookup
from storage.decision import Decision
from storage.enums import (
    AttemptKind,
    CaseReason,
    Channel,
    DecisionState,
    Finding,
    OutreachState,
    Owner,
    ReferralState,
    Urgency,
    Way,
)
from storage.lesson import Lesson
from storage.outreach import Outreach
from storage.police_list import PoliceCorrection, PoliceListRow
from storage.referral import SOURCE, Referral, reference_lookup
from storage.session import Course, CourseSession
from tests.builders import (
    NOW,
    a_case,
    a_handoff_request,
    a_message_in,
    a_referral,
    a_setting,
    an_account,
    new_id,
)
from tests.conftest import Clock
from tests.programme.desk import proved, told
from tests.programme.life import (
    ADDRESS,
    CHAT,
    ENDED,
    REFERENCE,
    SAID,
    Life,
    a_life,
    sealed_columns,
    set_all,
    traces,
)

# Nothing of somebody who was referred is in these; or they stand in the way of erasing, so that they are gone before.
STAFF = {"account", "invitation", "recovery_code", "referral_import", "staff_session"}
BEFORE = {"police_correction.reason", "referral.kept_why"}
SETTINGS = (keeping.ENDED_DAYS, retention.UNPROVED_DAYS, retention.LIST_DAYS, retention.RECORD_DAYS)


def row(ctx: Context, life: Life) -> Referral:
    with ctx.database.reading() as session:
        return session.get_one(Referral, life.referral.id)


def chat(ctx: Context, conversation_id: str) -> Conversation:
    with ctx.database.reading() as session:
        return session.get_one(Conversation, conversation_id)


def test_nothing_of_somebody_is_left_in_any_table(ctx: Context) -> None:
    life = a_life(ctx)
    sealed = {each for each in sealed_columns() if each.partition(".")[0] not in STAFF} - BEFORE
    assert sealed <= traces(ctx), "each table holds something of theirs"
    set_all(ctx)
    erased = retention.tick(ctx)
    assert (erased.people, erased.rows, erased.more) == (1, 1, False)
    keyring = ctx.database.keyring
    hashes = [
        reference_lookup(keyring, REFERENCE),
        keyring.lookup(SAID, SOURCE),
        keyring.lookup(life.token, "personal_link.token"),
        keyring.lookup(SAID, "paper.token"),
        identities.external_lookup(keyring, Channel.TELEGRAM, CHAT),
        identities.subject_lookup(keyring, AttemptKind.REFERENCE, REFERENCE),
        address_lookup(keyring, ADDRESS),
        life.booking.calendar_token,
        life.booking.offer_token or "",
    ]
    assert traces(ctx, *hashes) == set()
    again = retention.tick(ctx)
    assert (again.people, again.chats, again.rows) == (0, 0, 0)
    _is_written_down_and_not_whose(ctx, life)
    with ctx.database.reading() as session:  # what a trainer has read, masked and taught
        lessons = session.exec(select(Lesson)).all()
    assert [(each.text, each.message_in_id, each.miss_id) for each in lessons] == [("i am …", None, None)] * 3
    with ctx.database.reading() as session:  # what came of what we tried
        tried = session.exec(select(Outreach.way, Outreach.state, Outreach.message_id)).all()
    assert set(tried) == {(Way.SMS, OutreachState.SENT, None), (Way.WEB, OutreachState.DELIVERED, None)}


def _is_written_down_and_not_whose(ctx: Context, life: Life) -> None:
    with ctx.database.reading() as session:
        lines = session.exec(select(Audit).where(Audit.subject_kind == retention.KIND)).all()
    assert {(each.action, each.actor, each.detail) for each in lines} == {
        ("erased", "clock", '{"people": 1, "chats": 3}'),
        ("erased_rows", "clock", '{"rows": 1}'),
    }
    assert not any(life.referral.id in f"{each.subject_id} {each.detail}" for each in lines)


def test_an_empty_setting_or_one_past_its_review_erases_nothing(ctx: Context, clock: Clock) -> None:
    life = a_life(ctx)
    before = traces(ctx)
    retention.tick(ctx)
    a_setting(ctx.database, keeping.ENDED_DAYS, "365", review_by=date(2026, 11, 30))
    retention.tick(ctx)
    assert keeping.read(ctx, life.referral.id).erased_on is None
    missing = {each.entry.key: each.state for each in known.listing(ctx).attention if each.entry.group == "retention"}
    assert missing == dict.fromkeys(SETTINGS, "empty") | {keeping.ENDED_DAYS: "expired"}
    assert traces(ctx) == before - {"attempt.subject_lookup"}


def test_nobody_else_is_touched(ctx: Context) -> None:
    a_life(ctx)
    other = a_referral(ctx.database, state=ReferralState.COMPLETED)  # ended now
    under_way = a_referral(ctx.database, created_at=ENDED)
    theirs = proved(ctx, under_way)
    a_message_in(ctx.database, chat(ctx, theirs), "hello there")
    set_all(ctx)
    retention.tick(ctx)
    assert told(ctx, theirs) == []
    with ctx.database.reading() as session:
        for each in (other, under_way):
            assert session.get_one(Referral, each.id) == each
        assert session.exec(select(Conversation.erased_at).where(Conversation.id == theirs)).one() is None
    assert "message_in.text" in traces(ctx, "hello there")


def _open_case(ctx: Context, life: Life) -> None:
    a_case(ctx.database, referral_id=life.referral.id)


def _case_in_a_linked_chat(ctx: Context, life: Life) -> None:
    a_case(ctx.database, conversation_id=life.linked.id)


def _danger(ctx: Context, life: Life) -> None:
    a_case(ctx.database, conversation_id=life.web.id, reason=CaseReason.RISK_OF_SUICIDE, urgency=Urgency.DANGER)


def _paused(ctx: Context, life: Life) -> None:
    _change(ctx, life, paused_at=ENDED)


def _decision(ctx: Context, life: Life) -> None:
    ids = {"id": new_id(), "referral_id": life.referral.id, "decided_by": "x", "decided_at": ENDED}
    words = {"finding": Finding.REFUSED, "state": DecisionState.PROPOSED, "reason": "", "evidence": "{}"}
    with ctx.database.writing() as session:
        session.add(Decision(**ids, **words))


def _place_ahead(ctx: Context, life: Life) -> None:
    with ctx.database.writing() as session:
        course = session.get_one(Course, life.booking.course_id)
        held = session.exec(select(CourseSession).where(CourseSession.course_id == course.id)).one()
        held.starts_at, held.ends_at = NOW + timedelta(days=1), NOW + timedelta(days=1, hours=2)
        session.add(held)


def _row_of(life: Life) -> SelectOfScalar[PoliceListRow]:
    return select(PoliceListRow).where(PoliceListRow.referral_id == life.referral.id)


def _to_go_on_a_list(ctx: Context, life: Life) -> None:
    with ctx.database.writing() as session:
        session.delete(session.exec(_row_of(life)).one())


def _correction(ctx: Context, life: Life) -> None:
    with ctx.database.writing() as session:
        went = session.exec(_row_of(life)).one()
        session.add(PoliceCorrection(row_id=went.id, reason="wrong", asked_by="x", asked_at=ENDED))


def _asked_for_a_person(ctx: Context, life: Life) -> None:
    a_handoff_request(ctx.database, life.telegram)


def _with_a_worker(ctx: Context, life: Life) -> None:
    _change(ctx, life, owner=Owner.WORKER)


def _wrote_just_now(ctx: Context, life: Life) -> None:
    _change(ctx, life, last_in_at=NOW - timedelta(hours=23))


def _kept(ctx: Context, life: Life) -> None:
    keeping.keep(ctx, life.referral.id, an_account(ctx.database).id, "A court has asked for it.")


def _change(ctx: Context, life: Life, **given: object) -> None:
    with ctx.database.writing() as session:
        found = session.get_one(Conversation, life.telegram.id)
        for name, value in given.items():
            setattr(found, name, value)
        session.add(found)


BLOCKS: tuple[tuple[Callable[[Context, Life], None], str], ...] = (
    (_open_case, "case"),
    (_case_in_a_linked_chat, "case"),
    (_danger, "danger"),
    (_paused, "danger"),
    (_decision, "decision"),
    (_place_ahead, "place_ahead"),
    (_to_go_on_a_list, "list"),
    (_correction, "list"),
    (_asked_for_a_person, "talking"),
    (_with_a_worker, "talking"),
    (_wrote_just_now, "talking"),
    (_kept, "kept"),
)


def test_what_is_needed_still_is_never_erased(ctx: Context) -> None:
    set_all(ctx)
    lives = [a_life(ctx, whole=False, number=number) for number in range(len(BLOCKS) + 1)]
    for (comes_up, _), life in zip(BLOCKS, lives[1:], strict=True):
        assert keeping.read(ctx, life.referral.id).blocks == ()
        comes_up(ctx, life)
    assert [keeping.read(ctx, life.referral.id).blocks for life in lives] == [(), *((block,) for _, block in BLOCKS)]
    assert retention.tick(ctx).people == 1
    assert [row(ctx, life).erased_at is not None for life in lives] == [True, *[False] * len(BLOCKS)]
