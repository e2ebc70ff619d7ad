"""Keeps the spans that an app sends here, to show them on the page of the instance that they belong to.

They come as any collector takes them: OTLP over HTTP in JSON (opentelemetry.io/docs/specs/otlp), at `/admin/v1/traces`. Nothing of
it is stored; what is kept is bounded, and the oldest traces go first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local_host.engine.timeline import Line

_MAX_TRACES = 500
_MAX_SPANS = 500
_MAX_TEXT_CHARS = 200
_MAX_NS = 2**63
_NS_PER_S = 1e9
_ERROR_STATUS = 2
_CLIENT_CODE = 3


@dataclass(frozen=True, kw_only=True)
class Span:
    """Something that took time, in nanoseconds since 1970. facts: its attributes, as text."""

    name: str
    began_ns: int
    ended_ns: int
    is_call: bool
    failed: bool
    facts: Mapping[str, str]


class Spans:
    """What was sent here, by trace."""

    def __init__(self) -> None:
        self._traces: OrderedDict[str, list[Span]] = OrderedDict()

    def take(self, document: Any) -> None:
        """Keep the spans of an export request.

        Raises:
            ValueError: It is no export request.
        """
        try:
            found = list(_found(document))
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"no export request: {type(error).__name__}") from None
        for trace_id, span in found:
            kept = self._traces.setdefault(trace_id, [])
            if len(kept) < _MAX_SPANS:
                kept.append(span)
            self._traces.move_to_end(trace_id)
        while len(self._traces) > _MAX_TRACES:
            self._traces.popitem(last=False)

    def of(self, trace_id: str) -> Sequence[Span]:
        """Return the spans of a trace, in the order in which they began."""
        return sorted(self._traces.get(trace_id, ()), key=lambda span: span.began_ns)


def _found(document: Any) -> Iterator[tuple[str, Span]]:
    for resource in document.get("resourceSpans", ()):
        for scope in resource.get("scopeSpans", ()):
            for span in scope.get("spans", ()):
                yield str(span["traceId"]), _span(span)


def _span(span: Mapping[str, Any]) -> Span:
    facts = {str(each["key"]): _text(each["value"]) for each in span.get("attributes", ())}
    return Span(
        name=str(span["name"]),
        began_ns=_moment(span["startTimeUnixNano"]),
        ended_ns=_moment(span["endTimeUnixNano"]),
        is_call=span.get("kind") == _CLIENT_CODE,
        failed=span.get("status", {}).get("code") == _ERROR_STATUS,
        facts=facts,
    )


def _moment(value: Any) -> int:
    moment = int(value)
    if not 0 <= moment < _MAX_NS:
        raise ValueError("a time is out of range")
    return moment


def _text(value: Mapping[str, Any]) -> str:
    return ", ".join(str(each) for each in value.values())


def lines_of(spans: Sequence[Span]) -> list[Line]:
    """Return spans as lines of a timeline that begins with the first of them."""
    if not spans:
        return []
    first_ns = min(span.began_ns for span in spans)
    return [_line(span, first_ns) for span in spans]


def _line(span: Span, first_ns: int) -> Line:
    mark, style = ("✗", "red") if span.failed else ("→", "cyan") if span.is_call else ("✓", "green")
    facts = "".join(f", {name} {value}" for name, value in span.facts.items())
    text = f"{span.name} took {(span.ended_ns - span.began_ns) / _NS_PER_S:.3f} s{facts}"
    return Line(
        at_s=(span.ended_ns - first_ns) / _NS_PER_S,
        begun_s=(span.began_ns - first_ns) / _NS_PER_S,
        is_open=False,
        is_answered=False,
        mark=mark,
        style=style,
        text=_shown(text),
    )


def _shown(text: str) -> str:
    whole = text.encode("utf-8", "replace").decode()  # half a character cannot be sent
    return whole if len(whole) <= _MAX_TEXT_CHARS else whole[: _MAX_TEXT_CHARS - 1] + "…"
