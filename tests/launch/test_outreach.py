"""Text messages and e-mail leave over real connections: once each, also where a carrier is busy, away or forgets to
answer; and its receipts come back."""

import asyncio
from collections.abc import Iterator
from email.message import Message
from random import Random

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as Mailbox
from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette

from bot.receipts import LONGEST, PATH, receipts
from launch.alerts import Post
from launch.notify import Notify as NotifyCarrier
from launch.outreach import Carrier, Mail, Reaching
from launch.parts import free_ports
from launch.settings import BadSettingsError, read_settings
from programme import outreach
from programme.context import Context
from storage.database import Database
from storage.enums import Way
from storage.keys import Keyring
from storage.referral import Referral
from storage.row import lock_one
from tests.builders import a_person, a_referral
from tests.conftest import Clock
from tests.notify_api import KEY, TEMPLATE, Notify, notify_api
from tests.programme.desk import a_context, open_cases

AT, TOKEN = "https://chat.example.org", "a-token-that-only-notify-has"


class Kept(Mailbox):
    """Keeps what arrives; `busy`: how many letters it puts off first; `unknown`: an address that it does not know."""

    def __init__(self) -> None:
        super().__init__()
        self.mail: list[Message] = []
        self.busy = 0
        self.unknown = ""

    async def handle_RCPT(
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        if address == self.unknown:
            return "550 No such user"
        if self.busy:
            self.busy -= 1
            return "450 Come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def handle_message(self, message: Message) -> None:
        self.mail.append(message)


@pytest.fixture
def mailbox() -> Iterator[tuple[str, Kept]]:
    kept, port = Kept(), free_ports(1)[0]
    server = Controller(kept, hostname="127.0.0.1", port=port)
    server.start()
    yield f"smtp://127.0.0.1:{port}", kept
    server.stop()


@pytest.fixture
def api() -> Iterator[Notify]:
    with notify_api() as served:
        yield served


@pytest.fixture
def ctx(sqlite_url: str, keyring: Keyring, clock: Clock) -> Iterator[Context]:
    database = Database(sqlite_url, keyring)
    yield a_context(database, clock)
    database.close()


def referred(ctx: Context, count: int = 1, **person: object) -> list[Referral]:
    rows = [a_referral(ctx.database, person=a_person(ctx.database, **person)) for _ in range(count)]
    with ctx.database.writing() as session:
        for row in rows:
            outreach.welcome(session, ctx, lock_one(session, Referral, row.id))
    return rows


def texts(api: Notify) -> dict[Way, Carrier]:
    return {Way.SMS: NotifyCarrier(KEY, TEMPLATE, api.url)}


def reach(ctx: Context, carriers: dict[Way, Carrier], holder: str = "one") -> Reaching:
    own = Context(ctx.database, ctx.answers, ctx.clock, ctx.new_id, ctx.new_token, holder)
    return Reaching(own, carriers, AT, lambda _: None, Random(1))


def go(ctx: Context, carriers: dict[Way, Carrier]) -> None:
    async def once() -> None:
        reaching = reach(ctx, carriers)
        await reaching.plan_due()
        await reaching.send_due()

    asyncio.run(once())


class Door:
    """The route of receipts, as Notify meets it."""

    def __init__(self, ctx: Context) -> None:
        self._app = Starlette(routes=[receipts(ctx, TOKEN)])

    def post(self, path: str, **given: object) -> httpx.Response:
        async def ask() -> httpx.Response:
            async with httpx.AsyncClient(transport=httpx.ASGITransport(self._app), base_url="http://app") as client:
                return await client.post(path, **given)  # type: ignore[arg-type]

        return asyncio.run(ask())


def states(ctx: Context, row: Referral) -> list[tuple[str, str]]:
    return sorted((one.way.value, one.state.value) for one in outreach.read(ctx, row.id).tries)


def test_a_text_message_goes_out_and_its_receipt_comes_back(ctx: Context, api: Notify) -> None:
    (row,) = referred(ctx)
    go(ctx, texts(api))
    (sent,) = api.sent
    assert sent["phone_number"] == "+447700900123" and sent["template_id"] == TEMPLATE
    assert f"{AT}/r/" in sent["personalisation"]["message"]
    assert api.tokens[0].startswith("Bearer ")
    door = Door(ctx)
    receipt = {"id": sent["id"], "reference": sent["reference"], "to": "07700900123", "status": "delivered"}
    assert door.post(PATH, json=receipt).status_code == 401
    assert door.post(PATH, json=receipt, headers={"Authorization": "Bearer no"}).status_code == 401
    assert states(ctx, row) == [("sms", "sent")]
    shown = {"Authorization": f"Bearer {TOKEN}"}
    assert door.post(PATH, json=receipt, headers=shown).json() == {"known": True}
    assert states(ctx, row) == [("sms", "delivered")] and outreach.read(ctx, row.id).reached
    assert door.post(PATH, json={**receipt, "reference": None}, headers=shown).json() == {"known": False}
    for body, code in ((b"[]", 400), (b"{", 400), (b"x" * (LONGEST + 1), 413)):
        assert door.post(PATH, content=body, headers=shown).status_code == code


def test_a_hundred_at_once_under_too_many_requests_all_arrive_once(ctx: Context, clock: Clock, api: Notify) -> None:
    rows = referred(ctx, 100)
    api.faults.extend([429, 503, 429, 500, 201] * 30)
    for _ in range(60):
        go(ctx, texts(api))
        clock.forward(seconds=30)
    assert api.codes.count(429) > 20
    references = [one["reference"] for one in api.sent]
    assert len(references) == len(set(references)) == 100
    assert all(states(ctx, row) == [("sms", "sent")] for row in rows)


def test_an_answer_that_was_lost_is_asked_for_and_nothing_is_sent_twice(
    ctx: Context, clock: Clock, api: Notify
) -> None:
    (row,) = referred(ctx)
    api.faults.append("lost")
    go(ctx, texts(api))
    assert states(ctx, row) == [("sms", "waiting")]
    clock.forward(minutes=10)
    go(ctx, texts(api))
    assert len(api.sent) == 1 and states(ctx, row) == [("sms", "sent")]


def test_many_processes_send_each_once(ctx: Context, api: Notify) -> None:
    referred(ctx, 30)

    async def all_at_once() -> None:
        await asyncio.gather(*(reach(ctx, texts(api), str(each)).send_due() for each in range(4)))

    asyncio.run(all_at_once())
    assert len(api.sent) == len({one["reference"] for one in api.sent}) == 30


def test_only_one_process_plans_and_another_takes_over(ctx: Context, clock: Clock, api: Notify) -> None:
    async def both() -> None:
        first, second = reach(ctx, texts(api), "one"), reach(ctx, texts(api), "two")
        await first.plan_due()
        assert second._leads() is False
        clock.forward(seconds=31)
        assert second._leads() is True
        assert first._leads() is False
        await second.stop()
        assert first._leads() is True

    asyncio.run(both())


def test_a_number_that_is_never_taken_is_followed_by_an_e_mail(
    ctx: Context, clock: Clock, api: Notify, mailbox: tuple[str, Kept]
) -> None:
    url, kept = mailbox
    (row,) = referred(ctx)
    api.refused.add("+447700900123")
    carriers = {**texts(api), Way.EMAIL: Mail(Post(url, "hello@example.org"))}
    for _ in range(2):
        go(ctx, carriers)
        clock.forward(minutes=1)
    (mail,) = kept.mail
    assert (mail["To"], mail["Subject"]) == ("alex@example.org", "Your session")
    assert f"{AT}/r/".encode() in bytes(mail.get_payload(decode=True))
    assert states(ctx, row) == [("email", "sent"), ("sms", "failed")] and open_cases(ctx) == []


def test_a_mail_server_that_is_busy_is_tried_again_and_an_unknown_address_is_a_workers(
    ctx: Context, clock: Clock, mailbox: tuple[str, Kept]
) -> None:
    url, kept = mailbox
    (row,) = referred(ctx, phone=None)
    (unknown,) = referred(ctx, phone=None, email="nobody@example.org")
    kept.busy, kept.unknown = 1, "nobody@example.org"
    carriers: dict[Way, Carrier] = {Way.EMAIL: Mail(Post(url, "hello@example.org"))}
    go(ctx, carriers)
    assert states(ctx, unknown) == [("email", "failed")]
    clock.forward(minutes=1)
    go(ctx, carriers)
    assert states(ctx, row) == [("email", "sent")]
    assert [mail["To"] for mail in kept.mail] == ["alex@example.org"]
    assert kept.mail[0]["Message-ID"].endswith("@example.org>")
    assert [case.referral_id for case in open_cases(ctx)] == [unknown.id]


def test_it_runs_by_itself_until_it_is_stopped(ctx: Context, api: Notify) -> None:
    referred(ctx)

    async def run() -> None:
        reaching = reach(ctx, texts(api))
        await reaching.start()
        for _ in range(100):
            if api.sent:
                break
            await asyncio.sleep(0.1)
        await reaching.stop()

    asyncio.run(run())
    assert len(api.sent) == 1


@pytest.mark.parametrize(
    "given",
    [
        {"NOTIFY_API_KEY": "short", "NOTIFY_SMS_TEMPLATE": TEMPLATE, "PUBLIC_URL": AT},
        {"NOTIFY_API_KEY": KEY, "PUBLIC_URL": AT},
        {"NOTIFY_API_KEY": KEY, "NOTIFY_SMS_TEMPLATE": TEMPLATE},
        {"NOTIFY_RECEIPT_TOKEN": "short"},
    ],
)
def test_settings_that_could_not_work_are_told_at_the_start(given: dict[str, str]) -> None:
    with pytest.raises(BadSettingsError):
        read_settings(given)
    whole = {"PUBLIC_URL": AT, "NOTIFY_API_KEY": KEY, "NOTIFY_SMS_TEMPLATE": TEMPLATE, "NOTIFY_RECEIPT_TOKEN": TOKEN}
    assert read_settings(whole).notify_sms_template == TEMPLATE
