"""The timer that polls parcels: only the silent ones, in bulk, a bounded number, and with nothing lost when it stops."""

import json
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest

from adapters.stores.order_index import OPEN_PARCELS, partition_of
from domain.errors import ProviderRefused, ProviderUnavailable, StorageUnavailable
from domain.personal.traces import Traces
from domain.queues import NOTIFICATIONS
from domain.shipping.parcels import Parcel, ParcelReport, SilentParcel
from domain.shipping.tracking import LOST_AFTER, MAX_SILENCE, ParcelStatus, Tracking
from sandbox.easypost import trackers
from sandbox.testing import Sandbox
from services.container import services
from services.retention.orders import forget_beside
from services.shipping import silence
from services.shipping.silence import poll_silent
from tests.support.order_requests import order_request
from tests.support.shop import Shop, change_settings, running_shop, use_settings

BULK = "trackers.batch"
ORDERS = ("a-1", "b-1", "c-1")


@pytest.fixture
async def sender(monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox) -> AsyncIterator[Shop]:
    """Yield a shop with three orders that have completed."""
    use_settings(monkeypatch, storage_connection, sandbox)
    async with running_shop(sandbox) as running:
        await running.stock("mug", 10)
        for order_id in ORDERS:
            assert (await running.post("orders", order_request(order_id=order_id))).status == 202
        await running.host.run_until_idle()
        yield running


def later(periods: float = 1) -> datetime:
    """periods: how many times the longest silence has passed."""
    return datetime.now(UTC) + periods * MAX_SILENCE + timedelta(minutes=1)


def polls(shop: Shop) -> int:
    return len(shop.sandbox.calls(operation=BULK))


async def statuses(shop: Shop) -> list[str | None]:
    return [(await shop.get(f"orders/{each}")).json()["parcel"]["status"] for each in ORDERS]


async def test_only_parcels_that_have_been_silent_too_long_are_polled_and_all_at_once(
    sender: Shop, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, "services")
    sender.sandbox.post("/trackers/b-1", {"status": "delivered"})
    await sender.host.run("poll_parcels")
    assert (polls(sender), await statuses(sender)) == (0, [None] * 3)
    assert await poll_silent(later()) == 3
    assert (polls(sender), await statuses(sender)) == (1, ["unknown", "delivered", "unknown"])
    assert await poll_silent(later()) == 0, "they have just been polled"
    assert await poll_silent(later(2.1)) == 2, "one has arrived"
    moved = [line for line in caplog.messages if "no webhook has reported" in line]
    assert moved == ["3 silent parcels have moved, which no webhook has reported"], "the last two have not"
    assert len(sender.sandbox.calls(operation="trackers.list")) == 0


