"""A region is lost, and yesterday's copy is restored into an empty account, with an empty task hub.

Nothing is charged twice, every payment is completed or reversed, the stock is right, and what an operator must decide is a finding.
"""

import asyncio
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from stripe import StripeClient

from adapters.azure_storage.storage import Storage
from adapters.stores.backup import Backup, NotEmpty, NotWhole
from adapters.stores.backup_parts import Tally
from adapters.stores.backup_scope import CONTAINERS, NOT_COPIED, TABLES
from local_host.testing.azurite import Azurite
from scripts.backup import restock, stock_of
from services.recovery.orders import OrderRecovery
from settings import StorageLocation
from tests.integration.timer.test_purge_history import client_of
from tests.support.order_requests import ADDRESS, order_request
from tests.support.shop import ROOT, Shop, running_shop, use_settings

STOCKED = 40
TOTAL = 2_000
UNITS = 2
DAY = "20260301"


def account(connection: str) -> Storage:
    return Storage(StorageLocation(connection_string=connection))


def use_account(monkeypatch: pytest.MonkeyPatch, connection: str, sandbox: Any) -> None:
    use_settings(monkeypatch, connection, sandbox, PAYMENT_RECONCILIATION_GRACE_S="0")


async def place(shop: Shop, order_id: str, **changes: Any) -> int:
    answer = await shop.post("orders", order_request(order_id=order_id, **changes))
    await shop.host.run_until_idle()
    return answer.status


async def findings(shop: Shop) -> dict[str, str]:
    answer = await shop.post("reconciliation/payments")
    return {each["order_id"]: each["kind"] for each in answer.json()["drift"]}


def money(shop: Shop) -> dict[str, tuple[int, int]]:
    """Return what is kept and what is held of each order's payments, by the provider's ledger."""
    kept: dict[str, tuple[int, int]] = {}
    for row in shop.sandbox.payments():
        taken, held = kept.get(row["order_id"], (0, 0))
        still_held = row["authorised"] - row["captured"] - row["voided"]
        kept[row["order_id"]] = (taken + row["captured"] - row["refunded"], held + still_held)
    return kept


async def yesterday(shop: Shop) -> None:
    await shop.stock("mug", STOCKED)
    await shop.stock("machine", STOCKED, unit_price_cents=150_000)
    assert await place(shop, "sold") == 202
    assert await place(shop, "waiting", lines=[{"product_id": "machine", "quantity": 1}]) == 202
    shop.sandbox.fault(operation="shipments.buy", kind="status", status=503)
    assert await place(shop, "held") == 202  # its money is held, and no label is bought


async def today(shop: Shop) -> None:
    shop.sandbox.clear_faults()
    await shop.host.advance(hours=1)
    for order_id in ("shipped", "given-up"):
        assert await place(shop, order_id) == 202
    assert await place(shop, "rejected", ship_to={**ADDRESS, "street1": "UNDELIVERABLE"}) == 202
    assert {order_id: kept for order_id, (kept, _) in money(shop).items()} == {
        "sold": TOTAL,
        "held": TOTAL,
        "shipped": TOTAL,
        "given-up": TOTAL,
        "rejected": 0,
    }


async def test_a_restore_of_yesterdays_copy_charges_nothing_twice(
    monkeypatch: pytest.MonkeyPatch, azurite: Azurite, sandbox: Any
) -> None:
    lost, vault, new = (azurite.new_account() for _ in range(3))
    use_account(monkeypatch, lost, sandbox)
    async with running_shop(sandbox) as shop:
        await yesterday(shop)
        stock = await asyncio.to_thread(stock_of, shop.host.origin)
        backup = Backup(account(lost), account(vault))
        while not backup.copy(DAY, lambda: False):  # each call ends after a page, as at a time-out
            assert not backup.is_whole(DAY)
        backup.finish(DAY, stock, datetime.now(UTC))
        await today(shop)
    restored, taken = Backup(account(new), account(vault)).restore(DAY)
    assert_counted(taken)
    assert restored == {"mug": STOCKED - UNITS, "machine": STOCKED}
    use_account(monkeypatch, new, sandbox)
    async with running_shop(sandbox) as shop:  # on an empty task hub
        for _ in range(2):
            await asyncio.to_thread(restock, shop.host.origin, DAY, restored)
            await shop.host.run_until_idle()
        await recover(shop)
        assert await findings(shop) == {
            "shipped": "captured_without_completed_order",
            "given-up": "captured_without_completed_order",
        }, "orders that came in after the copy: an operator decides"
        await decide(shop)
        assert await findings(shop) == {}
        assert money(shop) == {
            "sold": (TOTAL, 0),
            "held": (TOTAL, 0),
            "waiting": (150_000, 0),
            "shipped": (TOTAL, 0),
            "given-up": (0, 0),
            "rejected": (0, 0),
        }
        assert len(shop.sandbox.payments()) == len(money(shop)), "one payment per order"
        labels = {each: sum(row["label_active"] for row in shop.sandbox.parcels(each)) for each in ("held", "shipped")}
        assert labels == {"held": 1, "shipped": 1}
        assert await shelves(shop) == {"mug": STOCKED - 3 * UNITS, "machine": STOCKED - 1}
        assert (await shop.get("orders/sold")).json()["status"] == "completed"


