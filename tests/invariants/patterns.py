"""One run of every pattern but the saga: how it is asked for, which may be done again and again, and how it must have ended."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from adapters.stores.expense_payments import ExpensePayments
from adapters.stores.users import Users
from domain.carts.cart import checkout_id
from domain.ids import order_id_for_key
from domain.onboarding.user import user_id
from domain.orders.batch import batch_order_id
from services.container import services
from tests.support.expenses import decision_token
from tests.support.files import put_files, read_json
from tests.support.order_requests import ADDRESS, order_request
from tests.support.orders import NOON, placed_order
from tests.support.shop import Shop

Step = Callable[[Shop, str], Awaitable[None]]

SETTINGS = {
    "APPROVER_EMAILS": "ann@example.com",
    "EXPENSE_LIMITS": json.dumps({"usd": {"meals": 10_000}}),
    "LINK_SECRET": "only for tests",
}


@dataclass(frozen=True)
class Pattern:
    """ask: sends the request of the run with this id, and lets it run. ended: fails unless it ended well, and acted once.

    prepare: what has to be there before. calls_activities: False for a workflow of entities alone.
    """

    ask: Step
    ended: Step
    prepare: Step | None = None
    calls_activities: bool = True


async def put_mugs(shop: Shop, key: str) -> None:
    if (await shop.get("products/mug")).status == 404:
        await shop.stock("mug", 1_000)


async def onboard(shop: Shop, key: str) -> None:
    body = {"name": "Ada", "email": f"{key}@example.com", "country": "US", "postal_code": "94107"}
    await post(shop, "onboarding", {"id": key, "birth_date": "1990-12-10", "accepts_terms": True, **body})


async def onboarded(shop: Shop, key: str) -> None:
    await completed(shop, f"onboarding/{key}")
    user = Users(services().storage).get(user_id(f"{key}@example.com"))
    assert user is not None
    assert (user.onboarding_id, user.region and user.region.code) == (key, "US-CA")


async def claim(shop: Shop, key: str) -> None:
    items = [{"category": "meals", "amount_cents": 1_200, "currency": "usd", "spent_on": "2026-03-01"}]
    body = {"id": key, "employee_id": "ada", "email": "ada@example.com", "items": items}
    await post(shop, "expenses", body)
    decision = {"decision": "approved", "token": await decision_token(shop, key)}
    # 503: its run has just failed, and its turn is not known before the next one.
    answer = await shop.post_until_answered(f"approve/expense_approval.{key}", decision)
    assert answer.status in (202, 409, 503)
    await shop.host.run_until_idle()


async def claimed(shop: Shop, key: str) -> None:
    await completed(shop, f"expenses/{key}")
    row = ExpensePayments(services().storage)._table.get_entity("ada", key)
    assert [total["amount_cents"] for total in json.loads(row["payment"])["totals"]] == [1_200]


async def check_out(shop: Shop, key: str) -> None:
    added = await shop.post_until_answered(f"carts/{key}/items", {"product_id": "mug", "quantity": 2, "key": "click"})
    assert added.status == 202
    await shop.host.run_until_idle()
    body = {"payment": {"payment_method": "pm_card_visa"}, "ship_to": ADDRESS, "email": "ada@example.com"}
    await post(shop, f"carts/{key}/checkout", body)


async def checked_out(shop: Shop, key: str) -> None:
    await completed(shop, f"carts/{key}/checkouts/{checkout_id(key, 1)}")
    assert (await shop.get(f"carts/{key}")).json()["items"] == []
    await ordered(shop, checkout_id(key, 1))


async def send_batch(shop: Shop, key: str) -> None:
    lines = "".join(f"{json.dumps(order_request())}\n" for _ in range(2))
    headers = {"Content-Type": "application/x-ndjson", "Idempotency-Key": key}
    assert (await shop.post_until_answered("orders/batch", data=lines.encode(), headers=headers)).status == 202
    await shop.host.run_until_idle()


async def batch_sent(shop: Shop, key: str) -> None:
    batch_id = order_id_for_key(key)
    run = await completed(shop, f"order-batches/{batch_id}")
    assert (run["detail"]["accepted"], run["detail"]["lines"]) == (2, 2)
    for line in (1, 2):
        await ordered(shop, batch_order_id(batch_id, line))


async def look_at_files(shop: Shop, key: str) -> None:
    put_files("incoming", {f"{key}/a.csv": b"a\n1\n", f"{key}/b.json": b"[]"})
    await post(shop, "file-batches", {"id": key, "container": "incoming", "prefix": f"{key}/"})


async def looked_at_files(shop: Shop, key: str) -> None:
    run = await completed(shop, f"file-batches/{key}")
    files = read_json(run["detail"]["summary"])["files"]
    assert [file["name"] for file in files] == [f"{key}/a.csv", f"{key}/b.json"]


async def enter_order(shop: Shop, key: str) -> None:
    services().order_repository.accept(placed_order(key), "fingerprint")


async def put_product(shop: Shop, key: str) -> None:
    await shop.put(f"products/{key}", {"name": "A product", "unit_price_cents": 1_000})


async def restock(shop: Shop, key: str) -> None:
    await post(shop, "restocks", {"id": key, "lines": [{"product_id": key, "quantity": 7}]})


async def restocked(shop: Shop, key: str) -> None:
    assert (await completed(shop, f"restocks/{key}"))["detail"]["results"] == ["done"]
    assert (await shop.get(f"inventory/{key}")).json()["available"] == 7


async def make_report(shop: Shop, key: str) -> None:
    period = {"placed_from": NOON.isoformat(), "placed_to": (NOON + timedelta(days=1)).isoformat()}
    await post(shop, "reports", {"id": key, **period})


async def report_made(shop: Shop, key: str) -> None:
    run = await completed(shop, f"reports/{key}")
    rows = (await shop.host.http.get(run["detail"]["url"])).text.splitlines()
    assert sum(row.startswith(f"{key},") for row in rows) == 1


async def complete_order(shop: Shop, key: str) -> None:
    await put_mugs(shop, key)
    await post(shop, "orders", order_request(order_id=key))
    shop.sandbox.post(f"/trackers/{key}", {"status": "delivered"})


async def watch_parcel(shop: Shop, key: str) -> None:
    assert (await shop.post_until_answered(f"shipments/{key}/watch")).status == 202
    await shop.host.run_until_idle()


async def delivered(shop: Shop, key: str) -> None:
    await completed(shop, f"shipments/{key}")
    assert (await shop.get(f"orders/{key}")).json()["parcel"]["status"] == "delivered"


async def export_data(shop: Shop, key: str) -> None:
    answer = await shop.post_until_answered(
        "customers/ada/export", {"requested_by": "ann"}, headers={"Idempotency-Key": key}
    )
    assert answer.status == 202, answer.text
    await shop.host.run_until_idle()


async def data_exported(shop: Shop, key: str) -> None:
    run = await completed(shop, f"customer-data/{order_id_for_key(key)}")
    exported = (await shop.host.http.get(run["detail"]["url"])).json()
    rows = [row["order_id"] for row in exported["orders"]]
    assert key in rows
    assert len(rows) == len(set(rows))


async def post(shop: Shop, path: str, body: dict[str, Any]) -> None:
    answer = await shop.post_until_answered(path, body)
    assert answer.status == 202, answer.text
    await shop.host.run_until_idle()


async def completed(shop: Shop, path: str) -> dict[str, Any]:
    answer = await shop.get(path)
    assert (answer.status, answer.json()["status"], answer.json()["reason_code"]) == (200, "completed", None), (
        answer.text
    )
    return dict(answer.json())


async def ordered(shop: Shop, order_id: str) -> None:
    assert (await shop.get(f"orders/{order_id}")).json()["status"] == "completed"
    assert len(shop.sandbox.payments(order_id)) == 1


PATTERNS = {
    "user_onboarding": Pattern(ask=onboard, ended=onboarded),
    "expense_approval": Pattern(ask=claim, ended=claimed),
    "checkout_cart": Pattern(ask=check_out, ended=checked_out, prepare=put_mugs),
    "order_batch": Pattern(ask=send_batch, ended=batch_sent, prepare=put_mugs),
    "file_batch": Pattern(ask=look_at_files, ended=looked_at_files),
    "bulk_restock": Pattern(ask=restock, ended=restocked, prepare=put_product, calls_activities=False),
    "report": Pattern(ask=make_report, ended=report_made, prepare=enter_order),
    "customer_data": Pattern(ask=export_data, ended=data_exported, prepare=enter_order),
    "shipment_tracking": Pattern(ask=watch_parcel, ended=delivered, prepare=complete_order),
}
