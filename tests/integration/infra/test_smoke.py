"""The smoke test of a deployment, against a server that answers as an app that is just starting does."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from domain.orders.order import OrderRequest
from infra.hooks.smoke import Clock, await_healthy, check_refused, headers_from, main, order, place_order
from scripts.errors import LaunchFailed


class FastClock(Clock):
    """Time passes by sleeping only."""

    def __init__(self) -> None:
        self._now = 0.0

    def now(self) -> float:
        return self._now

    def sleep(self, seconds: float) -> None:
        self._now += seconds


class Script:
    """answers: per method and start of the path, a list whose last entry repeats."""

    def __init__(self, answers: dict[str, list[tuple[int, object]]]) -> None:
        self.answers = answers
        self.seen: list[tuple[str, str, dict[str, str]]] = []

    def answer(self, method: str, path: str, headers: dict[str, str]) -> tuple[int, object]:
        self.seen.append((method, path, headers))
        for start, queue in self.answers.items():
            if f"{method} {path}".startswith(start):
                return queue.pop(0) if len(queue) > 1 else queue[0]
        return 404, {}


@contextmanager
def serving(script: Script) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, body = script.answer(self.command, self.path, {k.lower(): v for k, v in self.headers.items()})
            self.send_response(status)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        do_PUT = do_POST = do_GET

        def log_message(self, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def app(*order_answers: tuple[int, object]) -> Script:
    return Script(
        {
            "PUT /api/products/": [(201, {})],
            "POST /api/inventory/": [(202, {})],
            "GET /api/inventory/": [(200, {"available": 0}), (200, {"available": 1})],
            "POST /api/orders": [(202, {})],
            "GET /api/orders/": list(order_answers),
        }
    )


def test_app_that_starts_is_waited_for():
    script = Script({"GET /api/health": [(503, {}), (500, {}), (200, {"status": "ok"})]})
    with serving(script) as url:
        await_healthy(url, FastClock())
    assert len(script.seen) == 3


def test_app_that_stays_ill_ends_the_wait_with_its_answer():
    with (
        serving(Script({"GET /api/health": [(503, {"checks": {"storage": "failed"}})]})) as url,
        pytest.raises(LaunchFailed, match=r"503 .*storage"),
    ):
        await_healthy(url, FastClock())


def test_app_that_does_not_answer_at_all_is_waited_for():
    with pytest.raises(LaunchFailed, match="does not answer"):
        await_healthy("http://127.0.0.1:9", FastClock())


def test_order_goes_through_with_the_callers_key():
    running, done = {"runtimeStatus": "Running"}, {"runtimeStatus": "Completed", "status": "completed"}
    script = app((202, running), (200, done))
    with serving(script) as url:
        order_id = place_order(url, headers_from({"APP_KEY": "abc", "APP_TOKEN": "xyz"}), FastClock())
    assert script.seen[-1][1].endswith(order_id)
    assert {seen["x-functions-key"] for _, _, seen in script.seen} == {"abc"}
    assert {seen["authorization"] for _, _, seen in script.seen} == {"Bearer xyz"}


def test_order_that_ends_otherwise_fails_the_release():
    with (
        serving(app((200, {"runtimeStatus": "Completed", "status": "rejected", "output": "declined"}))) as url,
        pytest.raises(LaunchFailed, match="rejected: declined"),
    ):
        place_order(url, {}, FastClock())


def test_refusal_of_the_app_fails_the_release():
    script = app((200, {}))
    script.answers["PUT /api/products/"] = [(401, {"title": "Unauthorized"})]
    with serving(script) as url, pytest.raises(LaunchFailed, match="401"):
        place_order(url, {}, FastClock())


@pytest.mark.parametrize("status", [401, 403])
def test_caller_without_a_token_has_to_be_refused(status: int):
    script = Script({"GET /api/orders": [(status, {})]})
    with serving(script) as url:
        check_refused(url)
    ((_, _, headers),) = script.seen
    assert headers.keys().isdisjoint({"authorization", "x-functions-key"})


@pytest.mark.parametrize("status", [200, 404, 503])
def test_app_that_does_not_refuse_a_caller_without_a_token_fails_the_release(status: int):
    with (
        serving(Script({"GET /api/orders": [(status, {})]})) as url,
        pytest.raises(LaunchFailed, match=f"a caller without a token is answered {status}"),
    ):
        check_refused(url)


@pytest.mark.parametrize(("token", "asked"), [("xyz", 1), ("", 0)])
def test_refusal_is_checked_where_tokens_are_asked_for(monkeypatch: pytest.MonkeyPatch, token: str, asked: int):
    script = Script({"GET /api/health": [(200, {"status": "ok"})], "GET /api/orders": [(200, {"orders": []})]})
    monkeypatch.setenv("APP_TOKEN", token)
    with serving(script) as url:
        monkeypatch.setattr(sys, "argv", ["smoke", url])
        assert main() == asked
    assert [path for _, path, _ in script.seen].count("/api/orders") == asked


def test_key_with_a_storefronts_rights_orders_what_is_in_stock_already():
    script = app((200, {"runtimeStatus": "Completed", "status": "completed"}))
    script.answers["PUT /api/products/"] = [(403, {"code": "role_missing"})]
    with serving(script) as url:
        place_order(url, headers_from({"APP_KEY": "abc"}), FastClock())
    assert not any(path.endswith("/restock") for _, path, _ in script.seen)
    assert {seen["x-customer-id"] for _, _, seen in script.seen} == {"smoke-test"}


def test_order_is_one_that_the_app_takes():
    assert OrderRequest.model_validate(order("smoke-1")).order_id == "smoke-1"
