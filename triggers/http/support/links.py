"""The addresses of our resources, as this caller reaches them.

They begin with the shop's public address where that is known, never with what a caller sent as `Host`; where it is not known,
with the request's own. None carries a key: the keys of the Durable extension's own addresses could terminate any instance, and
callers add the key that they were given.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Annotated, Final
from urllib.parse import urlsplit

import azure.functions as func
from pydantic import Field

from domain.ids import order_instance_id
from domain.wire import Wire
from settings import known_public_url

# Of the Durable extension: whatever the route prefix is. Without taskHub and connection it means those of the app.
_INSTANCES: Final = "runtime/webhooks/durabletask/instances"

_root: ContextVar[str] = ContextVar("api_root")


class OrderLinks(Wire):
    """Where an order's status is, and how to decide on it, in the shape of a Durable client's check-status answer.

    In Azure each address requires a key, and no address contains one: send the function key as `x-functions-key` or append it as
    `?code=`, and for `sendEventPostUri` the system key `durabletask_extension`. Without a key the platform answers 401.
    """

    id: str
    order_id: str
    statusQueryGetUri: str
    approvalPostUri: str
    cancellationPostUri: str
    sendEventPostUri: Annotated[
        str,
        Field(
            description="Raises an external event on the order's instance: replace {eventName} by its name. For operators: it "
            "requires the system key durabletask_extension as code, and answers 404 until the instance has started."
        ),
    ]


@contextmanager
def serving(request: func.HttpRequest, route: str) -> Iterator[None]:
    """Let `resource` give addresses as the caller of this request reaches them.

    Args:
        request: The request being served.
        route: The template of the function that serves it, such as `orders/{order_id}`.
    """
    token = _root.set(_prefix(request, route))
    try:
        yield
    finally:
        _root.reset(token)


def resource(*path: str) -> str:
    """Return the absolute address of a resource.

    Args:
        path: Its own path below the route prefix, in parts. They are literals and ids, which need no escaping.
    """
    return "/".join((_root.get(), *path))


def order_links(order_id: str) -> OrderLinks:
    """Return an order's links."""
    order = resource("orders", order_id)
    return OrderLinks(
        id=order_instance_id(order_id),
        order_id=order_id,
        statusQueryGetUri=order,
        approvalPostUri=f"{order}/approval",
        cancellationPostUri=f"{order}/cancellation",
        sendEventPostUri=_event_address(order_instance_id(order_id)),
    )


def _prefix(request: func.HttpRequest, route: str) -> str:
    """Return the request's address without what the route accounts for."""
    depth = route.count("/") + 1
    address = urlsplit(request.url)
    path = address.path.rstrip("/").rsplit("/", depth)[0]
    return f"{known_public_url(os.environ) or f'{address.scheme}://{address.netloc}'}{path}"


def _event_address(instance_id: str) -> str:
    """Return the Durable extension's address for events of an instance, with the placeholder that Durable clients give."""
    host = urlsplit(_root.get())
    return f"{host.scheme}://{host.netloc}/{_INSTANCES}/{instance_id}/raiseEvent/{{eventName}}"
