"""Fail each test in which the app logs from a thread that is no invocation's.

The Python worker finds an invocation's id in the thread or the task that it calls a function in, and the host drops lines without
one. Threads that code starts by itself have names of the standard library's making.
"""

import logging
from collections.abc import Iterator
from typing import Final

import pytest

APP_LOGGERS: Final = (
    "shop",
    "activities",
    "adapters",
    "domain",
    "entities",
    "orchestrators",
    "services",
    "triggers",
)
_FOREIGN_THREADS: Final = ("asyncio_", "ThreadPoolExecutor-", "Thread-")


class _Watch(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.lost: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if str(record.threadName).startswith(_FOREIGN_THREADS):
            self.lost.append(f"{record.threadName}: {record.name}: {record.getMessage()}")


@pytest.fixture(autouse=True)
def logs_come_from_invocations() -> Iterator[None]:
    """Watch the app's loggers during each test."""
    watch = _Watch()
    loggers = [logging.getLogger(name) for name in APP_LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(watch)
        logger.setLevel(logging.INFO)
    yield
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(watch)
        logger.setLevel(level)
    assert watch.lost == [], "the Functions host drops these lines: log in the caller, after the await"
