"""Spans in Application Insights: what its exporter sends to an ingestion endpoint."""

import gzip
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import requests

from sandbox.testing import Sandbox
from services import tracing
from tests.integration.tracing.test_one_trace import CUSTOMER, PARENT, PLANTED, TRACE, forget
from tests.support.order_requests import order_request
from tests.support.shop import running_shop, use_settings

_KEY = "00000000-0000-0000-0000-000000000001"


@dataclass
class Ingestion:
    """items: what was sent, decoded. texts: the same as text."""

    url: str = ""
    items: list[dict[str, Any]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def take(self, body: bytes) -> int:
        self.texts.append(body.decode())
        taken = json.loads(body)
        self.items += taken
        return len(taken)


@pytest.fixture
def ingestion(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ingestion]:
    found = Ingestion()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            number = found.take(gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body)
            answer = json.dumps({"itemsReceived": number, "itemsAccepted": number, "errors": []}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found.url = f"http://127.0.0.1:{server.server_port}/"
    thread = threading.Thread(target=server.serve_forever, name="ingestion", daemon=True)
    thread.start()
    monkeypatch.setenv(
        "APPLICATIONINSIGHTS_CONNECTION_STRING", f"InstrumentationKey={_KEY};IngestionEndpoint={found.url}"
    )
    for report in ("STATSBEAT_DISABLED_ALL", "SDKSTATS_DISABLED"):  # put back afterwards
        monkeypatch.setenv(f"APPLICATIONINSIGHTS_{report}", "true")
    monkeypatch.setenv("INSIGHTS_SPANS", "true")
    monkeypatch.setattr(requests.Session, "send", requests.Session.send)  # put back afterwards
    forget()
    yield found
    forget()
    server.shutdown()
    server.server_close()
    thread.join()


async def test_calls_of_providers_are_dependencies_of_their_order(
    ingestion: Ingestion, monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox
) -> None:
    use_settings(monkeypatch, storage_connection, sandbox)
    async with running_shop(sandbox) as shop:
        await shop.stock("mug", 10)
        body = order_request(order_id="a-1", **CUSTOMER)
        assert (await shop.post("orders", body, headers={"traceparent": PARENT})).status == 202
        await shop.host.run_until_idle()
        assert (await shop.get("orders/a-1")).json()["status"] == "completed"
    tracing.flush()
    ours = [item for item in ingestion.items if item["tags"].get("ai.operation.id") == TRACE]
    assert {item["data"]["baseType"] for item in ours} == {"RemoteDependencyData"}, "the host has the requests"
    facts = [item["data"]["baseData"] for item in ours]
    assert {"authorise_payment", "buy_label", "inventory.reserve"} <= {each["name"] for each in facts}
    orders = {each["properties"].get("shop.order_id") for each in facts if each["name"] == "authorise_payment"}
    assert orders == {"a-1"}
    assert any(each["name"].startswith("POST") for each in facts), "calls of providers"
    assert {item["tags"]["ai.cloud.role"] for item in ours} == {"durable-orders"}
    emitted = "".join(ingestion.texts)
    assert [word for word in PLANTED if word in emitted] == []
