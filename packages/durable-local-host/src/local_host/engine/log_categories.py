"""The log categories of the host itself, named as those of the real host; where that has none, `local_host.…`."""

from __future__ import annotations

import logging


class _HostLoggers:
    """The loggers that the host writes by, all from one level on."""

    def __init__(self) -> None:
        self.lowest = logging.NOTSET
        self.by_category: dict[str, logging.Logger] = {}

    def get(self, category: str) -> logging.Logger:
        if (logger := self.by_category.get(category)) is None:
            logger = self.by_category[category] = logging.getLogger(category)
            logger.setLevel(self.lowest)
        return logger


_LOGGERS = _HostLoggers()


def host_logger(category: str) -> logging.Logger:
    """Return the logger by which the host writes under the category."""
    return _LOGGERS.get(category)


def write_from(level: int) -> None:
    """Make no record below that level in any of the host's categories."""
    _LOGGERS.lowest = level
    for logger in _LOGGERS.by_category.values():
        logger.setLevel(level)


def function_logger(function: str) -> logging.Logger:
    """Return the logger for how a function's calls go: `Function.NAME`."""
    return host_logger(f"Function.{function}")


def is_of_host(logger_name: str) -> bool:
    """Return whether the host writes by a logger of that name."""
    return logger_name in _LOGGERS.by_category


def app_category(function: str) -> str:
    """Return the category of what a function of the app logs, by whatever logger."""
    return f"Function.{function}.User"
