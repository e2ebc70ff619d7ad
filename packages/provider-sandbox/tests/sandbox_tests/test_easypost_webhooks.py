"""Webhooks of trackers: the real SDK registers them, and judges the signature of what comes."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from easypost.easypost_client import EasyPostClient
from easypost.errors.general.signature_verification_error import SignatureVerificationError
from easypost.util import validate_webhook

from sandbox.testing import Sandbox

SECRET = "s\u00e9cret"


class Received:
    """got: headers and body of each event. answer: the status that it is answered with."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.answer = 200

    @property
    def statuses(self) -> list[str]:
        return [validate_webhook(body, headers, SECRET)["result"]["status"] for headers, body in self.got]


@contextmanager
def receiving() -> Iterator[Received]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.got.append((dict(self.headers), body))
            self.send_response(received.answer)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    received = Received(f"http://127.0.0.1:{server.server_port}/hook")
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield received
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def receiver(carrier: EasyPostClient) -> Iterator[Received]:
    with receiving() as found:
        webhook = carrier.webhook.create(url=found.url, webhook_secret=SECRET)
        assert (webhook.id[:5], webhook.url) == ("hook_", found.url)
        yield found


def moved(sandbox: Sandbox, carrier: EasyPostClient, *statuses: str) -> None:
    code = carrier.tracker.create(tracking_code="EZ1000000001").tracking_code
    for status in statuses:
        sandbox.post(f"/trackers/{code}", {"status": status})


def test_an_event_is_what_the_sdk_takes_for_easyposts(sandbox: Sandbox, carrier, receiver: Received) -> None:
    moved(sandbox, carrier, "in_transit")
    assert sandbox.post("/webhooks/deliver", {}) == {"answers": [200], "waiting": 0}
    [(headers, body)] = receiver.got
    event = validate_webhook(body, headers, SECRET)
    assert (event["description"], event["previous_attributes"]) == ("tracker.updated", {"status": "pre_transit"})
    assert event["result"]["tracking_code"] == "EZ1000000001"
    with pytest.raises(SignatureVerificationError):
        validate_webhook(body, headers, "another")


def test_events_come_twice_in_another_order_or_not_at_all(sandbox: Sandbox, carrier, receiver: Received) -> None:
    moved(sandbox, carrier, "in_transit", "delivered")
    sandbox.post("/webhooks/deliver", {"copies": 2, "order": "reversed"})
    assert receiver.statuses == ["delivered", "delivered", "in_transit", "in_transit"]
    moved(sandbox, carrier, "failure")
    assert sandbox.post("/webhooks/deliver", {"copies": 0}) == {"answers": [], "waiting": 0}


def test_an_event_that_is_not_taken_comes_again(sandbox: Sandbox, carrier, receiver: Received) -> None:
    moved(sandbox, carrier, "delivered")
    receiver.answer = 503
    assert sandbox.post("/webhooks/deliver", {}) == {"answers": [503], "waiting": 1}
    receiver.answer = 200
    assert sandbox.post("/webhooks/deliver", {}) == {"answers": [200], "waiting": 0}
    assert len(set(receiver.got[0][1:]) | set(receiver.got[1][1:])) == 1, "the same event"


def test_a_removed_webhook_gets_nothing(sandbox: Sandbox, carrier, receiver: Received) -> None:
    [webhook] = carrier.webhook.all()["webhooks"]
    carrier.webhook.delete(webhook.id)
    moved(sandbox, carrier, "delivered")
    assert sandbox.post("/webhooks/deliver", {}) == {"answers": [], "waiting": 0}
