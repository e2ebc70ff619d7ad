"""The addresses of our resources, as this caller reaches them.

Derived from the request's own URL, so that they hold behind any host name and route prefix. None carries a key: the keys of the
Durable extension's own addresses could terminate any instance, and callers add the key that they were given.
"""

from typing import Annotated, Final
from urllib.parse import urlsplit

import azure.functions as func
from pydantic import Field

from domain.ids import order_instance_id
from domain.wire import Wire

# Of the Durable extension: whatever the route prefix is. Without taskHub and connection it means those of the app.
_INSTANCES: Final = "runtime/webhooks/durabletask/instances"


class OrderLinks(Wire):
    """Where to look at an order and how to decide on it, in the shape of a Durable client's check-status answer.

    In Azure each address asks for a key, which none carries: the function key as `x-functions-key` or appended as `?code=`, and
    for `sendEventPostUri` the system key `durabletask_extension`. Without it the platform answers 401.
    """

    id: str
    order_id: str
    statusQueryGetUri: str
    approvalPostUri: str
    cancellationPostUri: str
    sendEventPostUri: Annotated[
        str,
        Field(
            description="Raises a Durable event on the order's instance: put its name in place of {eventName}. For operators: it "
            "asks for the system key durabletask_extension as code, and answers 404 until the instance has started."
        ),
    ]


def resource(request: func.HttpRequest, route: str, *path: str) -> str:
    """The absolute address of a resource. route: the template of the function that serves `request`, such as `orders/{order_id}`.

    path: the resource's own path below the route prefix; its parts are ids, which need no escaping.
    """
    depth = route.count("/") + 1
    prefix = request.url.partition("?")[0].rstrip("/").rsplit("/", depth)[0]
    return "/".join((prefix, *path))


def order_links(request: func.HttpRequest, route: str, order_id: str) -> OrderLinks:
    """An order's links. route: as for `resource`."""
    order = resource(request, route, "orders", order_id)
    return OrderLinks(
        id=order_instance_id(order_id),
        order_id=order_id,
        statusQueryGetUri=order,
        approvalPostUri=f"{order}/approval",
        cancellationPostUri=f"{order}/cancellation",
        sendEventPostUri=_event_address(request, order_instance_id(order_id)),
    )


def _event_address(request: func.HttpRequest, instance_id: str) -> str:
    """Return the Durable extension's address for events of an instance. It keeps the placeholder of Durable clients' answers."""
    host = urlsplit(request.url)
    return f"{host.scheme}://{host.netloc}/{_INSTANCES}/{instance_id}/raiseEvent/{{eventName}}"
