"""JSON over HTTP for the commands of this folder, with nothing but the standard library: `make run` is quick to start."""

import http.client
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from scripts.errors import NoAnswer

ANSWER_TIMEOUT_S = 60.0
# A copy that has just started on a busy machine may be short of time, or its storage may be.
FAILURE_TIMEOUT_S = 60.0
RETRY_PAUSE_S = 0.5


@dataclass(frozen=True)
class Answer:
    """body: parsed JSON, or the text itself when it is none."""

    status: int
    body: Any

    @property
    def ok(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300


def call(
    method: str,
    url: str,
    body: object = None,
    headers: Mapping[str, str] | None = None,
    timeout_s: float = ANSWER_TIMEOUT_S,
) -> Answer:
    """Send one request on a connection of its own. body: sent as JSON unless None. Raises NoAnswer."""
    parts = urlsplit(url)
    connection_type = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = connection_type(parts.netloc, timeout=timeout_s)
    content = None if body is None else json.dumps(body)
    sent_headers = {**({} if body is None else {"Content-Type": "application/json"}), **(headers or {})}
    target = parts.path + (f"?{parts.query}" if parts.query else "")
    try:
        connection.request(method, target, content, sent_headers)
        response = connection.getresponse()
        return Answer(response.status, _parsed(response.read()))
    except (OSError, http.client.HTTPException) as broken:
        raise NoAnswer(f"{parts.scheme}://{parts.netloc} does not answer: {broken}") from None
    finally:
        connection.close()


def call_again(method: str, url: str, body: object = None, headers: Mapping[str, str] | None = None) -> Answer:
    """Send a request again while the app answers with a failure of its own (5xx), for a minute at most.

    For requests that may be repeated: those that read, replace, or name themselves by an id or a key. Raises NoAnswer.
    """
    deadline = time.monotonic() + FAILURE_TIMEOUT_S
    while True:
        answer = call(method, url, body, headers)
        if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR or time.monotonic() > deadline:
            return answer
        time.sleep(RETRY_PAUSE_S)


def caller_headers(env: Mapping[str, str]) -> dict[str, str]:
    """Return the header that says who calls an app in Azure: the token of APP_TOKEN. A function key has no operator's rights."""
    token = env.get("APP_TOKEN")
    return {"Authorization": f"Bearer {token}"} if token else {}


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return content.decode(errors="replace")
