"""`make run` as a newcomer meets it: one command up, one key down, and nothing lost in between."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from azure.data.tables import TableServiceClient

from scripts.demo_orders import CUSTOMER
from scripts.web import Answer, call
from tests.support.launching import launched, processes_of, running_app, wait_until_gone

ORDER_TIMEOUT_S = 300.0
POLL_INTERVAL_S = 0.05


def place(base_url: str, order_id: str, product_id: str = "mug") -> None:
    lines = [{"product_id": product_id, "quantity": 1}]
    placed = call("POST", f"{base_url}/api/orders", {"order_id": order_id, **CUSTOMER, "lines": lines})
    assert placed.status == 202, placed


def wait_for(base_url: str, order_id: str, *statuses: str) -> dict[str, Any]:
    """Return the order, once its status is one of these."""
    deadline = time.monotonic() + ORDER_TIMEOUT_S
    while True:
        view: dict[str, Any] = call("GET", f"{base_url}/api/orders/{order_id}").body
        if view.get("status") in statuses:
            return view
        assert time.monotonic() < deadline, view
        time.sleep(POLL_INTERVAL_S)


def approve(base_url: str, order_id: str) -> Answer:
    decision = {"decision": "approved", "approver": "grace"}
    return call("POST", f"{base_url}/api/orders/{order_id}/approval", decision)


def test_the_printed_curl_commands_place_an_order_and_show_how_it_ended(tree: Path, tmp_path: Path) -> None:
    with running_app(tree, tmp_path / "state") as app:
        post, look = re.findall(r"^  (curl .*?)$(?=\nSee|\n\n)", app.text, re.MULTILINE | re.DOTALL)
        posted = subprocess.run(["sh", "-c", post], capture_output=True, text=True, check=True).stdout
        order_id = look.partition(" | ")[0].rpartition("/")[2]
        wait_for(app.base_url, order_id, "completed")
        looked = subprocess.run(["sh", "-c", look], capture_output=True, text=True, check=True).stdout

    assert "202 Accepted" in posted
    assert '"status":"completed"' in looked.replace(" ", "")


def test_the_mail_about_an_order_lies_where_the_guide_says(tree: Path, tmp_path: Path) -> None:
    with running_app(tree, tmp_path / "state") as app:
        (mails,) = re.findall(r"^Mails that were sent.*: (\S+)$", app.text, re.MULTILINE)
        place(app.base_url, "confirmed")
        deadline = time.monotonic() + ORDER_TIMEOUT_S
        while not (found := sorted(Path(tree, mails).glob("confirmed.*"))):
            assert time.monotonic() < deadline, app.text
            time.sleep(POLL_INTERVAL_S)

    assert found[0].name == "confirmed.order_completed@example.com.eml"
    assert "Subject: Your order confirmed is on its way" in found[0].read_text()


def test_the_printed_connection_string_opens_the_storage(tree: Path, tmp_path: Path) -> None:
    with running_app(tree, tmp_path / "state") as app:
        (storage,) = re.findall(r"^Files, queues and tables.*: (\S+)$", app.text, re.MULTILINE)
        tables = {table.name for table in TableServiceClient.from_connection_string(storage).list_tables()}

    assert "products" in tables


def test_ctrl_c_at_the_terminal_stops_every_process_and_make_ends_with_0(tree: Path, tmp_path: Path) -> None:
    with running_app(tree, tmp_path / "state") as app:
        assert len(processes_of(app.state)) == 4
        app.press_ctrl_c()
        assert app.wait() == 0, app.text

    assert processes_of(app.state) == {}
    assert "Stopped" in app.text


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_the_launcher_stops_every_process_and_it_ends_with_0(
    tree: Path, tmp_path: Path, number: signal.Signals
) -> None:
    with launched([".venv/bin/python", "-m", "scripts.run"], tree, tmp_path / "state") as app:
        app.wait_until_ready()
        app.process.send_signal(number)
        assert app.wait() == 0, app.text

    assert processes_of(app.state) == {}


def test_sigterm_to_make_takes_everything_with_it(tree: Path, tmp_path: Path) -> None:
    with running_app(tree, tmp_path / "state") as app:
        app.process.terminate()
        app.wait()

    assert processes_of(app.state) == {}


def test_orders_products_and_stock_survive_a_stop(tree: Path, tmp_path: Path) -> None:
    with running_app(tree, tmp_path / "state") as app:
        place(app.base_url, "kept")
        wait_for(app.base_url, "kept", "completed")
        app.press_ctrl_c()
        app.wait()

    with running_app(tree, tmp_path / "state") as app:
        assert wait_for(app.base_url, "kept", "completed")["succeeded"] is True
        stock = call("GET", f"{app.base_url}/api/inventory/mug").body
        assert (stock["available"], stock["reserved"], stock["sold"]) == (499, 0, 1)


def test_an_order_goes_on_after_the_app_was_killed(tree: Path, tmp_path: Path) -> None:
    with running_app(tree, tmp_path / "state") as app:
        place(app.base_url, "large", "espresso-machine")
        wait_for(app.base_url, "large", "awaiting_approval")
        os.kill(app.pid_of("local_host"), signal.SIGKILL)
        code = app.wait()
        assert code != 0
        assert "the app (local_host) stopped (signal SIGKILL)" in app.text
        assert processes_of(app.state) == {}

    with running_app(tree, tmp_path / "state") as app:
        assert approve(app.base_url, "large").status == 202
        assert wait_for(app.base_url, "large", "completed")["succeeded"] is True


def test_an_order_goes_on_after_the_launcher_was_killed(tree: Path, tmp_path: Path) -> None:
    with running_app(tree, tmp_path / "state") as app:
        place(app.base_url, "large", "espresso-machine")
        wait_for(app.base_url, "large", "awaiting_approval")
        os.kill(app.launcher_pid, signal.SIGKILL)
        app.wait()
        wait_until_gone(app.state)

    with running_app(tree, tmp_path / "state") as app:
        assert approve(app.base_url, "large").status == 202
        assert wait_for(app.base_url, "large", "completed")["succeeded"] is True


def test_two_copies_run_side_by_side_and_share_nothing(tree: Path, tmp_path: Path) -> None:
    with running_app(tree, tmp_path / "one") as one, running_app(tree, tmp_path / "two") as two:
        place(one.base_url, "mine")
        wait_for(one.base_url, "mine", "completed")
        assert call("GET", f"{two.base_url}/api/orders/mine").status == 404
        assert call("GET", f"{two.base_url}/api/inventory/mug").body["sold"] == 0


def test_a_second_start_installs_nothing(tree: Path) -> None:
    stamps = [".venv/app.stamp", ".venv/packages.stamp", ".venv/dev.stamp", "node_modules/.stamp"]
    assert subprocess.run(["make", "--question", *stamps], cwd=tree, check=False).returncode == 0
