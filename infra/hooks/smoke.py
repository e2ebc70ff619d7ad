"""Check that a deployment is healthy, and that it completes an order.

`python -m infra.hooks.smoke URL` waits for the health check. With `--order` it also places one order and waits for its end,
which charges a card and buys a label: only where the providers' keys are test keys. APP_KEY: the function key, if the app asks
for one; APP_TOKEN: a token of Microsoft Entra ID, if that stands in front, of a caller with the roles operator and
catalogue_manager. By a key alone the product has to be there: keys have the rights of storefronts.
"""

import argparse
import os
import secrets
import sys
import time
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from scripts.errors import LaunchFailed, NoAnswer
from scripts.web import Answer, call

# A cold start with a package to unpack takes a minute, sometimes two.
HEALTH_TIMEOUT_S: Final = 300.0
ORDER_TIMEOUT_S: Final = 180.0
_POLL_INTERVAL_S: Final = 5.0
_PRODUCT: Final = "smoke-test"
_CUSTOMER: Final = "smoke-test"


class Clock:
    """The clock, which a test replaces."""

    def now(self) -> float:
        """Return the seconds of a monotonic clock."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)


def await_healthy(url: str, clock: Clock) -> None:
    """Wait until the app is healthy.

    Raises:
        LaunchFailed: It did not become healthy in time; the error has its last answer.
    """
    _await("the app is healthy", lambda: _get_or_wait(f"{url}/api/health"), lambda body: True, HEALTH_TIMEOUT_S, clock)


def check_refused(url: str) -> None:
    """Check that a caller without a token reads nothing. Raises LaunchFailed."""
    answer = call("GET", f"{url}/api/orders")
    if answer.status not in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        raise LaunchFailed(f"a caller without a token is answered {answer.status}")


def place_order(url: str, headers: Mapping[str, str], clock: Clock) -> str:
    """Place an order with the provider's test card and wait for its end; return its id. Raises LaunchFailed."""
    order_id = f"smoke-{secrets.token_hex(6)}"
    headers = {**headers, "X-Customer-Id": _CUSTOMER}
    product = f"{url}/api/products/{_PRODUCT}"
    stock = f"{url}/api/inventory/{_PRODUCT}"
    details = {"name": "Smoke test", "unit_price_cents": 2_000, "weight_grams": 100}
    maintained = call("PUT", product, details, headers)
    if maintained.status != HTTPStatus.FORBIDDEN:
        _accepted(maintained)
        _accepted(call("POST", f"{stock}/restock", {"quantity": 1, "key": order_id}, headers))
    _await("there is stock", lambda: call("GET", stock, headers=headers), _has_stock, ORDER_TIMEOUT_S, clock)
    _accepted(call("POST", f"{url}/api/orders", order(order_id), headers))
    read = f"{url}/api/orders/{order_id}"
    ended = _await("the order ends", lambda: call("GET", read, headers=headers), _has_ended, ORDER_TIMEOUT_S, clock)
    if ended["status"] != "completed":
        raise LaunchFailed(f"order {order_id} ended as {ended['status']}: {ended.get('output')}")
    return order_id


def order(order_id: str) -> dict[str, Any]:
    """Return a small order to an address that the carrier knows, paid with the payment provider's test card."""
    return {
        "order_id": order_id,
        "customer_id": _CUSTOMER,
        "product_id": _PRODUCT,
        "quantity": 1,
        "payment": {"payment_method": "pm_card_visa"},
        "email": "smoke-test@example.com",
        "ship_to": {
            "name": "Smoke Test",
            "street1": "179 N Harbor Dr",
            "city": "Redondo Beach",
            "state": "CA",
            "postal_code": "90277",
            "country": "US",
        },
    }


def _has_stock(stock: Mapping[str, Any]) -> bool:
    return bool(stock["available"])


def _has_ended(shown: Mapping[str, Any]) -> bool:
    return shown.get("runtimeStatus") in {"Completed", "Failed", "Terminated"}


def _get_or_wait(url: str) -> Answer:
    try:
        return call("GET", url)
    except NoAnswer as error:
        return Answer(503, str(error))


def _await(
    what: str, look: Callable[[], Answer], enough: Callable[[Any], bool], within_s: float, clock: Clock
) -> dict[str, Any]:
    deadline = clock.now() + within_s
    while True:
        answer = look()
        if answer.ok and enough(answer.body):
            body: dict[str, Any] = answer.body
            return body
        if clock.now() > deadline:
            raise LaunchFailed(f"waited {within_s:.0f} s until {what}; the last answer: {answer.status} {answer.body}")
        clock.sleep(_POLL_INTERVAL_S)


def _accepted(answer: Answer) -> None:
    if not answer.ok:
        raise LaunchFailed(f"the app refused: {answer.status} {answer.body}")


def headers_from(env: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that authorise a caller: the function key and the token, where they are set."""
    key, token = env.get("APP_KEY"), env.get("APP_TOKEN")
    return ({"x-functions-key": key} if key else {}) | ({"Authorization": f"Bearer {token}"} if token else {})


def main() -> int:
    """Check the deployment that the command line names."""
    parser = argparse.ArgumentParser(prog="python -m infra.hooks.smoke")
    parser.add_argument("url")
    parser.add_argument("--order", action="store_true", help="place an order; only with the providers' test keys")
    chosen = parser.parse_args()
    clock, url = Clock(), chosen.url.rstrip("/")
    try:
        await_healthy(url, clock)
        print(f"{url} is healthy")
        if os.environ.get("APP_TOKEN"):
            check_refused(url)
        if chosen.order:
            print(f"order {place_order(url, headers_from(os.environ), clock)} went through")
    except LaunchFailed as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
