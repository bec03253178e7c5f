"""The stand-in answers as the real Bot API does: the same checks, codes and words."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.telegram_api import Control, telegram_api


@pytest.fixture
def api() -> Iterator[Control]:
    with telegram_api() as control:
        yield control


def ask(api: Control, method: str, **params: Any) -> dict[str, Any]:
    return httpx.post(f"{api.api_url}/bot{api.token}/{method}", data=params, timeout=20).json()


def refusal(api: Control, method: str, **params: Any) -> tuple[int, str]:
    answer = ask(api, method, **params)
    assert answer["ok"] is False
    return answer["error_code"], answer["description"]


def buttons(data: str) -> str:
    return json.dumps({"inline_keyboard": [[{"text": "Yes", "callback_data": data}]]})


def test_offsets_confirm_and_what_is_not_confirmed_comes_again(api: Control) -> None:
    first, second = (api.say(1, words)["update_id"] for words in ("one", "two"))
    for _ in range(2):
        assert [each["update_id"] for each in ask(api, "getUpdates")["result"]] == [first, second]
    assert [each["update_id"] for each in ask(api, "getUpdates", offset=second)["result"]] == [second]
    assert [each["update_id"] for each in ask(api, "getUpdates")["result"]] == [second]
    assert ask(api, "getUpdates", offset=second + 1)["result"] == []


def test_the_second_poller_throws_out_the_first(api: Control) -> None:
    answers: list[dict[str, Any]] = []
    first = threading.Thread(target=lambda: answers.append(ask(api, "getUpdates", timeout=10)))
    first.start()
    while not api.calls("getUpdates"):
        pass
    api_second = threading.Thread(target=lambda: answers.append(ask(api, "getUpdates", timeout=10)))
    api_second.start()
    first.join(timeout=5)
    assert (answers[0]["error_code"], answers[0]["description"][:28]) == (409, "Conflict: terminated by othe")
    api.say(1, "hello")
    api_second.join(timeout=5)
    assert len(answers[1]["result"]) == 1


def test_polling_is_refused_while_there_is_a_webhook(api: Control) -> None:
    assert ask(api, "setWebhook", url="http://127.0.0.1:9/", secret_token="s")["ok"]
    assert refusal(api, "getUpdates")[0] == 409
    assert ask(api, "deleteWebhook")["ok"]
    assert ask(api, "getUpdates")["result"] == []


def test_what_may_be_sent_is_checked(api: Control) -> None:
    api.say(1, "/start")
    assert refusal(api, "sendMessage", chat_id=2, text="hi") == (400, "Bad Request: chat not found")
    assert refusal(api, "sendMessage", chat_id=1, text=" ") == (400, "Bad Request: message text is empty")
    assert refusal(api, "sendMessage", chat_id=1, text="😀" * 2049) == (400, "Bad Request: message is too long")
    long = buttons("é" * 33)
    assert refusal(api, "sendMessage", chat_id=1, text="hi", reply_markup=long)[1] == "Bad Request: BUTTON_DATA_INVALID"
    assert ask(api, "sendMessage", chat_id=1, text="hi", reply_markup=buttons("é" * 32))["ok"]
    api.block(1)
    blocked = (403, "Forbidden: bot was blocked by the user")
    assert refusal(api, "sendMessage", chat_id=1, text="hi") == blocked


def test_a_keyboard_is_cleared_once(api: Control) -> None:
    api.say(1, "/start")
    sent = ask(api, "sendMessage", chat_id=1, text="hi", reply_markup=buttons("yes"))["result"]
    known = {"chat_id": 1, "message_id": sent["message_id"]}
    assert ask(api, "editMessageReplyMarkup", **known)["ok"]
    assert "message is not modified" in refusal(api, "editMessageReplyMarkup", **known)[1]
    assert "message to edit not found" in refusal(api, "editMessageReplyMarkup", chat_id=1, message_id=1)[1]


def test_a_tap_is_answered_once(api: Control) -> None:
    api.say(1, "/start")
    ask(api, "sendMessage", chat_id=1, text="hi", reply_markup=buttons("yes"))
    query = api.tap(1, "Yes")["query"]
    assert ask(api, "answerCallbackQuery", callback_query_id=query)["ok"]
    assert "query is too old" in refusal(api, "answerCallbackQuery", callback_query_id=query)[1]


def test_faults_and_wrong_tokens_look_like_the_real_ones(api: Control) -> None:
    api.fault("getMe", "429", retry_after=7)
    assert ask(api, "getMe") == {
        "ok": False,
        "error_code": 429,
        "description": "Too Many Requests: retry after 7",
        "parameters": {"retry_after": 7},
    }
    api.fault("getMe", "drop")
    with pytest.raises(httpx.RemoteProtocolError):
        ask(api, "getMe")
    assert ask(api, "getMe")["result"]["is_bot"]
    assert httpx.get(f"{api.api_url}/bot1:wrong/getMe").json()["error_code"] == 401
    assert refusal(api, "noSuchMethod") == (404, "Not Found")


def test_it_runs_as_a_process_of_its_own() -> None:
    command = [sys.executable, "-m", "tests.telegram_api", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        try:
            assert process.stdout is not None
            control = Control(process.stdout.readline().split()[-1])
            control.wait_until_up()
            control.say(1, "hello")
            assert control.state()["queue"] == 1
            control.close()
        finally:
            process.terminate()
