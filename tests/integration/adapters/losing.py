"""A proxy in front of the storage emulator that loses answers: the request takes effect, and the caller gets a failure."""

import http.client
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import urlsplit


class Way:
    """url: where to send requests instead. lost: how many answers were.

    lose_next: the method whose next answer is lost. lose_at: which answers from now on are lost, from 1. dies_at: the
    request from which on no answer comes, which is the caller's death; the first of them has an effect unless takes_effect is
    False. passed: how many requests came.
    """

    def __init__(self) -> None:
        self.url = ""
        self.lose_next: str | None = None
        self.lose_at: set[int] = set()
        self.lost = 0
        self.dies_at: int | None = None
        self.takes_effect = True
        self.passed = 0
        self._counting = Lock()

    def loses(self, method: str) -> bool:
        with self._counting:
            self.passed += 1
            if self.passed in self.lose_at:
                self.lost += 1
                return True
        if method != self.lose_next:
            return False
        self.lose_next = None
        self.lost += 1
        return True

    def is_dead_next(self) -> tuple[bool, bool]:
        """Return whether the next answer does not come, and whether the request has an effect."""
        number = self.passed + 1
        is_dead = self.dies_at is not None and number >= self.dies_at
        return is_dead, not is_dead or (number == self.dies_at and self.takes_effect)


@contextmanager
def losing_way(target: str) -> Iterator[Way]:
    """target: the base address of the service behind. For the length of the block, on a free port."""
    way, behind = Way(), urlsplit(target)

    class Handler(BaseHTTPRequestHandler):
        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            is_dead, has_effect = way.is_dead_next()
            if not has_effect:
                way.loses(self.command)
                self.send_error(403)  # which no client repeats
                return
            connection = http.client.HTTPConnection(behind.netloc)
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            if way.loses(self.command) or is_dead:
                self.send_error(403 if is_dead else 503)
                return
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "content-length", "connection", "keep-alive"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _forward

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    way.url = f"http://127.0.0.1:{server.server_port}{behind.path}"
    thread = Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield way
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
