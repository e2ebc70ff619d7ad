"""How the commands reach a running host: its management API, over HTTP, with nothing but the standard library."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from local_host.app.binding_value import MANAGEMENT_PATH
from local_host.engine.errors import LocalHostError

_ANSWER_TIMEOUT_S = 30
_PAGE = "200"


class CommandFailed(LocalHostError):
    """The host refused, or does not answer. The text is one line for the person at the terminal."""


@dataclass(frozen=True)
class Reply:
    """A response. body: decoded JSON, None when there is none."""

    status: int
    headers: Mapping[str, str]
    body: Any


class Client:
    """Talks to one host. url: such as `http://127.0.0.1:7071`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url if "//" in url else f"//{url}")
        if not parts.hostname:
            raise CommandFailed(f"'{url}' is not a URL such as http://127.0.0.1:7071.")
        self._url = url
        self._is_tls = parts.scheme == "https"
        self._address = parts.netloc

    def status(self, instance_id: str, **query: str) -> dict[str, Any]:
        """Return the status body of an instance. Raises CommandFailed when there is none."""
        reply = self._call("GET", _instance(instance_id), query)
        if reply.status == 404:
            raise CommandFailed(f"There is no instance '{instance_id}'.")
        body: dict[str, Any] = self._accepted(reply).body
        return body

    def listing(self, path: str, most: int, **query: str) -> Iterator[dict[str, Any]]:
        """Yield the items of a listing (`instances`, `entities`), page by page, at most so many."""
        token = ""
        while most > 0:
            headers = {"x-ms-continuation-token": token} if token else {}
            reply = self._accepted(self._call("GET", path, {"top": _PAGE, **query}, headers=headers))
            yield from reply.body[:most]
            most -= len(reply.body)
            token = reply.headers.get("x-ms-continuation-token", "")
            if not token:
                return

    def steer(self, instance_id: str, operation: str, reason: str) -> None:
        """Terminate, suspend, resume or rewind an instance. Raises CommandFailed when the instance is not in the state for it."""
        query = {"reason": reason} if reason else {}
        self._instance_call("POST", instance_id, f"{_instance(instance_id)}/{operation}", query)

    def raise_event(self, instance_id: str, name: str, data: str) -> None:
        """Raise an event. data: JSON text."""
        path = f"{_instance(instance_id)}/raiseEvent/{quote(name, safe='')}"
        self._instance_call("POST", instance_id, path, {}, data.encode())

    def purge(self, instance_id: str) -> int:
        """Purge one instance; returns how many were."""
        reply = self._instance_call("DELETE", instance_id, _instance(instance_id), {})
        return int(reply.body["instancesDeleted"])

    def purge_many(self, **query: str) -> int:
        """Purge the instances that the query names; returns how many were."""
        reply = self._call("DELETE", "instances", query)
        return 0 if reply.status == 404 else int(self._accepted(reply).body["instancesDeleted"])

    def _instance_call(
        self, method: str, instance_id: str, path: str, query: Mapping[str, str], body: bytes = b""
    ) -> Reply:
        reply = self._call(method, path, query, body)
        if reply.status == 404:
            raise CommandFailed(f"There is no instance '{instance_id}'.")
        if reply.status == 410:
            raise CommandFailed(f"The instance '{instance_id}' has ended.")
        return self._accepted(reply)

    def _accepted(self, reply: Reply) -> Reply:
        if reply.status >= 400:
            raise CommandFailed(_message(reply))
        return reply

    def _call(
        self,
        method: str,
        path: str,
        query: Mapping[str, str],
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        target = f"{MANAGEMENT_PATH}/{path}?{urlencode(query)}"
        kind = http.client.HTTPSConnection if self._is_tls else http.client.HTTPConnection
        connection = kind(self._address, timeout=_ANSWER_TIMEOUT_S)
        try:
            connection.request(method, target, body, {"Content-Type": "application/json", **(headers or {})})
            response = connection.getresponse()
            text = response.read()
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "strerror", None) or type(error).__name__
            raise CommandFailed(
                f"No host answers at {self._url} ({reason}). Start one, or pass --url or --port."
            ) from None
        finally:
            connection.close()
        return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, _decoded(text))


def _instance(instance_id: str) -> str:
    return f"instances/{quote(instance_id, safe='')}"


def _decoded(text: bytes) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return text.decode("utf-8", errors="replace")


def _message(reply: Reply) -> str:
    if isinstance(reply.body, dict) and "Message" in reply.body:
        return str(reply.body["Message"])
    return str(reply.body) if reply.body else f"The host answered with status {reply.status}."
