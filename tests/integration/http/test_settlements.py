"""An operator settles a run with one request: everything of it that is open is replayed."""

import asyncio
from typing import Any

import pytest

from domain.ids import PROCESS_ORDER
from services.container import services
from tests.invariants.worker_deaths import recover_at_once
from tests.support.books import assert_balanced, open_dead_letters
from tests.support.messages import waiting_messages
from tests.support.order_requests import order_request
from tests.support.orders import placed_order
from tests.support.shop import Shop
from tests.support.unreliable import failing

SETTLEMENT = "orders/a-1/settlement"
WANTED = {"a-1": {"mug": 2}}
RESOLUTION = {"resolved_by": "grace", "reason": "voided by hand at the provider"}


@pytest.fixture
async def stuck(shop: Shop) -> Shop:
    """Return a shop whose order `a-1` was rejected and needs attention: neither its payment nor its label could be given back."""
    await shop.stock("mug", 10)
    shop.sandbox.fault(operation="payment_intents.capture", kind="refuse")
    shop.sandbox.fault(operation="shipments.refund", kind="refuse")
    shop.sandbox.fault(operation="payment_intents.cancel", kind="status", status=503)
    await shop.post("orders", order_request(order_id="a-1"))
    await shop.host.advance(hours=8)
    assert len(await open_dead_letters(shop)) == 2
    return shop


