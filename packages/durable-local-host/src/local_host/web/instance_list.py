"""The page of all instances: found by a part of the id, by name and by status, the newest first, a page at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any
from urllib.parse import urlencode

from local_host.engine.status import RuntimeStatus
from local_host.engine.timestamps import time_text
from local_host.engine.views import InstanceSearch, InstanceStatus
from local_host.management.query import Query
from local_host.web.page import INSTANCE_PAGES, instance_rows

PAGE_SIZE = 50
REFRESH_S = 5
_BODY = """<p><a href="/">This host</a></p>
<h1>Instances</h1>
<form class="search" action="{path}">
<label>Part of the id <input type="search" name="text" value="{text}"></label>
<label>Name <select name="name"><option value="">any</option>{names}</select></label>
<label>Status <select name="status"><option value="">any</option>{statuses}</select></label>
<button>Find</button>
</form>
<p class="soft">{refreshing}</p>
<table><thead><tr><th class="wide">Instance</th><th>Status</th><th>Created (UTC)</th></tr></thead>
<tbody>{rows}</tbody></table>
<p>{links}</p>"""


def search_of(query: Query) -> InstanceSearch:
    """Return what the address asks for. What it does not know it leaves out, as a person may have typed it."""
    status = query.text("status")
    before, before_id = query.text("before"), query.text("before_id")
    return InstanceSearch(
        text=query.text("text"),
        name=query.text("name"),
        status=RuntimeStatus(status) if status in set(RuntimeStatus) else None,
        after=(before, before_id) if before and before_id else None,
    )


def render_list(
    search: InstanceSearch, found: Sequence[InstanceStatus], names: Sequence[str], *, is_refreshed: bool
) -> str:
    """Return the HTML of a page's body. found: one more than a page when there is another one."""
    shown = found[:PAGE_SIZE]
    wanted = {"text": search.text, "name": search.name, "status": search.status}
    chosen = {key: value for key, value in wanted.items() if value}
    return _BODY.format(
        path=INSTANCE_PAGES,
        text=escape(search.text or ""),
        names="".join(_option(each, search.name) for each in names),
        statuses="".join(_option(each.value, search.status) for each in RuntimeStatus),
        refreshing=_refreshing(chosen, is_refreshed=is_refreshed),
        rows=instance_rows(shown) or '<tr><td colspan="3" class="soft">There is no such instance.</td></tr>',
        links=_links(search, chosen, shown, is_last=len(found) <= PAGE_SIZE),
    )


def list_path(wanted: Mapping[str, Any]) -> str:
    """Return the path of this page, escaped for an attribute. wanted: fields of the form, with their values."""
    return escape(f"{INSTANCE_PAGES}?{urlencode(wanted)}" if wanted else INSTANCE_PAGES)


def _option(value: str, chosen: str | None) -> str:
    name = escape(value)
    return f'<option value="{name}"{" selected" if value == chosen else ""}>{name}</option>'


def _refreshing(chosen: Mapping[str, Any], *, is_refreshed: bool) -> str:
    if is_refreshed:
        return f'Read again every {REFRESH_S} seconds. <a href="{list_path(chosen)}">Stop that</a>'
    return f'<a href="{list_path({**chosen, "refresh": "on"})}">Read again every {REFRESH_S} seconds</a>'


def _links(search: InstanceSearch, chosen: Mapping[str, Any], shown: Sequence[InstanceStatus], *, is_last: bool) -> str:
    links = [f'<a href="{list_path(chosen)}">Newest</a>'] if search.after else []
    if not is_last:
        oldest = shown[-1]
        after = {"before": time_text(oldest.created_at), "before_id": oldest.instance_id}
        links.append(f'<a rel="next" href="{list_path({**chosen, **after})}">Older</a>')
    return " ".join(links)
