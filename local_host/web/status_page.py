"""The page at `/`: what this host runs, and where to look further. Everything from outside is escaped."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from html import escape

from local_host.app.binding_value import MANAGEMENT_PATH
from local_host.app.index import AppIndex, Function

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{hub} - local_host</title>
<style>
body {{ font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; color: #222; }}
table {{ border-collapse: collapse; margin: 0 0 2rem; }}
th, td {{ text-align: left; padding: .25rem 1.5rem .25rem 0; border-bottom: 1px solid #ddd; }}
code {{ font-family: ui-monospace, monospace; }}
</style></head><body>
<h1>{hub}</h1>
<p>{directory}</p>
<h2>Instances</h2>
<table><tr><th>Status</th><th>Count</th></tr>{instances}</table>
<h2>Functions</h2>
<table><tr><th>Name</th><th>Trigger</th><th></th></tr>{functions}</table>
<p><a href="{base}/instances?taskHub={hub}">instances as JSON</a> -
<a href="{base}/entities?taskHub={hub}&amp;fetchState=true">entities as JSON</a> -
<a href="/admin/functions">functions as JSON</a></p>
</body></html>
"""


def render_page(
    app: AppIndex, hub_name: str, counts: Mapping[str, int], url_of: Callable[[Function], str | None]
) -> str:
    """HTML. counts: number of instances by runtime status."""
    return _PAGE.format(
        hub=escape(hub_name),
        directory=escape(str(app.directory)),
        base=MANAGEMENT_PATH,
        instances="".join(_count_row(status, count) for status, count in counts.items()),
        functions="".join(_function_row(each, url_of(each)) for each in app.functions.values()),
    )


def _count_row(status: str, count: int) -> str:
    name = escape(status)
    link = f"{MANAGEMENT_PATH}/instances?runtimeStatus={name}"
    return f'<tr><td><a href="{link}">{name}</a></td><td>{count}</td></tr>'


def _function_row(function: Function, url: str | None) -> str:
    where = f"<code>{escape(url)}</code>" if url else ""
    trigger = escape(function.trigger.type.removesuffix("Trigger"))
    return f"<tr><td>{escape(function.name)}</td><td>{trigger}</td><td>{where}</td></tr>"
