"""The workers' alerts leave: to a Telegram group by the bot, and by e-mail, over real connections."""

import asyncio
from collections.abc import Iterator
from email.message import Message
from random import Random

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Mailbox
from aiosmtpd.smtp import AuthResult, LoginPassword

from bot.telegram.connection import TelegramSettings
from launch.alerts import Alerts, Post, TelegramGroup
from launch.clock import Clock as Ticking
from launch.parts import free_ports
from programme.context import Context
from storage.alert import Alert
from storage.database import Database
from storage.enums import AlertKind, AlertState, Urgency
from tests.builders import a_setting
from tests.conftest import Clock
from tests.programme.desk import a_context
from tests.programme.test_alert import asked
from tests.telegram_api import telegram_api

GROUP, LINK = -1001, "https://chat.example.org/console"


class Kept(Mailbox):
    """Keeps what arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.mail: list[Message] = []

    def handle_message(self, message: Message) -> None:
        self.mail.append(message)


def let_in(_server: object, _session: object, _envelope: object, _mechanism: str, given: object) -> AuthResult:
    known = LoginPassword(b"alerts", b"open sesame")
    return AuthResult(success=given == known)


@pytest.fixture
def mailbox() -> Iterator[tuple[str, Kept]]:
    kept, port = Kept(), free_ports(1)[0]
    server = Controller(kept, hostname="127.0.0.1", port=port, authenticator=let_in, auth_require_tls=False)
    server.start()
    yield f"smtp://alerts:open%20sesame@127.0.0.1:{port}", kept
    server.stop()


@pytest.fixture
def ctx(sqlite_url: str, keyring: object, clock: Clock) -> Iterator[Context]:
    database = Database(sqlite_url, keyring)  # type: ignore[arg-type]
    a_setting(database, "alert_telegram_chat", str(GROUP))
    a_setting(database, "alert_email", "team@example.org, lead@example.org")
    yield a_context(database, clock)
    database.close()


def states(ctx: Context) -> dict[AlertKind, AlertState]:
    with ctx.database.reading() as session:
        return {row.kind: row.state for row in session.query(Alert)}


def test_the_group_and_the_post_are_told(ctx: Context, mailbox: tuple[str, Kept]) -> None:
    url, kept = mailbox
    with telegram_api() as control:
        control.add_to(GROUP, "supergroup")

        async def send() -> None:
            group = TelegramGroup(TelegramSettings(control.token, control.api_url))
            ways = {AlertKind.TELEGRAM: group, AlertKind.EMAIL: Post(url, "assistant@example.org")}
            await Alerts(ctx, ways, LINK, Random(1)).send_due()  # type: ignore[arg-type]
            await group.close()

        asked(ctx, Urgency.DANGER)
        asyncio.run(send())
        assert control.texts(GROUP) == [f"URGENT: somebody may be in danger and is waiting for a worker. {LINK}"]
    [mail] = kept.mail
    assert (mail["Subject"], mail["To"]) == (
        "URGENT: somebody may be in danger",
        "team@example.org, lead@example.org",
    )
    assert LINK.encode() in bytes(mail.get_payload(decode=True))
    assert set(states(ctx).values()) == {AlertState.SENT}


def test_a_way_that_is_not_set_up_does_not_hold_up_the_other(ctx: Context, mailbox: tuple[str, Kept]) -> None:
    url, kept = mailbox
    asked(ctx)
    ways = {AlertKind.EMAIL: Post(url, "assistant@example.org")}
    asyncio.run(Alerts(ctx, ways, LINK, Random(1)).send_due())  # type: ignore[arg-type]
    assert len(kept.mail) == 1
    assert states(ctx) == {AlertKind.EMAIL: AlertState.SENT, AlertKind.TELEGRAM: AlertState.FAILED}


def test_a_mail_server_that_is_away_is_tried_again(ctx: Context, clock: Clock, mailbox: tuple[str, Kept]) -> None:
    url, kept = mailbox
    asked(ctx)
    away = {AlertKind.EMAIL: Post(f"smtp://127.0.0.1:{free_ports(1)[0]}", "assistant@example.org")}
    asyncio.run(Alerts(ctx, away, LINK, Random(1)).send_due())  # type: ignore[arg-type]
    assert states(ctx)[AlertKind.EMAIL] == AlertState.WAITING
    clock.forward(seconds=5)
    there = {AlertKind.EMAIL: Post(url, "assistant@example.org")}
    asyncio.run(Alerts(ctx, there, LINK, Random(1)).send_due())  # type: ignore[arg-type]
    assert len(kept.mail) == 1


def test_of_two_processes_one_ticks_and_the_other_takes_over(ctx: Context, mailbox: tuple[str, Kept]) -> None:
    url, kept = mailbox

    def ticking(holder: str) -> Ticking:
        own = Context(ctx.database, ctx.answers, ctx.clock, ctx.new_id, ctx.new_token, holder)
        alerts = Alerts(own, {AlertKind.EMAIL: Post(url, "assistant@example.org")}, LINK, Random(1))  # type: ignore[dict-item]
        return Ticking(own, alerts, lambda _: None)

    async def both() -> None:
        first, second = ticking("one"), ticking("two")
        await first.start()
        await wait_for(lambda: first._holds)
        await second.start()
        asked(ctx)
        await wait_for(lambda: len(kept.mail) == 1)
        await first.stop()
        asked(ctx, Urgency.DANGER)
        await wait_for(lambda: len(kept.mail) == 2)
        await second.stop()

    asyncio.run(both())


async def wait_for(is_so: object) -> None:
    for _ in range(100):
        if is_so():  # type: ignore[operator]
            return
        await asyncio.sleep(0.1)
    raise TimeoutError
