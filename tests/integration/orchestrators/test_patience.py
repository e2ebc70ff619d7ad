"""A short incident at a provider fails no run: each step is tried for as long as the setting says, whatever it is."""

from datetime import timedelta
from typing import Any

import pytest

from tests.support.books import assert_balanced, finish
from tests.support.order_requests import order_request
from tests.support.shop import Shop, change_settings
from tests.support.unreliable import failing

SHORT = timedelta(minutes=9, seconds=30)
LONG = timedelta(minutes=11)

OPERATIONS = [
    "payment_intents.create",
    "payment_intents.confirm",
    "shipments.create",
    "shipments.buy",
    "payment_intents.capture",
]
DOWN = {"kind": "status", "status": 503}

NEWCOMER = {
    "id": "ada",
    "name": "Ada Lovelace",
    "email": "ada@example.com",
    "country": "us",
    "postal_code": "94107",
    "birth_date": "1990-12-10",
    "accepts_terms": True,
}
PERIOD = {"id": "week", "placed_from": "2026-01-01T00:00:00Z", "placed_to": "2026-01-08T00:00:00Z"}
OTHERS = [
    ("onboarding", NEWCOMER, "validate_user_input"),
    ("reports", PERIOD, "fetch_report_data"),
    ("reports", PERIOD, "generate_report_document"),
]


async def ordered_while_down(shop: Shop, operation: str, lasting: timedelta) -> dict[str, Any]:
    """Order while the provider does not answer for so long; return how the order ends, with the books balanced."""
    await shop.stock("mug", 100)
    shop.sandbox.fault(operation=operation, order_id="o-1", **DOWN)
    assert (await shop.post("orders", order_request(order_id="o-1"))).status == 202
    await shop.host.advance(lasting)
    shop.sandbox.clear_faults()
    await finish(shop)
    return (await assert_balanced(shop, {"mug": 100}, {"o-1": {"mug": 2}}))["o-1"]


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_an_order_outlasts_a_provider_that_is_down_for_less_than_its_patience(shop: Shop, operation: str):
    assert (await ordered_while_down(shop, operation, SHORT))["status"] == "completed"


@pytest.mark.parametrize("operation", OPERATIONS)
async def test_an_order_is_compensated_when_its_provider_is_down_for_longer(shop: Shop, operation: str):
    order = await ordered_while_down(shop, operation, LONG)
    assert (order["status"], order["reason_code"]) == ("failed", "no_answer")


async def test_the_patience_is_that_of_the_acceptance(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    change_settings(monkeypatch, STEP_PATIENCE_S="60")
    await shop.stock("mug", 100)
    shop.sandbox.fault(operation="shipments.create", **DOWN)
    await shop.post("orders", order_request(order_id="brief"))
    change_settings(monkeypatch, STEP_PATIENCE_S="7200")
    await shop.post("orders", order_request(order_id="patient"))
    await shop.host.advance(minutes=119)
    shop.sandbox.clear_faults()
    await finish(shop)
    ends = {name: (await shop.get(f"orders/{name}")).json()["status"] for name in ("brief", "patient")}
    assert ends == {"brief": "failed", "patient": "completed"}


@pytest.mark.parametrize(("path", "body", "activity"), OTHERS)
@pytest.mark.parametrize(("lasting", "end"), [(SHORT, "completed"), (LONG, "failed")])
async def test_every_workflow_is_as_patient(
    shop: Shop, path: str, body: dict[str, Any], activity: str, lasting: timedelta, end: str
):
    with failing(shop, activity):
        assert (await shop.post(path, body)).status == 202
        await shop.host.advance(lasting)
    await shop.host.advance(minutes=2)
    assert (await shop.get(f"{path}/{body['id']}")).json()["status"] == end


@pytest.mark.parametrize(("patience_s", "end"), [("60", "failed"), ("7200", "completed")])
async def test_the_setting_is_that_of_every_workflow(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, patience_s: str, end: str
):
    change_settings(monkeypatch, STEP_PATIENCE_S=patience_s)
    with failing(shop, "fetch_report_data"):
        assert (await shop.post("reports", PERIOD)).status == 202
        await shop.host.advance(minutes=30)
    await shop.host.advance(minutes=2)
    assert (await shop.get("reports/week")).json()["status"] == end
