"""What a client of storage sends, and what becomes of the answer, so that ours can be compared with the library's."""

import logging
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, TypeVar

import pytest
import requests
from azure.core.credentials import AccessToken
from azure.core.exceptions import AzureError
from azure.storage.queue import QueueMessage

from adapters.azure_storage.storage import _require_storage

Client = TypeVar("Client")
Answers = list[requests.Response | Exception]

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
        parts = {name: described(each) for name, each in value.items()}
        return type(value), parts, described(getattr(value, "metadata", None))
    if isinstance(value, QueueMessage):
        return type(value), {name: described(each) for name, each in vars(value).items()}
    return [described(each) for each in value] if isinstance(value, list) else (type(value), value)


def answered(status: int, body: str = "", **headers: str) -> requests.Response:
    response: Any = requests.Response()
    response.status_code, response.reason, response._content = status, "said so", body.encode()
    response._content_consumed = True
    response.raw = type("Raw", (), {"release_conn": lambda _: None, "close": lambda _: None})()
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    answer: requests.Response = response
    return answer


class Tokens:
    """A credential that keeps what it was asked for. Its tokens last for a while, or are over at once."""

    def __init__(self, lifetime: timedelta) -> None:
        self._lifetime = lifetime
        self.asked: list[Any] = []

    def get_token(self, *scopes: str, **options: Any) -> AccessToken:
        self.asked.append((scopes, sorted(options.items())))
        return AccessToken(f"token-{len(self.asked)}", int((datetime.now(UTC) + self._lifetime).timestamp()))


def course(
    connect: Callable[..., Client], call: Callable[[Client], Any], answers: Answers, caplog: pytest.LogCaptureFixture
) -> tuple[Any, ...]:
    """Return the course of a call that is answered so: what was sent, how it ended, the tokens, the statuses, the warnings.

    connect: makes the client, of the options that the clients of all services have.
    """
    caplog.clear()
    session, tokens, statuses = Scripted(*answers), Tokens(timedelta(hours=1)), list[int]()

    def hook(response: Any) -> None:
        statuses.append(response.http_response.status_code)
        _require_storage(response)

    client = connect(credential=tokens, session=session, session_owner=False, raw_response_hook=hook, retry_total=2)
    ended = outcome(partial(call, client))
    logged = [(each.levelname, each.name, each.msg) for each in caplog.records if each.levelno >= logging.WARNING]
    return session.sent, ended, tokens.asked, statuses, logged


def asked_tokens(
    connect: Callable[..., Client], call: Callable[[Client], Any], lifetime: timedelta, answers: Answers
) -> list[Any]:
    """Return what a credential was asked for in as many calls as there are answers, where a token lasts that long."""
    tokens = Tokens(lifetime)
    client = connect(credential=tokens, session=Scripted(*answers), session_owner=False)
    for _ in answers:
        call(client)
    return tokens.asked
