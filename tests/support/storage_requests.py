"""The requests that the storage libraries send, by what they are for, as the libraries' own log has them."""

import logging
import re
from collections import Counter

import pytest

LOGGER = "azure.core.pipeline.policies.http_logging_policy"
_REQUEST = re.compile(r"Request URL: '(\S+)'\nRequest method: '(\w+)'")
_PATH = re.compile(r"^https?://[^/]+/[^/]+/([^(/?]*)")


class SentRequests:
    """Counts from each look to the next. The level must be set after the app has opened its stores, which turn these lines off."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        self._caplog = caplog
        caplog.set_level(logging.INFO, LOGGER)
        caplog.clear()

    def taken(self) -> Counter[str]:
        """Return what was sent since the last look: numbers by method and by table, queue or `$batch`."""
        found = [match.groups() for each in self._caplog.records if (match := _REQUEST.search(each.getMessage()))]
        self._caplog.clear()
        return Counter(f"{method} {_name(url)}" for url, method in found)


def _name(url: str) -> str:
    match = _PATH.match(url)
    return "" if match is None else match[1]
