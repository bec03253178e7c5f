"""Other systems send us referrals: with a token that managers make, by the same checks as a file."""

import re
from typing import Any

import httpx
import pytest
from sqlmodel import select

from console.api import OFTEN
from console.page import AT
from programme.context import Context
from programme.referral_import import LARGEST
from storage.api_token import ApiToken
from storage.enums import Role
from storage.person import Person
from tests.conftest import Clock
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
        "written": True, "added": 1, "changed": 0, "same": 0, "repeated": 0,
        "lines": [{"line": 1, "result": "added"}], "problems": [],
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
    assert len(answer.json()["reason"].split()) > 5, "in words too"


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


def test_a_token_that_sends_without_end_is_asked_to_wait(ctx: Context, manager: httpx.Client, clock: Clock) -> None:
    headers, system = a_token(manager), client(ctx)
    checked = {"referrals": [ALEX], "check_only": True}
    answers = [system.post(API, headers=headers, json=checked) for _ in range(OFTEN.count + 1)]
    assert {answer.status_code for answer in answers[:-1]} == {200}
    assert (answers[-1].status_code, answers[-1].headers["retry-after"]) == (429, "60")
    assert system.post(API, headers=a_token(manager), json=checked).status_code == 200, "another token is not held up"
    clock.forward(seconds=61)
    assert system.post(API, headers=headers, json=checked).status_code == 200


def test_the_description_fits_what_is_answered(ctx: Context, manager: httpx.Client) -> None:
    """Every answer that we give, of every kind, is one that the document allows for its status."""
    headers, system = a_token(manager), client(ctx)
    told = system.get(f"{API}/openapi.json").json()
    assert {"openapi", "info", "paths", "components"} <= set(told) and {"title", "version"} <= set(told["info"])
    (of,) = told["paths"][API].values()
    assert all(one["description"] for one in of["responses"].values())
    bodies = [
        (headers, {"referrals": [ALEX, ALEX], "check_only": True}),
        (headers, {"referrals": [ALEX | {"email": "no address"}]}),
        (headers, {"referrals": []}),
        ({}, {"referrals": [ALEX]}),
    ]
    for given, body in bodies:
        answer = system.post(API, headers=given, json=body)
        schema = of["responses"][str(answer.status_code)]["content"]["application/json"]["schema"]
        assert _unlike(told, schema, answer.json()) == []
    sent = of["requestBody"]["content"]["application/json"]["schema"]
    assert _unlike(told, sent, bodies[0][1]) == []
    assert _unlike(told, sent, {"referrals": [{"name": 1, "colour": "red"}]}) == [
        "referrals.0.reference: missing", "referrals.0.date_of_birth: missing", "referrals.0.name: not string",
        "referrals.0.colour: unknown",
    ]  # fmt: skip


TYPES = {"object": dict, "array": list, "string": str, "integer": int, "boolean": bool}


def _unlike(told: dict[str, Any], schema: dict[str, Any], value: Any, at: str = "") -> list[str]:
    """Where a value is not as a schema has it; of JSON Schema what our document uses."""
    if "$ref" in schema:
        schema = told["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    if not isinstance(value, TYPES[schema["type"]]):
        return [f"{at}: not {schema['type']}"]
    if "enum" in schema and value not in schema["enum"]:
        return [f"{at}: not one of them"]
    found = []
    if isinstance(value, dict):
        known = schema["properties"]
        found += [f"{at}.{name}: missing".strip(".") for name in schema.get("required", []) if name not in value]
        for name, each in value.items():
            here = f"{at}.{name}".strip(".")
            found += _unlike(told, known[name], each, here) if name in known else [f"{here}: unknown"]
    if isinstance(value, list):
        for place, each in enumerate(value):
            found += _unlike(told, schema["items"], each, f"{at}.{place}".strip("."))
    return found
