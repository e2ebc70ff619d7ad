"""The page at `/`: what this host runs, what ran last, and where to look further. Everything from outside is escaped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

from local_host.app.binding_value import MANAGEMENT_PATH
from local_host.app.function import Function
from local_host.app.index import AppIndex
from local_host.engine.views import InstanceStatus
from local_host.web.page import INSTANCE_PAGES, instance_rows

MAX_RECENT = 20
_BODY = """<h1>{hub}</h1>
<p class="soft">{directory}</p>
<h2>Instances</h2>
<ul class="counts">{counts}</ul>
<table><thead><tr><th class="wide">The latest</th><th>Status</th><th>Created (UTC)</th></tr></thead>
<tbody>{recent}</tbody></table>
<p><a href="{pages}">All instances</a></p>
<h2>Functions</h2>
<table class="functions"><thead><tr><th>Name</th><th>Trigger</th><th>URL</th></tr></thead><tbody>{functions}</tbody></table>
<h2>As JSON</h2>
<p><a href="{base}/instances?taskHub={hub}">instances</a>, <a href="{base}/entities?taskHub={hub}&amp;fetchState=true">entities</a>,
<a href="/admin/functions">functions</a></p>"""


def render_home(
    app: AppIndex,
    hub_name: str,
    counts: Mapping[str, int],
    recent: Sequence[InstanceStatus],
    url_of: Callable[[Function], str | None],
) -> str:
    """Return the HTML of a page's body. counts: number of instances by runtime status. recent: the newest first."""
    return _BODY.format(
        hub=escape(hub_name),
        directory=escape(str(app.directory)),
        base=MANAGEMENT_PATH,
        pages=INSTANCE_PAGES,
        counts="".join(_count(status, count) for status, count in counts.items()) or "<li>none yet</li>",
        recent=instance_rows(recent),
        functions="".join(_function_row(each, url_of(each)) for each in app.functions.values()),
    )


def _count(status: str, count: int) -> str:
    name = escape(status)
    return f'<li><a href="{INSTANCE_PAGES}?status={name}">{name}</a> {count}</li>'


def _function_row(function: Function, url: str | None) -> str:
    trigger = function.trigger.type.removesuffix("Trigger")
    methods = " ".join(function.trigger.fields.get("methods") or ())
    where = f"<code>{escape(url)}</code>" if url else ""
    return f'<tr><td>{escape(function.name)}</td><td class="soft">{escape(f"{trigger} {methods}")}</td><td>{where}</td></tr>'
