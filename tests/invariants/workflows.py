"""Every kind of ending of the workflows other than the order's: what is asked for, what fails, what people do meanwhile."""

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from domain.carts.cart import CHECKOUT_CART
from orchestrators.kernel.retry import STEP
from orchestrators.order_batch import CHUNK
from services.container import services
from tests.support.expenses import decision_token, withdrawal_token
from tests.support.files import put_files
from tests.support.order_requests import ADDRESS, order_request
from tests.support.orders import NOON, placed_order
from tests.support.patience import pauses
from tests.support.shop import Shop
from tests.support.unreliable import answering, failing
from tests.support.webhooks import SECRET

PATIENCE = timedelta(minutes=1)
"""Of steps while these are recorded: short histories."""

SETTINGS = {
    "APPROVER_EMAILS": "ann@example.com,bob@example.com",
    "EXPENSE_LIMITS": json.dumps({"usd": {"meals": 10_000}}),
    "FILE_BATCH_WIDTH": "2",
    "LINK_SECRET": "only for tests",
    "WEBHOOK_SECRET": SECRET,
    "CALLBACK_ALLOW_LOOPBACK": "true",
    "STEP_PATIENCE_S": str(int(PATIENCE.total_seconds())),
}
PART = 2
"""So many files, lines or orders go into one part while these are recorded: several parts, and short histories."""

_NEWCOMER = {
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "country": "us",
    "postal_code": "94107",
    "birth_date": "1990-12-10",
    "accepts_terms": True,
}
_PERIOD = {"placed_from": NOON.isoformat(), "placed_to": (NOON + timedelta(days=1)).isoformat()}
_PRESS = {"payment": {"payment_method": "pm_card_visa"}, "ship_to": ADDRESS, "email": "ada@example.com"}
_FILES = {f"{name}.csv": b"a,b\n1,2\n" for name in "abc"}
_UNKNOWN = {"outcome": "unknown", "reason_code": "unavailable"}


@dataclass(frozen=True)
class Stage:
    """An app with an empty storage account."""

    shop: Shop

    async def send(self, path: str, body: Any = None, **options: Any) -> None:
        """Send a request that is accepted, and run what follows at once."""
        answer = await self.shop.post(path, body, **options)
        assert answer.status == 202, answer
        await self.shop.host.run_until_idle()

    async def start(self, orchestrator: str, key: str, request: Any) -> None:
        """Past the HTTP API, as an operator might."""
        text = json.dumps(json.dumps({"key": key, "request": request}))
        await self.shop.host.operations.start(orchestrator, text, f"{orchestrator}.{key}")
        await self.shop.host.run_until_idle()


Act = Callable[[Stage], Awaitable[None]]


@dataclass(frozen=True, kw_only=True)
class Ending:
    """act: everything but waiting for the end. failing, answering: activities that fail, or answer so, from first to last.

    status: as the run's result says; `running` for one that is recorded on its way.
    """

    act: Act
    failing: tuple[str, ...] = ()
    answering: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    status: str = "completed"
    reason: str | None = None


def onboard(**changes: Any) -> Act:
    return lambda stage: stage.send("onboarding", {"id": "ob-1", **_NEWCOMER, **changes})


# -- files and reports


def look_at(files: Mapping[str, bytes], **request: Any) -> Act:
    async def act(stage: Stage) -> None:
        if files:
            put_files("incoming", dict(files))
        await stage.send("file-batches", {"id": "fb-1", "container": "incoming", **(request or {"prefix": ""})})

    return act


async def cancel_looking(stage: Stage) -> None:
    with failing(stage.shop, "read_names"):
        await look_at({"a.csv": b""})(stage)
        await stage.send("file-batches/fb-1/cancellation")


def report(**changes: Any) -> Act:
    async def act(stage: Stage) -> None:
        for number in range(PART + 1):
            services().order_repository.accept(placed_order(f"o-{number}"), fingerprint="f")
        await stage.send("reports", {"id": "r-1", **_PERIOD, **changes})

    return act


# -- customers' data

_WHO = {"requested_by": "ann"}


async def export_data(stage: Stage) -> None:
    services().order_repository.accept(placed_order("o-1"), fingerprint="f")
    await stage.send("customers/ada/export", _WHO, headers={"Idempotency-Key": "export-1"})


async def erase_data(stage: Stage) -> None:
    await stage.send("customers/ada/erasure", _WHO)


async def erase_too_early(stage: Stage) -> None:
    services().order_repository.accept(placed_order("o-1"), fingerprint="f")
    await erase_data(stage)


# -- deliveries


