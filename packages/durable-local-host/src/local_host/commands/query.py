"""`list`, `show`, `history`, `entities`: what there is, as tables for people or as JSON for programs."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from local_host.commands.client import Client
from local_host.engine.timeline import timeline

_MAX_FILE_WIDTH_CHARS = 200
_COLOURS = {
    "Completed": "green",
    "Running": "cyan",
    "Pending": "cyan",
    "Suspended": "yellow",
    "Failed": "red",
    "Terminated": "magenta",
    "Canceled": "magenta",
}


def list_instances(options: Namespace) -> int:
    """Print a table of instances."""
    query = {"showInput": "false"}
    if options.status:
        query["runtimeStatus"] = options.status
    if options.prefix:
        query["instanceIdPrefix"] = options.prefix
    found = list(Client(options.url).listing("instances", options.top, **query))
    if options.json:
        _print_json(found)
        return 0
    table = _table("instance", "name", "status", "created", "updated")
    for each in found:
        table.add_row(
            each["instanceId"], each["name"], _status(each), _time(each["createdTime"]), _time(each["lastUpdatedTime"])
        )
    _console().print(table)
    return 0


def show(options: Namespace) -> int:
    """Print an instance: its status and its timeline."""
    status = Client(options.url).status(options.instance)
    if options.json:
        _print_json(status)
        return 0
    table = Table.grid(padding=(0, 2))
    for name in ("name", "runtimeStatus", "createdTime", "lastUpdatedTime", "input", "customStatus", "output"):
        value = _status(status) if name == "runtimeStatus" else _value(status[name])
        table.add_row(Text(name, style="dim"), value)
    _console().print(table)
    return 0


def history(options: Namespace) -> int:
    """Print the history of an instance."""
    status = Client(options.url).status(options.instance, showHistory="true", showHistoryOutput="true")
    events: list[dict[str, Any]] = status.get("historyEvents") or []
    if options.json:
        _print_json(events)
        return 0
    console = _console()
    for line in timeline(events):
        console.print(Text.assemble((f"{line.at:>14}", "dim"), "  ", (f"{line.mark} ", line.style), line.text))
    console.print(Text.assemble(" " * 16, _status(status), f"  {_plain(status['output'])}" if status["output"] else ""))
    return 0


def entities(options: Namespace) -> int:
    """Print a table of entities."""
    path = f"entities/{options.name}" if options.name else "entities"
    if options.key is None:
        found = list(Client(options.url).listing(path, options.top, fetchState="true"))
    else:
        everything = Client(options.url).listing(path, sys.maxsize, fetchState="true")
        found = [each for each in everything if each["entityId"]["key"] == options.key]
    if options.json:
        _print_json(found)
        return 0
    table = _table("entity", "key", "last operation", "state")
    for each in found:
        entity = each["entityId"]
        table.add_row(entity["name"], entity["key"], _time(each["lastOperationTime"]), _plain(each["state"]))
    _console().print(table)
    return 0


def _console() -> Console:
    # Nothing that comes from an instance is to be taken for markup or highlighted.
    return Console(markup=False, highlight=False, width=None if sys.stdout.isatty() else _MAX_FILE_WIDTH_CHARS)


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    for column in columns:
        # Ids are there to be copied, so they stay in one piece; the last column takes what is left.
        table.add_column(column, overflow="fold", no_wrap=column != columns[-1])
    return table


def _status(status: dict[str, Any]) -> Text:
    name = status["runtimeStatus"]
    return Text(name, style=_COLOURS.get(name, ""))


def _time(text: str) -> str:
    return text.replace("T", " ").removesuffix("Z")


def _value(value: Any) -> Text:
    return Text(value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False))


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _print_json(value: Sequence[Any] | dict[str, Any]) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))
