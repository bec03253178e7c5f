"""Signing in, invitations, second factor, people and the audit log through their pages, as forms without scripts."""

import html
import re
from datetime import timedelta

import pyotp
import pytest

from programme.context import Context
from storage.account import Account, by_email
from storage.audit import record
from storage.enums import Role
from tests.builders import a_conversation
from tests.conftest import Clock
from tests.console.server import client, post, sign_in, token
from tests.programme.staff import PASSWORD, a_member

NEW = "quiet marble canoe"


def account_of(ctx: Context, email: str) -> Account:
    with ctx.database.reading() as session:
        found = by_email(session, ctx.database.keyring, email)
        assert found is not None
        return found


def test_a_wrong_password_is_said_and_the_address_stays(ctx: Context) -> None:
    account = a_member(ctx)
    browser = client(ctx)
    answer = sign_in(browser, ctx, account, "wrong")
    assert answer.status_code == 403
    assert "The email or password is not right." in answer.text
    assert f'value="{account.email}"' in answer.text
    for _ in range(5):
        sign_in(browser, ctx, account, "wrong")
    slowed = sign_in(browser, ctx, account)
    assert slowed.status_code == 429
    assert "Please wait 2 seconds" in slowed.text


def test_signing_out_ends_the_session_and_says_so(ctx: Context) -> None:
    browser = client(ctx)
    sign_in(browser, ctx, a_member(ctx))
    kept = browser.cookies["console_session"]
    answer = post(browser, "/console/sign-out")
    assert answer.headers["location"] == "/console/sign-in"
    assert "You are signed out." in browser.get("/console/sign-in").text
    assert "You are signed out." not in browser.get("/console/sign-in").text
    browser.cookies.set("console_session", kept, path="/console")
    assert browser.get("/console/account").status_code == 303


def test_from_an_invitation_to_an_account_with_a_second_factor_and_in_again(ctx: Context, clock: Clock) -> None:
    lead = client(ctx)
    sign_in(lead, ctx, a_member(ctx, Role.LEAD))
    shown = post(lead, "/console/people/invite", "/console/people", email="nia@example.org", role="worker")
    link = re.search(r'value="http://console\.test(/console/invite/[\w-]+)"', shown.text)
    assert link

    browser = client(ctx)
    page = browser.get(link[1])
    assert "nia@example.org" in page.text
    easy = browser.post(link[1], data={"csrf": token(page), "name": "Nia", "password": "password1234"})
    assert easy.status_code == 422
    assert "easy to guess" in easy.text
    answer = browser.post(link[1], data={"csrf": token(page), "name": "Nia", "password": NEW})
    assert answer.headers["location"] == "/console"
    assert "Nia" in browser.get("/console/account").text
    assert client(ctx).get(link[1]).status_code == 410

    page = browser.get("/console/account/second-factor")
    secret = re.search(r'class="secret">([A-Z2-7 ]+)<', page.text)
    assert secret
    assert "<svg" in page.text and 'class="qr"' in page.text
    app = pyotp.TOTP(secret[1].replace(" ", ""))
    wrong = browser.post("/console/account/second-factor", data={"csrf": token(page), "code": "000000"})
    assert "That code is not right" in wrong.text
    codes = browser.post("/console/account/second-factor", data={"csrf": token(page), "code": app.at(clock())})
    spare = re.findall(r"<li><code>([a-z2-9]{5}-[a-z2-9]{5})</code>", codes.text)
    assert len(spare) == 10
    assert browser.post("/console/account/second-factor", data={"csrf": token(page), "code": "1"}).status_code == 303

    clock.forward(seconds=30)
    again = client(ctx)
    page = again.get("/console/sign-in")
    given = {"csrf": token(page), "email": "nia@example.org", "password": NEW, "next": "/console/account"}
    page = again.get(again.post("/console/sign-in", data=given).headers["location"])
    assert again.get("/console/account").status_code == 303
    used = {"csrf": token(page), "next": "/console/account"}
    assert again.post("/console/sign-in/code", data={**used, "code": "123"}).status_code == 403
    answer = again.post("/console/sign-in/code", data={**used, "code": app.at(clock())})
    assert answer.headers["location"] == "/console/account"
    assert "Recovery codes left: 10" in again.get("/console/account").text
    off = post(again, "/console/account/second-factor/off", code=spare[0])
    assert off.status_code == 303
    assert account_of(ctx, "nia@example.org").totp_secret is None


def test_the_code_page_without_a_password_before_it(ctx: Context, clock: Clock) -> None:
    account = a_member(ctx, second_factor=True)
    browser = client(ctx)
    assert browser.get("/console/sign-in/code").headers["location"] == "/console/sign-in"
    page = browser.get("/console/sign-in")
    given = {"csrf": token(page), "email": account.email, "password": PASSWORD}
    page = browser.get(browser.post("/console/sign-in", data=given).headers["location"])
    clock.forward(minutes=10)
    late = browser.post("/console/sign-in/code", data={"csrf": token(page), "code": "123456"})
    assert late.headers["location"] == "/console/sign-in"
    assert "Please give your password again." in browser.get("/console/sign-in").text


