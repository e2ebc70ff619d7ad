"""A collector of traces: it takes OTLP over HTTP in JSON on a free port, and keeps what it got."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Collector:
    """url: for OTEL_EXPORTER_OTLP_ENDPOINT. bodies: what was sent, as text."""

    url: str = ""
    bodies: list[str] = field(default_factory=list)

    def spans(self) -> list[dict[str, Any]]:
        """Return every span, its attributes as a mapping."""
        found = []
        for body in self.bodies:
            for resource in json.loads(body)["resourceSpans"]:
                for scope in resource["scopeSpans"]:
                    found += scope["spans"]
        return [
            span | {"attributes": {each["key"]: each["value"]["stringValue"] for each in span["attributes"]}}
            for span in found
        ]


@contextmanager
def running_collector() -> Iterator[Collector]:
    """Yield a collector for the length of the block."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if self.path == "/v1/traces" and self.headers["Content-Type"] == "application/json":
                collector.bodies.append(body)
                self.send_response(200)
            else:
                self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collector.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, name="collector", daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
