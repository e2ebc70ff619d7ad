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

    lose_next: the method whose next answer is lost. lose_at: which answers from now on are lost, from 1.
    """

    def __init__(self) -> None:
        self.url = ""
        self.lose_next: str | None = None
        self.lose_at: set[int] = set()
        self.lost = 0
        self._passed = 0
        self._counting = Lock()

    def loses(self, method: str) -> bool:
        with self._counting:
            self._passed += 1
            if self._passed in self.lose_at:
                self.lost += 1
                return True
        if method != self.lose_next:
            return False
        self.lose_next = None
        self.lost += 1
        return True


@contextmanager
def losing_way(target: str) -> Iterator[Way]:
    """target: the base address of the service behind. For the length of the block, on a free port."""
    way, behind = Way(), urlsplit(target)

    class Handler(BaseHTTPRequestHandler):
        def _forward(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            connection = http.client.HTTPConnection(behind.netloc)
            connection.request(self.command, self.path, body, dict(self.headers))
            answer = connection.getresponse()
            content = answer.read()
            connection.close()
            if way.loses(self.command):
                self.send_error(503)
                return
            self.send_response(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in ("transfer-encoding", "content-length", "connection"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_PATCH = _forward

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
