"""The `retry` decorator of a function, read as the Python worker reads it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_host.engine.start_problems import IndexingError

_MAX_INTERVAL_S = 2_147_483_647.0
_STRATEGIES = ("fixed_delay", "exponential_backoff")


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """The `retry` decorator. maximum_s is None for a fixed delay; max_retries -1 means for ever."""

    max_retries: int
    delay_s: float
    maximum_s: float | None = None

    def delay_before(self, attempt: int) -> float:
        """Return the seconds to wait before retry number `attempt` (1 is the first)."""
        return self.delay_s if self.maximum_s is None else min(self.maximum_s, self.delay_s * 2 ** min(attempt - 1, 30))


def retry_policy(setting: Mapping[str, Any] | None) -> RetryPolicy | None:
    """Return what the decorator says; None without one. Raises IndexingError with the worker's words."""
    try:
        return _policy(setting) if setting else None
    except (TypeError, ValueError) as error:
        raise IndexingError.of(error) from None


def _policy(setting: Mapping[str, Any]) -> RetryPolicy:
    retries = int(setting["max_retry_count"])
    strategy = setting["strategy"]
    if strategy == "fixed_delay":
        return RetryPolicy(max_retries=retries, delay_s=_seconds(setting["delay_interval"]))
    shortest, longest = setting.get("minimum_interval"), setting.get("maximum_interval")
    policy = RetryPolicy(
        max_retries=retries,
        delay_s=_seconds(shortest) if shortest else 0.0,
        maximum_s=_seconds(longest) if longest else _MAX_INTERVAL_S,
    )
    if strategy not in _STRATEGIES:
        raise ValueError(f'unknown enum label "{strategy}"')
    return policy


def _seconds(text: Any) -> float:
    """Return the seconds of hours, minutes and seconds of a day; the worker knows no days and no fractions."""
    parsed = time.strptime(text, "%H:%M:%S")
    return float(parsed.tm_hour * 3600 + parsed.tm_min * 60 + parsed.tm_sec)
