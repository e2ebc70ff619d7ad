"""An order, the watch of a parcel and the schedules do what the cost model counts."""

from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from domain.ids import order_instance_id
from domain.shipping.tracking import pause_after
from local_host.engine.history_events import EventType
from local_host.testing import app_index
from sandbox.testing import Sandbox
from scripts.cost import storage
from scripts.cost.workload import SCHEDULED_RUNS, Workload
from tests.support.books import finish
from tests.support.order_requests import order_request
from tests.support.shop import ROOT, Shop, running_shop, use_settings
from tests.support.storage_requests import SentRequests

DELIVERED_AFTER = timedelta(days=3)


@pytest.fixture
async def shop(monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox) -> AsyncIterator[Shop]:
    """Run a shop with one order that has ended."""
    use_settings(monkeypatch, storage_connection, sandbox)
    async with running_shop(sandbox) as running:
        await running.stock("mug", 10)
        await running.post("orders", order_request(order_id="a-1"))
        await finish(running)
        yield running


async def test_order_does_what_the_cost_model_counts(shop: Shop):
    status = await shop.host.operations.status(order_instance_id("a-1"), with_history=True)
    counted = Counter(event["EventType"] for event in status.history or ())

    model = Workload()
    assert counted[EventType.TASK_SCHEDULED] == model.activities == len(shop.host.activity_calls)
    assert counted[EventType.EVENT_SENT] == model.entity_calls + model.entity_signals
    assert counted[EventType.EVENT_RAISED] == model.entity_calls + model.events
    assert counted[EventType.TIMER_CREATED] == model.timers
    assert counted[EventType.ORCHESTRATOR_STARTED] == model.episodes == shop.host.orchestrator_runs.total()


async def test_a_watch_of_a_parcel_does_what_the_cost_model_counts(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, storage_connection: str
):
    model = Workload(carrier_polls=10, tracking_changes=3)
    shop.host.activity_calls.clear()
    shop.host.orchestrator_runs.clear()
    requests = SentRequests(monkeypatch, storage_connection)
    carrier_statuses = iter(("in_transit", "delivered"))

    await shop.post("shipments/a-1/watch")
    await shop.host.run_until_idle()
    waited = timedelta()
    for poll in range(1, model.carrier_polls):
        if poll in (1, model.carrier_polls - 1):
            shop.sandbox.post("/trackers/a-1", {"status": next(carrier_statuses)})
        waited += pause_after(poll)
        await shop.host.advance(seconds=pause_after(poll).total_seconds())

    sent = requests.taken()
    assert (await shop.get("shipments/a-1")).json()["detail"]["tracking_status"] == "delivered"
    assert waited - pause_after(model.carrier_polls - 1) < DELIVERED_AFTER <= waited, (
        "as many polls as fit into the time"
    )
    assert len(shop.host.activity_calls) == model.tracking_activities
    assert shop.host.orchestrator_runs.total() == model.tracking_episodes
    of_a_table_that_was_missing = 2 * sent["POST Tables"]
    watched = storage.total(storage.WATCH, storage.WATCHED_CHANGE.times(model.tracking_changes))
    assert sent.total() - of_a_table_that_was_missing == watched.number


def test_schedules_run_as_often_as_the_cost_model_counts():
    runs = {
        "0 * * * * *": 60,
        "0 */5 * * * *": 12,
        "0 9,24,39,54 * * * *": 4,
        "0 4,19,34,49 * * * *": 4,
        "0 13,33,53 * * * *": 3,
        "0 17 * * * *": 1,
        "0 2-59/5 * * * *": 12,
        "0 41 * * * *": 1,
    }
    found = [function.trigger.fields["schedule"] for function in app_index(ROOT).with_trigger("timerTrigger")]
    hourly = [runs[one] for one in found if one in runs]
    at_night = {"0 11,41 2-5 * * *": 8, "0 3-58/5 1-4 * * *": 48}
    nightly = [at_night[one] for one in found if one not in runs]
    assert 730 * sum(hourly) + 30 * sum(nightly) == SCHEDULED_RUNS
