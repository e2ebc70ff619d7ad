"""Console logs: one aligned line per record, with the function it came from; what an orchestrator logs while it replays
is marked, since it was said before.

Colours only on a terminal, and there also the everyday records; elsewhere warnings and the app's own records alone.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from types import FrameType
from typing import TextIO

from local_host.app.function_context import current_invocation

_COLOURS = {
    logging.DEBUG: "\x1b[2m",
    logging.INFO: "",
    logging.WARNING: "\x1b[33m",
    logging.ERROR: "\x1b[31m",
    logging.CRITICAL: "\x1b[1;31m",
}
_DIM, _CYAN, _RESET = "\x1b[2m", "\x1b[36m", "\x1b[0m"
_LEVELS = {
    "trace": logging.DEBUG,
    "debug": logging.DEBUG,
    "information": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
    "none": logging.CRITICAL + 1,
}
_NAME_WIDTH = 24
# These log every request of the app's own clients at INFO.
_CHATTY = (
    "azure.functions.DurableFunctions",
    "azure.core.pipeline.policies.http_logging_policy",
    "azure.identity",
    "urllib3",
    "asyncio",
)


def configure_logging(levels: Mapping[str, str], stream: TextIO = sys.stderr) -> None:
    """Send all logs to `stream`. levels: of host.json (`logging.logLevel`), by category, `default` for all others."""
    handler = logging.StreamHandler(stream)
    coloured = stream.isatty() and not os.environ.get("NO_COLOR")
    handler.setFormatter(_Formatter(coloured=coloured))
    handler.addFilter(_label)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS.get(levels.get("default", "Information").casefold(), logging.INFO))
    logging.getLogger("local_host").setLevel(logging.NOTSET if coloured else logging.WARNING)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.WARNING)
    for category, level in levels.items():
        if category != "default" and level.casefold() in _LEVELS:
            logging.getLogger(category).setLevel(_LEVELS[level.casefold()])


def _label(record: logging.LogRecord) -> bool:
    """Adds where the record came from. Runs in the thread or task that logs, so it sees the invocation."""
    invocation = current_invocation.get()
    record.source = invocation.function if invocation else record.name.removeprefix("local_host.")
    record.replayed = invocation is not None and _is_replaying(sys._getframe())
    return True


def _is_replaying(frame: FrameType | None) -> bool:
    """Whether an orchestrator that is below on the stack replays. The SDK tells it only to the orchestrator's context."""
    while frame is not None:
        if frame.f_code.co_name == "resume_user_code":
            return bool(frame.f_locals["self"].context.is_replaying)
        frame = frame.f_back
    return False


class _Formatter(logging.Formatter):
    """`12:00:00.123 INFO  process_order            text`."""

    def __init__(self, *, coloured: bool) -> None:
        super().__init__(datefmt="%H:%M:%S")
        self._coloured = coloured

    def format(self, record: logging.LogRecord) -> str:
        source = f"{record.__dict__.get('source', record.name):<{_NAME_WIDTH}}"
        mark = "(replay) " if record.__dict__.get("replayed") else ""
        time = f"{self.formatTime(record, self.datefmt)}.{record.msecs:03.0f}"
        level = f"{record.levelname:<8}"
        text = record.getMessage()
        if record.exc_info:
            text = f"{text}\n{self.formatException(record.exc_info)}"
        if not self._coloured:
            return f"{time} {level} {source} {mark}{text}"
        colour = _DIM if mark else _COLOURS.get(record.levelno, "")
        return f"{_DIM}{time}{_RESET} {colour}{level}{_RESET} {_CYAN}{source}{_RESET} {colour}{mark}{text}{_RESET}"
