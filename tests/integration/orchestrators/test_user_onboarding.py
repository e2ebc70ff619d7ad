"""A new user's case: what is kept, what is refused, and what may fail without losing a user."""

import re
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from adapters.stores.users import Users
from domain.onboarding.user import PersistUser, user_id
from orchestrators import user_onboarding
from sandbox.testing import Sandbox
from services.container import services
from tests.integration.adapters.scripted import Script, scripted_provider
from tests.support.messages import waiting_messages
from tests.support.patience import tries
from tests.support.shop import Shop, running_shop, use_settings
from tests.support.unreliable import failing

LOOK_UP = "GET /us/94107"
CALIFORNIA = {"places": [{"state": "California", "state abbreviation": "CA", "place name": "San Francisco"}]}


def newcomer(**changes: Any) -> dict[str, Any]:
    return {
        "id": "ob-1",
        "name": " Ada  Lovelace ",
        "email": "ada@Example.com",
        "country": "us",
        "postal_code": "94107",
        "birth_date": "1990-12-10",
        "accepts_terms": True,
        **changes,
    }


async def onboard(shop: Shop, **changes: Any) -> dict[str, Any]:
    """Let one newcomer's run end, and give it."""
    body = newcomer(**changes)
    assert (await shop.post("onboarding", body)).status == 202
    return await ended(shop, body["id"])


async def ended(shop: Shop, run_id: str) -> dict[str, Any]:
    await shop.host.run_until_idle()
    for _ in range(12):
        answer = await shop.get(f"onboarding/{run_id}")
        if answer.status == 200:
            return dict(answer.json())
        await shop.host.advance(hours=1)
    raise AssertionError("still running after twelve hours")


def kept(email: str = "ada@example.com") -> PersistUser | None:
    return Users(services().storage).get(user_id(email))


def ledger(run: dict[str, Any]) -> list[tuple[str, str]]:
    return [(entry["step"], entry["outcome"]) for entry in run["steps"]]


@pytest.fixture
def region_service() -> Iterator[Script]:
    with scripted_provider() as running:
        yield running


@pytest.fixture
async def asking_shop(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox, region_service: Script
) -> AsyncIterator[Shop]:
    """Yield a shop that asks a service for regions."""
    use_settings(monkeypatch, storage_connection, sandbox, REGION_API_BASE=region_service.url)
    async with running_shop(sandbox) as running:
        yield running


async def test_a_user_is_checked_completed_kept_and_welcomed(shop: Shop):
    run = await onboard(shop)
    assert (run["status"], run["succeeded"]) == ("completed", True)
    assert ledger(run) == [
        ("validate_user_input", "done"),
        ("enrich_user_data", "done"),
        ("persist_user", "done"),
        ("send_onboarding_email", "done"),
    ]
    assert run["detail"] == {"region": "US-CA", "user_id": user_id("ada@example.com"), "welcomed": True}
    user = kept()
    assert user is not None
    assert (user.user.name, user.user.email, user.user.country) == ("Ada Lovelace", "ada@example.com", "US")
    assert [(message["kind"], message["email"]) for message in waiting_messages()] == [
        ("user_welcome", "ada@example.com")
    ]


async def test_every_broken_rule_is_named_at_once_and_no_user_is_stored(shop: Shop):
    run = await onboard(
        shop, name=" ", email="ada", country="usa", postal_code="?", birth_date="2999-01-01", accepts_terms=False
    )
    assert (run["status"], run["reason_code"]) == ("rejected", "invalid_user")
    assert {(error["field"], error["rule"]) for error in run["detail"]["errors"]} == {
        ("name", "blank"),
        ("email", "form"),
        ("country", "form"),
        ("postal_code", "form"),
        ("birth_date", "future"),
        ("accepts_terms", "not_accepted"),
    }
    assert kept("ada") is None
    assert ledger(run) == [("validate_user_input", "refused")]


async def test_a_second_run_for_an_address_is_refused_and_changes_nothing(shop: Shop):
    await onboard(shop)
    second = await onboard(shop, id="ob-2", name="Other Name", email="ADA@example.COM")
    assert (second["status"], second["reason_code"]) == ("rejected", "already_registered")
    user = kept()
    assert user is not None
    assert user.user.name == "Ada Lovelace"


