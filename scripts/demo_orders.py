"""The twenty orders of `make demo`: what is sent, what is done to each on its way, and how each must end."""

from dataclasses import dataclass, replace
from typing import Any, Literal

Body = dict[str, Any]
Ending = Literal["completed", "rejected", "cancelled", "failed"] | int

SHIP_TO = {
    "name": "Ada Lovelace",
    "street1": "388 Townsend St",
    "city": "San Francisco",
    "state": "CA",
    "postal_code": "94107",
    "country": "US",
}
CUSTOMER = {
    "customer_id": "ada",
    "email": "ada@example.com",
    "payment": {"payment_method": "pm_card_visa"},
    "ship_to": SHIP_TO,
}
PROVIDER_DOWN_TWICE = {
    "face": "stripe",
    "operation": "payment_intents.create",
    "next": 2,
    "kind": "status",
    "status": 503,
}
PAYMENT_ANSWER_LOST = {"face": "stripe", "operation": "payment_intents.create", "next": 1, "kind": "drop_after"}
NO_LABEL = {"face": "easypost", "operation": "shipments.buy", "kind": "refuse"}


@dataclass(frozen=True, kw_only=True)
class SecondPost:
    """The same order posted again, with these changes; http_status: the answer it has to get."""

    changes: Body
    http_status: int


@dataclass(frozen=True, kw_only=True)
class DemoOrder:
    """One order.

    ends: the order's status in the end, or the HTTP status with which it is refused at the door. fault: what the sandbox does
    to it. meanwhile: what is done while it waits for an approval.
    """

    title: str
    body: Body
    ends: Ending = "completed"
    fault: Body | None = None
    meanwhile: Literal["approve", "refuse", "cancel"] | None = None
    again: SecondPost | None = None

    @property
    def order_id(self) -> str:
        """The id of the order."""
        return str(self.body["order_id"])

    @property
    def units(self) -> dict[str, int]:
        """How many of each product it wants."""
        lines = self.body.get("lines") or [self.body]
        return {line["product_id"]: line["quantity"] for line in lines}


def demo_orders(run: str) -> list[DemoOrder]:
    """Return the orders of the demonstration. run: a text that no other run has; the order ids are made of it."""
    orders = [*_bought(), *_refused_on_the_way(), *_refused_at_the_door(), *_troubled()]
    return [_named(order, f"demo-{run}-{number:02}") for number, order in enumerate(orders, start=1)]


def _bought() -> list[DemoOrder]:
    short_form = {"product_id": "beans", "quantity": 2}
    same, other = SecondPost(changes={}, http_status=202), SecondPost(changes={"customer_id": "grace"}, http_status=409)
    return [
        DemoOrder(title="one mug", body=_body(mug=1)),
        DemoOrder(title="three products", body=_body(mug=2, beans=3, grinder=1)),
        DemoOrder(title="the short form", body=CUSTOMER | short_form),
        DemoOrder(title="another card", body=_body(beans=1) | _paid("pm_card_mastercard")),
        DemoOrder(title="posted twice", body=_body(mug=1), again=same),
        DemoOrder(title="id used again for another", body=_body(mug=1), again=other),
        DemoOrder(title="a large one, approved", body=_body(espresso_machine=1), meanwhile="approve"),
    ]


def _refused_on_the_way() -> list[DemoOrder]:
    no_funds = _paid("pm_card_visa_chargeDeclinedInsufficientFunds")
    nowhere = {"ship_to": SHIP_TO | {"street1": "1 Undeliverable Way"}}
    large = _body(espresso_machine=1)
    return [
        DemoOrder(title="card declined", body=_body(mug=1) | _paid("pm_card_chargeDeclined"), ends="rejected"),
        DemoOrder(title="card without funds", body=_body(beans=4) | no_funds, ends="rejected"),
        DemoOrder(title="no delivery there", body=_body(mug=1) | nowhere, ends="rejected"),
        DemoOrder(title="more than there is", body=_body(mug=1, moka_pot=50), ends="rejected"),
        DemoOrder(title="a large one, refused", body=large, ends="rejected", meanwhile="refuse"),
        DemoOrder(title="a large one, cancelled", body=large, ends="cancelled", meanwhile="cancel"),
    ]


def _refused_at_the_door() -> list[DemoOrder]:
    wrong_total = _paid("pm_card_visa", amount_cents=1)
    card_number = {"ship_to": SHIP_TO | {"name": "4242 4242 4242 4242"}}
    return [
        DemoOrder(title="an unknown product", body=_body(unicorn=1), ends=422),
        DemoOrder(title="a quantity of zero", body=_body(mug=0), ends=422),
        DemoOrder(title="a total that differs", body=_body(mug=1) | wrong_total, ends=422),
        DemoOrder(title="a card number as name", body=_body(mug=1) | card_number, ends=422),
    ]


def _troubled() -> list[DemoOrder]:
    return [
        DemoOrder(title="payment down twice", body=_body(mug=1), fault=PROVIDER_DOWN_TWICE),
        DemoOrder(title="paid, the answer lost", body=_body(mug=1), fault=PAYMENT_ANSWER_LOST),
        DemoOrder(title="no label to be had", body=_body(grinder=1), fault=NO_LABEL, ends="failed"),
    ]


def _body(**units: int) -> dict[str, Any]:
    """Return a complete order of that many of each product; `_` in a name stands for `-`."""
    lines = [{"product_id": name.replace("_", "-"), "quantity": count} for name, count in units.items()]
    return {**CUSTOMER, "lines": lines}


def _paid(method: str, **more: int) -> Body:
    return {"payment": {"payment_method": method, **more}}


def _named(order: DemoOrder, order_id: str) -> DemoOrder:
    fault = {**order.fault, "order_id": order_id} if order.fault else None
    return replace(order, body={"order_id": order_id, **order.body}, fault=fault)
