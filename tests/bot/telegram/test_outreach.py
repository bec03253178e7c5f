"""A hundred reminders that fall due in one moment all arrive in Telegram, once each, also where it asks us to wait."""

from datetime import UTC, datetime, timedelta

from programme import outreach_plan
from storage.enums import Channel, OutState, ReferralState
from tests.bot.telegram.conftest import Bench
from tests.builders import a_booking, a_conversation, a_course, a_referral, a_setting, an_identity

PEOPLE = 100
FIRST = 7001


async def test_a_hundred_reminders_due_at_once_all_arrive_while_telegram_asks_to_wait(bench: Bench) -> None:
    now, database = datetime.now(UTC), bench.ctx.database
    for key in ("quiet_from_hour", "quiet_until_hour"):
        a_setting(database, key, "0", review_by=now.date() + timedelta(days=9))
    course = a_course(database, capacity=PEOPLE, starts_at=now + timedelta(hours=20))
    for chat in range(FIRST, FIRST + PEOPLE):
        row = a_referral(database, state=ReferralState.BOOKED, book_by=None, finish_by=None)
        a_booking(database, row, course, made_at=now - timedelta(days=9))
        identity = an_identity(database, Channel.TELEGRAM, external=str(chat))
        a_conversation(database, Channel.TELEGRAM, identity_id=identity.id, referral_id=row.id, created_at=now)
        bench.api.block(chat, False)  # the bot knows them
    for chat in range(FIRST, FIRST + PEOPLE, 20):
        bench.api.fault("sendMessage", "429", retry_after=1, chat_id=chat)
    for each in outreach_plan.plan(bench.ctx, ()):
        bench.service.hint(each)
    outreach_plan.plan(bench.ctx, ())
    await bench.until(lambda: all(row.state is OutState.DELIVERED for row in bench.sent()), seconds=60)
    assert [call["code"] for call in bench.api.calls("sendMessage")].count(429) >= 2
    for chat in range(FIRST, FIRST + PEOPLE):
        (text,) = bench.api.texts(chat)
        assert text.startswith("A reminder of your session.") or text.startswith("Your session is today")
