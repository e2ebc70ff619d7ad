"""Unmodified apps of the kinds that people write, run as their authors mean them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from local_host.testing import AppHost
from local_host_tests.conformance.support import APPS

patterns = pytest.mark.app_host(app=APPS / "patterns")
accounts = pytest.mark.app_host(app=APPS / "accounts")


@patterns
async def test_a_chain_hands_each_result_to_the_next_step(app_host: AppHost) -> None:
    answer = await app_host.http.post("/api/orchestrators/chain", json="Ada")
    assert answer.status == 202
    assert (await app_host.wait(answer.json()["id"])).output == "Hello Ada!"


@patterns
async def test_a_fan_out_survives_failures_of_single_files(app_host: AppHost) -> None:
    app_host.fail_activity("copy_file", attempt=1)
    app_host.fail_activity("copy_file", attempt=4)
    backup = await app_host.start("back_up", ["a", "b"])
    await app_host.advance(seconds=5)
    assert (await app_host.wait(backup)).output == 6 * len("a/0")
    assert len([call for call in app_host.activity_calls if call.name == "copy_file"]) == 8


@patterns
async def test_a_monitor_looks_every_half_hour_until_it_is_clear(app_host: AppHost) -> None:
    weather: Iterator[str] = iter(["rain", "fog", "clear"])
    app_host.replace_activity("look_outside", lambda place: next(weather))
    watch = await app_host.start("monitor", {"place": "Oslo"})
    await app_host.advance(minutes=59)
    assert (await app_host.status(watch)).runtime_status == "Running"
    await app_host.advance(minutes=1)
    assert (await app_host.wait(watch)).output == "clear in Oslo"


@patterns
async def test_a_monitor_gives_up_after_six_hours(app_host: AppHost) -> None:
    app_host.replace_activity("look_outside", lambda place: "rain")
    watch = await app_host.start("monitor", {"place": "Bergen"})
    await app_host.advance(hours=6)
    assert (await app_host.wait(watch)).output == "never cleared"
    assert len(app_host.activity_calls) == 12


@patterns
@pytest.mark.parametrize(("approved", "outcome"), [(True, "approved"), (False, "rejected")])
async def test_a_decision_in_time_counts(app_host: AppHost, approved: bool, outcome: str) -> None:
    request = await app_host.start("ask_for_approval", {"what": "a chair"})
    await app_host.advance(days=2)
    assert (await app_host.http.post(f"/api/approvals/{request}", json={"approved": approved})).status == 202
    assert (await app_host.wait(request)).output == outcome


@patterns
async def test_without_a_decision_the_request_is_escalated(app_host: AppHost) -> None:
    request = await app_host.start("ask_for_approval", {"what": "a chair"})
    await app_host.advance(days=3)
    assert (await app_host.wait(request)).output == "escalated"
    assert [call.name for call in app_host.activity_calls] == ["send_request", "escalate"]


@patterns
async def test_an_orchestrator_calls_a_site(app_host: AppHost) -> None:
    check = await app_host.start("check_site", f"{app_host.origin}/admin/host/status")
    assert (await app_host.wait(check)).output == 200


@accounts
async def test_a_counter_counts_over_http(app_host: AppHost) -> None:
    assert (await app_host.http.get("/api/counters/visits")).status == 404
    for number in (1, 2, 3):
        assert (await app_host.http.post("/api/counters/visits", json=number)).status == 202
    await app_host.run_until_idle()
    assert (await app_host.http.get("/api/counters/visits")).json() == 6


@accounts
async def test_money_is_neither_made_nor_lost_by_transfers_that_race(app_host: AppHost) -> None:
    await app_host.signal_entity("account", "a", "deposit", 1000)
    orders = [{"source": "a", "target": "b", "cents": 300}, {"source": "b", "target": "a", "cents": 100}] * 5
    transfers = [await app_host.start("transfer", order) for order in orders]
    outcomes = [(await app_host.wait(each)).output for each in transfers]
    balances = [await app_host.entity("account", key) for key in ("a", "b")]
    assert sum(balances) == 1000
    assert min(balances) >= 0
    moved = sum(300 * (i % 2 == 0) - 100 * (i % 2) for i, outcome in enumerate(outcomes) if outcome == "transferred")
    assert balances == [1000 - moved, moved]
