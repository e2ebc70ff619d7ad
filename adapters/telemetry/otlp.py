"""Send spans to a collector, as OTLP over HTTP in JSON (opentelemetry.io/docs/specs/otlp).

The published exporter brings protobuf, and the Functions worker has one of its own, which an app's would take the place of.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from typing import Any, Final

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

_TIMEOUT_S: Final = 10
_PATH: Final = "/v1/traces"


class OtlpExporter(SpanExporter):
    """Sends spans to the collector at an endpoint. What it does not take is lost: traces are no records."""

    def __init__(self, endpoint: str) -> None:
        self._url = endpoint.rstrip("/") + _PATH

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send them in one request."""
        body = json.dumps(document(spans)).encode()
        request = urllib.request.Request(self._url, body, {"Content-Type": "application/json"})  # noqa: S310 - a setting
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT_S):  # noqa: S310
                return SpanExportResult.SUCCESS
        except (urllib.error.URLError, TimeoutError):
            return SpanExportResult.FAILURE


def document(spans: Sequence[ReadableSpan]) -> dict[str, Any]:
    """Return spans of one process as an export request."""
    resource = dict(spans[0].resource.attributes) if spans else {}
    scoped = [{"scope": {"name": "shop"}, "spans": [_span(each) for each in spans]}]
    return {"resourceSpans": [{"resource": {"attributes": _attributes(resource)}, "scopeSpans": scoped}]}


def _span(span: ReadableSpan) -> dict[str, Any]:
    context = span.get_span_context()
    assert context is not None
    return {
        "traceId": f"{context.trace_id:032x}",
        "spanId": f"{context.span_id:016x}",
        **({"parentSpanId": f"{span.parent.span_id:016x}"} if span.parent else {}),
        "name": span.name,
        "kind": span.kind.value + 1,  # OTLP begins with "unspecified"
        "startTimeUnixNano": str(span.start_time),
        "endTimeUnixNano": str(span.end_time),
        "attributes": _attributes(span.attributes or {}),
        "status": {"code": span.status.status_code.value},
    }


def _attributes(given: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": str(value)}} for key, value in given.items()]