async def restock(stage: Stage) -> None:
    lines = [{"product_id": product_id, "quantity": 3} for product_id in ("mug", "beans")]
    for line in lines:
        await stage.shop.stock(line["product_id"], 1)
    await stage.send("restocks", {"id": "d-1", "lines": lines})


# -- batches of orders


async def send_batch(stage: Stage) -> None:
    lines = [order_request(lines=[{"product_id": "unknown", "quantity": 1}])] * (PART + 1)
    text = "".join(f"{json.dumps(line)}\n" for line in lines)
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": "b-1"}
    await stage.send("orders/batch", data=text.encode(), headers=headers)


async def cancel_batch(stage: Stage) -> None:
    with answering(stage.shop, "accept_order_of_many", _UNKNOWN):
        await send_batch(stage)
        (run,) = await instances_of(stage.shop, "order_batch")
        await stage.send(f"order-batches/{run.removeprefix('order_batch.')}/cancellation")


async def stop_chunk(stage: Stage) -> None:
    with answering(stage.shop, "accept_order_of_many", _UNKNOWN):
        await send_batch(stage)
        (batch,) = await instances_of(stage.shop, "order_batch")
        waits = pauses(replace(STEP, total=PATIENCE), f"{batch}:{CHUNK}:0")
        for number, pause in enumerate([*waits, timedelta(0)]):
            chunk = (await instances_of(stage.shop, CHUNK))[number]
            await stage.shop.host.operations.terminate(chunk)
            await stage.shop.host.advance(pause)


# -- carts


def check_out(**product: Any) -> Act:
    async def act(stage: Stage) -> None:
        await stage.shop.stock("mug", 10)
        await stage.send("carts/ada/items", {"product_id": "mug", "quantity": 2})
        await stage.shop.put("products/mug", {"name": "Mug", "unit_price_cents": 1_000, **product})
        await stage.send("carts/ada/checkout", _PRESS)

    return act


async def check_out_without_answer(stage: Stage) -> None:
    with failing(stage.shop, "accept_order"):
        await check_out()(stage)


async def check_out_nothing(stage: Stage) -> None:
    await stage.start(CHECKOUT_CART, "c-1", {"customer_id": "ada", "number": 1, **_PRESS})


# -- expenses


def claim(*actions: tuple[str, dict[str, Any]], hours: int = 0, amount_cents: int = 1_000) -> Act:
    """hours: that pass before what is done."""

    async def act(stage: Stage) -> None:
        item = {"category": "meals", "amount_cents": amount_cents, "currency": "usd", "spent_on": "2026-03-01"}
        body = {"id": "ex-1", "employee_id": "ada", "email": "ada@example.com", "items": [item]}
        await stage.send("expenses", body)
        await stage.shop.host.advance(hours=hours)
        for path, action in actions:
            token = withdrawal_token() if path == WITHDRAW[0] else await decision_token(stage.shop)
            await stage.send(path, {**action, "token": token})

    return act


async def claim_with_a_strange_event(stage: Stage) -> None:
    await claim()(stage)
    await stage.shop.host.operations.raise_event("expense_approval.ex-1", "ExpenseDecided1", json.dumps("Perhaps"))
    await stage.shop.host.run_until_idle()


APPROVE = ("approve/expense_approval.ex-1", {"decision": "approved"})
REJECT = ("approve/expense_approval.ex-1", {"decision": "rejected"})
WITHDRAW = ("expenses/ex-1/withdrawal", {"reason": "wrong month"})


# -- parcels


def watch(*statuses: str, sold: bool = True) -> Act:
    """statuses: what the carrier says, a few hours after each other."""

    async def act(stage: Stage) -> None:
        shop = stage.shop
        if sold:
            await shop.stock("mug", 10)
            await stage.send("orders", order_request(order_id="a-1"))
        await stage.send("shipments/a-1/watch")
        for status in statuses:
            shop.sandbox.post("/trackers/a-1", {"status": status})
            await shop.host.advance(hours=3)

    return act


async def instances_of(shop: Shop, orchestrator: str) -> list[str]:
    """Return the ids of an orchestrator's instances, the oldest first."""
    page = await shop.host.operations.list_instances()
    found = [each for each in page.items if each.name == orchestrator]
    return [each.instance_id for each in sorted(found, key=lambda each: each.created_at)]