def test_name_password_and_other_browsers(ctx: Context) -> None:
    account = a_member(ctx)
    browser, other = client(ctx), client(ctx)
    sign_in(browser, ctx, account)
    sign_in(other, ctx, account)
    assert "Firefox, Linux" in browser.get("/console/account").text
    assert post(browser, "/console/account/name", name="<b>Robin").status_code == 303
    assert "&lt;b&gt;Robin" in browser.get("/console/account").text
    assert post(browser, "/console/account/name", name=" ").status_code == 422
    assert post(browser, "/console/account/password", old="wrong", new=NEW).status_code == 403
    assert post(browser, "/console/account/password", old=PASSWORD, new="short").status_code == 422
    assert post(browser, "/console/account/password", old=PASSWORD, new=NEW).status_code == 303
    assert other.get("/console/account").status_code == 303
    assert sign_in(other, ctx, account, NEW).status_code == 303
    there = re.search(r"/console/account/sessions/(\w{32})/end", browser.get("/console/account").text)
    assert there
    post(browser, f"/console/account/sessions/{there[1]}/end")
    assert other.get("/console/account").status_code == 303
    assert browser.get("/console/account").status_code == 200


@pytest.mark.parametrize("role", [Role.LEAD, Role.MANAGER])
def test_people_shows_what_the_role_may_change(ctx: Context, role: Role) -> None:
    worker, lead = a_member(ctx, name="Wren"), a_member(ctx, Role.LEAD, email="other@example.org", name="Olu")
    browser = client(ctx)
    sign_in(browser, ctx, a_member(ctx, role))
    page = browser.get("/console/people").text
    assert f"/console/people/{worker.id}/disable" in page
    assert (f"/console/people/{lead.id}/disable" in page) is (role is Role.MANAGER)
    allowed = post(browser, f"/console/people/{lead.id}/disable", "/console/people").status_code
    assert allowed == (303 if role is Role.MANAGER else 403)
    assert post(browser, f"/console/people/{worker.id}/role", "/console/people", role="trainer").status_code == 303
    assert account_of(ctx, worker.email).role is Role.TRAINER
    assert post(browser, f"/console/people/{worker.id}/role", "/console/people", role="king").status_code == 404
    assert post(browser, f"/console/people/{'0' * 32}/disable", "/console/people").status_code == 404
    assert post(browser, f"/console/people/{worker.id}/disable", "/console/people").status_code == 303
    page = browser.get("/console/people").text
    assert "The account is disabled." in page
    assert f"/console/people/{worker.id}/enable" in page


def test_the_last_manager_is_told_why_not(ctx: Context) -> None:
    account = a_member(ctx, Role.MANAGER)
    browser = client(ctx)
    sign_in(browser, ctx, account)
    answer = post(browser, f"/console/people/{account.id}/role", "/console/people", role="worker")
    assert answer.status_code == 409
    assert "This is the last manager." in answer.text


def test_invitations_that_cannot_be_made_and_one_taken_back(ctx: Context) -> None:
    browser = client(ctx)
    sign_in(browser, ctx, a_member(ctx, Role.LEAD))
    on = "/console/people"
    assert "not an email address" in post(browser, f"{on}/invite", on, email="nobody", role="worker").text
    assert post(browser, f"{on}/invite", on, email="nia@example.org", role="manager").status_code == 403
    post(browser, f"{on}/invite", on, email="nia@example.org", role="worker")
    waiting = re.search(r"/console/people/invitations/(\w{32})/take-back", browser.get(on).text)
    assert waiting
    assert post(browser, waiting[0], on).status_code == 303
    assert post(browser, waiting[0], on).status_code == 409


def test_the_audit_log_by_person_action_and_day_and_page_by_page(ctx: Context, clock: Clock) -> None:
    worker = a_member(ctx, name="Wren")
    conversation = a_conversation(ctx.database)
    with ctx.database.writing() as session:
        for number in range(60):
            record(
                session,
                id=f"{number:032d}",
                at=clock() - timedelta(days=1, minutes=number // 2),
                actor=f"worker:{worker.id}" if number % 3 else "person",
                action="viewed" if number % 2 else "note",
                subject_kind="conversation",
                subject_id=conversation.id,
                detail='{"words": "<script>"}',
            )
    browser = client(ctx)
    sign_in(browser, ctx, a_member(ctx, Role.LEAD, name="Lena"))

    def shown(address: str) -> list[str]:
        page = browser.get(html.unescape(address)).text
        assert "<script>" not in page
        return re.findall(r'<th scope="row">(.*?)</th>', page)

    first = shown("/console/audit")
    assert len(first) == 50
    assert first[0] == "Lena"
    assert {"Wren", "The person"} <= set(first)
    older = re.search(r'rel="next" href="([^"]+)"', browser.get("/console/audit").text)
    assert older
    rest = shown(older[1])
    assert len(rest) == 11
    newer = re.search(r'rel="prev" href="([^"]+)"', browser.get(html.unescape(older[1])).text)
    assert newer
    assert shown(newer[1]) == first
    assert len(shown(f"/console/audit?who=worker:{worker.id}")) == 40
    assert len(shown("/console/audit?what=viewed")) == 30
    assert len(shown("/console/audit?who=person&what=viewed")) == 10
    assert len(shown("/console/audit?day=2026-11-30")) == 50
    assert shown("/console/audit?day=2026-12-01") == ["Lena"]
    assert shown("/console/audit?day=2026-12-02") == []
    assert len(shown("/console/audit?day=nonsense&from=nonsense")) == 50
    assert f"/console/conversations/{conversation.id}" in browser.get("/console/audit").text


def test_a_made_up_message_on_a_page_is_not_shown(ctx: Context) -> None:
    browser = client(ctx)
    for made_up in ("nonsense", "eyJzYWlkIjoibm8uc3VjaCIsInRvbmUiOiJnb29kIiwidmFsdWVzIjp7fX0="):
        browser.cookies.set("console_said", made_up, path="/console")
        assert browser.get("/console/sign-in").status_code == 200