async def test_a_run_is_bounded_and_the_next_one_goes_on(sender: Shop, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(silence, "MAX_PARCELS", 2)
    monkeypatch.setattr(silence, "MAX_POLLED", 1)
    assert [await poll_silent(later()) for _ in range(3)] == [2, 1, 0]
    assert (polls(sender), await statuses(sender)) == (3, ["unknown"] * 3)


@pytest.mark.parametrize("kind", ["status", "html", "drop_after"])
async def test_a_carrier_that_is_away_is_asked_again_by_the_next_run(
    sender: Shop, caplog: pytest.LogCaptureFixture, kind: str
):
    sender.sandbox.fault(face="easypost", kind=kind, **({"status": 503} if kind == "status" else {}))
    assert await poll_silent(later()) == 0
    assert "3 silent parcels are not polled" in caplog.text
    assert polls(sender) == 1
    if kind != "drop_after":  # the client sends such a request again
        singly = sender.sandbox.calls(operation="trackers.list")
        assert len(singly) == 2, "a carrier that is away is not asked about each parcel"
    sender.sandbox.clear_faults()
    assert await poll_silent(later()) == 3


async def test_a_parcel_of_which_the_carrier_reports_nothing_holds_up_no_other_one(
    sender: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(silence, "MAX_POLLED", 2)
    with monkeypatch.context() as locked_out:
        change_settings(locked_out, EASYPOST_API_KEY="EZAK_live")
        assert [await poll_silent(later()) for _ in range(3)] == [2, 1, 0]
    assert "the carrier reports nothing of 2 silent parcels" in caplog.text
    change_settings(monkeypatch)
    assert (await statuses(sender), await poll_silent(later(2.1))) == ([None] * 3, 3)


async def test_one_parcel_that_the_carrier_does_not_know_costs_no_run_its_further_pages(
    sender: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(silence, "MAX_POLLED", 2)
    [first] = services().open_parcels.silent(later(), 1)
    [unknown] = sender.sandbox.parcels(first.order_id)
    report, reports = services().trackers.report, services().trackers.reports

    def refuse_one(code: str) -> ParcelReport:
        if code == unknown["tracking_code"]:
            raise ProviderRefused("unknown, because the test says so")
        return report(code)

    def leave_one_out(codes: Sequence[str]) -> dict[str, ParcelReport]:
        return {code: each for code, each in reports(codes).items() if code != unknown["tracking_code"]}

    monkeypatch.setattr(services().trackers, "report", refuse_one)
    monkeypatch.setattr(services().trackers, "reports", leave_one_out)
    assert await poll_silent(later()) == 3
    assert "the carrier reports nothing of 1 silent parcels" in caplog.text


async def test_a_request_for_many_that_has_no_answer_keeps_none_of_them_from_being_polled(sender: Shop):
    """As where the carrier fails over one of them, or takes too long for all of them."""
    sender.sandbox.fault(operation=BULK, kind="status", status=500)
    assert await poll_silent(later()) == 3
    assert await statuses(sender) == ["unknown"] * 3


@pytest.mark.parametrize("pages", [1, 3])
async def test_a_parcel_for_which_the_carrier_cannot_answer_keeps_no_other_one_from_being_polled(
    sender: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, pages: int
):
    """It fails over each request that is about this one, and this one has been silent for longest."""
    monkeypatch.setattr(silence, "MAX_POLLED", 3 // pages)
    [first] = services().open_parcels.silent(later(), 1)
    report, reports = services().trackers.report, services().trackers.reports

    def fail_for_one(code: str) -> ParcelReport:
        if code == first.code:
            raise ProviderUnavailable("the carrier did not answer (500)")
        return report(code)

    def fail_with_one(codes: Sequence[str]) -> dict[str, ParcelReport]:
        if first.code in codes:
            raise ProviderUnavailable("the carrier did not answer (500)")
        return reports(codes)

    monkeypatch.setattr(services().trackers, "report", fail_for_one)
    monkeypatch.setattr(services().trackers, "reports", fail_with_one)
    overdue = datetime.now(UTC) + LOST_AFTER + timedelta(days=1)
    await poll_silent(overdue)
    known = dict(zip(ORDERS, await statuses(sender), strict=True))
    assert known.pop(first.order_id) is None, "without an answer it is not known to be lost"
    assert list(known.values()) == ["lost"] * 2
    assert ("1 silent parcels are not polled" if pages > 1 else "reports nothing of 1 silent parcels") in caplog.text


async def test_a_status_that_is_not_known_yet_keeps_no_parcel_from_being_polled(
    sender: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(trackers, "STATUSES", (*trackers.STATUSES, "held_at_customs"))
    monkeypatch.setattr(silence, "MAX_POLLED", 2)
    [first] = services().open_parcels.silent(later(), 1)
    sender.sandbox.post(f"/trackers/{first.order_id}", {"status": "held_at_customs"})
    assert await poll_silent(later()) == 3
    known = dict(zip(ORDERS, await statuses(sender), strict=True))
    assert (known.pop(first.order_id), list(known.values())) == (None, ["unknown"] * 2)
    assert "the carrier reports nothing of 1 silent parcels" in caplog.text


async def test_a_report_that_comes_during_the_poll_is_not_taken_back(sender: Shop):
    """The poll has an answer from before the report, and nothing new in it."""
    parcels, now = services().open_parcels, later()
    silent = {each.order_id: each for each in parcels.silent(now, 10)}
    parcels.record("a-1", _arrived(silent["a-1"], ParcelStatus.IN_TRANSIT, now), now)
    parcels.record("b-1", _arrived(silent["b-1"], ParcelStatus.DELIVERED, now), now)
    services().order_repository.purge("c-1", now)
    for each in silent.values():
        parcels.mark_polled(each, now + timedelta(minutes=1))
    [still] = parcels.silent(now + timedelta(days=10), 10)
    assert (still.order_id, still.silent_since, still.known) == (
        "a-1",
        now,
        _arrived(silent["a-1"], ParcelStatus.IN_TRANSIT, now),
    )
    row = services().order_repository.get("c-1")
    assert row is not None
    assert (row.order, row.tracking) == (None, None)


async def test_a_change_of_the_order_during_the_poll_stays(sender: Shop):
    """The mark needs no row that was read: what another process writes meanwhile is neither lost nor in its way."""
    [parcel] = [each for each in services().open_parcels.silent(later(), 10) if each.order_id == "a-1"]
    services().order_repository.pseudonymise("a-1", Traces("ada", ["ada@example.com"], "erased-1"))
    now = later(1.5)
    services().open_parcels.mark_polled(parcel, now)
    row = services().order_repository.get("a-1")
    assert row is not None
    assert row.customer_id == "erased-1"
    assert [each.silent_since for each in services().open_parcels.silent(later(9), 10) if each.order_id == "a-1"] == [
        now
    ]


def _arrived(parcel: SilentParcel, status: ParcelStatus, now: datetime) -> Tracking:
    return Tracking(code=parcel.code, status=status, seen_at=now)


async def test_an_order_that_cannot_be_read_keeps_no_other_parcel_from_being_polled(
    sender: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr(silence, "MAX_POLLED", 1)
    table = services().storage.table("orders")
    table.upsert_entity({"PartitionKey": partition_of("a-1"), "RowKey": "a-1", "cancellation": "{"})
    await poll_silent(later())
    assert [(await sender.get(f"orders/{each}")).json()["parcel"]["status"] for each in ("b-1", "c-1")] == [
        "unknown"
    ] * 2
    assert "of order a-1 could not be recorded" in caplog.text


@pytest.mark.parametrize(
    "changes", [{"tracking": '{"code": "EZ1000000001", "status": "held"}'}, {"parcel_code": "EZ-1"}], ids=str
)
async def test_an_index_row_that_cannot_be_read_keeps_no_other_parcel_from_being_polled(
    sender: Shop, caplog: pytest.LogCaptureFixture, changes: dict[str, str]
):
    """As one of a newer release, which knows a status or a form of codes that is not known here."""
    table = services().storage.table("orders")
    [row] = [
        row
        for row in table.query_entities(f"PartitionKey eq '{partition_of('a-1')}'", select=["PartitionKey", "RowKey"])
        if row["RowKey"].startswith(OPEN_PARCELS) and row["RowKey"].endswith("|a-1")
    ]
    table.update_entity({**row, **changes})
    assert await poll_silent(later()) == 2
    assert await statuses(sender) == [None, "unknown", "unknown"]
    assert "the rows of 1 silent parcels cannot be read, of the orders a-1" in caplog.text


async def test_what_could_not_be_stored_is_polled_again(sender: Shop, monkeypatch: pytest.MonkeyPatch):
    record = services().open_parcels.record

    def fail_for_one(order_id: str, *given: object) -> bool:
        if order_id == "b-1":
            raise StorageUnavailable("down, because the test says so")
        return record(order_id, *given)

    with monkeypatch.context() as broken:
        broken.setattr(services().open_parcels, "record", fail_for_one)
        with pytest.raises(StorageUnavailable):
            await poll_silent(later())
    await poll_silent(later())
    assert await statuses(sender) == ["unknown"] * 3


async def test_a_parcel_without_an_end_is_lost_some_day_and_polled_no_more(sender: Shop):
    overdue = datetime.now(UTC) + LOST_AFTER
    assert await poll_silent(overdue - timedelta(days=1)) == 3
    assert await statuses(sender) == ["unknown"] * 3
    assert await poll_silent(overdue + timedelta(days=1)) == 3
    assert await statuses(sender) == ["lost"] * 3
    assert await poll_silent(overdue + timedelta(days=3)) == 0


async def test_a_parcel_that_the_carrier_calls_lost_is_polled_until_it_is_found_or_given_up(
    sender: Shop, caplog: pytest.LogCaptureFixture
):
    """As for an account without webhooks: what the carrier has lost it may deliver next week."""
    caplog.set_level(logging.INFO, logger="shop")
    for order_id in ("a-1", "b-1"):
        sender.sandbox.post(f"/trackers/{order_id}", {"status": "failure"})
    sender.sandbox.post("/trackers/c-1", {"status": "delivered"})
    assert (await poll_silent(later()), await statuses(sender)) == (3, ["lost", "lost", "delivered"])
    assert await poll_silent(later(9)) == 2
    sender.sandbox.post("/trackers/a-1", {"status": "delivered"})
    assert (await poll_silent(later(11)), await statuses(sender)) == (2, ["delivered", "lost", "delivered"])
    overdue = datetime.now(UTC) + LOST_AFTER + timedelta(days=1)
    assert await poll_silent(overdue) == 1
    assert await poll_silent(overdue + timedelta(days=3)) == 0
    assert await statuses(sender) == ["delivered", "lost", "delivered"]
    ended = [json.loads(line) for line in caplog.messages if "parcel.ended" in line]
    assert sorted((line["order_id"], line["status"]) for line in ended) == [
        ("a-1", "delivered"),
        ("a-1", "lost"),
        ("b-1", "lost"),
        ("c-1", "delivered"),
    ]
    assert "parcel.silent" not in caplog.text


@pytest.mark.parametrize("moves", [("in_transit",), ("unknown", "in_transit")], ids=str)
async def test_an_order_that_is_not_known_by_its_tracking_code_becomes_known(sender: Shop, moves: tuple[str, ...]):
    """As after a restore of the parcels from an older moment than that of the orders: found once the carrier moves the parcel."""
    table = services().storage.table("parcels")
    for row in list(table.list_entities()):
        table.delete_entity(row)
    for run, move in enumerate(moves):
        sender.sandbox.post("/trackers/a-1", {"status": move})
        await poll_silent(later(1 + 1.1 * run))
    [sent] = sender.sandbox.parcels("a-1")
    known = services().parcels.find(sent["tracking_code"])
    assert known is not None
    assert (known.order_id, known.shipment_id) == ("a-1", sent["id"])


async def test_a_parcel_that_stays_silent_for_a_week_has_a_line_at_each_poll_and_no_other(
    sender: Shop, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.INFO, logger="shop")
    assert await poll_silent(later()) == 3  # the carrier knows them as announced
    assert await poll_silent(later(3)) == 3
    assert "parcel.silent" not in caplog.text
    sender.sandbox.post("/trackers/b-1", {"status": "in_transit"})
    assert await poll_silent(later(9)) == 3
    lines = [json.loads(record.getMessage()) for record in caplog.records if "parcel.silent" in record.getMessage()]
    assert sorted(line["order_id"] for line in lines) == ["a-1", "c-1"]
    assert {line["days"] for line in lines} <= {8, 9}


def known_parcels() -> list[str]:
    return [row["RowKey"] for row in services().storage.table("parcels").list_entities()]


@pytest.mark.parametrize("is_being_polled", [False, True])
async def test_nothing_of_an_erased_customers_parcel_comes_back(
    sender: Shop, monkeypatch: pytest.MonkeyPatch, is_being_polled: bool
):
    found = services().open_parcels.silent(later(), 10)
    row = services().order_repository.get("a-1")
    assert row is not None
    services().storage.queue(NOTIFICATIONS).clear_messages()
    accepted = await sender.post(f"customers/{row.customer_id}/erasure", {"requested_by": "ann"})
    await sender.host.run_until_idle()
    erased = await sender.get(f"customer-data/{accepted.json()['id']}")
    assert (accepted.status, erased.json()["status"]) == (202, "completed"), erased.text
    assert (len(found), known_parcels()) == (3, [])
    if is_being_polled:  # a run that has read the parcels before, and asks the carrier now
        monkeypatch.setattr(services().open_parcels, "silent", lambda *_: found)
    sender.sandbox.post("/trackers/a-1", {"status": "in_transit"})
    assert await poll_silent(later(2)) == (3 if is_being_polled else 0)
    sender.sandbox.post("/trackers/b-1", {"status": "delivered"})
    assert (known_parcels(), await statuses(sender)) == ([], [None] * 3)
    watch = await sender.post("shipments/a-1/watch")
    await sender.host.run_until_idle()
    assert known_parcels() == [], watch.text


async def test_an_erasure_amid_a_poll_leaves_no_parcel_behind(sender: Shop, monkeypatch: pytest.MonkeyPatch):
    for parcel in services().open_parcels.silent(later(), 10):
        services().parcels.remove(parcel.code, parcel.order_id)  # the process died that was to record it
    orders = {each: services().order_repository.get(each) for each in ORDERS}
    add = services().parcels.add

    def add_after_the_erasure(parcel: Parcel) -> None:
        row = orders[parcel.order_id]
        assert row is not None
        forget_beside(row)
        add(parcel)

    for order_id in ORDERS:
        sender.sandbox.post(f"/trackers/{order_id}", {"status": "in_transit"})
    monkeypatch.setattr(services().parcels, "add", add_after_the_erasure)
    assert await poll_silent(later()) == 3
    assert (known_parcels(), await statuses(sender)) == ([], [None] * 3)


async def test_what_is_forgotten_of_an_order_is_not_the_parcel_that_has_its_tracking_code_by_now(sender: Shop):
    """Carriers use their codes again, and an order is purged long after its parcel has arrived."""
    [first] = sender.sandbox.parcels("a-1")
    of_now = Parcel(code=first["tracking_code"], order_id="d-1", shipment_id="shp_of_d", tracker_id="trk_of_d")
    services().parcels.add(of_now)
    row = services().order_repository.get("a-1")
    assert row is not None
    forget_beside(row)
    assert services().parcels.find(of_now.code) == of_now
    services().parcels.remove(of_now.code, of_now.order_id)
    assert services().parcels.find(of_now.code) is None


async def test_parcels_that_a_run_has_no_time_for_are_left_to_the_next_one(sender: Shop, monkeypatch, caplog):
    def nothing_in_bulk(codes: Sequence[str]) -> dict[str, ParcelReport]:
        raise ProviderRefused("one of them, perhaps")

    monkeypatch.setattr(services().trackers, "reports", nothing_in_bulk)
    has_time = partial(next, iter([True]), False)
    assert await poll_silent(later(), has_time) == 1, "a carrier that is slow takes a request for each"
    assert "2 silent parcels are left to the next run of the timer" in caplog.messages
    assert await poll_silent(later()) == 2
