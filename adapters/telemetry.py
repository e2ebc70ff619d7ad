"""What the app tells operators of orders: one JSON object per log line, `evt` first, which alerts and workbook read.

Ids, words and numbers only: nothing of a customer, no amounts but totals, no secrets.
"""

import json
import logging
from typing import Literal

_log = logging.getLogger("shop")

Event = Literal["order.status", "order.step", "dead_letter"]


def emit(evt: Event, **facts: str | int | None) -> None:
    """Write one line. facts: None leaves one out."""
    _log.info("%s", json.dumps({"evt": evt, **{name: fact for name, fact in facts.items() if fact is not None}}))
