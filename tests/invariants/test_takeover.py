"""What a run that takes over must know of the one whose worker died: what people wanted, what was paid, and when to give up."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.workflows import restarts
from orchestrators import process_order
from services.container import services
from tests.invariants.order_cases import APPROVE, CANCEL, ORDER_CASES, SHELF, stock_shelf
from tests.invariants.turns import first_commands
from tests.invariants.worker_deaths import finish, mails_about, recover, recover_at_once, send_mails
from tests.support.books import assert_balanced, open_dead_letters
from tests.support.files import put_files
from tests.support.mails import Mailbox
from tests.support.shop import Shop, running_shop, use_settings
from tests.support.unreliable import failing

BIG, SMALL = ORDER_CASES["approved"], ORDER_CASES["completed"]


@pytest.fixture
async def shop(monkeypatch, storage_connection, sandbox, mailbox: Mailbox) -> AsyncIterator[Shop]:
    settings = {"SMTP_URL": mailbox.url, "APPROVER_EMAILS": "ann@example.com"}
    use_settings(monkeypatch, storage_connection, sandbox, **settings)
    recover_at_once(monkeypatch)
    async with running_shop(sandbox) as running:
        await stock_shelf(running)
        yield running


async def place(shop: Shop, order_id: str = "a-1", *, big: bool = True) -> None:
    case = BIG if big else SMALL
    assert (await shop.post_until_answered("orders", case.body(order_id))).status == 202
    await shop.host.run_until_idle()


async def fail_waiting_order(shop: Shop) -> None:
    """Let the worker die over an event that says nothing, so that the run of the order `a-1` has failed."""
    await place(shop)
    shop.host.kill_worker(during="episode")
    await shop.host.operations.raise_event("a-1", "ApprovalDecision", json.dumps("what?"))
    await shop.host.run_until_idle()
    assert (await shop.host.status("a-1")).runtime_status == "Failed"


async def end_of(shop: Shop, order_id: str = "a-1", *, wanted: dict[str, int] | None = None) -> str:
    await finish(shop)
    ended = await assert_balanced(shop, SHELF, {order_id: wanted or dict(BIG.wanted)})
    return str(ended[order_id]["status"])


@pytest.mark.parametrize(
    ("event", "payload", "end"),
    [
        ("ApprovalDecision", "Approved", "completed"),
        ("ApprovalDecision", {"decision": "rejected", "approver": "ann"}, "rejected"),
        ("CancellationRequested", {"requested_by": "ada"}, "cancelled"),
        ("CancellationRequested", None, "cancelled"),
    ],
)
async def test_an_event_that_only_the_failed_run_has_received_counts(
    shop: Shop, mailbox: Mailbox, event: str, payload: Any, end: str
):
    await place(shop)
    shop.host.kill_worker(during="episode")
    await shop.host.operations.raise_event("a-1", event, json.dumps(payload))
    await shop.host.run_until_idle()
    assert (await shop.host.status("a-1")).runtime_status == "Failed"
    await recover(shop)
    assert (await shop.get("orders/a-1")).json()["status"] == end, "without any time passing"
    assert await end_of(shop) == end
    await send_mails(shop)
    assert mails_about(mailbox, "a-1") == {"approval_requested.0": 1, f"order_{end}": 1}


@pytest.mark.parametrize(("action", "end"), [(APPROVE, "completed"), (CANCEL, "cancelled")])
async def test_what_is_asked_of_an_order_between_two_runs_is_kept(
    shop: Shop, action: tuple[str, dict[str, Any]], end: str
):
    await fail_waiting_order(shop)
    shown = await shop.get("orders/a-1")
    assert (shown.status, shown.json()["runtimeStatus"], shown.json()["status"]) == (
        202,
        "Pending",
        "awaiting_approval",
    )
    path, body = action
    assert (await shop.post(f"orders/a-1/{path}", body)).status == 202
    await recover(shop)
    assert (await shop.get("orders/a-1")).json()["status"] == end
    assert await end_of(shop) == end


async def test_a_wait_goes_on_where_it_was(shop: Shop, mailbox: Mailbox):
    await place(shop)
    await shop.host.advance(hours=9)
    shop.host.kill_worker(during="episode")
    await shop.host.operations.raise_event("a-1", "ApprovalDecision", json.dumps("what?"))
    await shop.host.run_until_idle()
    expires_at = (await shop.get("orders/a-1")).json()["approval"]["wait"]["expires_at"]
    await recover(shop)
    order = (await shop.get("orders/a-1")).json()
    assert (order["runtimeStatus"], order["approval"]["wait"]["expires_at"]) == ("Running", expires_at)
    await shop.host.advance(hours=16)
    assert (await shop.get("orders/a-1")).json()["reason_code"] == "approval_timed_out"
    await send_mails(shop)
    reminders = {f"approval_reminder.{number}": 1 for number in (1, 2)}
    assert mails_about(mailbox, "a-1") == {"approval_requested.0": 1, **reminders, "order_rejected": 1}


async def fail_after(shop: Shop, steps: int) -> None:
    """Let the worker die over the episode that gets the answer of the last of so many steps of the order `a-1`."""

    async def act(value: Any, call: Any) -> Any:
        nonlocal steps
        taken = min(steps, len(value["commands"]))
        steps -= taken
        answer = await call(first_commands(value, taken))
        if not steps:
            shop.host.kill_worker(during="episode", name="process_order")
        return answer

    shop.host.wrap_activity("take_in_turn", act)
    await place(shop, big=False)
    shop.host.restore_activity("take_in_turn")
    assert (await shop.host.status("a-1")).runtime_status == "Failed"


async def test_an_order_that_is_paid_completes_whatever_the_providers_do_now(shop: Shop):
    await fail_after(shop, steps=4)
    assert (await shop.post("orders/a-1/cancellation", CANCEL[1])).json()["code"] == "too_late"
    shop.sandbox.fault(kind="drop_before")
    await recover(shop)
    assert (await shop.get("orders/a-1")).json()["status"] == "completed"
    shop.sandbox.clear_faults()
    assert await end_of(shop, wanted=dict(SMALL.wanted)) == "completed"
    steps = [step["step"] for step in (await shop.get("orders/a-1")).json()["steps"]]
    assert "buy_label" in steps, "its tracking code is not lost"


async def test_an_order_that_is_cancelled_between_two_runs_gives_back_what_the_first_had_taken(shop: Shop):
    await fail_after(shop, steps=3)
    assert (await shop.post("orders/a-1/cancellation", CANCEL[1])).status == 202
    assert await end_of(shop, wanted=dict(SMALL.wanted)) == "cancelled"


async def test_a_cancellation_whose_event_does_not_arrive_stops_the_order_before_it_is_paid(shop: Shop, monkeypatch):
    async def lose(*_: Any) -> bool:
        return False

    monkeypatch.setattr("services.orders.cancellation.raise_event", lose)
    await place(shop)
    assert (await shop.post("orders/a-1/cancellation", CANCEL[1])).status == 202
    assert (await shop.post("orders/a-1/approval", APPROVE[1])).status == 202
    await shop.host.run_until_idle()
    assert await end_of(shop) == "cancelled"


async def test_a_run_that_fails_whenever_it_is_started_is_left_to_an_operator(
    shop: Shop, monkeypatch, caplog: pytest.LogCaptureFixture, mailbox: Mailbox
):
    def changed(_: Any) -> None:
        raise ValueError("a mistake in the code")

    with monkeypatch.context() as broken:
        broken.setattr(process_order, "bind", changed)
        await place(shop, big=False)
        for _ in restarts.PAUSES:
            assert (await shop.get("orders/a-1")).status == 202
            await shop.host.run("recover_runs")
        await shop.host.run("recover_runs")
    order = (await shop.get("orders/a-1")).json()
    assert (order["status"], order["reason_code"]) == ("needs_attention", "processing_stopped")
    assert "a mistake" not in json.dumps(order)
    assert [each["order_id"] for each in (await shop.get("orders", status="needs_attention")).json()["orders"]] == [
        "a-1"
    ]
    assert f"order a-1 needs attention: Processing stopped {len(restarts.PAUSES) + 1} times" in caplog.text
    await shop.host.run("recover_runs")
    assert (await shop.post("orders/a-1/cancellation", CANCEL[1])).status == 409
    for dead_letter in await open_dead_letters(shop):
        assert (await shop.post(f"dead-letters/{dead_letter['dead_letter_id']}/replay")).status == 202
    assert await end_of(shop, wanted=dict(SMALL.wanted)) == "failed"
    await send_mails(shop)
    assert mails_about(mailbox, "a-1") == {"order_closed": 1}


async def test_a_paid_order_that_fails_whenever_it_is_started_is_completed_by_its_dead_letter(
    shop: Shop, monkeypatch, mailbox: Mailbox
):
    def changed(_: Any) -> None:
        raise ValueError("a mistake in the code")

    with monkeypatch.context() as broken:
        broken.setattr(process_order, "complete", changed)
        await place(shop, big=False)
        for _ in range(len(restarts.PAUSES) + 1):
            await shop.host.run("recover_runs")
    (dead_letter,) = await open_dead_letters(shop)
    assert (dead_letter["step"], dead_letter["run_end"]) == ("commit_inventory", "completed")
    assert (await shop.post(f"dead-letters/{dead_letter['dead_letter_id']}/replay")).status == 202
    assert await end_of(shop, wanted=dict(SMALL.wanted)) == "completed"
    await send_mails(shop)
    assert mails_about(mailbox, "a-1") == {"order_completed": 1}


async def test_between_two_restarts_there_is_a_pause(shop: Shop, monkeypatch):
    monkeypatch.setattr(restarts, "PAUSES", (timedelta(0), timedelta(minutes=1)))
    await fail_waiting_order(shop)
    shop.host.kill_worker(during="episode")
    for _ in range(3):
        await shop.host.run("recover_runs")
    assert (await shop.host.status("a-1")).runtime_status == "Failed", "the second restart is not due"
    assert (await shop.get("orders/a-1")).status == 202
    (reminder,) = services().order_repository.intake.open_runs(datetime.now(UTC))
    assert reminder.tries == 1
    client_now = datetime.now(UTC) + timedelta(minutes=1)
    assert restarts.is_due(reminder, restarts.tries_of(reminder, client_now), client_now)
    later = client_now + restarts.FORGIVEN_AFTER
    assert restarts.tries_of(reminder, later) == 0, "a day without a failure"


async def test_a_replay_whose_worker_died_gets_done(shop: Shop):
    await place(shop)
    await shop.host.operations.terminate("a-1")
    await recover(shop)
    dead_letters = await open_dead_letters(shop)
    assert len(dead_letters) == 3
    for nth, dead_letter in enumerate(dead_letters, start=1):
        shop.host.kill_worker(during="episode", name="replay_dead_letter", nth=nth)
        replay = f"dead-letters/{dead_letter['dead_letter_id']}/replay"
        assert (await shop.post_until_answered(replay)).status in (202, 409)
        await recover(shop)
    assert shop.host.worker_deaths == 3
    assert await open_dead_letters(shop) == []
    assert await end_of(shop) == "failed"


async def test_a_batch_that_was_cancelled_over_the_death_of_its_worker_stops(shop: Shop):
    put_files("incoming", {"a.csv": b"a\n1\n"})
    with failing(shop, "read_names"):
        body = {"id": "fb-1", "container": "incoming", "prefix": ""}
        assert (await shop.post("file-batches", body)).status == 202
        await shop.host.run_until_idle()
        shop.host.kill_worker(during="episode", name="file_batch")
        assert (await shop.post_until_answered("file-batches/fb-1/cancellation")).status == 202
        await shop.host.run_until_idle()
        assert (await shop.get("file-batches/fb-1")).status == 202
    await recover(shop)
    run = await shop.get("file-batches/fb-1")
    assert (run.status, run.json()["status"]) == (200, "cancelled")


async def test_a_batch_that_is_cancelled_between_two_runs_stops(shop: Shop):
    put_files("incoming", {"a.csv": b"a\n1\n"})
    shop.host.kill_worker(during="episode", name="file_batch", nth=2)
    body = {"id": "fb-1", "container": "incoming", "prefix": ""}
    assert (await shop.post_until_answered("file-batches", body)).status == 202
    await shop.host.run_until_idle()
    assert (await shop.post("file-batches/fb-1/cancellation")).status == 202
    await recover(shop)
    assert (await shop.get("file-batches/fb-1")).json()["status"] == "cancelled"


async def test_an_order_that_an_operator_starts_by_hand_between_two_runs_comes_to_its_own_end(shop: Shop):
    await fail_after_release(shop)
    order = services().order_repository.get("a-1")
    assert order is not None
    assert order.order is not None
    await shop.host.start("process_order", order.order.to_wire(), instance_id="a-1")
    await shop.host.run_until_idle()
    shown = await shop.get("orders/a-1")
    assert (shown.status, shown.json()["runtimeStatus"]) == (202, "Pending"), "that run has found it settled"
    assert await end_of(shop, wanted=dict(SMALL.wanted)) == "rejected"
    assert (await shop.get("orders/a-1")).json()["reason_code"] == "payment_declined"


async def fail_after_release(shop: Shop) -> None:
    """Let the worker die over the episode that learns that the goods of the declined order `a-1` are released."""
    answers = ("the input", "reserve", "authorise_payment", "settle_course", "cancel_payment", "release")
    shop.host.kill_worker(during="episode", name="process_order", nth=len(answers))
    assert (await shop.post_until_answered("orders", ORDER_CASES["declined"].body("a-1"))).status == 202
    await shop.host.run_until_idle()
    assert (await shop.host.status("a-1")).runtime_status == "Failed"
    stock = (await shop.get("inventory/mug")).json()
    assert (stock["available"], stock["reserved"]) == (SHELF["mug"], 0)
