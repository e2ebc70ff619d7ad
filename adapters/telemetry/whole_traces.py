"""Send the spans of a share of the orders, each whole, and of the others where something failed.

Every trace is kept or left by the last two digits of its id, which are random in every form of it (W3C Trace Context): so all
processes decide alike, and a filter at ingestion too (`scripts/ingestion_filter.py`). What is left is held back for a while: an
error sends all that this process has of its trace, and all that follows. Parts that another process has left are lost.
"""

import threading
from collections import OrderedDict
from typing import Final

from opentelemetry import context
from opentelemetry.sdk.trace import ReadableSpan, Span, SpanProcessor
from opentelemetry.trace import StatusCode

KEEP: Final = "shop.keep"
"""The attribute of a span whose trace is kept, because something failed without an error of a call."""

_MAX_HELD_SPANS: Final = 10_000
_MAX_KEPT_TRACES: Final = 5_000


def is_in_share(trace_id: int, percent: int) -> bool:
    """Return whether a trace is one of the share that is kept."""
    return (trace_id & 0xFF) * 100 < percent * 256


class WholeTraces(SpanProcessor):
    """Hands the spans of the traces that are kept on to the next processor."""

    def __init__(self, following: SpanProcessor, percent: int) -> None:
        self._following = following
        self._percent = percent
        self._held: OrderedDict[int, list[ReadableSpan]] = OrderedDict()
        self._held_spans = 0
        self._kept: OrderedDict[int, None] = OrderedDict()
        self._lock = threading.Lock()

    def on_start(self, span: Span, parent_context: context.Context | None = None) -> None:
        """Decide nothing yet: a span that failed is known at its end."""

    def on_end(self, span: ReadableSpan) -> None:
        """Hand a span on, or hold it back."""
        for each in self._released(span):
            self._following.on_end(each)

    def _released(self, span: ReadableSpan) -> list[ReadableSpan]:
        assert span.context is not None
        trace_id = span.context.trace_id
        if is_in_share(trace_id, self._percent):
            return [span]
        with self._lock:
            if trace_id not in self._kept and not _failed(span):
                self._hold(trace_id, span)
                return []
            self._kept[trace_id] = None
            self._kept.move_to_end(trace_id)
            if len(self._kept) > _MAX_KEPT_TRACES:
                self._kept.popitem(last=False)
            held = self._held.pop(trace_id, [])
            self._held_spans -= len(held)
        return [*held, span]

    def _hold(self, trace_id: int, span: ReadableSpan) -> None:
        self._held.setdefault(trace_id, []).append(span)
        self._held.move_to_end(trace_id)
        self._held_spans += 1
        while self._held_spans > _MAX_HELD_SPANS:
            self._held_spans -= len(self._held.popitem(last=False)[1])

    def shutdown(self) -> None:
        """Send what is to be sent."""
        self._following.shutdown()

    def force_flush(self, timeout_millis: int = 30_000) -> bool:
        """Send what is to be sent."""
        return self._following.force_flush(timeout_millis)


def _failed(span: ReadableSpan) -> bool:
    return span.status.status_code is StatusCode.ERROR or KEEP in (span.attributes or {})
