"""Payments that differ from their orders: how a test makes them, at the provider or in a row, and reads what is found."""

import json
from typing import Any

from azure.data.tables import TableServiceClient, UpdateMode
from stripe import StripeClient

from adapters.stores.order_index import partition_of
from services.container import services
from tests.support.order_requests import ADDRESS, order_request
from tests.support.shop import Shop

UNDELIVERABLE = {**ADDRESS, "street1": "UNDELIVERABLE"}
TOTAL = 2_000
RESOLUTION = {"resolved_by": "ann", "reason": "out of goodwill"}


async def place(shop: Shop, order_id: str = "a-1", **changes: Any) -> str:
    """Place an order and let it go as far as it goes. Return the id of its payment, if it has one."""
    assert (await shop.post("orders", order_request(order_id=order_id, **changes))).status == 202
    await shop.host.run_until_idle()
    return next((row["id"] for row in shop.sandbox.payments(order_id)), "")


async def stopped_before_its_label(shop: Shop, order_id: str = "a-1") -> str:
    """Place an order that tries in vain to buy its label. Its money is held."""
    shop.sandbox.fault(operation="shipments.buy", kind="status", status=503)
    return await place(shop, order_id)


def by_hand(account: StripeClient, order_id: str, *, amount: int = TOTAL, capture: str = "automatic") -> str:
    """Make a payment that carries an order's mark."""
    mark = {"order_id": order_id, "durable_orders_namespace": "shop.Tests", "durable_orders_order_id": order_id}
    made = account.v1.payment_intents.create(
        {
            "amount": amount,
            "currency": "usd",
            "payment_method": "pm_card_visa",
            "allowed_payment_method_types": ["card"],
            "capture_method": capture,
            "confirm": True,
            "metadata": mark,
        }
    )
    return made.id


async def run(shop: Shop) -> list[dict[str, Any]]:
    answer = await shop.post("reconciliation/payments")
    assert answer.status == 200, answer.text
    return list(answer.json()["drift"])


async def only(shop: Shop) -> dict[str, Any]:
    [drift] = await run(shop)
    return drift


def alarms(caplog) -> list[dict[str, Any]]:
    lines = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    return [json.loads(line.removeprefix("payment drift ")) for line in lines if line.startswith("payment drift ")]


def change_row(shop: Shop, order_id: str, **columns: Any) -> None:
    """Change an order's row past the app."""
    connection = services().settings.storage.connection_string
    assert connection is not None
    table = TableServiceClient.from_connection_string(connection).get_table_client("orders")
    table.update_entity({"PartitionKey": partition_of(order_id), "RowKey": order_id, **columns}, UpdateMode.MERGE)


async def finish_in_need_of_attention(shop: Shop) -> None:
    await shop.host.advance(hours=8)
    assert (await shop.get("orders/a-1")).json()["status"] == "needs_attention"
