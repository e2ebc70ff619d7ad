"""What has ended is archived and purged by its end; what is not settled stays, and what keeps an order from a second run."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat
from threading import Barrier
from typing import Any

import azure.durable_functions as df
import pytest
from azure.data.tables import UpdateMode

from adapters.stores.order_index import partition_of
from local_host.app.binding_value import durable_client_value
from services.container import services
from services.recovery.orders import OrderRecovery
from services.recovery.workflows import WorkflowRecovery
from services.retention.histories import Histories
from services.retention.runs import purge_runs
from tests.support.order_requests import order_request
from tests.support.shop import Shop, running_shop, use_settings
from triggers.timer.purge_history import TIMEOUT_S, purge

ORDER_DAYS = 800


def client_of(shop: Shop) -> Any:
    return df.DurableOrchestrationClient(durable_client_value(shop.host.origin, "Tests", {}))


async def purge_as_of(shop: Shop, now: datetime) -> None:
    """As if the schedule ran then."""
    await purge(client_of(shop), now)


async def in_hub(shop: Shop, instance_id: str) -> bool:
    answer = await shop.host.http.get(f"/runtime/webhooks/durabletask/instances/{instance_id}")
    return answer.status != 404


def archived(name: str) -> list[tuple[str, str]]:
    """Return the kind and id of each archived line. Of each there is one."""
    return [(line.kind, line.id) for line in services().archive.read(name)]


async def test_a_history_is_purged_by_its_end_and_the_order_stays(shop: Shop) -> None:
    await shop.stock("mug", 10, unit_price_cents=60_000)
    await shop.post("orders", order_request(order_id="slow"))
    await shop.host.run_until_idle()
    created = shop.host.clock.now()
    await shop.host.advance(hours=24)
    await shop.host.run("purge_history")
    await purge_as_of(shop, created + timedelta(days=30, hours=12))
    assert await in_hub(shop, "slow"), "it was created 30 days ago, and has ended after that"
    await purge_as_of(shop, created + timedelta(days=31, hours=1))
    assert not await in_hub(shop, "slow")
    [history] = services().archive.read("histories/slow")
    assert (history.record["runtime_status"], history.record["input"]["order_id"]) == ("Completed", "slow")
    shown = await shop.get("orders/slow")
    assert (shown.status, shown.json()["status"], len(shown.json()["steps"])) == (200, "rejected", 3)


async def test_what_was_terminated_is_purged_once_it_is_settled(shop: Shop) -> None:
    await shop.stock("mug", 10, unit_price_cents=60_000)
    for order_id in ("waiting", "stopped"):
        await shop.post("orders", order_request(order_id=order_id))
    await shop.host.run_until_idle()
    await shop.host.operations.terminate("stopped", "test")
    await shop.host.run_until_idle()
    late = shop.host.clock.now() + timedelta(days=ORDER_DAYS)
    for _ in range(2):  # before and after an operator is asked to settle it
        await purge_as_of(shop, late)
        assert [await in_hub(shop, each) for each in ("waiting", "stopped")] == [True, True]
        await OrderRecovery().recover(client_of(shop), datetime.now(UTC) + timedelta(hours=1))
    await shop.post("orders/stopped/settlement")
    await shop.host.run_until_idle()
    await purge_as_of(shop, late)
    assert [await in_hub(shop, each) for each in ("waiting", "stopped")] == [True, False]
    lines = archived("orders/stopped")
    assert lines[0] == ("order", "stopped")
    assert ("history", "stopped") in lines
    assert ("dead_letter", "stopped.release_inventory") in lines
    assert (await shop.get("dead-letters/stopped.release_inventory")).status == 404


async def test_a_purged_order_is_never_processed_again(shop: Shop) -> None:
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="old"))
    await shop.host.run_until_idle()
    await purge_as_of(shop, shop.host.clock.now() + timedelta(days=ORDER_DAYS))
    assert (await shop.get("orders")).json()["orders"] == []
    shown = await shop.get("orders/old")
    assert (shown.status, shown.json()["status"], shown.json()["steps"]) == (200, "completed", [])
    assert (await shop.post("orders", order_request(order_id="old"))).status in (200, 202)
    assert (await shop.post("orders", order_request(order_id="old", email="eve@example.com"))).status == 409
    await OrderRecovery().recover(client_of(shop), datetime.now(UTC) + timedelta(hours=1))
    assert len(shop.sandbox.payments("old")) == 1
    assert not await in_hub(shop, "old")
    rows = [row for row in services().storage.table("orders").list_entities() if "old" in row["RowKey"]]
    assert "ada" not in json.dumps(rows, default=str)


class Killed(BaseException):
    """The process is over."""


async def test_an_order_that_cannot_be_read_holds_up_no_other_one(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    await shop.stock("mug", 10)
    for order_id in ("bad", "old"):
        await shop.post("orders", order_request(order_id=order_id))
        await shop.host.run_until_idle()
    table = services().storage.table("orders")
    [bad] = [row for row in table.list_entities() if row["RowKey"] == "bad"]
    table.upsert_entity({"PartitionKey": bad["PartitionKey"], "RowKey": "bad", "cancellation": "{"})
    await purge_as_of(shop, shop.host.clock.now() + timedelta(days=ORDER_DAYS))
    assert (await shop.get("orders/old")).json()["steps"] == []
    assert "the order bad could not be purged" in caplog.text
    assert "the history of bad could not be purged" in caplog.text
    assert "orders cannot be read, nor their index compared: bad" in caplog.text
    assert any(row["RowKey"].startswith("$ended|") for row in table.list_entities()), "it is tried again"


async def test_what_fails_of_a_purge_keeps_no_erasure_waiting(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    reached: list[str] = []

    async def fail(*_: Any) -> int:
        raise ValueError("this kind cannot be purged, because the test says so")

    async def go_on(*_: Any) -> None:
        reached.append("erasures")

    monkeypatch.setattr("triggers.timer.purge_history.purge_runs", fail)
    monkeypatch.setattr("triggers.timer.purge_history.go_on_with_all", go_on)
    with pytest.raises(ValueError, match="cannot be purged"):
        await purge_as_of(shop, shop.host.clock.now())
    assert reached == ["erasures"]


async def test_a_kind_with_more_than_there_is_time_for_leaves_the_others_theirs(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, turns = ManualSeconds(), list[str]()
    monkeypatch.setattr("triggers.timer.purge_history.time", clock)

    def endless(kind: str) -> Any:
        async def purge_one(*given: Any) -> int:
            has_time, count = given[-1], 0
            while has_time():
                clock.seconds += 1
                count += 1
            turns.append(kind)
            return count

        return purge_one

    async def quick(*_: Any) -> int:
        turns.append("logs")
        return 1

    for name in ("purge_orders", "purge_runs", "mend_index"):
        monkeypatch.setattr(f"triggers.timer.purge_history.{name}", endless(name))
    monkeypatch.setattr("triggers.timer.purge_history.purge_logs", quick)
    await purge_as_of(shop, shop.host.clock.now())
    assert turns[:4] == ["purge_orders", "purge_runs", "logs", "mend_index"]
    assert clock.seconds == pytest.approx(TIMEOUT_S, abs=20), "nothing of the time is left unused"
    assert max(turns.count(kind) for kind in turns) - turns.count("mend_index") <= 1


@dataclass
class ManualSeconds:
    """A clock that stands still but for what the test adds."""

    seconds: float = 0

    def monotonic(self) -> float:
        return self.seconds


@pytest.mark.parametrize("days", [ORDER_DAYS, 40])
async def test_several_are_purged_at_a_time(shop: Shop, monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    """Orders after 800 days, histories alone after 40. One at a time would come to some five thousand a night."""
    await shop.stock("mug", 10)
    for order_id in ("a", "b"):
        await shop.post("orders", order_request(order_id=order_id))
    await shop.host.run_until_idle()
    write, both = services().archive.write, Barrier(2)

    def write_with_the_other(*given: Any) -> None:
        both.wait(timeout=60)
        write(*given)

    monkeypatch.setattr(services().archive, "write", write_with_the_other)
    await purge_as_of(shop, shop.host.clock.now() + timedelta(days=days))
    folder = "orders" if days == ORDER_DAYS else "histories"
    assert [len(services().archive.read(f"{folder}/{order_id}")) > 0 for order_id in ("a", "b")] == [True, True]


@pytest.mark.parametrize("dies_at", ["approvals.delete_all", "order_repository.purge"])
async def test_a_process_that_dies_between_archive_and_purge_doubles_no_line(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, dies_at: str
) -> None:
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="old"))
    await shop.host.run_until_idle()
    late = shop.host.clock.now() + timedelta(days=ORDER_DAYS)
    store, method = dies_at.split(".")
    with monkeypatch.context() as patch:

        def die(*_: Any) -> None:
            raise Killed

        patch.setattr(getattr(services(), store), method, die)
        with pytest.raises(Killed):
            await purge_as_of(shop, late)
    before = archived("orders/old")
    assert (await shop.get("orders/old")).json()["steps"]
    await purge_as_of(shop, late)
    assert archived("orders/old")[0] == before[0] == ("order", "old")
    assert len(set(archived("orders/old"))) == len(archived("orders/old"))
    assert (await shop.get("orders/old")).json()["steps"] == []


async def test_a_left_over_row_of_its_end_does_not_cost_a_purged_order_its_archive(shop: Shop) -> None:
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="old"))
    await shop.host.run_until_idle()
    table, late = services().storage.table("orders"), shop.host.clock.now() + timedelta(days=ORDER_DAYS)
    [left_over] = [dict(row) for row in table.list_entities() if row["RowKey"].startswith("$ended|")]
    await purge_as_of(shop, late)
    before = services().archive.read("orders/old")
    table.upsert_entity(left_over)
    await purge_as_of(shop, late)
    assert [*services().archive.read("orders/old")] == [*before]
    assert [row for row in table.list_entities() if row["RowKey"].startswith("$ended|")] == []


async def test_a_run_is_purged_with_all_that_is_its_own(shop: Shop) -> None:
    body = {"id": "r-1", "placed_from": "2026-01-01T00:00:00Z", "placed_to": "2026-02-01T00:00:00Z", "format": "csv"}
    assert (await shop.post("reports", body)).status == 202
    await shop.host.run_until_idle()
    await WorkflowRecovery().recover(client_of(shop), datetime.now(UTC) + timedelta(hours=1))
    await purge_as_of(shop, shop.host.clock.now() + timedelta(days=29))
    assert (await shop.get("reports/r-1")).status == 200
    await purge_as_of(shop, shop.host.clock.now() + timedelta(days=31))
    assert (await shop.get("reports/r-1")).status == 404
    assert archived("runs/report.r-1") == [("run", "report.r-1"), ("history", "report.r-1")]
    assert list(services().storage.container("reports").list_blob_names()) == []
    assert (await shop.post("reports", body)).status == 202, "its key may be used again"


async def test_runs_are_purged_in_pages_and_the_next_timer_goes_on_behind_what_stays(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.retention.runs.PAGE_ROWS", 2)
    monkeypatch.setattr("services.retention.runs._PART_RUNS", 1)
    span = {"placed_from": "2026-01-01T00:00:00Z", "placed_to": "2026-02-01T00:00:00Z", "format": "csv"}
    for number in range(5):
        await shop.post("reports", {"id": f"r-{number}", **span})
    await shop.host.run_until_idle()
    late = datetime.now(UTC) + timedelta(hours=1)
    await WorkflowRecovery().recover(client_of(shop), late)
    monkeypatch.setattr(
        "services.retention.runs.why_run_unsettled", lambda _client, _name, key: unsettled_if(key in ("r-0", "r-1"))
    )
    late = shop.host.clock.now() + timedelta(days=31)

    async def purge(looks: int) -> int:
        answers = chain(repeat(True, looks), repeat(False))
        return await purge_runs(client_of(shop), late, answers.__next__)

    # A look before each page, and one before each run.
    assert [await purge(3), await purge(2), await purge(1)] == [0, 1, 0], "behind both that stay, and then one"
    assert services().run_repository.retention_position() == "report.r-2"
    assert [await purge(9), services().run_repository.retention_position()] == [2, ""]
    assert [each.instance_id for each in services().run_repository.list_ended().items] == ["report.r-0", "report.r-1"]


async def test_a_run_that_cannot_be_purged_holds_up_no_other_one(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    span = {"placed_from": "2026-01-01T00:00:00Z", "placed_to": "2026-02-01T00:00:00Z", "format": "csv"}
    for number in range(2):
        await shop.post("reports", {"id": f"r-{number}", **span})
    await shop.host.run_until_idle()
    await WorkflowRecovery().recover(client_of(shop), datetime.now(UTC) + timedelta(hours=1))

    async def unreadable(_client: Any, _name: str, key: str) -> None:
        if key == "r-0":
            raise ValueError("a row that cannot be read, because the test says so")

    monkeypatch.setattr("services.retention.runs.why_run_unsettled", unreadable)
    late = shop.host.clock.now() + timedelta(days=31)
    assert await purge_runs(client_of(shop), late, lambda: True) == 1
    assert "the run report.r-0 could not be purged" in caplog.text
    assert [each.instance_id for each in services().run_repository.list_ended().items] == ["report.r-0"]


async def test_histories_behind_a_whole_page_that_stays_are_purged(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Any
) -> None:
    """The SDK reads the first page of a list only: here, of one."""
    monkeypatch.setattr("services.retention.histories._PAGE_SIZE", 1)
    use_settings(monkeypatch, storage_connection, sandbox)
    async with running_shop(sandbox) as shop:
        await shop.stock("mug", 10)
        client = client_of(shop)
        for number in range(3):
            await shop.post("orders", order_request(order_id=f"a-{number}"))
            await shop.host.run_until_idle()
            await shop.host.advance(hours=1)
        whole = client.get_status_by

        async def first_page(*where: Any) -> Any:
            return (await whole(*where))[:1]

        client.get_status_by = first_page
        monkeypatch.setattr(
            "services.retention.histories.why_order_unsettled", lambda _, row: unsettled_if(row.order_id == "a-0")
        )
        late = shop.host.clock.now() + timedelta(days=31)
        assert await Histories(client, late, lambda: True).purge() >= 2
        assert [await in_hub(shop, f"a-{number}") for number in range(3)] == [True, False, False]


async def unsettled_if(is_open: bool) -> str | None:
    return "dead_letter_open" if is_open else None


def ended_under_an_earlier_release(order_id: str) -> None:
    """Leave an order as that release has stored it: its row and index without the time of its end."""
    table = services().storage.table("orders")
    row = dict(table.get_entity(partition_of(order_id), order_id))
    del row["ended_at"]
    table.upsert_entity(row, mode=UpdateMode.REPLACE)
    for entity in list(table.list_entities()):
        if entity.get("order_id") == order_id and entity["RowKey"].startswith("$ended|"):
            table.delete_entity(entity)


async def test_orders_that_ended_under_an_earlier_release_are_purged_by_their_last_step(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.stores.order_repair._PAGE_ROWS", 1)
    await shop.stock("mug", 10)
    placed = [f"old-{number}" for number in range(3)]
    for order_id in placed:
        await shop.post("orders", order_request(order_id=order_id))
    await shop.host.run_until_idle()
    for order_id in placed[:2]:
        ended_under_an_earlier_release(order_id)
    began, now = datetime.now(UTC), datetime.now(UTC)

    def repair(runs: int) -> int:
        """As if a run that has time for one page followed on the other."""
        return sum(
            services().order_repair.complete_ends(now, chain([True], repeat(False)).__next__) for _ in range(runs)
        )

    assert [len(found(placed)), repair(30), len(found(placed))] == [1, 2, 3]
    ended = services().order_repository.ended(began - timedelta(days=1), began, 10)
    assert sorted(each.order_id for each in ended) == placed, "by their last steps, not by the repair"
    ended_under_an_earlier_release("old-2")  # an instance of that release was still running
    now += timedelta(days=1)
    assert [repair(30), len(found(placed))] == [1, 3]
    ended_under_an_earlier_release("old-2")
    now += timedelta(days=1)
    assert [repair(30), len(found(placed))] == [0, 2], "it is over for good"


async def test_an_account_without_orders_stays_one_into_which_a_backup_may_be_restored(shop: Shop) -> None:
    await purge_as_of(shop, shop.host.clock.now())
    assert list(services().storage.table("orders").list_entities()) == []


async def test_an_order_that_ended_under_an_earlier_release_is_found_by_the_run_that_completes_the_index(
    shop: Shop,
) -> None:
    await shop.stock("mug", 10)
    await shop.post("orders", order_request(order_id="old"))
    await shop.host.run_until_idle()
    ended_under_an_earlier_release("old")
    await purge_as_of(shop, shop.host.clock.now() + timedelta(days=ORDER_DAYS))
    assert (await shop.get("orders/old")).json()["steps"] == []


def found(order_ids: list[str]) -> list[str]:
    late = datetime.now(UTC) + timedelta(days=1)
    ended = services().order_repository.ended(late - timedelta(days=9), late, 10)
    return [each.order_id for each in ended if each.order_id in order_ids]
