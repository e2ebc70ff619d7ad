"""What the cost model says that an order does, held against an order and the watch of its parcel."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from domain.ids import order_instance_id
from domain.tracking import pause_after
from infra.workload import SCHEDULED_RUNS, Workload
from local_host.executor import Executor
from local_host.history import EventType
from sandbox.testing import Sandbox
from tests.support.books import finish
from tests.support.messages import waiting_messages
from tests.support.order_requests import order_request
from tests.support.shop import Shop, forget_cached, running_shop, the_app, use_settings

DELIVERED_AFTER = timedelta(days=3)


class Counting:
    """Stands before the app's functions and counts their runs, by kind."""

    def __init__(self) -> None:
        self.runs: Counter[str] = Counter()
        self._inner: Any = None

    def around(self, inner: Executor) -> Any:
        self._inner = inner
        return self

    def __getattr__(self, name: str) -> Any:
        if name in ("run_orchestrator", "run_activity"):
            self.runs[name] += 1
        return getattr(self._inner, name)


@pytest.fixture
def counting() -> Counting:
    return Counting()


@pytest.fixture
async def shop(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox, counting: Counting
) -> AsyncIterator[Shop]:
    """With one order that has ended."""
    use_settings(monkeypatch, storage_connection, sandbox)
    async with running_shop(sandbox, around_executor=counting.around) as running:
        await running.stock("mug", 10)
        await running.post("orders", order_request(order_id="a-1"))
        await finish(running)
        yield running
    forget_cached()


async def test_order_does_what_the_cost_model_counts(shop: Shop, counting: Counting):
    status = await shop.host.operations.status(order_instance_id("a-1"), with_history=True)
    counted = Counter(event["EventType"] for event in status.history or ())

    model = Workload()
    assert counted[EventType.TASK_SCHEDULED] == model.activities == counting.runs["run_activity"]
    assert counted[EventType.EVENT_SENT] == model.entity_calls + model.entity_signals
    assert counted[EventType.EVENT_RAISED] == model.entity_calls + model.events
    assert counted[EventType.TIMER_CREATED] == model.timers
    assert counted[EventType.ORCHESTRATOR_STARTED] == model.episodes == counting.runs["run_orchestrator"]


async def test_watch_of_a_parcel_does_what_the_cost_model_counts(shop: Shop, counting: Counting):
    model = Workload()
    counting.runs.clear()
    (news,) = waiting_messages()
    carrier_says = iter(("in_transit", "delivered"))

    await shop.host.run_once(shop.app.functions["deliver_notification"], json.dumps(news))
    await shop.host.until_idle()
    waited = timedelta()
    for look in range(1, model.looks):
        if look in (1, model.looks - 1):
            shop.sandbox.post("/trackers/a-1", {"status": next(carrier_says)})
        waited += pause_after(look)
        await shop.clock.advance(seconds=pause_after(look).total_seconds())
        await shop.host.until_idle()

    assert (await shop.get("shipments/a-1")).body["detail"]["tracking_status"] == "delivered"
    assert waited - pause_after(model.looks - 1) < DELIVERED_AFTER <= waited, "as many looks as fit into the time"
    assert counting.runs["run_activity"] == model.watch_activities
    assert counting.runs["run_orchestrator"] == model.watch_episodes


def test_schedules_run_as_often_as_the_cost_model_counts():
    runs = {"0 * * * * *": 60, "30 * * * * *": 60, "0 */5 * * * *": 12, "0 17 * * * *": 1}
    found = [function.trigger.fields["schedule"] for function in the_app().with_trigger("timerTrigger")]
    hourly = [runs[one] for one in found if one in runs]
    daily = [one for one in found if one not in runs]
    assert daily == ["0 15 3 * * *"]
    assert 730 * sum(hourly) + 30 * len(daily) == SCHEDULED_RUNS