@pytest.fixture
async def under_way(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """Return a shop whose order `a-1` has its payment authorised, and whose parcel cannot be booked for now."""
    recover_at_once(monkeypatch)
    await shop.stock("mug", 10)
    shop.sandbox.fault(operation="shipments.create", kind="status", status=503)
    await shop.post("orders", order_request(order_id="a-1"))
    await shop.host.run_until_idle()
    return shop


def hold_replays(shop: Shop) -> None:
    """Let the providers answer the replays once the faults are cleared, however long the test takes until then."""
    shop.sandbox.clear_faults()
    for operation in ("payment_intents.cancel", "shipments.refund"):
        shop.sandbox.fault(operation=operation, kind="delay", delay_s=600)


async def stop(shop: Shop, how: str) -> None:
    if how == "failed":
        shop.host.kill_worker(during="episode")
        await shop.host.advance(minutes=1)
        assert (await shop.host.status("a-1")).runtime_status == "Failed"
        return
    await shop.host.operations.terminate("a-1")
    await shop.host.run_until_idle()
    if how == "purged":
        assert await shop.host.operations.purge("a-1") == 1


async def status(shop: Shop) -> dict[str, Any]:
    answer = await shop.get(SETTLEMENT)
    return {"http": answer.status, **answer.json()}


async def test_one_request_replays_all_that_is_open_and_its_status_can_be_polled(stuck: Shop):
    assert (await status(stuck))["status"] == "open"
    hold_replays(stuck)
    started = await stuck.post(SETTLEMENT)
    assert (started.status, started.json()["status"]) == (202, "running")
    assert started.headers["Location"] == started.json()["statusQueryGetUri"] == f"{stuck.host.origin}/api/{SETTLEMENT}"
    assert (await status(stuck))["http"] == 202
    stuck.sandbox.clear_faults()
    await stuck.host.run_until_idle()
    settled = await status(stuck)
    assert (settled["http"], settled["status"]) == (200, "settled")
    assert {(step["step"], step["state"], step["result"]["outcome"]) for step in settled["steps"]} == {
        ("cancel_payment", "replayed", "done"),
        ("cancel_shipping", "replayed", "done"),
    }
    ended = await assert_balanced(stuck, {"mug": 10}, WANTED)
    assert ended["a-1"]["status"] == "failed"
    assert [message["kind"] for message in waiting_messages()] == ["order_closed"]


async def test_a_repeat_finds_the_replays_under_way_and_one_after_the_end_finds_nothing_open(stuck: Shop):
    hold_replays(stuck)
    answers = await asyncio.gather(*(stuck.post(SETTLEMENT) for _ in range(4)))
    assert [answer.status for answer in answers if answer.json().get("code") != "changed_meanwhile"].count(202) >= 1
    again = await stuck.post(SETTLEMENT)
    assert (again.status, [step["attempt"] for step in again.json()["steps"]]) == (202, [1, 1])
    stuck.sandbox.clear_faults()
    await stuck.host.run_until_idle()
    late = await stuck.post(SETTLEMENT)
    assert (late.status, late.json()["code"]) == (409, "nothing_open")
    assert stuck.sandbox.totals()["voided"] == stuck.sandbox.totals()["authorised"]


async def test_what_fails_again_stays_open_for_another_settlement(stuck: Shop):
    await stuck.post(SETTLEMENT)
    await stuck.host.advance(hours=1)
    assert {step["result"]["outcome"] for step in (await status(stuck))["steps"]} == {"unknown", "faulted"}
    assert (await status(stuck))["status"] == "open"
    stuck.sandbox.clear_faults()
    again = await stuck.post(SETTLEMENT)
    assert [step["attempt"] for step in again.json()["steps"]] == [2, 2]
    await stuck.host.run_until_idle()
    assert (await status(stuck))["status"] == "settled"


@pytest.mark.parametrize("other", ["replay", "resolve"])
async def test_of_a_settlement_and_an_operation_on_one_dead_letter_one_wins(stuck: Shop, other: str):
    stuck.sandbox.clear_faults()
    letter = "dead-letters/a-1.cancel_payment"
    body = RESOLUTION if other == "resolve" else None
    settled, single = await asyncio.gather(stuck.post(SETTLEMENT), stuck.post(f"{letter}/{other}", body))
    await stuck.host.run_until_idle()
    assert settled.status == 202, "the other dead letter is its own"
    closed = (await stuck.get(letter)).json()
    if single.status == 409:
        assert (closed["state"], closed["replays"], closed["resolution"]) == ("replayed", 1, None)
    else:
        assert closed["state"] == ("resolved" if other == "resolve" else "replayed")
        assert closed["replays"] == (0 if other == "resolve" else 1)
    assert await open_dead_letters(stuck) == []


async def test_an_order_that_is_under_way_is_not_settled(under_way: Shop):
    refused = await under_way.post(SETTLEMENT)
    assert (refused.status, refused.json()["code"]) == (409, "under_way")
    assert "POST /api/orders/a-1/cancellation" in refused.json()["detail"]
    assert (await under_way.get("orders/a-1")).json()["status"] == "authorised"


@pytest.mark.parametrize("how", ["failed", "terminated", "purged"])
async def test_an_order_whose_instance_has_stopped_is_settled_before_the_recovery_timer_comes(
    under_way: Shop, how: str, caplog: pytest.LogCaptureFixture
):
    await stop(under_way, how)
    under_way.sandbox.clear_faults()
    caplog.clear()
    assert (await under_way.post(SETTLEMENT)).status == 202
    assert "needs attention" not in caplog.text, "the operator who would read it is the one who settles it"
    assert "order a-1: its instance has stopped, and an operator settles it" in caplog.text
    await under_way.host.run_until_idle()
    await under_way.host.run("recover_runs")
    ended = await assert_balanced(under_way, {"mug": 10}, WANTED)
    assert (ended["a-1"]["status"], ended["a-1"]["reason_code"]) == ("failed", "processing_stopped")
    assert await open_dead_letters(under_way) == []


async def test_a_cancellation_that_only_the_failed_instance_had_received_decides_the_end(under_way: Shop):
    await under_way.host.operations.raise_event("a-1", "CancellationRequested", '{"requested_by": "ada"}')
    await stop(under_way, "failed")
    under_way.sandbox.clear_faults()
    assert (await under_way.post(SETTLEMENT)).status == 202
    await under_way.host.run_until_idle()
    assert (await under_way.get("orders/a-1")).json()["status"] == "cancelled"


async def test_a_settlement_and_the_recovery_timer_at_once_leave_nothing_open(under_way: Shop):
    await stop(under_way, "failed")
    under_way.sandbox.clear_faults()
    await asyncio.gather(under_way.post(SETTLEMENT), under_way.host.run("recover_runs"))
    await under_way.host.advance(hours=1)
    await under_way.host.run("recover_runs")
    await under_way.host.run_until_idle()
    if await open_dead_letters(under_way):
        assert (await under_way.post(SETTLEMENT)).status == 202
        await under_way.host.run_until_idle()
    await assert_balanced(under_way, {"mug": 10}, WANTED)
    assert await open_dead_letters(under_way) == []


async def test_an_order_that_was_started_past_the_repository_is_settled(shop: Shop):
    await shop.stock("mug", 10)
    shop.sandbox.fault(operation="shipments.create", kind="status", status=503)
    order = placed_order("a-1")
    await shop.host.start("process_order", order.to_wire(), instance_id="a-1")
    await shop.host.run_until_idle()
    await shop.host.operations.terminate("a-1")
    await shop.host.run_until_idle()
    shop.sandbox.clear_faults()
    stopped = (await shop.get("orders/a-1")).json()
    assert (stopped["status"], "POST /api/orders/a-1/settlement" in stopped["message"]) == ("needs_attention", True)
    assert (await shop.post(SETTLEMENT)).status == 202
    await shop.host.run_until_idle()
    ended = await assert_balanced(shop, {"mug": 10}, {"a-1": {line.product_id: line.quantity for line in order.lines}})
    assert ended["a-1"]["status"] == "failed"


async def test_what_names_an_operation_names_one_that_works(under_way: Shop):
    await stop(under_way, "terminated")
    await under_way.host.run("recover_runs")
    message = (await under_way.get("orders/a-1")).json()["message"]
    refused = (await under_way.post("orders/a-1/cancellation", {"requested_by": "ada"})).json()["detail"]
    under_way.sandbox.clear_faults()
    for text in (message, refused):
        assert text.endswith(f" POST /api/{SETTLEMENT} settles what is open.")
    assert (await under_way.post(SETTLEMENT)).status == 202
    await under_way.host.run_until_idle()
    assert "settlement" not in "".join(str(each) for each in waiting_messages()), "mails to customers name no operation"


async def test_an_order_that_has_just_been_accepted_is_about_to_be_started(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    async def lost(*_: Any) -> bool:
        return False

    monkeypatch.setattr("services.orders.start.start_instance", lost)
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="a-1"))
    assert (await shop.post(SETTLEMENT)).json()["code"] == "under_way"


