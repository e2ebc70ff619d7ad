"""Starting any workflow once, and seeing where it stands; shown by the onboarding of users."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.azure_storage.storage import Storage
from domain.onboarding.user import USER_ONBOARDING
from domain.workflows.run import Run
from services.container import services
from services.recovery.runs import ORPHANED_AFTER
from settings import StorageLocation
from tests.invariants.worker_deaths import recover_at_once
from tests.support.books import open_dead_letters
from tests.support.shop import Shop, change_settings, running_shop, use_settings
from tests.support.unreliable import failing

SCHEDULE = "recover_runs"


def body(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Ada",
        "email": "ada@example.com",
        "country": "US",
        "postal_code": "94107",
        "birth_date": "1990-12-10",
        "accepts_terms": True,
        **changes,
    }


def enter(key: str, *, ago: timedelta) -> None:
    """Enter a run as if the process had died before it could start it."""
    run = Run(
        workflow=USER_ONBOARDING,
        key=key,
        request={"key": key, "request": body()},
        accepted_at=datetime.now(UTC) - ago,
    )
    services().run_repository.accept(run, "fingerprint")


async def test_a_run_is_answered_with_its_address_and_can_be_followed_to_its_end(shop: Shop):
    started = await shop.post("onboarding", body(id="ob-1"))
    assert started.status == 202
    assert started.headers["Location"] == started.json()["statusQueryGetUri"]
    assert started.json()["statusQueryGetUri"].endswith("/api/onboarding/ob-1")
    await shop.host.run_until_idle()
    ended = await shop.get("onboarding/ob-1")
    assert ended.status == 200
    assert ended.json()["runtimeStatus"] == "Completed"
    assert (ended.json()["instanceId"], ended.json()["workflow"]) == ("user_onboarding.ob-1", "user_onboarding")


async def test_an_idempotency_key_names_the_run(shop: Shop):
    keyed = {"Idempotency-Key": "first"}
    first = await shop.post("onboarding", body(), headers=keyed)
    again = await shop.post("onboarding", body(), headers=keyed)
    assert first.json() == again.json()
    other = await shop.post("onboarding", body(name="Bob"), headers=keyed)
    assert (other.status, other.json()["code"]) == (409, "id_taken")


async def test_an_id_and_another_idempotency_key_contradict_each_other(shop: Shop):
    answer = await shop.post("onboarding", body(id="ob-1"), headers={"Idempotency-Key": "ob-2"})
    assert answer.status == 422
    assert answer.json()["errors"][0]["rule"] == "differs_from_id"
    assert (await shop.get("onboarding/ob-1")).status == 404


async def test_without_a_name_every_request_is_a_run_of_its_own(shop: Shop):
    first, second = [await shop.post("onboarding", body()) for _ in range(2)]
    assert first.json()["id"] != second.json()["id"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": "no blanks here"}, "id"),
        ({"birth_date": "yesterday"}, "birth_date"),
        ({"accepts_terms": "yes"}, "accepts_terms"),
        ({"name": "4242 4242 4242 4242"}, "name"),
        ({"role": "admin"}, "role"),
    ],
)
async def test_a_request_of_another_form_is_named_and_starts_nothing(shop: Shop, changes: dict[str, Any], field: str):
    answer = await shop.post("onboarding", body(**changes))
    assert (answer.status, [error["field"] for error in answer.json()["errors"]]) == (422, [field])
    assert (await shop.host.operations.list_instances()).items == []


async def test_an_unknown_run_is_not_found(shop: Shop):
    answer = await shop.get("onboarding/unknown")
    assert (answer.status, answer.json()["code"]) == (404, "user_onboarding_not_found")


async def test_a_run_that_was_accepted_and_not_yet_started_is_pending(shop: Shop):
    enter("ob-1", ago=ORPHANED_AFTER / 2)
    await shop.host.run(SCHEDULE)
    answer = await shop.get("onboarding/ob-1")
    assert (answer.status, answer.json()["runtimeStatus"], answer.json()["status"]) == (202, "Pending", "running")


async def test_a_run_that_was_never_started_is_started_once(shop: Shop):
    enter("ob-1", ago=ORPHANED_AFTER * 2)
    for _ in range(2):
        await shop.host.run(SCHEDULE)
    answer = await shop.get("onboarding/ob-1")
    assert (answer.status, answer.json()["status"]) == (200, "completed")
    assert services().run_repository.intake.open_run("user_onboarding.ob-1") is None


async def test_a_run_whose_history_was_purged_is_gone_and_does_not_start_again(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
):
    recover_at_once(monkeypatch)
    await shop.post("onboarding", body(id="ob-1"))
    await shop.host.run_until_idle()
    await shop.host.run(SCHEDULE)
    await shop.host.operations.purge("user_onboarding.ob-1")
    assert (await shop.get("onboarding/ob-1")).status == 404
    assert (await shop.post("onboarding", body(id="ob-1"))).status == 202
    await shop.host.run_until_idle()
    assert (await shop.get("onboarding/ob-1")).status == 404


@pytest.mark.parametrize("how", ["terminated", "purged"])
async def test_a_run_that_was_stopped_from_outside_is_known_and_can_be_settled_before_the_recovery_timer_comes(
    shop: Shop, how: str
):
    period = {"id": "week", "placed_from": "2026-01-01T00:00:00Z", "placed_to": "2026-01-08T00:00:00Z"}
    with failing(shop, "fetch_report_data"):
        await shop.post("reports", period)
        await shop.host.run_until_idle()
        assert (await shop.get("reports/week")).json()["links"]["settlement"] is None
        await shop.host.operations.terminate("report.week")
        await shop.host.run_until_idle()
    if how == "purged":
        assert await shop.host.operations.purge("report.week") == 1
    shown = await shop.get("reports/week")
    assert shown.status in (200, 202), shown.json()
    assert (await shop.host.http.post(shown.json()["links"]["settlement"])).status == 202
    await shop.host.run_until_idle()
    assert (await shop.get("runs/report/week/settlement")).json()["status"] == "settled"
    assert (await shop.get("reports/week")).json()["status"] == "completed"


async def test_a_run_that_was_terminated_from_outside_says_that_it_stopped(monkeypatch, storage_connection, sandbox):
    recover_at_once(monkeypatch)
    use_settings(monkeypatch, storage_connection, sandbox, REGION_API_BASE="http://127.0.0.1:1")
    async with running_shop(sandbox) as shop:
        await shop.post("onboarding", body(id="ob-1"))
        await shop.host.run_until_idle()
        assert (await shop.get("onboarding/ob-1")).json()["status"] == "running", "it waits to ask for the region again"
        await shop.host.operations.terminate("user_onboarding.ob-1", "a secret of the operator")
        await shop.host.run_until_idle()
        await shop.host.run(SCHEDULE)
        answer = await shop.get("onboarding/ob-1")
        (letter,) = await open_dead_letters(shop)
        change_settings(monkeypatch, REGION_API_BASE="")
        assert (await shop.post(f"dead-letters/{letter['dead_letter_id']}/replay")).status == 202
        await shop.host.advance(hours=1)
        assert (await shop.get("onboarding/ob-1")).json()["status"] == "completed", "its replay starts it again"
        assert await open_dead_letters(shop) == []
    assert answer.status == 200
    assert (answer.json()["status"], answer.json()["reason_code"]) == ("needs_attention", "processing_stopped")
    assert [entry["step"] for entry in answer.json()["steps"]] == ["validate_user_input", "run"]
    assert "secret" not in str(answer.json())


async def test_a_run_that_cannot_be_read_does_not_delay_the_start_of_others(
    shop: Shop, storage_location: StorageLocation, caplog: pytest.LogCaptureFixture
):
    for key in ("ob-1", "ob-2"):
        enter(key, ago=ORPHANED_AFTER * 2)
    changed = {"PartitionKey": "run", "RowKey": "~user_onboarding.ob-1", "request": "what a later release writes"}
    Storage(storage_location).table("workflows").update_entity(changed)
    await shop.host.run(SCHEDULE)
    assert (await shop.get("onboarding/ob-2")).json()["status"] == "completed"
    assert "user_onboarding.ob-1 could not be looked after" in caplog.text
