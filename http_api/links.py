"""The addresses of our resources, as this caller reaches them.

Derived from the request's own URL, so that they hold behind any host name and route prefix. The management URLs of the Durable
extension are never handed out: they carry a key that can terminate any instance.
"""

import azure.functions as func

from domain.ids import order_instance_id
from domain.wire import Wire


class OrderLinks(Wire):
    """Where to look at an order and what to tell it, in the shape of a Durable client's check-status answer."""

    id: str
    order_id: str
    statusQueryGetUri: str
    approvalPostUri: str
    cancellationPostUri: str


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
    )
