"""Each queue's depth is measured, poison queues above all: what the host gives up is seen until an operator takes it out."""

import json
import logging

import pytest

from domain.errors import StorageUnavailable
from local_host.testing import app_index
from services.container import services
from services.queue_depths import log_depths
from tests.support.shop import ROOT, Shop, change_settings


def depths(caplog: pytest.LogCaptureFixture) -> dict[str, int]:
    read = [json.loads(record.getMessage()) for record in caplog.records if record.name == "shop"]
    caplog.clear()
    return {line["queue"]: line["messages"] for line in read if line["evt"] == "queue.depth"}


async def test_messages_in_a_poison_queue_are_seen_until_they_are_taken_out(
    shop: Shop, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await shop.host.run("prepare_storage")
    await shop.host.run("measure_queues")
    assert depths(caplog) == {}, "an empty queue has no line"
    poisoned = services().storage.queue("orders-in-poison")
    for text in ("no order", "neither"):
        poisoned.send_message(text)
    for _ in range(2):
        await shop.host.run("measure_queues")
        assert depths(caplog) == {"orders-in-poison": 2}
    poisoned.clear_messages()
    await shop.host.run("measure_queues")
    assert depths(caplog) == {}


async def test_messages_that_are_put_back_for_later_are_not_due(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    await shop.host.run("prepare_storage")
    poisoned = services().storage.queue("orders-in-poison")
    poisoned.send_message("later", visibility_timeout=7200)
    for is_due in (False, True):
        await shop.host.run("measure_queues")
        [record] = [record for record in caplog.records if record.name == "shop"]
        assert json.loads(record.getMessage())["due"] is is_due
        caplog.clear()
        poisoned.send_message("now")


async def test_the_poison_queue_of_every_trigger_is_measured(shop: Shop) -> None:
    listened = {str(one.trigger.fields["queueName"]) for one in app_index(ROOT).with_trigger("queueTrigger")}
    # The host moves nothing on from a poison queue (CreatePoisonQueueReference of the storage extension's QueueListenerFactory).
    poison = {name if name.endswith("-poison") else f"{name}-poison" for name in listened}
    assert len(poison) > 1
    assert poison <= set(services().queue_depths.names())


async def test_a_queue_that_cannot_be_measured_fails_the_timer(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    change_settings(
        monkeypatch, SHOP_STORAGE="UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.1:9"
    )
    with pytest.raises(StorageUnavailable, match="orders-in-poison"):
        await log_depths()
