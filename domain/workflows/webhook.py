"""The message to another server when a workflow has ended, and which addresses it may go to."""

from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import Field

from domain.ids import OrderId
from domain.wire import Wire

WebhookUrl = Annotated[str, Field(min_length=1, max_length=2000)]
"""Checked by `webhook_url_problem`, and again, with its addresses, by the adapter that connects to it."""


class Webhook(Wire):
    """One message to another server, delivered at least once.

    Attributes:
        webhook_id: The same on every retry (`webhook-id`).
        run_id: Of the order or workflow run that it is about.
        type: What happened, such as `report.completed`.
        data: Small, plain JSON.
    """

    webhook_id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$")]
    run_id: OrderId
    url: WebhookUrl
    type: Annotated[str, Field(pattern=r"^[a-z_]+\.[a-z_]+$")]
    data: dict[str, Any]


def webhook_url_problem(url: str, *, allow_loopback: bool) -> str | None:
    """Return why this address may not be called, as far as its text shows; None when it may.

    allow_loopback: plain http to this very machine too, for local runs.
    """
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return "must be a URL"
    if not url.isascii() or not url.isprintable() or " " in url:
        return "must be a URL in printable ASCII"
    if not host:
        return "must name a host"
    if parts.username is not None or parts.password is not None:
        return "must not hold a user name or password"
    if parts.fragment:
        return "must not have a fragment"
    local = allow_loopback and host in ("127.0.0.1", "localhost", "::1")
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        return "must be an https address"
    return None
