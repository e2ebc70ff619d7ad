"""One customer comes in through every door, is exported, and is erased: afterwards nothing in the whole account names them."""

import json
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from domain.personal.run import CustomerDataRequest, DataAction, DataPlace
from domain.queues import MANIFESTS, NOTIFICATIONS, ORDERS_IN
from services.container import services
from services.personal import walking
from services.personal.finding import page_of_orders, person_of
from services.personal.requests import go_on_with_all
from services.recovery.orders import OrderRecovery
from services.recovery.workflows import WorkflowRecovery
from tests.integration.timer.test_purge_history import client_of, purge_as_of
from tests.support.expenses import SETTINGS, claim
from tests.support.mails import Mailbox, mailbox
from tests.support.order_requests import ADDRESS, order_request
from tests.support.shop import Shop, running_shop, use_settings
from tests.support.storage_contents import kept_in

__all__ = ["mailbox"]

CUSTOMER, EMAIL, NAME, STREET = "grace-77", "Grace.77@example.com", "Grace Brewster", "77 Analytical Row"
TRACES = (CUSTOMER, EMAIL, NAME, STREET)
WHO = {"requested_by": "ann"}
HOME = {**ADDRESS, "name": NAME, "street1": STREET}


def of_customer(order_id: str, **changes: Any) -> dict[str, Any]:
    return order_request(**{"order_id": order_id, "customer_id": CUSTOMER, "email": EMAIL, "ship_to": HOME, **changes})


@pytest.fixture
async def shop(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Any, mailbox: Mailbox, tmp_path: Path
) -> AsyncIterator[Shop]:
    use_settings(monkeypatch, storage_connection, sandbox, SMTP_URL=mailbox.url, **SETTINGS)
    async with running_shop(sandbox, state=tmp_path / "state.db") as running:
        await running.stock("mug", 20)
        yield running


def in_hub(state: Path) -> str:
    """Return all that the task hub holds, as text."""
    with sqlite3.connect(state) as hub:
        return "\n".join(hub.iterdump())


def traces_kept(storage_connection: str, state: Path) -> list[tuple[str, str]]:
    places = [*kept_in(storage_connection), ("hub", in_hub(state))]
    found = [(place, trace) for place, text in places for trace in TRACES if trace.casefold() in text.casefold()]
    return [each for each in found if each != ("table audit", CUSTOMER)]  # who asked for the erasure of whose data


async def plant(shop: Shop) -> None:
    """Bring the customer in through every door."""
    assert (await shop.post("orders", of_customer("bought"))).status == 202
    await shop.host.run_until_idle()
    shop.sandbox.fault(operation="shipments.buy", kind="status", status=503)
    shop.sandbox.fault(operation="payment_intents.cancel", kind="status", status=503)
    assert (await shop.post("orders", of_customer("failed"))).status == 202
    change = {"product_id": "mug", "quantity": 1}
    assert (await shop.post(f"carts/{CUSTOMER}/items", change, headers={"Idempotency-Key": "c-1"})).status == 202
    assert (await shop.post("expenses", claim(id="e-1", employee_id=CUSTOMER, email=EMAIL))).status == 202
    user = {"id": "u-1", "name": NAME, "email": EMAIL, "country": "US", "postal_code": "94107"}
    assert (await shop.post("onboarding", {**user, "birth_date": "1990-01-01", "accepts_terms": True})).status == 202
    lines = json.dumps(of_customer("in-batch")) + "\n"
    batch = await shop.post(
        "orders/batch", data=lines, headers={"Content-Type": "application/x-ndjson", "Idempotency-Key": "b-1"}
    )
    assert batch.status == 202, batch.text
    for container, name, text in (
        ("incoming", f"scans/{CUSTOMER}.txt", "a scan"),
        ("incoming", "letters/1.txt", f"Dear {NAME}, of {STREET}"),
        ("incoming", "empty.txt", ""),
        (MANIFESTS, "m-1.json", json.dumps({"note": f"for {EMAIL}"})),
    ):
        services().storage_setup.create_missing()
        blobs = services().storage.container(container)
        if not blobs.exists():
            blobs.create_container()
        blobs.upload_blob(name, text)
    services().storage.queue(f"{ORDERS_IN}-poison").send_message(json.dumps(of_customer("poison")))


async def deliver(shop: Shop) -> None:
    """Let the app send what is in its outbox, as the queue's trigger does."""
    queue = services().storage.queue(NOTIFICATIONS)
    while messages := list(queue.receive_messages(max_messages=32)):
        for message in messages:
            await shop.host.run("deliver_notification", message.content)
            queue.delete_message(message)


async def settle(shop: Shop) -> None:
    """Let all of it come to its end."""
    await shop.host.advance(hours=72)
    shop.sandbox.clear_faults()
    for _ in range(2):
        for recovery in (OrderRecovery(), WorkflowRecovery()):
            await recovery.recover(client_of(shop), datetime.now(UTC) + timedelta(hours=1))
        for order_id in ("failed", "in-batch"):
            await shop.post(f"orders/{order_id}/settlement")
        await deliver(shop)
        await shop.host.advance(hours=24 * 46)  # the parcel counts as lost, and is followed no longer


