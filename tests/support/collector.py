"""A collector of traces: it takes OTLP over HTTP in JSON on a free port, and keeps what it got.

What it got is read into the messages that the authors of OTLP publish (`opentelemetry-proto`), which refuse a field that they do
not know. JSON of OTLP differs from that of protobuf in one thing: ids are hexadecimal.
"""

import base64
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from google.protobuf.json_format import ParseDict  # type: ignore[import-untyped]
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass
class Collector:
    """url: for OTEL_EXPORTER_OTLP_ENDPOINT. bodies: what was sent, as text."""

    url: str = ""
    bodies: list[str] = field(default_factory=list)

    def spans(self) -> list[dict[str, Any]]:
        """Return every span, its attributes as a mapping."""
        return [
            _described(span)
            for body in self.bodies
            for resource in _message(body).resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def services(self) -> set[str]:
        """Return which services have sent spans."""
        resources = [each.resource for body in self.bodies for each in _message(body).resource_spans]
        return {each.value.string_value for one in resources for each in one.attributes if each.key == "service.name"}


def _message(body: str) -> ExportTraceServiceRequest:
    document = json.loads(body)
    for resource in document["resourceSpans"]:
        for scope in resource["scopeSpans"]:
            for span in scope["spans"]:
                for name in ("traceId", "spanId", "parentSpanId"):
                    if name in span:
                        span[name] = base64.b64encode(bytes.fromhex(span[name])).decode()
    message = ExportTraceServiceRequest()
    ParseDict(document, message)
    return message


def _described(span: Any) -> dict[str, Any]:
    return {
        "traceId": span.trace_id.hex(),
        "spanId": span.span_id.hex(),
        "parentSpanId": span.parent_span_id.hex(),
        "name": span.name,
        "kind": span.kind,
        "took_ns": span.end_time_unix_nano - span.start_time_unix_nano,
        "attributes": {
            each.key: getattr(each.value, each.value.WhichOneof("value") or "string_value") for each in span.attributes
        },
        "status": span.status.code,
    }


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
