"""The audit log in words: everything that the code writes into it has its own, and leads to its record."""

import ast
from pathlib import Path
from typing import get_args

import pytest

from console.page import WORDS
from programme.calling_off import CALLED_OFF
from programme.context import Context
from programme.fact import Given, propose
from programme.rules.handoff import Cause
from programme.rules.referral import LISTED
from storage.enums import LessonState, Mark, Role, RunKind
from tests.console.desk import a_console, signed_in

DEEDS = WORDS.get_template("audit_words.html").module.deeds  # type: ignore[attr-defined]
WRITERS = {"record", "_note", "_record", "_log"}
SUBJECTS = {
    "account",
    "api_token",
    "booking",
    "callback",
    "case",
    "conversation",
    "course",
    "invitation",
    "message_in",
    "person",
    "referral",
    "referral_import",
    "session",
    "setting",
    "system",
}


def written() -> set[str]:
    """The words that the use cases give to the log, where they stand in the call itself."""
    found: set[str] = set()
    for path in Path("programme").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            given = [word.value for word in node.keywords if word.arg == "action"]
            given += node.args[2:] if name in WRITERS else []
            given += node.args[3:4] if ast.unparse(node.func) == "audit.note" else []
            for each in given:
                options = [each.body, each.orelse] if isinstance(each, ast.IfExp) else [each]
                found |= {one.value for one in options if isinstance(one, ast.Constant) and isinstance(one.value, str)}
    return found - SUBJECTS


def test_what_the_use_cases_write_is_found() -> None:
    assert {"sign_in", "shift:begin", "callback:closed", "verify", "change_setting", "take_out_setting"} <= written()


@pytest.mark.parametrize(
    "action",
    sorted(
        written()
        | {f"owner:{cause}" for cause in get_args(Cause)}
        | {f"make_{role.value}" for role in Role}
        | {f"lesson:{state.value}" for state in LessonState}
        | {f"marked:{mark.value}" for mark in Mark}
        | {f"state:{state}" for state in LISTED}
        | {f"waiting_list:{what}" for what in ("join", "left", "ended", "offer", "decline", "expire")}
        | {CALLED_OFF}
        | {f"training:{kind.value}" for kind in RunKind}
    ),
)
def test_each_deed_has_its_words(action: str) -> None:
    assert action in DEEDS


def test_a_changed_setting_is_named_and_led_to(ctx: Context) -> None:
    lead = signed_in(ctx, a_console(ctx), on_shift=False, name="Lou Lead", role=Role.LEAD)
    propose(ctx, lead.account.id, "cost_text", Given("Ten pounds.", "The board", "Mary Moss", "2027-06-01"))
    page = lead.page("/audit")
    assert "Changed a setting" in page
    assert '<a href="/console/programme/cost_text">What it costs</a>' in page
