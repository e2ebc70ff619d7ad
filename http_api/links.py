"""The addresses of our resources, as this caller reaches them.

Derived from the request's own URL, so that they hold behind any host name and route prefix. The management URLs of the Durable
extension are never handed out: they carry a key that can terminate any instance.
"""

import azure.functions as func


def resource(request: func.HttpRequest, route: str, *path: str) -> str:
    """The absolute address of a resource. route: the template of the function that serves `request`, such as `orders/{order_id}`.

    path: the resource's own path below the route prefix; its parts are ids, which need no escaping.
    """
    depth = route.count("/") + 1
    prefix = request.url.partition("?")[0].rstrip("/").rsplit("/", depth)[0]
    return "/".join((prefix, *path))
