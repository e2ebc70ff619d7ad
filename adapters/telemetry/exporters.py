"""Who gets the spans: a collector that takes OTLP over HTTP, Application Insights, or both.

What an exporter stands on is loaded by the first batch, in the thread that sends it: no call of a function waits for that.
"""

import os
from collections.abc import Callable, Sequence
from typing import Final

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SpanExporter, SpanExportResult

# Else the exporter of Application Insights reports on itself, to its makers and among the shop's own metrics.
_NO_REPORTS: Final = {
    "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
    "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "true",
}


class LoadedLater(SpanExporter):
    """An exporter that is made by the first batch. What it cannot send is lost: traces are no records."""

    def __init__(self, make: Callable[[], SpanExporter]) -> None:
        self._make = make
        self._made: SpanExporter | None = None

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Send spans in one request."""
        if self._made is None:
            self._made = self._make()
        return self._made.export(spans)

    def shutdown(self) -> None:
        """Close the connections."""
        if self._made is not None:
            self._made.shutdown()


def to_collector(address: str) -> SpanExporter:
    """Return what sends spans to a collector, as OTLP over HTTP in JSON. The SDK's own settings add headers and certificates.

    Args:
        address: Of the collector, without the path.
    """

    def make() -> SpanExporter:
        from opentelemetry.exporter.otlp.json.http.trace_exporter import OTLPSpanExporter

        return OTLPSpanExporter(endpoint=f"{address.rstrip('/')}/v1/traces")

    return LoadedLater(make)


def to_insights(connection_string: str) -> SpanExporter:
    """Return what sends spans to Application Insights, with the identity that APPLICATIONINSIGHTS_AUTHENTICATION_STRING names."""

    def make() -> SpanExporter:
        for name, value in _NO_REPORTS.items():
            os.environ.setdefault(name, value)
        from azure.monitor.opentelemetry.exporter import AzureMonitorTraceExporter

        exporter: SpanExporter = AzureMonitorTraceExporter(
            connection_string=connection_string, disable_offline_storage=True
        )
        return exporter

    return LoadedLater(make)
