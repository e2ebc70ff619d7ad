"""Benchmarks run in turn: what fails costs its own figures alone, and nothing waits for what cannot come."""

import sqlite3
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from types import SimpleNamespace

import pytest

from adapters.azure_storage.storage import Storage
from adapters.stores.order_repository import OrderRepository
from bench.benchmarks import measure
from bench.order_repository import stored_rows
from bench.ordered_tables import load, ordered_tables
from bench.orders import run_orders
from domain.orders.listing import OrderFilter
from settings import StorageLocation

KEEPS = "from bench.figures import keep\nkeep('{}', 1.5)\n"
MODULES = {
    "bench_that_ends": KEEPS.format("app_mib"),
    "bench_that_fails": KEEPS.format("orders_per_s") + "raise SystemExit('only 3 of 4 orders succeeded')",
    "bench_that_waits": "import signal\nsignal.pause()",
    "bench_that_is_stopped": "import os, signal\nos.kill(os.getppid(), signal.SIGTERM)\nsignal.pause()",
}


@pytest.fixture
def modules(tmp_path, monkeypatch):
    for name, code in MODULES.items():
        (tmp_path / f"{name}.py").write_text(code)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=":")


@pytest.mark.usefixtures("modules")
def test_a_benchmark_that_fails_costs_the_others_nothing():
    measured = measure([["bench_that_fails"], ["bench_that_ends"]])
    assert measured.figures == {"orders_per_s": 1.5, "app_mib": 1.5}
    assert measured.failures == ["bench_that_fails: exit code 1"]


@pytest.mark.usefixtures("modules")
def test_a_benchmark_that_does_not_end_is_stopped():
    measured = measure([["bench_that_waits"]], timeout_s=0)
    assert (measured.figures, measured.was_interrupted) == ({}, False)
    assert measured.failures == ["bench_that_waits: stopped, for it had not ended in 0 s"]


@pytest.mark.usefixtures("modules")
def test_what_was_measured_before_an_interruption_is_kept():
    measured = measure([["bench_that_ends"], ["bench_that_is_stopped"], ["bench_that_fails"]])
    assert measured == ({"app_mib": 1.5}, [], True)


def test_orders_that_are_refused_end_the_benchmark(tmp_path):
    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(503)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_):
            pass

    hub = tmp_path / "hub"
    with closing(sqlite3.connect(hub)) as database:
        database.execute("CREATE TABLE instances (name, status)")
    server = ThreadingHTTPServer(("127.0.0.1", 0), Refusing)
    Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    where = SimpleNamespace(base_url=f"http://127.0.0.1:{server.server_port}")
    try:
        with pytest.raises(SystemExit, match=r"order bench-\d was refused \(503\)"):
            run_orders(SimpleNamespace(addresses=where, state=SimpleNamespace(hub=hub)), 100)
    finally:
        server.shutdown()
        server.server_close()


def test_tables_of_the_benchmarks_answer_the_order_repository(tmp_path):
    load(tmp_path / "rows", stored_rows(5))
    with ordered_tables(tmp_path / "rows") as tables:
        page = OrderRepository(Storage(StorageLocation(connection_string=tables.connection_string))).list(
            OrderFilter(), limit=3
        )
    assert [each.order_id for each in page.items] == ["ord-0000004", "ord-0000003", "ord-0000002"]