async def test_the_same_request_again_is_the_same_run(shop: Shop):
    first = await onboard(shop)
    again = await onboard(shop)
    assert again == first
    assert len(waiting_messages()) == 1


async def test_an_id_that_belongs_to_another_request_is_refused(shop: Shop):
    await onboard(shop)
    taken = await shop.post("onboarding", newcomer(name="Other Name"))
    assert (taken.status, taken.json()["code"]) == (409, "id_taken")


async def test_a_region_comes_from_the_service_and_is_asked_for_once(asking_shop: Shop, region_service: Script):
    region_service.answer(LOOK_UP, CALIFORNIA)
    run = await onboard(asking_shop)
    await onboard(asking_shop, id="ob-2", email="bob@example.com")
    assert run["detail"]["region"] == "US-CA"
    assert region_service.calls == [LOOK_UP]


async def test_a_service_that_comes_back_is_asked_again(asking_shop: Shop, region_service: Script):
    region_service.answer(LOOK_UP, {}, status=503)
    region_service.answer(LOOK_UP, CALIFORNIA)
    run = await onboard(asking_shop)
    assert run["detail"]["region"] == "US-CA"
    assert run["steps"][1]["attempts"] == 2


async def test_a_service_that_stays_away_costs_the_region_and_not_the_user(asking_shop: Shop, region_service: Script):
    region_service.answer(LOOK_UP, "down", status=503)
    run = await onboard(asking_shop)
    assert (run["status"], run["detail"]["region"]) == ("completed", None)
    assert run["steps"][1] | {"at": None} == {
        "step": "enrich_user_data",
        "kind": "step",
        "outcome": "unknown",
        "at": None,
        "reference": None,
        "reason_code": "no_answer",
        "message": "no answer, whatever was tried",
        "attempts": tries(user_onboarding.LOOK_UP, "user_onboarding.ob-1:enrich_user_data"),
    }
    assert kept() is not None


async def test_a_user_is_kept_although_the_table_is_away_for_hours(shop: Shop):
    with failing(shop, "persist_user"):
        await shop.post("onboarding", newcomer())
        await shop.host.run_until_idle()
        await shop.host.advance(hours=3)
        assert kept() is None
    run = await ended(shop, "ob-1")
    assert (run["status"], run["reason_code"]) == ("completed", None)
    assert kept() is not None


async def test_a_welcome_that_cannot_be_sent_does_not_lose_the_user(monkeypatch, storage_connection, sandbox):
    no_queues = re.sub(r"QueueEndpoint=[^;]+", "QueueEndpoint=http://127.0.0.1:1/gone", storage_connection)
    use_settings(monkeypatch, storage_connection, sandbox, SHOP_STORAGE=no_queues)
    async with running_shop(sandbox) as shop:
        run = await onboard(shop)
        assert (run["status"], run["succeeded"], run["reason_code"]) == ("completed", True, "not_welcomed")
        assert run["detail"]["welcomed"] is False
        assert kept() is not None


async def test_a_run_whose_process_died_half_way_goes_on_where_it_was(
    monkeypatch, storage_connection, sandbox, region_service: Script, tmp_path
):
    use_settings(monkeypatch, storage_connection, sandbox, REGION_API_BASE=region_service.url)
    region_service.answer(LOOK_UP, {}, status=503)
    async with running_shop(sandbox, state=tmp_path / "state.db") as shop:
        await shop.post("onboarding", newcomer())
        await shop.host.run_until_idle()
        assert (await shop.get("onboarding/ob-1")).status == 202
        region_service.forget(LOOK_UP)
        region_service.answer(LOOK_UP, CALIFORNIA)
        await shop.host.restart()
        run = await ended(shop, "ob-1")
        assert (run["status"], run["detail"]["region"]) == ("completed", "US-CA")
        assert [entry["step"] for entry in run["steps"]].count("validate_user_input") == 1
        assert len(waiting_messages()) == 1