@pytest.mark.parametrize("path", ["orders/unknown", "runs/report/unknown", "runs/unknown/r-1", "runs/RUN/r-1"])
async def test_what_does_not_exist_is_a_404(shop: Shop, path: str):
    assert [(await shop.post(f"{path}/settlement")).status, (await shop.get(f"{path}/settlement")).status] == [404, 404]


async def test_an_order_that_has_completed_has_nothing_open(shop: Shop):
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="a-1"))
    await shop.host.run_until_idle()
    assert (await shop.post(SETTLEMENT)).json()["code"] == "nothing_open"
    assert await status(shop) == {
        "http": 200,
        "workflow": PROCESS_ORDER,
        "id": "a-1",
        "status": "settled",
        "steps": [],
        "statusQueryGetUri": f"{shop.host.origin}/api/{SETTLEMENT}",
    }


async def test_a_run_of_another_workflow_that_was_terminated_is_started_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    recover_at_once(monkeypatch)
    body = {"id": "r-1", "placed_from": "2026-01-01T00:00:00Z", "placed_to": "2026-02-01T00:00:00Z"}
    with failing(shop, "fetch_report_data"):
        await shop.post("reports", body)
        await shop.host.run_until_idle()
        assert (await shop.post("runs/report/r-1/settlement")).json()["code"] == "under_way"
        await shop.host.operations.terminate("report.r-1")
        await shop.host.run_until_idle()
    started = await shop.post("runs/report/r-1/settlement")
    assert (started.status, [step["step"] for step in started.json()["steps"]]) == (202, ["run"])
    await shop.host.run_until_idle()
    assert (await shop.get("reports/r-1")).json()["status"] == "completed"
    assert (await shop.get("runs/report/r-1/settlement")).json()["status"] == "settled"
    assert (await shop.post("runs/report/r-1/settlement")).json()["code"] == "nothing_open"


async def test_an_order_named_like_a_workflow_has_its_own_dead_letters(stuck: Shop):
    assert [each.step for each in services().dead_letters.of_run("process_order", "a-1")] == [
        "cancel_payment",
        "cancel_shipping",
    ]
    assert services().dead_letters.of_run("process_order", "a") == []


@pytest.mark.parametrize("given", ['"a text"', '"\\ud800"', "7", "[]", '{"order_id": 1}'])
async def test_an_instance_that_was_started_with_no_order_is_no_outage(shop: Shop, given: str):
    start = "/runtime/webhooks/durabletask/orchestrators/process_order/odd-1"
    answer = await shop.host.http.post(start, data=given.encode(), headers={"Content-Type": "application/json"})
    assert answer.status == 202
    await shop.host.run_until_idle()
    assert (await shop.get("orders/odd-1")).status in (200, 404)
    assert (await shop.post("orders/odd-1/settlement")).status in (404, 409)
