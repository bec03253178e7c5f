"""What is left after erasing: the same numbers, a newcomer, nothing that could be done to nobody; and keeping."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlmodel import Session, col, select

from programme import audit, keeping, police_list, referral_list, report, retention, search, verification
from programme import conversation as conversations
from programme.context import Context
from programme.keeping import LongReasonError, NoReasonError
from programme.verification import Outcome
from storage import message as messages
from storage import rotate
from storage.audit import Audit, audit_of
from storage.conversation import Conversation
from storage.database import Database
from storage.enums import Channel, ListKind, ReferralState, Role
from storage.identity import Attempt
from storage.keys import Keyring
from storage.message import MessageIn
from storage.police_list import PoliceListRow
from storage.referral import Referral
from storage.setting import Setting
from tests.builders import (
    NOW,
    a_case,
    a_conversation,
    a_handoff_request,
    a_message_in,
    a_referral,
    a_setting,
    an_account,
)
from tests.conftest import Clock
from tests.programme.desk import a_context, opened
from tests.programme.life import CHAT, ENDED, REFERENCE, a_life, set_all, traces

BORN = date(1983, 4, 17)


@pytest.fixture
def lead(ctx: Context) -> str:
    return an_account(ctx.database, name="Lou Lead", role=Role.LEAD).id


def test_reports_count_the_same_before_and_after(ctx: Context) -> None:
    for number in range(1, 8):
        a_life(ctx, whole=number == 1, number=number)
    begun = {"referred_on": ENDED.date(), "created_at": ENDED}
    for _ in range(6):
        a_handoff_request(ctx.database, a_conversation(ctx.database), requested_at=ENDED, first_reply_at=ENDED)
        a_referral(ctx.database, state=ReferralState.REACHED, **begun)
    before = report.read(ctx, 70)
    funnel, waits = before.table("funnel"), before.table("waits")
    assert funnel is not None and waits is not None
    assert (funnel.totals, waits.totals) == ((13, 13, 7, 7, 7, 7), (9,))
    set_all(ctx)
    assert retention.tick(ctx).people == 7
    assert report.read(ctx, 70) == before


def test_whoever_writes_again_is_a_newcomer_and_their_old_link_says_so_kindly(ctx: Context, key: bytes) -> None:
    life = a_life(ctx)
    assert _said(ctx, life.token) == ["utter_welcome"]
    assert conversations.open_telegram(ctx, CHAT) == life.telegram.id
    set_all(ctx)
    retention.tick(ctx)
    again = conversations.open_telegram(ctx, CHAT)
    assert again != life.telegram.id
    assert conversations.standing(ctx, again) == (False, False)
    assert verification.check(ctx, again, REFERENCE, BORN).outcome is Outcome.NO_MATCH
    assert _said(ctx, life.token) == _said(ctx, "made-up") == ["notice_link_over", "utter_welcome"]
    added = a_referral(ctx.database, reference=REFERENCE)  # and may be referred again
    assert added.id != life.referral.id
    newer = Database(ctx.database.url, Keyring([bytes(32), key]))  # and keys can be changed
    assert rotate.rotate(newer) > 0
    newer.close()


def _said(ctx: Context, link: str) -> list[str | None]:
    chat = opened(ctx, link=link)
    with ctx.database.reading() as session:
        return [each.answer for each in messages.after(session, chat, 0)]


def test_nothing_can_be_done_to_nobody(ctx: Context, lead: str) -> None:
    life = a_life(ctx)
    set_all(ctx)
    retention.tick(ctx)
    with ctx.database.reading() as session:
        row = session.exec(select(PoliceListRow.id)).one()
    with pytest.raises(keeping.ErasedError):
        keeping.keep(ctx, life.referral.id, lead, "Too late.")
    with pytest.raises(police_list.ErasedError):
        police_list.correct(ctx, row, lead, "The name was wrong.")
    assert police_list.due(ctx, ListKind.COMPLETED).rows == ()
    with ctx.database.reading() as session:
        assert search.people(session, ctx, "Zebedee") == search.people(session, ctx, REFERENCE) == []
    assert referral_list.read(ctx, "", None, 1).lines == ()
    assert search.search(ctx, search.Wanted(), lead).hits == ()


def test_two_referrals_of_one_person_and_one_chat(ctx: Context) -> None:
    life = a_life(ctx)
    other = a_referral(ctx.database, person_id=life.referral.person_id)
    a_conversation(ctx.database, Channel.TELEGRAM, identity_id=life.telegram.identity_id, referral_id=other.id)
    set_all(ctx)
    retention.tick(ctx)
    kept = {"person.name", "person.date_of_birth", "person.phone", "person.email", "person.access_needs"}
    assert traces(ctx) == kept | {"channel_identity.external"}


def test_chats_of_people_who_never_proved_who_they_are(ctx: Context) -> None:
    old = NOW - timedelta(days=91)

    def a_chat(last: datetime = old, **given: str) -> Conversation:
        chat = a_conversation(ctx.database, created_at=old, **given)
        a_message_in(ctx.database, chat, "call me Marigold", received_at=last)
        return chat

    gone = [a_chat(), a_conversation(ctx.database, created_at=old)]  # the other was opened and never written in
    stay = [
        a_chat(NOW - timedelta(days=88)),
        a_chat(linked_referral_id=a_referral(ctx.database).id),
        a_chat(),
        a_chat(),
    ]
    a_case(ctx.database, conversation_id=stay[2].id)
    a_handoff_request(ctx.database, stay[3])
    set_all(ctx)
    assert retention.tick(ctx).chats == 2
    assert set(retention.to_forget(ctx, 9)) == {each.id for each in gone}
    with ctx.database.reading() as session:
        assert set(session.exec(select(MessageIn.conversation_id))) == {each.id for each in stay}


def test_what_the_police_were_given_stays_as_long_as_its_own_setting_says(ctx: Context) -> None:
    a_life(ctx)
    a_setting(ctx.database, keeping.ENDED_DAYS, "365")
    given = {f"police_list.{name}" for name in ("recipient", "receipt")} | {
        f"police_list_row.{name}" for name in ("cells", "reason")
    }
    retention.tick(ctx)
    retention.tick(ctx)
    assert traces(ctx) == given
    a_setting(ctx.database, retention.LIST_DAYS, "401")
    retention.tick(ctx)
    assert traces(ctx) == given
    _set(ctx, retention.LIST_DAYS, "400")
    retention.tick(ctx)
    assert traces(ctx) == set()


def test_what_staff_did_goes_after_its_time_but_not_of_somebody_who_is_here(ctx: Context, lead: str) -> None:
    here = a_referral(ctx.database)
    old = NOW - timedelta(days=1100)
    for kind, key in (("referral", here.id), ("referral", "gone"), ("setting", "cost_text"), ("page", "reports")):
        _line(ctx, old, kind, key)
    _line(ctx, NOW, "page", "programme")
    a_setting(ctx.database, retention.RECORD_DAYS, "1095")
    assert retention.tick(ctx).records == 2
    with ctx.database.reading() as session:
        left = set(session.exec(select(Audit.subject_id)))
    assert left == {here.id, "cost_text", "programme", ""}


def test_failed_tries_are_gone_after_a_day_whatever_is_set(ctx: Context, clock: Clock) -> None:
    verification.check(ctx, opened(ctx), "TVP000000", BORN)
    retention.tick(ctx)
    assert _tries(ctx) == 2
    clock.forward(hours=25)
    retention.tick(ctx)
    assert _tries(ctx) == 0


def test_one_that_cannot_be_erased_holds_up_nobody(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    lives = [a_life(ctx, whole=False, number=number) for number in (1, 2, 3)]
    broken, whole = lives[1].referral.id, retention.storage.erase_referral

    def erase(session: Session, keyring: Keyring, row: Referral, *given: object) -> None:
        if row.id == broken:
            raise RuntimeError
        whole(session, keyring, row, *given)  # type: ignore[arg-type]

    monkeypatch.setattr(retention.storage, "erase_referral", erase)
    set_all(ctx)
    with pytest.raises(RuntimeError):
        retention.tick(ctx)
    with ctx.database.reading() as session:
        erased = set(session.exec(select(Referral.id).where(col(Referral.erased_at).is_not(None))))
    assert erased == {lives[0].referral.id, lives[2].referral.id}


def test_a_few_at_a_time(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "PEOPLE", 1)
    for number in (1, 2):
        a_life(ctx, whole=False, number=number)
    set_all(ctx)
    rounds = [retention.tick(ctx) for _ in range(3)]
    assert [(each.people, each.more) for each in rounds] == [(1, True), (1, False), (0, False)]


def test_keeping_needs_a_reason_and_is_written_down(ctx: Context, lead: str) -> None:
    life = a_life(ctx, whole=False)
    set_all(ctx)
    with pytest.raises(NoReasonError):
        keeping.keep(ctx, life.referral.id, lead, "  ")
    with pytest.raises(LongReasonError):
        keeping.keep(ctx, life.referral.id, lead, "x" * 501)
    keeping.keep(ctx, life.referral.id, lead, "A court has  asked for it.")
    shown = keeping.read(ctx, life.referral.id)
    assert (shown.kept_by, shown.kept_at, shown.kept_why) == ("Lou Lead", NOW, "A court has asked for it.")
    assert shown.erased_on == (ENDED + timedelta(days=365)).date()
    retention.tick(ctx)
    keeping.let_go(ctx, life.referral.id, lead, "It is over.")
    with ctx.database.reading() as session:
        lines = {(each.action, each.actor) for each in audit_of(session, "referral", life.referral.id)}
    assert lines == {("keep", f"worker:{lead}"), ("keep_no_longer", f"worker:{lead}")}
    assert retention.tick(ctx).people == 1


def _line(ctx: Context, at: datetime, kind: str, key: str) -> None:
    with ctx.database.writing() as session:
        audit.note(session, ctx, "system", "viewed", kind, key, at=at)


def _set(ctx: Context, key: str, value: str) -> None:
    with ctx.database.writing() as session:
        row = session.get_one(Setting, key)
        row.value = value
        session.add(row)


def _tries(ctx: Context) -> int:
    with ctx.database.reading() as session:
        return len(session.exec(select(Attempt.id)).all())


def test_what_was_erased_is_written_over_in_the_file(sqlite_url: str, keyring: Keyring, clock: Clock) -> None:
    database = Database(sqlite_url, keyring)
    ctx = a_context(database, clock)
    life = a_life(ctx)
    set_all(ctx)
    with database.engine.connect() as connection:
        tables = ("person", "message_in", "decision", "note", "paper")
        sealed = [row for table in tables for row in connection.execute(text(f"SELECT * FROM {table}"))]
    lain = [value for row in sealed for value in row if isinstance(value, bytes) and len(value) > 40]
    retention.tick(ctx)
    database.close()  # the last connection folds the log into the file
    content = database.path.read_bytes()
    assert len(lain) > 10 and life.referral.id.encode() in content
    assert not [value for value in lain if value in content]


def test_two_clocks_at_once_erase_each_once(ctx: Context) -> None:
    for number in (1, 2, 3):
        a_life(ctx, whole=False, number=number)
    set_all(ctx)
    with ThreadPoolExecutor(2) as threads:
        done = list(threads.map(lambda _: retention.tick(ctx), range(2)))
    assert sum(each.people for each in done) == 3
    with ctx.database.reading() as session:
        lines = session.exec(select(Audit.detail).where(Audit.action == "erased")).all()
    assert sum(json.loads(each or "{}")["people"] for each in lines) == 3
