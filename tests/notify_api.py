"""A stand-in for GOV.UK Notify: takes text messages over HTTP, refuses, is too busy or loses its answer as it is told,
finds by reference, and tells what arrived."""

import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

SERVICE, SECRET = "26785a09-ab16-4eb0-8407-a37497a57506", "3d844edf-8d35-48ac-975b-e847b4f122b0"
KEY, TEMPLATE = f"a_test-{SERVICE}-{SECRET}", "9d751e0e-f929-4891-82a1-a3e1c3c18ee3"


class Notify:
    """`sent`: what it took. `faults`: answers to the next requests, "lost" for one that it took and did not confirm."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []
        self.faults: deque[int | str] = deque()
        self.refused: set[str] = set()  # numbers that it never takes
        self.codes: list[int] = []
        self.tokens: list[str] = []
        self.url = ""
        self._lock = threading.Lock()

    def post(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        with self._lock:
            fault = self.faults.popleft() if self.faults else None
            code = fault if isinstance(fault, int) else 400 if body["phone_number"] in self.refused else 201
            if code != 201:
                self.codes.append(code)
                return code, {"status_code": code, "errors": [{"error": "Error", "message": "no"}]}
            kept = {"id": f"notify-{len(self.sent)}", **body}
            self.sent.append(kept)
            self.codes.append(0 if fault == "lost" else 201)
            return self.codes[-1], {"id": kept["id"], "reference": body["reference"]}

    def find(self, reference: str) -> list[dict[str, Any]]:
        with self._lock:
            return [{"id": one["id"]} for one in self.sent if one["reference"] == reference]


@contextmanager
def notify_api() -> Iterator[Notify]:
    """It serves on a free port until the block ends."""
    api = Notify()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            api.tokens.append(self.headers["Authorization"])
            code, answer = api.post(body)
            if code:
                self._answer(code, answer)
            else:
                self.close_connection = True

        def do_GET(self) -> None:
            (reference,) = parse_qs(urlsplit(self.path).query)["reference"]
            self._answer(200, {"notifications": api.find(reference), "links": {}})

        def _answer(self, code: int, content: dict[str, Any]) -> None:
            body = json.dumps(content).encode()
            self.send_response(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            if code == 429:
                self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
