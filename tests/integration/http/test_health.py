import json

import pytest

from tests.support.order_requests import ADDRESS
from tests.support.shop import Shop, change_settings


async def test_a_healthy_app_answers_200(shop: Shop):
    healthy = await shop.get("health")
    assert (healthy.status, healthy.json()) == (200, {"status": "ok", "checks": {"settings": "ok", "storage": "ok"}})


async def test_a_missing_setting_is_a_503_and_is_named_in_the_log_alone(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    change_settings(monkeypatch, STRIPE_API_KEY=None)
    broken = await shop.get("health")
    assert broken.status == 503
    assert broken.json() == {"status": "failed", "checks": {"settings": "failed", "storage": "failed"}}
    assert "STRIPE_API_KEY" in caplog.text


async def test_storage_that_does_not_answer_is_a_503_without_secrets(shop: Shop, monkeypatch: pytest.MonkeyPatch):
    unreachable = "TableEndpoint=http://127.0.0.1:1/a;"
    change_settings(
        monkeypatch, SHOP_STORAGE=f"DefaultEndpointsProtocol=http;AccountName=a;AccountKey=c2VjcmV0;{unreachable}"
    )
    broken = await shop.get("health")
    assert (broken.status, broken.json()["checks"]) == (503, {"settings": "ok", "storage": "failed"})
    said = json.dumps(broken.json())
    assert "c2VjcmV0" not in said
    assert ADDRESS["name"] not in said
