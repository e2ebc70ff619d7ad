"""What an operator sees of a drill: the alerts, run on the lines that the app has written, at the time of the drill's clock."""

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from local_host.engine.clock import ManualClock
from local_host.testing import Answer
from tests.integration.infra.documented_rows import http_call
from tests.integration.infra.recorded_rows import Item, Line, Row, rows_found
from tests.integration.infra.said import LOGGERS
from tests.support.templates.bicep import evaluate, of_type, properties
from tests.support.templates.combinations import PLAIN

_UNITS = {"M": "minutes", "H": "hours", "D": "days"}


@cache
def _ranges() -> dict[str, timedelta]:
    """Return how far each alert looks back."""
    found = {}
    for rule in of_type(evaluate(PLAIN[0]), "Microsoft.Insights/scheduledQueryRules"):
        stated = properties(rule)
        text = str(stated.get("overrideQueryTimeRange", stated["windowSize"]))
        (count, unit) = re.fullmatch(r"PT?(\d+)([MHD])", text).groups()
        name = str(rule["name"]).removeprefix("orders-test-").replace("-", "_")
        found[name] = timedelta(**{_UNITS[unit]: int(count)})
    return found


@dataclass
class Watch(logging.Handler):
    """Keeps what is logged and answered, with the drill's time of each."""

    clock: ManualClock
    _lines: list[tuple[datetime, Line]] = field(default_factory=list)
    _items: list[tuple[datetime, Item]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def __hash__(self) -> int:
        return id(self)

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line of the app."""
        self._lines.append((self.clock.now(), Line(record.getMessage(), level=record.levelname.title())))

    def answered(self, path: str, answer: Answer) -> None:
        """Keep that a request was answered so, as the host reports it."""
        self._items.append((self.clock.now(), http_call(path, answer.status)))

    def sees(self, alert: str) -> list[Row]:
        """Return the rows that raise an alert now; none: it is not raised, or is resolved."""
        now, back = self.clock.now(), _ranges()[alert]
        lines = [Line(one.message, now - time, one.level) for time, one in self._lines if now - time <= back]
        items = [Item(one.table, one.columns, now - time) for time, one in self._items if now - time <= back]
        return rows_found(alert, lines=lines, items=items)

    def text(self) -> str:
        """Return all lines."""
        return "\n".join(line.message for _, line in self._lines)


@contextmanager
def watching(clock: ManualClock) -> Iterator[Watch]:
    """Watch a shop for the length of the block."""
    watch = Watch(clock)
    loggers: list[Any] = [logging.getLogger(name) for name in LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(watch)
        logger.setLevel(logging.INFO)
    try:
        yield watch
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.removeHandler(watch)
            logger.setLevel(level)
