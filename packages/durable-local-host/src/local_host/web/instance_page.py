"""The page of one instance: its status, what went in and came out, and its history as a picture.

The picture has a row per thing that happened, in the words of `local_host history`, with a bar from its begin to its end.
Everything from outside is escaped, and cut where it would swamp the page.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from html import escape
from typing import Any
from urllib.parse import quote

from local_host.app.binding_value import MANAGEMENT_PATH
from local_host.engine.timeline import Line, since, timeline, trace_id_of
from local_host.engine.views import InstanceStatus
from local_host.management.bodies import json_value, status_body
from local_host.web.instance_actions import render_actions
from local_host.web.page import INSTANCE_PAGES, coloured, instance_link, instance_path, instance_rows
from local_host.web.spans import Span, lines_of

_MAX_VALUE_CHARS = 20_000
_MAX_LINES = 500
MAX_CHILDREN = 100
_BODY = """<p><a href="{pages}">All instances</a></p>
<h1><bdi>{id}</bdi></h1>
<p>{name}: {status}</p>
<p class="soft">Created {created:%Y-%m-%d %H:%M:%S} UTC, last updated {updated:%Y-%m-%d %H:%M:%S} UTC.
<a href="{json}">As JSON</a></p>
{parent}{actions}
<h2>History</h2>
{history}
{spans}{children}{values}"""


def render_instance(
    status: InstanceStatus,
    children: Sequence[InstanceStatus] = (),
    spans_of: Callable[[str], Sequence[Span]] = lambda _: (),
) -> str:
    """Return the HTML of a page's body.

    status: with its history. children: its sub-orchestrations. spans_of: returns what the app has sent of a trace.
    """
    path = f"{MANAGEMENT_PATH}/instances/{quote(status.instance_id, safe='')}"
    texts = {"Input": status.input, "Custom status": status.custom_status, "Output": status.output}
    return _BODY.format(
        id=escape(status.instance_id),
        name=escape(status.name),
        status=coloured(status.runtime_status),
        created=status.created_at,
        updated=status.last_updated_at,
        json=f"{path}?showHistory=true&amp;showHistoryOutput=true",
        pages=INSTANCE_PAGES,
        parent=_parent(status.parent_instance_id),
        actions=render_actions(status, instance_path(status.instance_id)),
        history=_history(status),
        spans=_spans(status, spans_of),
        children=_children(children),
        values="\n".join(_value(title, text) for title, text in texts.items() if text is not None),
    )


def _parent(instance_id: str | None) -> str:
    return "" if instance_id is None else f"<p>A child of {instance_link(instance_id)}</p>"


def _children(children: Sequence[InstanceStatus]) -> str:
    if not children:
        return ""
    more = f"<p>Only the first {MAX_CHILDREN} are shown.</p>" if len(children) > MAX_CHILDREN else ""
    head = '<thead><tr><th class="wide">Child</th><th>Status</th><th>Created (UTC)</th></tr></thead>'
    return f"<h2>Children</h2><table>{head}<tbody>{instance_rows(children[:MAX_CHILDREN])}</tbody></table>{more}"


def _value(title: str, text: str) -> str:
    shown = _pretty(json_value(text))
    if len(shown) > _MAX_VALUE_CHARS:
        shown = f"{shown[:_MAX_VALUE_CHARS]}…\n({len(shown) - _MAX_VALUE_CHARS:,} more characters: see the JSON)"
    return f'<h2>{title}</h2>\n<pre tabindex="0">{escape(shown)}</pre>'


def _pretty(value: Any) -> str:
    """Show a text that holds JSON, as the SDK's client sends it, as what it holds."""
    if isinstance(value, str):
        value = json_value(value)
    return value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)


def _history(status: InstanceStatus) -> str:
    body = status_body(status, show_history=True, show_history_output=True)
    lines = [line for line in timeline(body.get("historyEvents") or ()) if not line.is_answered]
    if not lines:
        return '<p class="soft">There is no history yet.</p>'
    whole_s = max(line.at_s for line in lines)
    left_out = f"<p>{len(lines) - _MAX_LINES:,} more: see the JSON.</p>" if len(lines) > _MAX_LINES else ""
    rows = sorted(lines[:_MAX_LINES], key=lambda line: line.begun_s)
    scale = (
        f"A bar reaches from begin to end, a dotted one has no end yet; the last begins or ends at {since(whole_s)}."
    )
    return f'<p class="soft">{scale}</p><ol class="timeline">{_rows(rows, whole_s)}</ol>{left_out}'


def _spans(status: InstanceStatus, spans_of: Callable[[str], Sequence[Span]]) -> str:
    """Return what the app made of the trace that the instance belongs to: its calls, and theirs."""
    events: Sequence[dict[str, Any]] = status_body(status, show_history=True).get("historyEvents") or ()
    trace = trace_id_of(events[0]) if events else None
    lines = lines_of(spans_of(trace)) if trace else []
    if not lines:
        return ""
    whole_s = max(line.at_s for line in lines)
    scale = f"What the app has sent of trace {escape(trace or '')}; the last ends at {since(whole_s)}."
    return f'<h2>Spans</h2>\n<p class="soft">{scale}</p><ol class="timeline">{_rows(lines, whole_s)}</ol>\n'


def _rows(lines: Sequence[Line], whole_s: float) -> str:
    # What is open reaches beyond the last thing that happened.
    known = 90.0 if any(line.is_open for line in lines) else 100.0
    share = known / whole_s if whole_s else 0.0
    return "\n".join(
        f'<li><span class="soft">{since(line.begun_s)}</span><span><span class="{line.style}">{line.mark}</span> '
        f"<bdi>{escape(line.text)}</bdi></span>{_bar(line, share)}</li>"
        for line in lines
    )


def _bar(line: Line, share: float) -> str:
    """Return a bar. share: of the width that a second takes, in percent. The round ends let even what took no time be seen."""
    left, right = line.begun_s * share, 100.0 if line.is_open else line.at_s * share
    look = ' stroke-opacity=".5" stroke-dasharray="0 12"' if line.is_open else ""
    return (
        f'<svg class="{line.style}" aria-hidden="true">'
        f'<line x1="{left:.2f}%" x2="{right:.2f}%" y1="50%" y2="50%"{look}/></svg>'
    )
