"""The library's client of a table and ours, side by side: what each sends, and what becomes of the answer."""

import re
from collections.abc import Callable, Sequence
from typing import Any

import requests
from azure.core.exceptions import AzureError
from azure.data.tables import TableClient

from adapters.azure_storage.table_client import QuickTableClient

KINDS: Sequence[type[TableClient]] = (TableClient, QuickTableClient)
DIFFERENT = {"date", "x-ms-date", "x-ms-client-request-id"}  # from one request to the next


class Recording(requests.Session):
    """A session that keeps what is sent, and lets a test change what is answered."""

    def __init__(self, change: Callable[[requests.Response], None] | None = None) -> None:
        super().__init__()
        self.sent: list[Any] = []
        self._change = change

    def request(self, method: Any, url: Any, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send a request and keep it."""
        self.sent.append(comparable(method, url, options))
        response = self.answer(method, url, **options)
        if self._change is not None:
            self._change(response)
        return response

    def answer(self, method: Any, url: Any, **options: Any) -> requests.Response:
        """Return the answer to a request."""
        return super().request(method, url, **options)


class Scripted(Recording):
    """A session that answers by itself: each time with the next of some responses, or faults."""

    def __init__(self, *answers: requests.Response | Exception) -> None:
        super().__init__()
        self._answers = list(answers)

    def answer(self, method: Any, url: Any, **options: Any) -> requests.Response:
        """Return the next response."""
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def comparable(method: str, url: str, options: dict[str, Any]) -> Any:
    """Return a request without what differs from one to the next: dates, ids, signatures, boundaries."""
    headers = {name.lower(): "" if name.lower() in DIFFERENT else value for name, value in options["headers"].items()}
    headers["authorization"] = headers["authorization"].split(":")[0]
    body = options["data"] or ""
    text = body.decode() if isinstance(body, bytes) else body
    text = re.sub("(?m)^(x-ms-date|Date): .*$", r"\1", text)
    rest = {name: value for name, value in options.items() if name not in ("headers", "data", "stream")}
    return re.sub(r"(batch|changeset)_[\w-]{36}", r"\1", repr((method, url, sorted(headers.items()), text, rest)))


def outcome(call: Callable[[], Any]) -> Any:
    """Return what a call returns, with the types of all values, or the error that it raises."""
    try:
        return described(call())
    except (AzureError, ValueError, TypeError) as error:
        response = getattr(error, "response", None)
        facts = [
            getattr(error, name, None) for name in ("status_code", "error_code", "reason", "index", "additional_info")
        ]
        headers = None if response is None else sorted(name.lower() for name in response.headers)
        text = re.sub(r"(RequestId|Time):\S+", r"\1", str(error))
        return type(error), facts, headers, text


def described(value: Any) -> Any:
    """Return a value with its type, and those of its parts."""
    if isinstance(value, dict):
        parts: Any = {name: described(each) for name, each in value.items()}
        return type(value), parts, described(getattr(value, "metadata", None))
    return [described(each) for each in value] if isinstance(value, list) else (type(value), value)
