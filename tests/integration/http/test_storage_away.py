"""Storage that does not answer is no failure of a request: every operation that needs it says when to come again."""

from collections.abc import AsyncIterator

import pytest

from sandbox.testing import Sandbox
from tests.integration.http.test_hostile_values import KEYS, VALID
from tests.integration.http.test_paths_and_queries import filled, operations
from tests.support.shop import Shop, give_up_storage_at_once, running_shop, use_settings

# Nothing listens there.
AWAY = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=c2VjcmV0;" + "".join(
    f"{service}Endpoint=http://127.0.0.1:1/a;" for service in ("Blob", "Queue", "Table")
)


@pytest.fixture
async def shop(monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox) -> AsyncIterator[Shop]:
    use_settings(monkeypatch, storage_connection, sandbox, SHOP_STORAGE=AWAY)
    give_up_storage_at_once(monkeypatch)
    async with running_shop(sandbox) as running:
        yield running


async def test_every_operation_asks_the_caller_to_come_again(shop: Shop):
    answers = {}
    for method, path, operation in operations():
        name = operation["operationId"]
        address = f"/api{filled(path, **KEYS.get(name, {}))}"
        answers[name] = await shop.host.http.request(method, address, json=VALID.get(name))
    assert {name: answer.status for name, answer in answers.items() if answer.status == 500} == {}
    waiting = {name for name, answer in answers.items() if answer.status == 503}
    assert len(waiting) > len(answers) / 2, "most operations need storage"
    assert {name for name in waiting if int(answers[name].headers.get("Retry-After", 0)) <= 0} == set()
