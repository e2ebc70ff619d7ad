"""A door to a storage service that answers as Azure Storage does when it is asked too much."""

import http.client
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final
from urllib.parse import urlsplit

# learn.microsoft.com/rest/api/storageservices/table-service-error-codes: ServerBusy is a 503.
_BUSY: Final = b'{"odata.error":{"code":"ServerBusy","message":{"lang":"en-US","value":"The server is busy."}}}'


@dataclass
class Door:
    """url: where clients go. is_busy: whether they are sent away."""

    url: str
    is_busy: bool = False
    sent_away: int = 0


@contextmanager
def throttled(endpoint: str) -> Iterator[Door]:
    """Yield a door to a service, on a free port, for the length of the block."""
    inside = urlsplit(endpoint)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if door.is_busy:
                door.sent_away += 1
                self._answer(503, [("Content-Type", "application/json"), ("x-ms-error-code", "ServerBusy")], _BUSY)
                return
            connection = http.client.HTTPConnection(str(inside.hostname), inside.port, timeout=20)
            try:
                connection.request(self.command, self.path, body, dict(self.headers))
                answer = connection.getresponse()
                self._answer(answer.status, answer.getheaders(), answer.read())
            finally:
                connection.close()

        do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = do_MERGE = do_HEAD = _serve

        def _answer(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers:
                if name.lower() not in ("transfer-encoding", "content-length", "connection", "keep-alive"):
                    self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    door = Door(f"http://127.0.0.1:{server.server_port}{inside.path}")
    thread = threading.Thread(target=server.serve_forever, name="door", daemon=True)
    thread.start()
    try:
        yield door
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