ENDINGS: dict[str, Ending] = {
    "user_onboarding/welcomed": Ending(act=onboard()),
    "user_onboarding/invalid": Ending(act=onboard(name=" "), status="rejected", reason="invalid_user"),
    "user_onboarding/without_region_and_welcome": Ending(
        act=onboard(), failing=("enrich_user_data", "send_onboarding_email"), reason="not_welcomed"
    ),
    "user_onboarding/not_kept": Ending(act=onboard(), failing=("persist_user",), status="failed", reason="no_answer"),
    "file_batch/one_chunk": Ending(act=look_at({"a.csv": b"a\n1\n"})),
    "file_batch/several_chunks": Ending(act=look_at(_FILES)),
    "file_batch/some_failed": Ending(act=look_at(_FILES, blobs=["a.csv", "gone.csv"]), reason="some_files_failed"),
    "file_batch/container_not_found": Ending(act=look_at({}), status="rejected", reason="container_not_found"),
    "file_batch/cancelled": Ending(act=cancel_looking, status="cancelled", reason="cancelled"),
    "file_batch/chunk_lost": Ending(
        act=look_at(_FILES), failing=("read_names",), status="failed", reason="no_answer"
    ),
    "file_batch_chunk/looked_at": Ending(act=look_at(_FILES), status="done"),
    "file_batch_chunk/looked_at_again": Ending(
        act=look_at(_FILES), answering={"extract_metadata": {"name": "a.csv", "problem": "unavailable"}}, status="done"
    ),
    "file_batch_chunk/lost": Ending(
        act=look_at(_FILES), failing=("keep_facts",), status="faulted", reason="no_answer"
    ),
    "bulk_restock/completed": Ending(act=restock),
    "customer_data/exported": Ending(act=export_data),
    "customer_data/erased": Ending(act=erase_data),
    "customer_data/not_settled": Ending(act=erase_too_early, status="rejected", reason="not_settled"),
    "report/ready": Ending(act=report()),
    "report/not_made": Ending(
        act=report(), failing=("generate_report_document",), status="failed", reason="no_answer"
    ),
    "report/webhook_delivered": Ending(
        act=report(callback_url="http://127.0.0.1:1/hook"), answering={"deliver_webhook": {"outcome": "done"}}
    ),
    "report/webhook_dead_lettered": Ending(
        act=report(callback_url="http://127.0.0.1:1/hook"), failing=("deliver_webhook",)
    ),
    "order_batch/completed": Ending(act=send_batch),
    "order_batch/cancelled": Ending(act=cancel_batch, status="cancelled", reason="cancelled"),
    "order_batch/chunk_stopped": Ending(act=stop_chunk, status="failed", reason="chunk_stopped"),
    "order_batch/not_put_together": Ending(
        act=send_batch, failing=("collect_batch_results",), status="failed", reason="no_answer"
    ),
    "order_batch_chunk/taken_in": Ending(act=send_batch, status="done"),
    "order_batch_chunk/taken_in_later": Ending(act=cancel_batch, status="done"),
    "order_batch_chunk/lost": Ending(
        act=send_batch, failing=("keep_batch_results",), status="faulted", reason="no_answer"
    ),
    "checkout_cart/ordered": Ending(act=check_out()),
    "checkout_cart/ordered_later": Ending(act=check_out_without_answer),
    "checkout_cart/not_acceptable": Ending(
        act=check_out(for_sale=False), status="rejected", reason="not_acceptable"
    ),
    "checkout_cart/empty": Ending(act=check_out_nothing, status="rejected", reason="cart_empty"),
    "expense_approval/paid": Ending(act=claim(APPROVE)),
    "expense_approval/escalated": Ending(act=claim(APPROVE, hours=49)),
    "expense_approval/rejected": Ending(act=claim(REJECT), status="rejected", reason="expense_rejected"),
    "expense_approval/withdrawn": Ending(act=claim(WITHDRAW), status="cancelled", reason="withdrawn"),
    "expense_approval/over_limit": Ending(
        act=claim(amount_cents=10_001), status="rejected", reason="over_limit"
    ),
    "expense_approval/timed_out": Ending(act=claim(), status="rejected", reason="expense_timed_out"),
    "expense_approval/strange_event": Ending(
        act=claim_with_a_strange_event, status="rejected", reason="expense_timed_out"
    ),
    "expense_approval/decision_unknown": Ending(
        act=claim(APPROVE), failing=("settle_approval",), status="failed", reason="no_answer"
    ),
    "expense_approval/not_paid": Ending(
        act=claim(APPROVE), failing=("pay_expense",), status="failed", reason="not_paid"
    ),
    "expense_approval/not_notified": Ending(act=claim(APPROVE), failing=("send_notification",)),
    "shipment_tracking/no_parcel": Ending(act=watch(sold=False), status="rejected", reason="no_parcel"),
    "shipment_tracking/watching": Ending(act=watch("in_transit"), status="running"),
    "shipment_tracking/delivered": Ending(act=watch("in_transit", "delivered")),
    "shipment_tracking/carrier_away": Ending(
        act=watch(), failing=("poll_parcel",), reason="lost"
    ),
}  # fmt: skip
