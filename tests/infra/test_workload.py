"""What the cost model says that an order does, held against an order."""

from collections import Counter

from domain.ids import order_instance_id
from infra.cost import Workload
from local_host.history import EventType
from tests.support.books import finish
from tests.support.order_requests import order_request
from tests.support.shop import Shop


async def test_order_does_what_the_cost_model_counts(shop: Shop):
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="a-1"))
    await finish(shop)

    status = await shop.host.operations.status(order_instance_id("a-1"), with_history=True)
    counted = Counter(event["EventType"] for event in status.history or ())

    model = Workload()
    assert counted[EventType.TASK_SCHEDULED] == model.activities
    assert counted[EventType.EVENT_SENT] == model.entity_calls + model.entity_signals
    assert counted[EventType.EVENT_RAISED] == model.entity_calls + model.events
    assert counted[EventType.TIMER_CREATED] == model.timers
    assert counted[EventType.ORCHESTRATOR_STARTED] == model.episodes
