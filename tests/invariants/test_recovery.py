"""A faulty release fails every order, it is rolled back, and one command starts them again: they complete, and all balances."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from domain.orders.run import run_of
from domain.workflows import restarts
from domain.workflows.dead_letter import DeadLetterState
from orchestrators import process_order
from orchestrators import report as report_orchestrator
from scripts import recover as command
from services.container import services
from tests.invariants.order_cases import APPROVE, ORDER_CASES, SHELF, stock_shelf
from tests.invariants.worker_deaths import mails_about, recover, recover_at_once, send_mails
from tests.support.books import assert_balanced, finish, open_dead_letters
from tests.support.mails import Mailbox
from tests.support.shop import Shop, running_shop, use_settings

WANTED = {"mug": 2}
BY = {"requested_by": "grace"}
STEPS = [
    "reserve_inventory",
    "wait_for_approval",
    "prepare",
    "authorise_payment",
    "create_shipment",
    "bind",
    "complete",
    "close",
]


@pytest.fixture
async def shop(monkeypatch, storage_connection, sandbox, mailbox: Mailbox) -> AsyncIterator[Shop]:
    use_settings(monkeypatch, storage_connection, sandbox, SMTP_URL=mailbox.url, APPROVER_EMAILS="ann@example.com")
    recover_at_once(monkeypatch)
    async with running_shop(sandbox) as running:
        await stock_shelf(running)
        yield running


@contextmanager
def faulty_release(monkeypatch: pytest.MonkeyPatch, step: str, module: Any = process_order) -> Iterator[None]:
    """Run a release whose orchestrator fails at a step, for the length of the block; at its end it is rolled back."""

    def mistaken(*_: Any) -> None:
        raise ValueError("a mistake in the code")

    with monkeypatch.context() as release:
        release.setattr(module, step, mistaken)
        yield


async def place(shop: Shop, *order_ids: str) -> None:
    for order_id in order_ids:
        assert (await shop.post("orders", ORDER_CASES["completed"].body(order_id))).status == 202
    await shop.host.run_until_idle()


async def give_up(shop: Shop) -> None:
    """Let the recovery timer try in vain as often as it does."""
    for _ in range(len(restarts.PAUSES) + 1):
        await shop.host.run("recover_runs")


async def start_again(shop: Shop, **wish: Any) -> list[dict[str, Any]]:
    """Send the request until its last page. Return what became of each run."""
    runs: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        answer = await shop.post("recovery", {**BY, **wish, **cursor})
        assert answer.status == 200, answer.text
        page = answer.json()
        runs += page["runs"]
        assert (page["started"], page["skipped"]) == tuple(
            sum(run["outcome"] == outcome for run in page["runs"]) for outcome in ("started", "skipped")
        )
        if page["next_cursor"] is None:
            await shop.host.run_until_idle()
            return runs
        cursor = {"cursor": page["next_cursor"]}


def outcomes(runs: list[dict[str, Any]]) -> dict[str, str]:
    return {run["id"]: run["reason"] or run["outcome"] for run in runs}


async def order(shop: Shop, order_id: str = "a-1") -> dict[str, Any]:
    return dict((await shop.get(f"orders/{order_id}")).json())


@pytest.mark.parametrize("step", STEPS)
async def test_orders_that_were_given_up_complete_after_the_release_is_rolled_back(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox, step: str
):
    names = [f"a-{number}" for number in range(3)]
    with faulty_release(monkeypatch, step):
        await place(shop, *names)
        await give_up(shop)
    assert {(await order(shop, name))["status"] for name in names} == {"needs_attention"}
    started = await start_again(shop, limit=2)
    assert outcomes(started) == dict.fromkeys(names, "started")
    await finish(shop)
    ended = await assert_balanced(shop, SHELF, dict.fromkeys(names, WANTED))
    assert {each["status"] for each in ended.values()} == {"completed"}
    assert await open_dead_letters(shop) == []
    assert await start_again(shop) == []
    await recover(shop)
    await send_mails(shop)
    assert [mails_about(mailbox, name) for name in names] == [{"order_completed": 1}] * 3


async def test_orders_that_wait_for_their_next_try_are_started_at_once(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    names = [f"a-{number}" for number in range(5)]
    with faulty_release(monkeypatch, "bind"):
        await place(shop, *names)
        await shop.host.run("recover_runs")
    assert {(await order(shop, name))["runtimeStatus"] for name in names} == {"Pending"}
    assert outcomes(await start_again(shop, limit=2)) == dict.fromkeys(names, "started")
    ended = await assert_balanced(shop, SHELF, dict.fromkeys(names, WANTED))
    assert {each["status"] for each in ended.values()} == {"completed"}


async def test_the_command_starts_them_again_remotely_and_prints_each(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    names = [f"a-{number}" for number in range(3)]
    with faulty_release(monkeypatch, "bind"):
        await place(shop, *names)
        await give_up(shop)
    await shop.post("orders/a-2/settlement")
    await shop.host.run_until_idle()
    arguments = ["--url", shop.host.origin, "--by", "grace", "--limit", "1"]
    assert await asyncio.to_thread(command.main, arguments) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines() == [
        "process_order a-0: started",
        "process_order a-1: started",
        "2 started, 0 left as they were",
    ]
    await shop.host.run_until_idle()
    assert await asyncio.to_thread(command.main, [*arguments, "a-2", "a-9"]) == 1
    assert "process_order a-2: skipped, ended: It has ended." in capsys.readouterr().out
    assert (
        await asyncio.to_thread(command.main, ["--url", shop.host.origin, "--by", "grace", "--since", "yesterday"]) == 2
    )
    assert "failed_since" in capsys.readouterr().err
    ended = await assert_balanced(shop, SHELF, dict.fromkeys(names, WANTED))
    assert {name: each["status"] for name, each in ended.items()} == {
        "a-0": "completed",
        "a-1": "completed",
        "a-2": "failed",
    }


async def test_an_order_that_waits_for_approval_waits_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, mailbox: Mailbox
):
    case = ORDER_CASES["approved"]
    with faulty_release(monkeypatch, "authorise_payment"):
        await shop.post("orders", case.body("a-1"))
        await shop.host.run_until_idle()
        assert (await shop.post("orders/a-1/approval", APPROVE[1])).status == 202
        await shop.host.run_until_idle()
        await give_up(shop)
    assert (await order(shop))["status"] == "needs_attention"
    assert outcomes(await start_again(shop)) == {"a-1": "started"}
    ended = await assert_balanced(shop, SHELF, {"a-1": case.wanted})
    assert ended["a-1"]["status"] == "completed", "the decision was made before, and counts"


async def test_an_order_whose_cancellation_was_accepted_ends_as_cancelled(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    with faulty_release(monkeypatch, "reserve_inventory"):
        await place(shop, "a-1")
        assert (await shop.post("orders/a-1/cancellation", {"requested_by": "ada"})).status == 202
        await give_up(shop)
    assert outcomes(await start_again(shop)) == {"a-1": "started"}
    ended = await assert_balanced(shop, SHELF, {"a-1": WANTED})
    assert ended["a-1"]["status"] == "cancelled"


async def test_an_order_of_which_something_is_compensated_stays_as_it_is(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    with faulty_release(monkeypatch, "bind"):
        await place(shop, "a-1", "a-2")
        await give_up(shop)
    assert (await shop.post("dead-letters/a-1.cancel_payment/replay")).status == 202
    by_hand = {"resolved_by": "grace", "reason": "the parcel was never made"}
    assert (await shop.post("dead-letters/a-2.cancel_shipping/resolve", by_hand)).status == 200
    await shop.host.run_until_idle()
    runs = await start_again(shop)
    assert outcomes(runs) == {"a-1": "compensating", "a-2": "compensating"}
    assert "POST /api/orders/a-1/settlement" in runs[0]["detail"]
    assert outcomes(await start_again(shop, action="settle")) == {"a-1": "started", "a-2": "started"}
    ended = await assert_balanced(shop, SHELF, {"a-1": WANTED, "a-2": WANTED})
    assert {each["status"] for each in ended.values()} == {"failed"}
    assert outcomes(await start_again(shop, ids=["a-1", "a-3"])) == {"a-1": "ended", "a-3": "not_found"}


async def test_an_order_that_was_stopped_by_its_own_decision_is_settled_not_started_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    case = ORDER_CASES["authorisation_expired"]
    with faulty_release(monkeypatch, "stop"):
        await shop.post("orders", case.body("a-1"))
        await shop.host.run_until_idle()
        await give_up(shop)
    assert outcomes(await start_again(shop)) == {"a-1": "compensating"}
    assert outcomes(await start_again(shop, action="settle")) == {"a-1": "started"}
    ended = await assert_balanced(shop, SHELF, {"a-1": case.wanted})
    assert ended["a-1"]["status"] == case.status


async def test_an_order_that_was_terminated_is_started_again_only_by_its_name(shop: Shop):
    shop.sandbox.fault(operation="shipments.create", kind="status", status=503)
    await place(shop, "a-1")
    await shop.host.operations.terminate("a-1")
    await shop.host.run_until_idle()
    shop.sandbox.clear_faults()
    await recover(shop)
    assert outcomes(await start_again(shop)) == {"a-1": "terminated"}
    assert outcomes(await start_again(shop, ids=["a-1"])) == {"a-1": "started"}
    ended = await assert_balanced(shop, SHELF, {"a-1": WANTED})
    assert ended["a-1"]["status"] == "completed"


async def test_an_order_that_is_under_way_is_left_alone(shop: Shop):
    shop.sandbox.fault(operation="shipments.create", kind="status", status=503)
    await place(shop, "a-1")
    assert outcomes(await start_again(shop, ids=["a-1"])) == {"a-1": "under_way"}
    assert await start_again(shop) == []


@pytest.mark.parametrize("again", ["settled", "completed"])
async def test_an_order_that_is_given_up_once_more_has_its_dead_letters_anew(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, again: str
):
    with faulty_release(monkeypatch, "bind"):
        await place(shop, "a-1")
        await give_up(shop)
        assert outcomes(await start_again(shop)) == {"a-1": "started"}
        closed = services().dead_letters.of_run("process_order", "a-1")
        assert {(each.state, each.resolution and each.resolution.resolved_by) for each in closed} == {
            (DeadLetterState.WITHDRAWN, "grace")
        }
        await give_up(shop)
    assert {each["step"] for each in await open_dead_letters(shop)} == {
        "release_inventory",
        "cancel_payment",
        "cancel_shipping",
    }
    if again == "settled":
        assert (await shop.post("orders/a-1/settlement")).status == 202
    else:
        assert outcomes(await start_again(shop)) == {"a-1": "started"}
    await shop.host.run_until_idle()
    ended = await assert_balanced(shop, SHELF, {"a-1": WANTED})
    assert ended["a-1"]["status"] == ("failed" if again == "settled" else "completed")
    assert await open_dead_letters(shop) == []


async def test_of_a_recovery_and_replays_at_once_one_comes_through(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    names = [f"a-{number}" for number in range(8)]
    with faulty_release(monkeypatch, "bind"):
        await place(shop, *names)
        await give_up(shop)
    replays = [shop.post(f"dead-letters/{name}.cancel_payment/replay") for name in names]
    recoveries = [shop.post("recovery", {**BY, "ids": [name]}) for name in names]
    await asyncio.gather(*(each for pair in zip(replays, recoveries, strict=True) for each in pair))
    await finish(shop)
    if await open_dead_letters(shop):
        await start_again(shop, action="settle")
        await finish(shop)
    ended = await assert_balanced(shop, SHELF, dict.fromkeys(names, WANTED))
    assert {each["status"] for each in ended.values()} <= {"completed", "failed"}
    assert await open_dead_letters(shop) == []


async def test_a_replay_that_begins_after_the_order_was_started_again_does_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    """Its process stood still between reading the dead letter and starting the replay; the withdrawal has not come to it yet."""
    with faulty_release(monkeypatch, "prepare"):
        await place(shop, "a-1")
        await give_up(shop)
    shop.sandbox.fault(operation="shipments.create", kind="status", status=503)
    monkeypatch.setattr("services.recovery.starting_again.withdraw_dead_letters", _never)
    assert (await shop.post("recovery", {**BY, "ids": ["a-1"]})).json()["started"] == 1
    await shop.host.run_until_idle()
    assert (await shop.post("dead-letters/a-1.cancel_payment/replay")).status == 202
    await shop.host.run_until_idle()
    letter = (await shop.get("dead-letters/a-1.cancel_payment")).json()
    assert (letter["state"], letter["latest_replay"]["result"]["reason_code"]) == ("open", "started_again")
    resolved = await shop.post("dead-letters/a-1.cancel_payment/resolve", {"resolved_by": "eve", "reason": "late"})
    assert (resolved.status, resolved.json()["code"]) == (409, "end_not_known")
    assert shop.sandbox.totals()["voided"] == 0
    shop.sandbox.clear_faults()
    await finish(shop)
    assert (await order(shop))["status"] == "completed"


async def _never(*_: Any) -> None:
    pass


async def test_a_recovery_whose_process_dies_before_the_start_is_finished_by_the_recovery_timer(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    with faulty_release(monkeypatch, "bind"):
        await place(shop, "a-1")
        await give_up(shop)
    row = services().order_repository.withdraw_stop("a-1")
    assert row is not None
    assert row.order is not None
    services().order_repository.intake.remember(run_of(row.order, with_request=False))
    assert (await order(shop))["runtimeStatus"] == "Pending"
    await recover(shop)
    ended = await assert_balanced(shop, SHELF, {"a-1": WANTED})
    assert ended["a-1"]["status"] == "completed"
    assert await open_dead_letters(shop) == []


async def test_runs_of_other_workflows_are_started_again_too(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    body = {"placed_from": "2026-01-01T00:00:00Z", "placed_to": "2026-02-01T00:00:00Z"}
    with faulty_release(monkeypatch, "make_report", report_orchestrator):
        await shop.post("reports", {**body, "id": "r-1"})
        await shop.host.run_until_idle()
        await give_up(shop)
        await shop.post("reports", {**body, "id": "r-2"})
        await shop.host.run_until_idle()
    assert (await shop.get("reports/r-1")).json()["status"] == "needs_attention"
    assert await start_again(shop, workflow="expense_approval") == []
    assert outcomes(await start_again(shop, workflow="report")) == {"r-1": "started", "r-2": "started"}
    for name in ("r-1", "r-2"):
        assert (await shop.get(f"reports/{name}")).json()["status"] == "completed"
    assert await open_dead_letters(shop) == []
    await recover(shop)
    assert outcomes(await start_again(shop, workflow="report", ids=["r-1", "r-9"])) == {
        "r-1": "nothing_open",
        "r-9": "nothing_open",
    }


async def test_only_what_has_failed_in_the_given_time_is_started_again(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    with faulty_release(monkeypatch, "bind"):
        await place(shop, "a-1")
        await give_up(shop)
    assert await start_again(shop, failed_since="2999-01-01T00:00:00Z") == []
    assert await start_again(shop, failed_before="2026-01-01T00:00:00Z") == []
    assert outcomes(await start_again(shop, failed_since="2026-01-01T00:00:00Z")) == {"a-1": "started"}


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"requested_by": ""}, "requested_by"),
        ({"ids": ["a-1"], "failed_since": "2026-01-01T00:00:00Z"}, "failed_since"),
        ({"ids": []}, "ids"),
        ({"limit": 101}, "limit"),
        ({"cursor": "nonsense"}, "cursor"),
        ({"cursor": "dead_letters:nonsense"}, "cursor"),
        ({"action": "delete"}, "action"),
        ({"workflow": "Report"}, "workflow"),
    ],
)
async def test_a_request_that_is_no_recovery_is_refused(shop: Shop, wish: dict[str, Any], field: str):
    refused = await shop.post("recovery", {**BY, **wish})
    assert (refused.status, [error["field"] for error in refused.json()["errors"]]) == (422, [field])