async def run_of(shop: Shop, asked: str) -> dict[str, Any]:
    """Send a request about the customer, and return its run once that has ended."""
    answer = await shop.post(f"customers/{CUSTOMER}/{asked}", WHO)
    assert answer.status == 202, answer.text
    await shop.host.run_until_idle()
    shown = await shop.get(f"customer-data/{answer.json()['id']}")
    assert shown.status == 200, shown.text
    return dict(shown.json())


async def test_a_customer_who_came_in_through_every_door_is_erased_everywhere(
    shop: Shop, storage_connection: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "_TIMEOUT_S", 0)  # each activity does one page
    assert (await shop.get(f"customers/{CUSTOMER}/erasure")).status == 404
    await plant(shop)
    refused = await run_of(shop, "erasure")
    assert (refused["status"], refused["reason_code"]) == ("rejected", "not_settled")
    waiting = (await shop.get(f"customers/{CUSTOMER}/erasure")).json()
    assert (waiting["status"], waiting["erased"]) == ("waiting", {})
    assert {("order", "failed"), ("expense_approval", "e-1")} <= {
        (each["kind"], each["id"]) for each in waiting["open"]
    }
    await settle(shop)
    assert traces_kept(storage_connection, tmp_path / "state.db")
    run = await run_of(shop, "export")
    exported = (await shop.host.http.get(run["detail"]["url"])).json()
    assert [row["order_id"] for row in exported["orders"]] == ["bought", "failed", "in-batch"]
    assert exported["cart"]["items"] == {"mug": 1}
    assert len(exported["users"]) == len(exported["messages"]) == 1
    documents = {"incoming/letters/1.txt", f"incoming/scans/{CUSTOMER}.txt", f"{MANIFESTS}/m-1.json"}
    assert documents <= set(exported["documents"])
    names = {history["name"] for history in exported["histories"]}
    assert {"process_order", "expense_approval", "user_onboarding", "order_batch_chunk"} <= names
    assert "customer_data" not in names
    erased = await run_of(shop, "erasure")
    assert erased["status"] == "completed", erased
    assert traces_kept(storage_connection, tmp_path / "state.db") == []
    record = (await shop.get(f"customers/{CUSTOMER}/erasure")).json()
    assert (record["status"], record["erased"]["orders"], record["erased"]["users"]) == ("erased", 3, 1)
    shown = (await shop.get("orders/bought")).json()
    assert (shown["status"], shown["total_cents"]) == ("completed", 2_000), "accounts are kept"
    assert (await shop.post("orders", of_customer("bought"))).status in (200, 202), "and no order is processed twice"
    assert len(shop.sandbox.payments("bought")) == 1


async def test_an_erasure_is_one_run_however_often_it_is_requested_and_goes_on_by_the_timer(
    shop: Shop, storage_connection: str, tmp_path: Path
) -> None:
    shop.sandbox.fault(operation="shipments.buy", kind="status", status=503)
    assert (await shop.post("orders", of_customer("a-1"))).status == 202
    both = [(await shop.post(f"customers/{CUSTOMER}/erasure", WHO)).json()["id"] for _ in range(2)]
    assert len(set(both)) == 1
    await shop.host.run_until_idle()
    assert (await shop.get(f"customers/{CUSTOMER}/erasure")).json()["status"] == "waiting"
    shop.sandbox.clear_faults()
    await settle(shop)
    await purge_as_of(shop, shop.host.clock.now() + timedelta(hours=1))
    await shop.host.run_until_idle()
    assert (await shop.get(f"customers/{CUSTOMER}/erasure")).json()["status"] == "erased"
    assert traces_kept(storage_connection, tmp_path / "state.db") == []
    repeated = await run_of(shop, "erasure")
    assert repeated["status"] == "completed", "there is nothing left, and nothing is wrong with asking"


