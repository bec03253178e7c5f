"""Other systems send us referrals: with a token that managers make, by the same checks as a file."""

import re

import httpx
import pytest
from sqlmodel import select

from console.page import AT
from programme.context import Context
from programme.referral_import import LARGEST
from storage.api_token import ApiToken
from storage.enums import Role
from storage.person import Person
from tests.console.server import client, post, sign_in
from tests.programme.staff import a_member

HERE = f"{AT}/referrals"
API = "/api/referrals"
ALEX = {"reference": "TVP-4F7K-92", "name": "Alex Green", "date_of_birth": "1990-03-14", "email": "a@example.org"}


def names(ctx: Context) -> list[str]:
    with ctx.database.reading() as session:
        return sorted(session.exec(select(Person.name)))


@pytest.fixture
def manager(ctx: Context) -> httpx.Client:
    browser = client(ctx)
    sign_in(browser, ctx, a_member(ctx, Role.MANAGER))
    return browser


def a_token(browser: httpx.Client) -> dict[str, str]:
    page = post(browser, f"{HERE}/tokens", on=f"{HERE}/tokens", name="Force system")
    found = re.search(r"<code>(referrals_[^<]+)</code>", page.text)
    assert found is not None
    return {"Authorization": f"Bearer {found[1]}"}


def test_another_system_sends_referrals(ctx: Context, manager: httpx.Client) -> None:
    headers, system = a_token(manager), client(ctx)
    checked = system.post(API, headers=headers, json={"referrals": [ALEX], "check_only": True})
    assert (checked.status_code, checked.json()["written"], checked.json()["added"]) == (200, False, 1)
    assert names(ctx) == []
    sent = system.post(API, headers=headers, json={"referrals": [ALEX]})
    assert sent.json() == {
        "written": True, "added": 1, "changed": 0, "same": 0, "lines": [{"line": 1, "result": "added"}], "problems": []
    }  # fmt: skip
    again = system.post(API, headers=headers, json={"referrals": [ALEX]})
    assert (again.json()["added"], again.json()["same"]) == (0, 1)
    newer = system.post(API, headers=headers, json={"referrals": [ALEX | {"email": "b@example.org"}]})
    assert newer.json()["lines"] == [{"line": 1, "result": "changed"}]
    with ctx.database.reading() as session:
        assert session.exec(select(Person.email)).one() == "b@example.org"


def test_one_that_is_wrong_stops_all_and_says_what_to_do(ctx: Context, manager: httpx.Client) -> None:
    young = ALEX | {"reference": "TVP-2H8M-41", "date_of_birth": "2012-01-01"}
    answer = client(ctx).post(API, headers=a_token(manager), json={"referrals": [ALEX, young]})
    assert answer.status_code == 422
    (problem,) = answer.json()["problems"]
    assert (problem["line"], problem["field"], problem["code"]) == (2, "date_of_birth", "under_18")
    assert "young people" in problem["fix"]
    assert names(ctx) == []


@pytest.mark.parametrize(
    ("body", "status", "error"),
    [
        (b"{", 400, "not_json"),
        (b'{"referrals": []}', 400, "bad_body"),
        (b'{"referrals": [{"reference": 1}]}', 400, "bad_body"),
        (b'{"referrals": [{"colour": "red"}]}', 400, "bad_body"),
        (b'{"referrals": [], "other": 1}', 400, "bad_body"),
        (b" " * (LARGEST + 1), 413, "too_large"),
    ],
)
def test_what_another_system_may_not_send(
    ctx: Context, manager: httpx.Client, body: bytes, status: int, error: str
) -> None:
    answer = client(ctx).post(API, headers=a_token(manager), content=body)
    assert (answer.status_code, answer.json()["error"]) == (status, error)


def test_without_a_token_nothing_is_read(ctx: Context, manager: httpx.Client) -> None:
    good = a_token(manager)["Authorization"]
    for header in ("", "Bearer", "Bearer made-up", f"Basic {good.split()[1]}", good[:-1]):
        answer = client(ctx).post(API, headers={"Authorization": header}, json={"referrals": [ALEX]})
        assert (answer.status_code, answer.json()["error"]) == (401, "not_signed_in")
        assert answer.headers["www-authenticate"] == "Bearer"
    assert manager.post(API, json={"referrals": [ALEX]}).status_code == 401  # who is signed in is no system
    assert names(ctx) == []


def test_a_token_is_kept_as_a_hash_and_can_be_taken_back(ctx: Context, manager: httpx.Client) -> None:
    headers = a_token(manager)
    secret = headers["Authorization"].split()[1]
    with ctx.database.reading() as session:
        row = session.exec(select(ApiToken)).one()
        assert secret not in str(row.model_dump())
    assert secret not in manager.get(f"{HERE}/tokens").text
    post(manager, f"{HERE}/tokens/{row.id}/take-back", on=f"{HERE}/tokens")
    assert client(ctx).post(API, headers=headers, json={"referrals": [ALEX]}).status_code == 401


def test_the_description_says_what_is_true(ctx: Context) -> None:
    told = client(ctx).get(f"{API}/openapi.json").json()
    assert told["openapi"].startswith("3.1")
    referral = told["components"]["schemas"]["Referral"]["properties"]
    assert set(referral) >= set(ALEX)
    assert all(about["description"] for about in referral.values())
    names_used = set(re.findall(r"#/components/schemas/(\w+)", str(told)))
    assert names_used == set(told["components"]["schemas"])
