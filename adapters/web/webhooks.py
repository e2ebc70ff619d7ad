"""Deliver signed webhooks to callers' servers, as Standard Webhooks describes it (https://www.standardwebhooks.com).

The address comes from a caller, so it is treated as hostile: only public ones are connected to, by the very address that was
checked; redirects are not followed, the answer is not read, and nothing of it is repeated.
"""

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from threading import Timer
from typing import Final
from urllib.parse import SplitResult, urlsplit

from adapters.telemetry.outgoing import span_of_request
from adapters.web.public_addresses import AddressForbidden, Resolver, public_address, resolve
from domain.errors import ProviderUnavailable
from domain.workflows.steps import StepResult
from domain.workflows.webhook import Webhook, webhook_url_problem

MAX_ANSWER_BYTES: Final = 64 * 1024
ANSWER_TIMEOUT_S: Final = 10.0
_CONNECT_TIMEOUT_S: Final = 5.0


class WebhookSender:
    """A `domain.ports.WebhookSender`. Without a secret (`whsec_` and Base64) nothing is sent.

    allow_loopback: http to this machine too, for local runs.
    """

    def __init__(
        self,
        secret: str | None,
        *,
        allow_loopback: bool,
        resolver: Resolver = resolve,
        answer_s: float = ANSWER_TIMEOUT_S,
    ) -> None:
        self._secret = secret
        self._allow_loopback = allow_loopback
        self._resolver = resolver
        self._answer_s = answer_s

    def problem_with(self, url: str) -> str | None:
        """Return why this address will not be called, before anything is started for it; None when it may be, as is known now."""
        problem = webhook_url_problem(url, allow_loopback=self._allow_loopback)
        if problem is not None:
            return problem
        if self._secret is None:
            return "webhooks are not set up in this shop"
        try:
            public_address(_host(urlsplit(url)), allow_loopback=self._allow_loopback, resolver=self._resolver)
        except AddressForbidden:
            return "must lead to a public address"
        except ProviderUnavailable:
            return "must name a host that can be found"
        return None

    def send(self, webhook: Webhook) -> StepResult:
        """Deliver once. Refused: webhook_forbidden, webhook_gone, webhook_redirected; faulted: webhook_not_sendable.

        Raises ProviderUnavailable when the same message is worth sending again: every other answer but 2xx, and none at all.
        """
        problem = webhook_url_problem(webhook.url, allow_loopback=self._allow_loopback)
        if problem is not None:
            return StepResult.refused("webhook_forbidden", f"the webhook's address {problem}")
        body = _body(webhook)
        if self._secret is None or len(body) > MAX_ANSWER_BYTES:
            return StepResult.faulted("webhook_not_sendable", "no signing secret is set, or the message is too long")
        parts = urlsplit(webhook.url)
        try:
            address = public_address(_host(parts), allow_loopback=self._allow_loopback, resolver=self._resolver)
        except AddressForbidden as error:
            return StepResult.refused("webhook_forbidden", str(error))
        # Its receiver is an address that a caller chose, which no telemetry names.
        with span_of_request("POST", "webhook") as answered:
            status = self._post(parts, address, body, self._signed(webhook.webhook_id, body))
            answered(status)
        return _verdict(status, webhook)

    def _signed(self, webhook_id: str, body: bytes) -> dict[str, str]:
        from standardwebhooks import Webhook as Signer

        now = datetime.now(UTC)  # of this attempt: receivers refuse old ones
        signature = Signer(str(self._secret)).sign(webhook_id, now, body.decode())
        return {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signature,
        }

    def _post(self, parts: SplitResult, address: str, body: bytes, signed: dict[str, str]) -> int:
        """Return the status of the answer. The connection goes to `address`; the host's name is what its certificate must show."""
        headers = {**signed, "Host": parts.netloc, "Content-Type": "application/json", "User-Agent": "durable-orders"}
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        port = parts.port or (443 if parts.scheme == "https" else 80)
        try:
            with (
                socket.create_connection((address, port), _CONNECT_TIMEOUT_S) as reached,
                _shut_after(self._answer_s, reached),
                self._secured(reached, parts) as connected,
            ):
                connection = http.client.HTTPConnection(address)
                connection.sock = connected
                connection.request("POST", target, body, headers)
                return connection.getresponse().status
        except (OSError, http.client.HTTPException) as error:
            raise ProviderUnavailable(f"the webhook's server did not answer ({type(error).__name__})") from None

    def _secured(self, connection: socket.socket, parts: SplitResult) -> socket.socket:
        connection.settimeout(None)  # the whole exchange has its time-out
        if parts.scheme != "https":
            return connection
        return self._tls.wrap_socket(connection, server_hostname=_host(parts))

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Read the trusted certificates once: it takes longer than the delivery."""
        return ssl.create_default_context()


@contextmanager
def _shut_after(seconds: float, connection: socket.socket) -> Iterator[None]:
    """Shut the connection then: a time-out bounds each wait for a byte only, and a server may send one byte after the other."""
    own = connection.dup()  # TLS takes the given one over
    timer = Timer(seconds, _shut, (own,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        own.close()


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):  # the other side was first
        connection.shutdown(socket.SHUT_RDWR)


def _host(parts: SplitResult) -> str:
    return str(parts.hostname).removesuffix(".")  # the root's dot, which no certificate shows


def _body(webhook: Webhook) -> bytes:
    """Return the body as Standard Webhooks recommends it: type, timestamp, data. The time belongs to the data."""
    return json.dumps({"type": webhook.type, "data": webhook.data}, separators=(",", ":")).encode()


def _verdict(status: int, webhook: Webhook) -> StepResult:
    if 200 <= status < 300:
        return StepResult(reference=webhook.webhook_id)
    if status == HTTPStatus.GONE:
        return StepResult.refused("webhook_gone", "the webhook's server wants no more messages (410)")
    if 300 <= status < 400:
        return StepResult.refused("webhook_redirected", f"the webhook's server redirects ({status})")
    raise ProviderUnavailable(f"the webhook's server answered {status}")