async def test_an_erasure_whose_worker_dies_between_two_orders_is_gone_on_with(
    shop: Shop, storage_connection: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for order_id in ("a-1", "a-2"):
        await shop.post("orders", of_customer(order_id))
    await shop.host.run_until_idle()
    await settle(shop)
    pseudonymise = services().order_repository.pseudonymise
    done: list[str] = []

    def die_once(order_id: str, traces: Any) -> None:
        done.append(order_id)
        if len(done) == 2:
            raise SystemError("killed")
        pseudonymise(order_id, traces)

    monkeypatch.setattr(services().order_repository, "pseudonymise", die_once)
    answer = await shop.post(f"customers/{CUSTOMER}/erasure", WHO)
    await shop.host.advance(minutes=5)
    assert (await shop.get(f"customer-data/{answer.json()['id']}")).json()["status"] == "completed"
    assert (sorted(done[:2]), done[2:]) == (["a-1", "a-2"], done[1:2]), "only the one that it died over is repeated"
    assert traces_kept(storage_connection, tmp_path / "state.db") == []
    rows = [services().order_repository.get(each) for each in ("a-1", "a-2")]
    assert len({row.customer_id for row in rows if row is not None}) == 1


async def test_a_customer_with_many_orders_is_erased_by_reads_in_proportion_to_them(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(walking, "_TIMEOUT_S", 0)  # each activity does one page
    monkeypatch.setattr(walking, "MAX_ORDERS", 2)
    orders, reads = services().order_repository, Counter[str]()
    ids = [f"a-{number}" for number in range(6)]
    for order_id in ids:
        await shop.post("orders", of_customer(order_id))
    await shop.host.run_until_idle()
    await settle(shop)
    get = orders.get

    def count(order_id: str) -> Any:
        reads[order_id] += 1
        return get(order_id)

    monkeypatch.setattr(orders, "get", count)
    first = await page_of_orders(CUSTOMER, None, 4)
    assert (len(first.items), str(first.cursor) < min(ids)) == (4, True), "an earlier release takes a cursor for an id"
    anew, rest = [await page_of_orders(CUSTOMER, cursor, 4) for cursor in ("a-3", first.cursor)]
    assert (anew, len(rest.items)) == (first, 2)
    reads.clear()
    assert (await run_of(shop, "erasure"))["status"] == "completed"
    assert sorted(reads) == ids
    assert set(reads.values()) == {3}, "by what the customer is found, whether all is settled, and to erase it"
    row = get("a-0")
    assert row is not None
    assert row.customer_id != CUSTOMER


async def test_an_order_that_comes_after_an_export_is_erased_by_its_own_words_too(
    shop: Shop, storage_connection: str, tmp_path: Path
) -> None:
    await shop.post("orders", of_customer("a-1"))
    await shop.host.run_until_idle()
    await run_of(shop, "export")
    moved = of_customer("a-2", email="moved@example.com")
    await shop.post("orders", moved)
    asked = CustomerDataRequest(action=DataAction.EXPORT, requested_by="ann", customer_id=CUSTOMER)
    person = await person_of(asked, DataPlace.ORDERS)
    assert person is not None
    assert person.order_ids == {"a-1", "a-2"}
    assert person.traces.are_in("write to moved@example.com")
    assert person.traces.are_in(f"write to {EMAIL}")


async def test_an_erasure_that_waits_is_tried_again_once_an_hour_at_most(shop: Shop) -> None:
    shop.sandbox.fault(operation="shipments.buy", kind="status", status=503)
    assert (await shop.post("orders", of_customer("a-1"))).status == 202
    assert (await run_of(shop, "erasure"))["reason_code"] == "not_settled"
    known, night = services().erasures.unfinished()[0], datetime.now(UTC) + timedelta(hours=9)
    runs = []
    for minutes in range(0, 130, 5):
        await go_on_with_all(client_of(shop), night + timedelta(minutes=minutes))
        await shop.host.run_until_idle()
        runs.append(services().erasures.unfinished()[0].run_id)
    assert len({*runs, known.run_id}) == 1 + 3, "after hours, one and two"


async def test_an_operator_is_erased_who_asks_for_it(shop: Shop) -> None:
    me = {"requested_by": "ann"}
    for _ in range(2):
        answer = await shop.post("customers/ann/erasure", me)
        await shop.host.run_until_idle()
        assert (await shop.get(f"customer-data/{answer.json()['id']}")).json()["status"] == "completed"
        assert (await shop.get("customers/ann/erasure")).json()["status"] == "erased"


async def test_users_and_orders_stay_while_a_run_is_open_that_is_found_by_them(shop: Shop) -> None:
    places: list[str] = []

    def find_an_open_run(page: Any) -> dict[str, Any]:
        places.append(page["place"])
        is_open = page["place"] == "runs"
        return {"open": [{"kind": "user_onboarding", "id": "u-1", "why": "under_way"}] if is_open else []}

    shop.host.replace_activity("erase_customer_page", find_an_open_run)
    assert (await run_of(shop, "erasure"))["reason_code"] == "not_settled"
    assert places == ["files", "runs"]


async def test_a_run_whose_erasure_is_interrupted_leaves_no_row(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert (await shop.post("expenses", claim(id="e-1", employee_id=CUSTOMER, email=EMAIL))).status == 202
    await shop.host.run_until_idle()
    await settle(shop)
    delete = services().run_repository.delete
    died: list[str] = []

    def die_once(instance_id: str) -> None:
        if not died:
            died.append(instance_id)
            raise SystemError("killed")
        delete(instance_id)

    monkeypatch.setattr(services().run_repository, "delete", die_once)
    await shop.post(f"customers/{CUSTOMER}/erasure", WHO)
    await shop.host.advance(minutes=5)
    assert died == ["expense_approval.e-1"]
    assert not services().run_repository.knows("expense_approval.e-1")
