"""What the host's pages for people have in common: one frame, one look, no script, nothing from elsewhere.

A caller that puts something into a page escapes it first.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from urllib.parse import quote

from aiohttp import web

from local_host.engine.status import RuntimeStatus
from local_host.engine.views import InstanceStatus

# Below what the host keeps for itself, so that no route of an app is hidden by it.
INSTANCE_PAGES = "/admin/instances"

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'none'; form-action 'self'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
}
# The empty icon keeps browsers from asking the app for one.
_FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">{refresh}<title>{title} - local_host</title>
<style>{style}</style></head><body>
{body}
</body></html>
"""
_STYLE = """
:root { --paper: #fff; --ink: #1f2328; --soft: #59636e; --line: #d8dee4; --link: #0a58ca;
  --green: #1a7f37; --red: #cf222e; --yellow: #8a6100; --cyan: #0a6c94; --magenta: #8250df; }
@media (prefers-color-scheme: dark) { :root { --paper: #15181c; --ink: #e6e8eb; --soft: #a3adb8; --line: #363d46;
  --link: #7cb7ff; --green: #57c26c; --red: #ff8078; --yellow: #dcae45; --cyan: #5cc4e6; --magenta: #c4a2ff; } }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem;
  background: var(--paper); color: var(--ink); overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
a { color: var(--link); } p { margin: .25rem 0; } .soft { color: var(--soft); }
.green { color: var(--green); } .red { color: var(--red); } .yellow { color: var(--yellow); }
.cyan { color: var(--cyan); } .magenta { color: var(--magenta); }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; vertical-align: top; padding: .3rem 1rem .3rem 0; border-bottom: 1px solid var(--line); }
th { color: var(--soft); font-weight: normal; } td:last-child, th:last-child { padding-right: 0; }
code, pre { font: 13px/1.45 ui-monospace, monospace; }
pre { white-space: pre-wrap; margin: 0; padding: .5rem .75rem; max-height: 30rem; overflow-y: auto;
  border: 1px solid var(--line); border-radius: 6px; }
.short { white-space: nowrap; } .wide { width: 60%; }
form { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: end; margin: .5rem 0; } form p { flex-basis: 100%; }
label { display: flex; flex-direction: column; color: var(--soft); }
input, select, textarea, button { font: inherit; color: var(--ink); background: var(--paper); padding: .25rem .5rem;
  border: 1px solid var(--soft); border-radius: 6px; max-width: 100%; }
button, summary { cursor: pointer; } button { border-color: var(--link); color: var(--link); }
.actions details { border-bottom: 1px solid var(--line); padding: .3rem 0; } .actions summary { color: var(--link); }
.counts { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; padding: 0; list-style: none; }
.timeline { list-style: none; padding: 0; margin: 0; }
.timeline li { display: grid; grid-template-columns: 5.5rem minmax(0, 5fr) minmax(0, 4fr); gap: 0 1rem;
  padding: .25rem 0; border-bottom: 1px solid var(--line); }
.timeline svg { width: calc(100% - 8px); height: 1.5em; margin-left: 4px; overflow: visible;
  stroke: currentColor; stroke-width: 8px; stroke-linecap: round; }
@media (max-width: 40rem) { .timeline li { grid-template-columns: minmax(0, 1fr); }
  .functions thead { display: none; } .functions td { display: inline; border: 0; padding: 0 .5rem 0 0; }
  .functions tr { display: block; padding: .3rem 0; border-bottom: 1px solid var(--line); } }
"""
COLOURS = {
    RuntimeStatus.COMPLETED: "green",
    RuntimeStatus.FAILED: "red",
    RuntimeStatus.SUSPENDED: "yellow",
    RuntimeStatus.TERMINATED: "magenta",
    RuntimeStatus.CANCELED: "magenta",
}


def page_response(title: str, body: str, status: int = 200, refresh_s: int | None = None) -> web.Response:
    """Return a whole page. title, body: HTML. refresh_s: after how many seconds the browser reads it again."""
    refresh = "" if refresh_s is None else f'<meta http-equiv="refresh" content="{refresh_s}">'
    text = _FRAME.format(title=title, style=_STYLE, body=body, refresh=refresh)
    return web.Response(text=text, status=status, content_type="text/html", charset="utf-8", headers=HEADERS)


def coloured(status: RuntimeStatus) -> str:
    """Return the HTML of a status's name."""
    return f'<span class="{COLOURS.get(status, "cyan")}">{status.value}</span>'


def instance_path(instance_id: str) -> str:
    """Return the path of an instance's page."""
    return f"{INSTANCE_PAGES}/{quote(instance_id, safe='')}"


def instance_link(instance_id: str) -> str:
    """Return the HTML of a link to an instance's page."""
    return f'<a href="{instance_path(instance_id)}"><bdi>{escape(instance_id)}</bdi></a>'


def instance_rows(instances: Iterable[InstanceStatus]) -> str:
    """Return the HTML of a row of a table for each instance: id and name, status, when it was created."""
    return "".join(
        f'<tr><td>{instance_link(each.instance_id)}<br><span class="soft">{escape(each.name)}</span></td>'
        f'<td class="short">{coloured(each.runtime_status)}</td>'
        f'<td><span class="short">{each.created_at:%Y-%m-%d}</span> {each.created_at:%H:%M:%S}</td></tr>'
        for each in instances
    )
