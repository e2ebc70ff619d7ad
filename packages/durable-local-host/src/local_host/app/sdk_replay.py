"""Makes the SDK's replay cheaper without changing what it computes.

Most of a replay is spent in three calls: `dateutil` works out the format of every event's timestamp, which a host always
writes in one and the same form, a named tuple type is built anew for each replay, and so are the limits of timers, which
never change. All depend on their arguments alone; here they get faster stand-ins with equal results. A fourth, the
question whether typing is strict, depends on a setting. Replays run side by side in threads, so none of them keeps
anything but results that every thread would have come to.
"""

from __future__ import annotations

import sys
from collections import namedtuple
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache

import azure.durable_functions  # noqa: F401 - brings in the modules below

# The classes hide the modules of the same names, so these are reached by their full names.
_CODEC = sys.modules["azure.functions._durable_functions"]
_CONTEXT = sys.modules["azure.durable_functions.models.DurableOrchestrationContext"]
_EVENTS = sys.modules["azure.durable_functions.models.history.HistoryEvent"]
_EXECUTOR = sys.modules["azure.durable_functions.models.TaskOrchestrationExecutor"]

_parse: Callable[[str], datetime] = _EVENTS.dt_parse
_parse_span: Callable[[str], timedelta] = _CONTEXT.parse_timespan_attrib
_FORM = "2026-01-01T00:00:00.000000Z"
# Which object `dateutil` takes for `Z` depends on the zone of the machine.
_ZONE = _parse(_FORM).tzinfo


def quicken_replay() -> None:
    """Put the stand-ins in place; once is enough, twice does no harm."""
    vars(_EVENTS)["dt_parse"] = parse_timestamp
    vars(_EXECUTOR)["namedtuple"] = cache(namedtuple)
    vars(_CONTEXT)["parse_timespan_attrib"] = cache(_parse_span)


def settle_typing_mode() -> None:
    """Ask once whether the app's settings want strict typing.

    The SDK otherwise asks for every value it reads or writes. For a process that is nothing but a host: its settings
    do not change while it runs, as those of a test may.
    """
    is_strict: bool = _CODEC._is_strict_mode()
    vars(_CODEC)["_is_strict_mode"] = lambda: is_strict


def parse_timestamp(text: str) -> datetime:
    """Return what `dateutil.parser.parse` returns; fast for the form that this host writes."""
    if len(text) == len(_FORM) and text[-1] == "Z" and text[10] == "T":
        return datetime.fromisoformat(text[:-1]).replace(tzinfo=_ZONE)
    return _parse(text)
