"""A provider that answers from a script: what the stand-in cannot be brought to say, because no healthy provider says it."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any


class Script:
    """What is answered to which call, e.g. `POST /v1/refunds`: one answer after the other, the last one for ever.

    calls: method and path of each. keys: their idempotency keys. bodies: their bodies. headers: by lower-case name.
    """

    def __init__(self) -> None:
        self.url = ""
        self.calls: list[str] = []
        self.bodies: dict[str, list[str]] = {}
        self.headers: dict[str, list[dict[str, str]]] = {}
        self.keys: dict[str, list[str | None]] = {}
        self._answers: dict[str, list[tuple[int, Mapping[str, str], str]]] = {}

    def answer(self, call: str, body: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> None:
        """body: text is sent as it is, everything else as JSON."""
        text = body if isinstance(body, str) else json.dumps(body)
        self._answers.setdefault(call, []).append((status, headers or {}, text))

    def forget(self, call: str) -> None:
        """Take back what was to be answered to a call."""
        self._answers.pop(call, None)

    def next_answer(self, call: str, headers: Mapping[str, str], body: str) -> tuple[int, Mapping[str, str], str]:
        """Return what to answer now."""
        self.calls.append(call)
        self.bodies.setdefault(call, []).append(body)
        self.headers.setdefault(call, []).append({name.lower(): value for name, value in headers.items()})
        self.keys.setdefault(call, []).append(headers.get("Idempotency-Key"))
        answers = self._answers[call]
        return answers.pop(0) if len(answers) > 1 else answers[0]


@contextmanager
def scripted_provider() -> Iterator[Script]:
    """On a free port, for the length of the block."""
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        def _respond(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            call = f"{self.command} {self.path.partition('?')[0]}"
            status, headers, text = script.next_answer(call, dict(self.headers), body)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(text.encode())), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        do_GET = do_POST = _respond

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    script.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield script
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
