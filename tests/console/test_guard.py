"""The guard: every page, for every role and for nobody; forms of others; headers; what goes wrong."""

import re
from collections.abc import Iterator

import httpx
import pytest

from console import page as pages
from console.guard import HEADERS
from console.live import Live
from console.page import NAV, Page
from console.routes import navigation, topics
from console.routes import pages as all_pages
from programme import log
from programme.context import Context
from programme.rules.role import ROLES, may
from storage.enums import Role
from tests.console.server import ORIGIN, client, sign_in, token
from tests.programme.staff import a_member

OPEN = {
    ("/console/sign-in", "GET"),
    ("/console/sign-in", "POST"),
    ("/console/sign-in/code", "GET"),
    ("/console/sign-in/code", "POST"),
    ("/console/invite/{token}", "GET"),
    ("/console/invite/{token}", "POST"),
}


def declared() -> list[Page]:
    return all_pages(Live(None, topics()))  # type: ignore[arg-type]


ADDRESSES = [(page, method) for page in declared() for method in page.methods]
NAMES = [f"{method} {page.path}" for page, method in ADDRESSES]


def filled(path: str) -> str:
    return re.sub(r"\{\w+(:\w+)?\}", "0" * 32, path)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Handlers that only say that they were reached, so that no answer depends on what is in the database."""
    reached: list[str] = []

    def instead(page: Page) -> Page:
        async def handler(request: object) -> object:
            reached.append(page.path)
            return pages.HTMLResponse("reached")

        return Page(page.path, handler, page.may, page.methods, page.nav, page.longest, page.file)  # type: ignore[arg-type]

    monkeypatch.setattr("console.routes.pages", lambda live=None: [instead(page) for page in declared()])
    yield reached


@pytest.fixture
def browsers(ctx: Context) -> dict[str, httpx.Client]:
    made = {}
    for role in Role:
        made[role.value] = client(ctx)
        sign_in(made[role.value], ctx, a_member(ctx, role))
    return made


def test_what_anybody_may_open() -> None:
    assert {(page.path, method) for page, method in ADDRESSES if page.may is None} == OPEN


def test_every_page_for_every_role_and_for_nobody(
    ctx: Context, browsers: dict[str, httpx.Client], request: pytest.FixtureRequest
) -> None:
    tokens = {role: token(browser.get("/console/account")) for role, browser in browsers.items()}
    reached: list[str] = request.getfixturevalue("calls")
    signed_in = {role: client(ctx) for role in ROLES}
    for role, browser in signed_in.items():
        browser.cookies = browsers[role].cookies
    nobody = client(ctx)
    wrong = []
    for (page, method), name in zip(ADDRESSES, NAMES, strict=True):
        for role in ROLES:
            reached.clear()
            answer = signed_in[role].request(method, filled(page.path), headers={"X-CSRF": tokens[role]})
            allowed = page.may is None or may(role, page.may)
            if bool(reached) is not allowed or (not allowed and answer.status_code != 403):
                wrong.append((role, name, answer.status_code))
        reached.clear()
        answer = nobody.request(method, filled(page.path))
        if page.may is not None and (reached or answer.status_code not in (303, 401)):
            wrong.append(("nobody", name, answer.status_code))
        if page.may is not None and method == "GET" and not answer.headers["location"].startswith("/console/sign-in"):
            wrong.append(("nobody", name, answer.headers["location"]))
    assert wrong == []
    assert len(ADDRESSES) > 25


FORM = "application/x-www-form-urlencoded"
WITHOUT = {
    "no token": ({}, "name=Eve"),
    "a made-up token": ({}, "csrf=made-up&name=Eve"),
    "an empty token": ({}, "csrf=&name=Eve"),
    "a made-up header": ({"X-CSRF": "made-up"}, "name=Eve"),
    "from another site": ({"Sec-Fetch-Site": "cross-site"}, "csrf=TOKEN&name=Eve"),
    "from a neighbour": ({"Sec-Fetch-Site": "same-site"}, "csrf=TOKEN&name=Eve"),
    "of another origin": ({"Origin": "https://elsewhere.test"}, "csrf=TOKEN&name=Eve"),
    "plain text": ({"Content-Type": "text/plain"}, "csrf=TOKEN&name=Eve"),
    "JSON": ({"Content-Type": "application/json"}, '{"csrf":"TOKEN","name":"Eve"}'),
    "too long": ({}, f"csrf=TOKEN&name={'x' * 70_000}"),
    "too many fields": ({}, f"csrf=TOKEN&name=Eve{'&a=b' * 600}"),
    "no text": ({}, "csrf=TOKEN&name=%ff"),
}


@pytest.mark.parametrize("how", list(WITHOUT))
def test_forms_that_are_not_ours_change_nothing(ctx: Context, how: str) -> None:
    browser, account = client(ctx), a_member(ctx, name="Wren")
    sign_in(browser, ctx, account)
    own = token(browser.get("/console/account"))
    headers, body = WITHOUT[how]
    content = body.replace("TOKEN", own)
    answer = browser.post("/console/account/name", content=content, headers={"Content-Type": FORM} | headers)
    assert answer.status_code == 403
    assert "That form could not be used" in answer.text
    assert "Wren" in browser.get("/console/account").text
    assert browser.post("/console/account/name", data={"csrf": own, "name": "Robin"}).status_code == 303


def test_the_token_of_one_session_is_none_of_another(ctx: Context) -> None:
    account = a_member(ctx)
    one, other = client(ctx), client(ctx)
    sign_in(one, ctx, account)
    sign_in(other, ctx, account)
    stolen = token(other.get("/console/account"))
    assert one.post("/console/account/name", data={"csrf": stolen, "name": "Eve"}).status_code == 403


def test_signing_in_needs_the_browsers_own_token(ctx: Context) -> None:
    a_member(ctx)
    mine = token(client(ctx).get("/console/sign-in"))
    browser = client(ctx)
    assert browser.post("/console/sign-in", data={"csrf": mine}).status_code == 403
    browser.get("/console/sign-in")
    assert browser.post("/console/sign-in", data={"csrf": mine}).status_code == 403


def test_every_answer_carries_the_headers(ctx: Context) -> None:
    browser = client(ctx)
    account = a_member(ctx, Role.MANAGER)
    sign_in(browser, ctx, account)
    for path in ("/console", "/console/people", "/console/audit", "/console/nothing", "/console/account/name"):
        answer = browser.get(path)
        assert {name: answer.headers[name] for name in HEADERS} == HEADERS, path
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert HEADERS["Cache-Control"] == "no-store"
    assert HEADERS["Referrer-Policy"] == "no-referrer"
    assert "strict-transport-security" not in browser.get("/console").headers
    assert "strict-transport-security" in client(ctx, https=True).get("/console").headers


def test_no_page_has_a_script_or_a_style_in_it(ctx: Context) -> None:
    templates = [*(pages.HERE / "templates").rglob("*.html")]
    assert len(templates) > 10
    for file in templates:
        text = file.read_text()
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), file
        assert not re.search(r"<style\b|\sstyle=|\son[a-z]+=", text), file


def test_every_form_that_posts_has_the_token() -> None:
    """Its own, or by a macro of its template that has it."""
    for file in (pages.HERE / "templates").rglob("*.html"):
        text = file.read_text()
        defined = re.findall(r"{% macro (\w+)\(.*?%}(.*?){%-? endmacro", text, re.DOTALL)
        macros = [name for name, body in defined if "csrf()" in body]
        for form in re.findall(r'<form\b[^>]*method="post".*?</form>', text, re.DOTALL | re.IGNORECASE):
            assert any(f"{name}(" in form for name in ["csrf", *macros]), (file, form[:80])


def test_what_goes_wrong_is_said_and_tells_nothing(ctx: Context, monkeypatch: pytest.MonkeyPatch) -> None:
    browser = client(ctx)
    sign_in(browser, ctx, a_member(ctx, Role.MANAGER))

    def broken(*_given: object) -> None:
        raise RuntimeError("a secret")

    monkeypatch.setattr(log, "entries", broken)
    answer = browser.get("/console/audit")
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "a secret" not in answer.text


def test_a_page_that_is_not_there(ctx: Context) -> None:
    browser = client(ctx)
    assert browser.get("/console/nothing").status_code == 404
    assert browser.get("/console/static/nothing.css").status_code == 404
    sign_in(browser, ctx, a_member(ctx))
    assert "Page not found" in browser.get("/console/nothing").text


def test_a_fetch_by_a_page_whose_session_ended_is_told_so(ctx: Context) -> None:
    assert client(ctx).get("/console/people", headers={"X-Live": "1"}).status_code == 401


def test_the_navigation_has_the_pages_of_the_role_in_order(browsers: dict[str, httpx.Client]) -> None:
    for role, browser in browsers.items():
        text = browser.get("/console/account").text
        shown = re.search(r'<ul class="pages">(.*?)(?:<li class="more">|</nav>)', text, re.DOTALL)
        assert shown is not None
        names = re.findall(r'<span class="label">([^<]+)</span>', shown[1])
        due = [page.nav for page in navigation() if page.may is not None and may(role, page.may)]
        assert names == due
        assert names == [name for name in NAV if name in names]
        assert len(names) == len(set(names))


def test_nobody_is_sent_on_to_another_site(ctx: Context) -> None:
    browser, account = client(ctx), a_member(ctx)
    for onward in (
        "https://elsewhere.test",
        "//elsewhere.test",
        "/console.elsewhere.test",
        "/",
        "/console\\x",
        "/console/\n",
    ):
        page = browser.get("/console/sign-in", params={"next": onward})
        given = {"csrf": token(page), "email": account.email, "password": "brass lantern otter", "next": onward}
        answer = browser.post("/console/sign-in", data=given)
        assert answer.headers["location"] == "/console", onward
        browser.cookies.clear()


def test_after_signing_in_one_is_where_one_wanted_to_be(ctx: Context) -> None:
    browser, account = client(ctx), a_member(ctx, Role.LEAD)
    answer = browser.get("/console/audit?who=person&day=2026-12-01")
    page = browser.get(answer.headers["location"])
    onward = re.search(r'name="next" value="([^"]+)"', page.text)
    assert onward
    given = {"csrf": token(page), "email": account.email, "password": "brass lantern otter"}
    answer = browser.post("/console/sign-in", data={**given, "next": onward[1].replace("&amp;", "&")})
    assert answer.headers["location"] == "/console/audit?who=person&day=2026-12-01"
    assert browser.get(answer.headers["location"]).status_code == 200


def test_cookies_are_unseen_by_scripts_and_other_sites(ctx: Context) -> None:
    account = a_member(ctx)
    for https in (False, True):
        browser = client(ctx, https)
        cookies = sign_in(browser, ctx, account).headers.get_list("set-cookie")
        session = next(one for one in cookies if one.startswith("console_session="))
        assert "HttpOnly" in session
        assert "SameSite=lax" in session
        assert "Path=/console" in session
        assert ("Secure" in session) is https
        assert "expires" not in session.lower()
    assert ORIGIN.startswith("http://")
