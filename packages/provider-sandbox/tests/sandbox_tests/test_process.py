"""The real process: its command line, its signals, and what survives its death."""

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import stripe
from easypost.easypost_client import EasyPostClient

from sandbox.testing import Sandbox, running_sandbox
from sandbox_tests.builders import payment, shipment

_PACKAGE = Path(__file__).parents[2]
_KEY: Any = {"idempotency_key": "order-1:authorise"}


@contextmanager
def _process(state: Path) -> Iterator[tuple["subprocess.Popen[str]", Sandbox]]:
    command = [sys.executable, "-m", "sandbox", "--port", "0", "--state", str(state)]
    with subprocess.Popen(command, cwd=_PACKAGE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        ready = re.fullmatch(r"sandbox ready (http://127\.0\.0\.1:\d+)\n", line)
        assert ready is not None, line
        sandbox = Sandbox(ready[1])
        try:
            yield process, sandbox
        finally:
            sandbox.close()
            process.kill()


def _shop(sandbox: Sandbox) -> stripe.StripeClient:
    return stripe.StripeClient("sk_test_sandbox", base_addresses={"api": sandbox.url})


def test_a_killed_sandbox_remembers_every_answer_it_gave(tmp_path: Path) -> None:
    state = tmp_path / "sandbox.db"
    with _process(state) as (process, sandbox):
        shop, carrier = _shop(sandbox), EasyPostClient("EZTK_sandbox", api_base=sandbox.easypost_url)
        held = shop.v1.payment_intents.create(payment(), _KEY)
        captured = shop.v1.payment_intents.create(payment("order-2", capture_method="automatic"))
        shop.v1.refunds.create({"payment_intent": captured.id, "amount": 700})
        made = carrier.shipment.create(**shipment())
        bought = carrier.shipment.buy(made.id, rate=made.lowest_rate())
        sandbox.fault(operation="payment_intents.capture", kind="status", status=503, next=2)
        with pytest.raises(stripe.APIError):
            shop.v1.payment_intents.capture(held.id)
        before = (sandbox.payments(), sandbox.parcels(), sandbox.calls(), sandbox.faults())
        process.kill()
        process.wait()
        carrier._requests_session.close()

    with _process(state) as (_, sandbox):
        assert (sandbox.payments(), sandbox.parcels(), sandbox.calls(), sandbox.faults()) == before
        shop = _shop(sandbox)
        assert shop.v1.payment_intents.create(payment(), _KEY).id == held.id
        with pytest.raises(stripe.APIError):
            shop.v1.payment_intents.capture(held.id)
        assert shop.v1.payment_intents.capture(held.id).status == "succeeded"
        carrier = EasyPostClient("EZTK_sandbox", api_base=sandbox.easypost_url)
        assert carrier.shipment.retrieve("order-1").tracking_code == bought.tracking_code
        carrier._requests_session.close()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_cleanly_even_while_a_call_is_delayed(tmp_path: Path, number: signal.Signals) -> None:
    with _process(tmp_path / "sandbox.db") as (process, sandbox):
        sandbox.fault(kind="delay", delay_s=600)
        delayed = subprocess.Popen(
            [sys.executable, "-c", _DELAYED_CALL, sandbox.url], cwd=_PACKAGE, stdout=subprocess.PIPE, text=True
        )
        while not any(rule["matched"] for rule in sandbox.faults()):
            pass
        process.send_signal(number)
        assert process.wait() == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
        assert delayed.communicate()[0] == "APIConnectionError\n"

    with running_sandbox(str(tmp_path / "sandbox.db")) as restarted:
        assert restarted.payments() == []


_DELAYED_CALL = """
import sys
import stripe
from sandbox_tests.builders import payment
try:
    client = stripe.StripeClient("sk_test_sandbox", base_addresses={"api": sys.argv[1]})
    client.v1.payment_intents.create(payment())
except stripe.StripeError as error:
    print(type(error).__name__)
"""


def test_a_state_file_in_use_is_refused_in_one_line(tmp_path: Path) -> None:
    state = tmp_path / "sandbox.db"
    with running_sandbox(str(state)):
        refused = _run("--state", str(state))
    assert refused.returncode == 1
    assert "give another --state" in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_file_that_is_no_ledger_is_refused_in_one_line(tmp_path: Path) -> None:
    other = tmp_path / "notes.txt"
    other.write_text("not a database, but long enough to be taken for one" * 20)
    refused = _run("--state", str(other))
    assert refused.returncode == 1
    assert refused.stderr.count("\n") == 1


def test_a_port_in_use_is_refused_in_one_line() -> None:
    with running_sandbox() as running:
        port = running.url.rpartition(":")[2]
        refused = _run("--port", port)
    assert refused.returncode == 1
    assert f"port {port}" in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.mark.parametrize("arguments", [["--port", "many"], ["--port", "70000"], ["--colour", "red"]])
def test_wrong_usage_exits_with_2(arguments: list[str]) -> None:
    assert _run(*arguments).returncode == 2


def _run(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "sandbox", *arguments],
        cwd=_PACKAGE,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
