"""The requests that the storage libraries send, by what they are for, and the rows that their transactions change."""

import re
from collections import Counter
from typing import Any

import pytest
from requests import PreparedRequest, Response

from adapters.web.plain_sessions import PlainAdapter

_CHANGE = re.compile(rb"^(?:PUT|POST|PATCH|MERGE|DELETE) http", re.MULTILINE)


class SentRequests:
    """Counts from each look to the next what goes to the storage of a test, whose accounts are parts of a path."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, storage_connection: str) -> None:
        self._sent, self.rows = Counter[str](), 0
        endpoints = tuple(re.findall(r"Endpoint=([^;]+)", storage_connection))
        send = PlainAdapter.send

        def counted(adapter: PlainAdapter, request: PreparedRequest, **options: Any) -> Response:
            endpoint = next((each for each in endpoints if str(request.url).startswith(each)), None)
            if endpoint is not None:
                self._sent[f"{request.method} {_name(str(request.url).removeprefix(endpoint))}"] += 1
                self.rows += len(_CHANGE.findall(_content(request.body)))
            return send(adapter, request, **options)

        monkeypatch.setattr(PlainAdapter, "send", counted)

    def taken(self) -> Counter[str]:
        """Return what was sent since the last look: numbers by method and by table, queue or `$batch`."""
        sent, self._sent = self._sent, Counter()
        return sent

    def taken_rows(self) -> int:
        """Return how many rows transactions have changed since the last look."""
        rows, self.rows = self.rows, 0
        return rows


def _name(path: str) -> str:
    return re.split(r"[(/?]", path.lstrip("/"))[0]


def _content(body: Any) -> bytes:
    return body.encode() if isinstance(body, str) else body if isinstance(body, bytes) else b""
