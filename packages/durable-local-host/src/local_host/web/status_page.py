"""The page at `/`: what this host runs, what ran last, and where to look further. Everything from outside is escaped."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from urllib.parse import quote

from local_host.app.binding_value import MANAGEMENT_PATH
from local_host.app.function import Function
from local_host.app.index import AppIndex
from local_host.engine.views import InstanceStatus
from local_host.web.page import coloured

# Below what the host keeps for itself, so that no route of an app is hidden by it.
INSTANCE_PAGES = "/admin/instances"
MAX_RECENT = 20
_BODY = """<h1>{hub}</h1>
<p class="soft">{directory}</p>
<h2>Instances</h2>
<ul class="counts">{counts}</ul>
<table><thead><tr><th style="width:60%">The latest</th><th>Status</th><th>Created (UTC)</th></tr></thead>
<tbody>{recent}</tbody></table>
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
        counts="".join(_count(status, count) for status, count in counts.items()) or "<li>none yet</li>",
        recent="".join(_instance_row(each) for each in recent),
        functions="".join(_function_row(each, url_of(each)) for each in app.functions.values()),
    )


def instance_path(instance_id: str) -> str:
    """Return the path of an instance's page."""
    return f"{INSTANCE_PAGES}/{quote(instance_id, safe='')}"


def _count(status: str, count: int) -> str:
    name = escape(status)
    return f'<li><a href="{MANAGEMENT_PATH}/instances?runtimeStatus={name}">{name}</a> {count}</li>'


def _instance_row(instance: InstanceStatus) -> str:
    link = f'<a href="{instance_path(instance.instance_id)}"><bdi>{escape(instance.instance_id)}</bdi></a>'
    return (
        f'<tr><td>{link}<br><span class="soft">{escape(instance.name)}</span></td>'
        f'<td class="short">{coloured(instance.runtime_status)}</td>'
        f'<td><span class="short">{instance.created_at:%Y-%m-%d}</span> {instance.created_at:%H:%M:%S}</td></tr>'
    )


def _function_row(function: Function, url: str | None) -> str:
    trigger = function.trigger.type.removesuffix("Trigger")
    methods = " ".join(function.trigger.fields.get("methods") or ())
    where = f"<code>{escape(url)}</code>" if url else ""
    return f'<tr><td>{escape(function.name)}</td><td class="soft">{escape(f"{trigger} {methods}")}</td><td>{where}</td></tr>'
