"""The shop under the real worker runtime, with local_host as its host, real storage and the sandbox.

Each kind of trigger is called, and each line of telemetry is looked for where the host receives it: one without the id of an
invocation is thrown away there.
"""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest

from domain.ids import PROCESS_ORDER
from domain.mail.notification import Notification, NotificationKind
from sandbox.testing import Sandbox
from tests.support.files import put_files
from tests.support.mails import Mailbox
from tests.support.order_requests import order_request
from tests.support.runtime_worker import RuntimeWorker, trigger_kinds
from tests.support.shop import ROOT, Shop, running_shop, use_settings
from tests.support.worker import Worker, running_worker

NOTIFICATION = Notification(
    message_id="a-1.order_failed",
    workflow=PROCESS_ORDER,
    key="a-1",
    kind=NotificationKind.ORDER_FAILED,
    email="ada@example.com",
)


@dataclass
class Deployed:
    """The shop, the worker that calls its functions, and what it has called."""

    shop: Shop
    worker: Worker
    runtime: RuntimeWorker

    def lines(self, **facts: Any) -> list[dict[str, Any]]:
        """Return the telemetry so far that has these facts."""
        return [line for line in self.worker.telemetry() if facts.items() <= line.items()]

    def lost(self) -> list[str]:
        """Every line of the app, telemetry or not, that has no invocation."""
        return [f"{line.category}: {line.message}" for line in self.worker.lines if line.invocation_id is None]


@pytest.fixture
async def deployed(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox, mailbox: Mailbox
) -> AsyncIterator[Deployed]:
    use_settings(monkeypatch, storage_connection, sandbox, SMTP_URL=mailbox.url)
    async with running_worker(ROOT) as worker:
        await worker.load(ROOT)
        runtime = RuntimeWorker(worker)
        async with running_shop(sandbox, worker=runtime) as shop:
            yield Deployed(shop, worker, runtime)


async def test_an_order_arrives_in_the_log_from_its_acceptance_to_its_end(deployed: Deployed) -> None:
    shop = deployed.shop
    await shop.stock("mug", 10)
    assert (await shop.post("orders", order_request(order_id="a-1"))).status == 202
    await shop.host.run_until_idle()
    statuses = deployed.lines(evt="order.status", order_id="a-1")
    (accepting,) = deployed.runtime.calls["place_order"]
    assert (statuses[0]["status"], statuses[0]["invocation_id"]) == ("accepted", accepting.invocation_id)
    assert statuses[-1]["status"] == "completed"
    assert {"take_in_turn", "process_order", "inventory"} <= set(deployed.runtime.calls)
    assert [call.error for calls in deployed.runtime.calls.values() for call in calls if call.error] == []
    assert deployed.lost() == []


async def test_a_decision_and_a_cancellation_arrive_in_the_log(deployed: Deployed) -> None:
    shop = deployed.shop
    await shop.stock("mug", 1_000, unit_price_cents=100_000)
    for order_id in ("big", "late"):
        order = order_request(order_id=order_id, lines=[{"product_id": "mug", "quantity": 2}])
        assert (await shop.post("orders", order)).status == 202
    await shop.host.run_until_idle()
    assert (await shop.get("orders/big")).json()["status"] == "awaiting_approval"
    decision = {"decision": "approved", "approver": "boss", "comment": "a good customer"}
    assert (await shop.post("orders/big/approval", decision)).status == 202
    assert (
        await shop.post("orders/late/cancellation", {"requested_by": "ada", "reason": "changed my mind"})
    ).status == 202
    await shop.host.run_until_idle()
    assert deployed.lines(evt="order.status", order_id="big", status="completed")
    assert deployed.lines(evt="order.status", order_id="late", status="cancelled")
    assert {"decide_approval", "cancel_order", "settle_approval"} <= set(deployed.runtime.calls)
    assert deployed.lost() == []


async def test_a_dead_letter_arrives_in_the_log_when_it_is_stored_and_when_it_is_resolved(
    deployed: Deployed, mailbox: Mailbox
) -> None:
    mailbox.refuse("550 no such person")
    await deployed.shop.host.run("deliver_notification", NOTIFICATION.model_dump_json())
    resolution = {"resolved_by": "ops", "reason": "by phone"}
    answer = await deployed.shop.post("dead-letters/mail.a-1.order_failed/resolve", resolution)
    assert answer.status == 200
    letters = deployed.lines(evt="dead_letter", dead_letter_id="mail.a-1.order_failed")
    assert [line["state"] for line in letters] == ["open", "resolved"]
    (resolving,) = deployed.runtime.calls["resolve_dead_letter"]
    assert letters[1]["invocation_id"] == resolving.invocation_id
    assert deployed.lost() == []


@pytest.mark.parametrize("body", [NOTIFICATION.model_dump_json(), '{"secret": 1}'])
async def test_a_message_that_the_host_gave_up_on_arrives_in_the_log(deployed: Deployed, body: str) -> None:
    await deployed.shop.host.run("dead_letter_notification", body)
    (dead_lettering,) = deployed.runtime.calls["dead_letter_notification"]
    lines = [line for line in deployed.worker.lines if line.invocation_id == dead_lettering.invocation_id]
    assert [json.loads(line.message)["state"] for line in lines if line.category == "shop"] == ["open"]
    assert [line.level for line in lines if "dead-lettered" in line.message] == ["ERROR"]
    assert deployed.lost() == []


async def test_functions_of_every_trigger_are_called(deployed: Deployed) -> None:
    shop = deployed.shop
    await shop.stock("mug", 10)
    await shop.host.run("take_in_queued_order", json.dumps(order_request(order_id="q-1")))
    put_files("incoming", {"t/a.csv": b"a\n1\n", "a.batch.json": b'{"container": "incoming", "prefix": "t/"}'})
    await shop.host.run("start_manifest", "incoming/a.batch.json")
    kinds = trigger_kinds(deployed.worker.functions)
    for schedule in sorted(kinds["timerTrigger"]):
        await shop.host.run(schedule)
    called = set(deployed.runtime.calls)
    assert {kind for kind, names in kinds.items() if not names & called} == set()
    assert "extract_metadata" in called, "the batch of files ran"
    assert kinds["timerTrigger"] <= called
    assert [call.error for calls in deployed.runtime.calls.values() for call in calls if call.error] == []
    assert len(deployed.lines(evt="order.status", order_id="q-1", status="accepted")) == 1
    assert deployed.lost() == []