async def recover(shop: Shop) -> None:
    """Let the recovery timer start what was open: from its row, since there is no instance."""
    await OrderRecovery().recover(client_of(shop), datetime.now(UTC) + timedelta(hours=1))
    await shop.host.run_until_idle()
    approval = {"decision": "approved", "approver": "ann"}
    assert (await shop.post("orders/waiting/approval", approval)).status in (200, 202)
    await shop.host.run_until_idle()


async def decide(shop: Shop) -> None:
    """Do what an operator may do about orders that are lost: pay one back, and let the other stand, whose parcel is on its way."""
    assert await place(shop, "shipped") == 202, "the storefront sends it again, before an operator has decided"
    assert (await shop.get("orders/shipped")).json()["reason_code"] == "payment_request_refused"
    stripe = StripeClient("sk_test_by_hand", base_addresses={"api": shop.sandbox.url})
    [payment] = shop.sandbox.payments("given-up")
    stripe.v1.refunds.create({"payment_intent": payment["id"]})
    [drift] = (await shop.post("reconciliation/payments")).json()["drift"]
    resolution = {"resolved_by": "ann", "reason": "the parcel is on its way"}
    assert (await shop.post(f"reconciliation/payments/{drift['drift_id']}/resolve", resolution)).status == 200
    sold = {"delta": -UNITS, "reason": "order shipped, lost by the restore"}
    answer = await shop.post("inventory/mug/adjustment", sold, headers={"Idempotency-Key": "shipped"})
    assert answer.status == 202, answer.text
    await shop.host.run_until_idle()


async def shelves(shop: Shop) -> Mapping[str, int]:
    shown = {each: (await shop.get(f"inventory/{each}")).json() for each in ("mug", "machine")}
    assert all(stock["reserved"] == 0 for stock in shown.values())
    return {each: stock["available"] for each, stock in shown.items()}


def test_no_copy_is_restored_that_is_not_whole_or_into_an_account_with_orders(azurite: Azurite) -> None:
    shop, vault = account(azurite.new_account()), account(azurite.new_account())
    backup = Backup(shop, vault)
    with pytest.raises(NotWhole):
        backup.restore(DAY)
    shop.table("orders").create_table()
    shop.table("orders").create_entity({"PartitionKey": "order-0", "RowKey": "a-1", "status": "completed"})
    assert backup.copy(DAY)
    with pytest.raises(NotWhole):
        backup.restore(DAY)
    assert backup.finish(DAY, {"mug": 1}, datetime.now(UTC))["orders"] == 1
    with pytest.raises(NotEmpty):
        backup.restore(DAY)
    shop.table("orders").delete_entity("order-0", "a-1")
    assert backup.restore(DAY)[0] == {"mug": 1}
    assert [row["RowKey"] for row in shop.table("orders").list_entities()] == ["a-1"]
    for _ in range(2):
        backup.drop(DAY)
    with pytest.raises(NotWhole):
        backup.restore(DAY)


def assert_counted(taken: Tally) -> None:
    """Recovery time is requests: docs/backup.md states them per row and blob."""
    parts, pages = len(TABLES) + len(CONTAINERS), 1
    assert taken.items > 10
    assert taken.bytes > 1_000
    # Two to begin with, a list for each table and container, and at most one for each row and two for each blob.
    assert 2 + parts * pages < taken.requests <= 2 + parts * pages + 2 * taken.items


def test_a_large_row_fits_into_a_transaction_and_a_long_table_into_pages(azurite: Azurite) -> None:
    shop, vault, new = (account(azurite.new_account()) for _ in range(3))
    table = shop.table("audit")
    table.create_table()
    large = {f"text{number}": "x" * 30_000 for number in range(8)}
    rows = [
        {"PartitionKey": "p", "RowKey": f"{number:04}", **(large if number < 20 else {})} for number in range(1_020)
    ]
    for start in range(0, len(rows), 15):
        table.submit_transaction([("create", row) for row in rows[start : start + 15]])
    backup = Backup(shop, vault)
    assert backup.copy(DAY)
    assert backup.finish(DAY, {}, datetime.now(UTC))["audit"] == len(rows)
    _, taken = Backup(new, vault).restore(DAY)
    assert [row["RowKey"] for row in new.table("audit").list_entities()] == [row["RowKey"] for row in rows]
    assert taken.items == len(rows)


def test_each_table_queue_and_container_is_copied_or_there_is_a_reason() -> None:
    text = (ROOT / "infra" / "modules" / "storage.bicep").read_text(encoding="utf-8")
    made = {
        kind: set(re.findall(r"'([\w-]+)'", re.search(rf"var {kind} = \[(.*?)\]", text, re.DOTALL)[1]))
        for kind in ("tables", "queues", "containers")
    }
    short_lived = {"linkattempts"}
    assert made["tables"] == set(TABLES) | short_lived, "a table holds facts: there is no reason not to copy it"
    assert made["containers"] == set(CONTAINERS) | (made["containers"] & NOT_COPIED.keys())
    assert made["queues"] | made["containers"] == set(CONTAINERS) | (NOT_COPIED.keys() - short_lived)
    assert not set(CONTAINERS) & (NOT_COPIED.keys() - made["queues"] - short_lived)
    page = (ROOT / "docs" / "backup.md").read_text(encoding="utf-8")
    assert [name for name in NOT_COPIED if f"`{name}`" not in page] == []
