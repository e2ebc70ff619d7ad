"""Console logs: one aligned line per record, under the category that it has on the real host.

The real host drops what is logged where the Python worker finds no invocation, and so do these. What an orchestrator logs while it
replays is marked, since it was said before.

Colours only on a terminal, and there also the host's everyday records; elsewhere its warnings and the app's own records
alone, unless host.json asks for more.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Mapping
from enum import Enum
from types import FrameType
from typing import TextIO

from local_host.app.executing import logging_invocation
from local_host.app.function_context import current_invocation
from local_host.engine.log_categories import app_category, host_logger, is_of_host, write_from
from local_host.engine.log_levels import NONE, LogLevels

_COLOURS = {
    logging.DEBUG: "\x1b[2m",
    logging.INFO: "",
    logging.WARNING: "\x1b[33m",
    logging.ERROR: "\x1b[31m",
    logging.CRITICAL: "\x1b[1;31m",
}
_DIM, _CYAN, _RESET = "\x1b[2m", "\x1b[36m", "\x1b[0m"
_NAME_WIDTH_CHARS = 32
# These log every request of the app's own clients at INFO.
_CHATTY = (
    "azure.functions.DurableFunctions",
    "azure.core.pipeline.policies.http_logging_policy",
    "azure.identity",
    "urllib3",
    "asyncio",
)
# Libraries that the host itself works with.
_LIBRARIES = ("aiohttp", "asyncio", "azure", "concurrent", "urllib3")
# What the host's own categories begin with.
_OWN = ("DurableTask", "Function", "Host", "Microsoft", "Worker", "local_host")

_log = host_logger("local_host.logs")


class Runs(Enum):
    """What of the two a process runs, which decides whose a line without an invocation is."""

    HOST = "host"
    APP = "app"
    BOTH = "both"


def configure_logging(rules: Mapping[str, str], stream: TextIO = sys.stderr, *, runs: Runs = Runs.BOTH) -> None:
    """Send all logs to `stream`. rules: of host.json (`logging.logLevel`), by category, `default` for all others."""
    is_terminal = stream.isatty()
    levels = LogLevels(rules)
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Formatter(coloured=is_terminal and not os.environ.get("NO_COLOR")))
    handler.addFilter(_Shown(levels, runs, with_everyday=is_terminal))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    # As the Python worker: what is below is not even sent to the host.
    root.setLevel(logging.DEBUG if _is_true(os.environ.get("PYTHON_ENABLE_DEBUG_LOGGING", "")) else logging.INFO)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    # No record is made for each call where none would be shown.
    with_everyday = is_terminal or any(map(levels.asks_for_more_of, _OWN))
    write_from(logging.NOTSET if with_everyday else logging.WARNING)


def _is_true(text: str) -> bool:
    return text.casefold() in ("1", "true", "t", "yes", "y")


class _Shown:
    """Gives each record its category, and decides whether it is shown. Runs in the thread or task that logs."""

    def __init__(self, levels: LogLevels, runs: Runs, *, with_everyday: bool) -> None:
        self._levels = levels
        self._runs = runs
        self._with_everyday = with_everyday
        self._reported: set[tuple[str, str | None]] = set()

    def __call__(self, record: logging.LogRecord) -> bool:
        if (invocation := logging_invocation()) is not None:
            category = record.category = app_category(invocation.function)
            record.replayed = _is_replaying(sys._getframe())
            return self._is_shown(category, record.levelno)
        if not self._is_of_host(record.name):
            self._report(record)
            return False
        record.category = record.name
        if not self._with_everyday and record.levelno < logging.WARNING and not self._levels.names(record.name):
            return False
        return self._is_shown(record.name, record.levelno)

    def _is_shown(self, category: str, level: int) -> bool:
        lowest = self._levels.of(category)
        return lowest < NONE and level >= lowest

    def _is_of_host(self, name: str) -> bool:
        if self._runs is Runs.HOST or is_of_host(name):
            return True
        return self._runs is Runs.BOTH and name.partition(".")[0] in _LIBRARIES

    def _report(self, record: logging.LogRecord) -> None:
        """Say once for a logger and function that its lines get lost."""
        begun_by = current_invocation.get()
        function = begun_by.function if begun_by else None
        if (record.name, function) in self._reported:
            return
        self._reported.add((record.name, function))
        where = f"outside the invocation of '{function}'" if function else "without an invocation"
        _log.warning(
            "Logger '%s' is used %s (thread %s): the Functions host drops such lines, and so does this one. "
            "Log where the function runs, for instance after the await, or set thread_local_storage.invocation_id of the "
            "function's context in that thread to its invocation_id.",
            record.name,
            where,
            threading.current_thread().name,
        )


def _is_replaying(frame: FrameType | None) -> bool:
    """Return whether an orchestrator that is below on the stack replays. The SDK shows it to the orchestrator's context alone."""
    while frame is not None:
        if frame.f_code.co_name == "resume_user_code":
            return bool(frame.f_locals["self"].context.is_replaying)
        frame = frame.f_back
    return False


class _Formatter(logging.Formatter):
    """`12:00:00.123 INFO  Function.process_order.User      text`."""

    def __init__(self, *, coloured: bool) -> None:
        super().__init__(datefmt="%H:%M:%S")
        self._coloured = coloured

    def format(self, record: logging.LogRecord) -> str:
        category = f"{record.__dict__.get('category', record.name):<{_NAME_WIDTH_CHARS}}"
        mark = "(replay) " if record.__dict__.get("replayed") else ""
        time = f"{self.formatTime(record, self.datefmt)}.{record.msecs:03.0f}"
        level = f"{record.levelname:<8}"
        text = record.getMessage()
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        if not self._coloured:
            return f"{time} {level} {category} {mark}{text}"
        colour = _DIM if mark else _COLOURS.get(record.levelno, "")
        return f"{_DIM}{time}{_RESET} {colour}{level}{_RESET} {_CYAN}{category}{_RESET} {colour}{mark}{text}{_RESET}"
