"""The shop's storage is copied once a day by itself, a copy that a fault interrupts goes on, and old copies go."""

import json
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.azure_storage.storage import Storage
from adapters.stores.backup import Backup
from domain.errors import StorageUnavailable
from local_host.testing.azurite import Azurite
from sandbox.testing import Sandbox
from services.backup import back_up
from services.container import services
from settings import StorageLocation
from tests.integration.timer.test_purge_history import client_of
from tests.support.order_requests import order_request
from tests.support.shop import Shop, change_settings, running_shop, use_settings
from tests.support.stock import break_stock

NOW = datetime.now(UTC)


@pytest.fixture
async def copied_shop(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox, azurite: Azurite
) -> AsyncIterator[Shop]:
    use_settings(monkeypatch, storage_connection, sandbox, BACKUP_STORAGE=azurite.new_account())
    async with running_shop(sandbox) as running:
        yield running


def state(caplog: pytest.LogCaptureFixture) -> dict[str, Any]:
    lines: list[dict[str, Any]] = [
        json.loads(record.getMessage()) for record in caplog.records if record.name == "shop"
    ]
    caplog.clear()
    return [line for line in lines if line["evt"] == "backup.state"][-1]


def kept() -> Backup:
    backup = services().backup
    assert isinstance(backup, Backup)
    return backup


async def test_a_copy_that_was_interrupted_goes_on_and_is_whole_once(
    copied_shop: Shop, caplog: pytest.LogCaptureFixture, azurite: Azurite
) -> None:
    caplog.set_level(logging.INFO)
    await copied_shop.stock("mug", 10)
    assert (await copied_shop.post("orders", order_request(order_id="a-1"))).status == 202
    await copied_shop.host.run_until_idle()
    await back_up(client_of(copied_shop), NOW, lambda: False)
    assert state(caplog) == {"evt": "backup.state"}, "there is no whole copy yet"
    for _ in range(2):
        await back_up(client_of(copied_shop), NOW, lambda: True)
    seen = state(caplog)
    assert (seen["day"], seen["hours"]) == (f"{NOW:%Y%m%d}", 0)
    new = Storage(StorageLocation(connection_string=azurite.new_account()))
    stock, _ = Backup(new, kept()._vault).restore(seen["day"])
    assert stock == {"mug": 8}
    assert "a-1" in {row["RowKey"] for row in new.table("orders").list_entities()}


async def test_a_stock_that_cannot_be_read_keeps_no_copy_from_being_whole(
    copied_shop: Shop, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, azurite: Azurite
) -> None:
    caplog.set_level(logging.INFO)
    for product_id in ("beans", "mug"):
        await copied_shop.stock(product_id, 10)
    break_stock(monkeypatch, "beans")
    for _ in range(2):
        await copied_shop.host.run("back_up")
    assert "the stock of beans cannot be read" in caplog.text
    day = state(caplog)["day"]
    stock, _ = Backup(Storage(StorageLocation(connection_string=azurite.new_account())), kept()._vault).restore(day)
    assert stock == {"mug": 10}


async def test_the_timer_copies_the_day_on_which_it_runs(copied_shop: Shop) -> None:
    before = datetime.now(UTC)
    await copied_shop.host.run("back_up")
    assert any(kept().is_whole(f"{each:%Y%m%d}") for each in (before, datetime.now(UTC)))


async def test_a_copy_of_every_day_is_kept_for_its_time(
    copied_shop: Shop, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    change_settings(monkeypatch, BACKUP_RETENTION_DAYS="2")
    for days in range(4):
        await back_up(client_of(copied_shop), NOW + timedelta(days=days), lambda: True)
    assert [kept().is_whole(f"{NOW + timedelta(days=days):%Y%m%d}") for days in range(4)] == [False, True, True, True]
    # Nothing is copied for two days: the next run says how old the newest copy is.
    await back_up(client_of(copied_shop), NOW + timedelta(days=5), lambda: False)
    assert state(caplog)["hours"] == 48
    # Nor for long: the newest one is all that there is to restore from.
    await back_up(client_of(copied_shop), NOW + timedelta(days=9), lambda: False)
    assert state(caplog)["hours"] == 144


async def test_an_account_that_does_not_answer_fails_the_timer(
    copied_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = "UseDevelopmentStorage=true;DevelopmentStorageProxyUri=http://127.0.0.1:9"
    change_settings(monkeypatch, BACKUP_STORAGE=away)
    with pytest.raises(StorageUnavailable):
        await back_up(client_of(copied_shop), NOW, lambda: True)


async def test_without_an_account_nothing_is_copied(shop: Shop) -> None:
    assert services().backup is None
    await shop.host.run("back_up")
