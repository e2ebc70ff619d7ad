"""Storage that does not answer is no failure of a request: every operation that needs it says when to come again."""

from collections.abc import AsyncIterator, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from sandbox.testing import Sandbox
from tests.integration.http.test_hostile_values import KEYS, VALID
from tests.integration.http.test_paths_and_queries import filled, operations
from tests.support.shop import Shop, change_settings, give_up_storage_at_once, running_shop, use_settings


def account_at(port: int) -> str:
    """Return the connection string of a storage account on this machine."""
    endpoints = (f"{service}Endpoint=http://127.0.0.1:{port}/a;" for service in ("Blob", "Queue", "Table"))
    return "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=c2VjcmV0;" + "".join(endpoints)


@pytest.fixture
async def shop(monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox) -> AsyncIterator[Shop]:
    use_settings(monkeypatch, storage_connection, sandbox, SHOP_STORAGE=account_at(1))  # nothing listens there
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


class Page(SimpleHTTPRequestHandler):
    """Answers everything with a page, as a proxy does that demands a sign-in."""

    def do_GET(self) -> None:
        page = b"<html>Sign in</html>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)


@pytest.fixture
def port_of_pages() -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        serving = Thread(target=server.serve_forever)
        serving.start()
        yield server.server_port
        server.shutdown()
        serving.join()


@pytest.mark.parametrize("address", ["products", "products/mug"])
async def test_what_answers_in_place_of_storage_counts_as_no_answer(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, port_of_pages: int, address: str
):
    change_settings(monkeypatch, SHOP_STORAGE=account_at(port_of_pages))
    give_up_storage_at_once(monkeypatch)
    answer = await shop.get(address)
    assert (answer.status, answer.json()["code"]) == (503, "unavailable")
