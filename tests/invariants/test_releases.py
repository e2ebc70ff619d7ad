"""A release that changes what `process_order` awaits, over running orders and back again, on a real host process.

The version after today's is made from today's tree: orders that were started on it are screened before the approval, in an activity
that is new. The steps are those of docs/releasing.md.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.package import copy_app
from tests.invariants.order_cases import APPROVE, ORDER_CASES, stock_shelf_outside
from tests.invariants.outside import Outside, the_outside
from tests.support.books import assert_balanced
from tests.support.shop import ROOT

CURRENT = json.loads((ROOT / "host.json").read_text())["extensions"]["durableTask"]["defaultVersion"]
NEXT = f"{int(CURRENT.split('.')[0]) + 1}.0"
SCREENING = """
import azure.durable_functions as df

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
def screen_order(request: dict) -> str:
    return "nothing was found"
"""
BEFORE = "        yield from wait_for_approval(run)\n"
AFTER = f"""        if run.context.version == "{NEXT}":
            yield run.context.call_activity("screen_order", {{}})
{BEFORE}"""


@pytest.fixture
def app(tmp_path: Path) -> Path:
    """Return a copy of the app that a release may replace."""
    folder = tmp_path / "wwwroot"
    copy_app(folder)
    (folder / "host.json").write_bytes((ROOT / "host.json").read_bytes())
    return folder


def deploy_next(app: Path) -> None:
    """Put the code of the next version in place of today's."""
    orchestrator = app / "orchestrators" / "process_order.py"
    today = orchestrator.read_text()
    assert BEFORE in today
    orchestrator.write_text(today.replace(BEFORE, AFTER, 1))
    (app / "activities" / "screening.py").write_text(SCREENING)
    host = app / "host.json"
    host.write_text(host.read_text().replace(f'"defaultVersion": "{CURRENT}"', f'"defaultVersion": "{NEXT}"'))


def take_back(app: Path) -> None:
    """Put today's code and host.json back."""
    for name in ("orchestrators/process_order.py", "host.json"):
        (app / name).write_bytes((ROOT / name).read_bytes())
    (app / "activities" / "screening.py").unlink()


def restart(shop: Outside, *, order_versions: str = "") -> None:
    """Exchange the host for one on the code that is there now."""
    shop.host.stop()
    shop.host.environment = {**shop.host.environment, "ORDER_VERSIONS": order_versions}
    shop.host.start()


async def place(shop: Outside, order_id: str, **query: str) -> None:
    body = ORDER_CASES["approved"].body(order_id)
    assert (await shop.ask("POST", "orders", json=body, params=query)).status == 202
    await shop.until_awaiting_approval(order_id)


async def approve(shop: Outside, order_id: str) -> None:
    path, body = APPROVE
    assert (await shop.ask("POST", f"orders/{order_id}/{path}", json=body)).status == 202


async def completes(shop: Outside, order_id: str) -> bool:
    await approve(shop, order_id)
    return bool((await shop.until_ended(order_id)).json()["status"] == "completed")


async def way(shop: Outside, order_id: str) -> tuple[str, bool]:
    """Return the version that an order was started on, and whether it was screened."""
    url = f"{shop.host.url}/runtime/webhooks/durabletask/instances/{order_id}"
    async with shop.http.get(url, params={"showHistory": "true"}) as response:
        status: dict[str, Any] = await response.json()
    names = {event.get("FunctionName") for event in status["historyEvents"]}
    return status["version"], "screen_order" in names


@pytest.mark.timeout(600)
async def test_orders_of_two_versions_end_on_the_way_that_they_were_started_on(tmp_path, storage_connection, app):
    async with the_outside(tmp_path, storage_connection, app=app) as shop:
        await stock_shelf_outside(shop, {"piano": 10})
        await place(shop, "before")

        deploy_next(app)
        restart(shop, order_versions=f"{CURRENT},{NEXT}")
        await place(shop, "usual")
        await place(shop, "first-of-next", version=NEXT)
        unknown = await shop.ask("POST", "orders", json=ORDER_CASES["approved"].body("x"), params={"version": "99.0"})
        assert (unknown.status, unknown.json()["errors"][0]["field"]) == (422, "version")
        assert [await completes(shop, each) for each in ("before", "usual", "first-of-next")] == [True] * 3
        assert [await way(shop, each) for each in ("before", "usual", "first-of-next")] == [
            (CURRENT, False),
            (CURRENT, False),
            (NEXT, True),
        ]

        restart(shop)  # every order is started on the new version now
        await place(shop, "left-behind")
        assert (await way(shop, "left-behind")) == (NEXT, True)

        take_back(app)
        restart(shop)
        await approve(shop, "left-behind")
        await place(shop, "after")
        assert await completes(shop, "after")
        # What an operator sees: it is where it was, with the decision stored, and nothing is wrong with it.
        waiting = await shop.get("orders/left-behind")
        assert (waiting.status, waiting.json()["status"]) == (202, "awaiting_approval")
        assert (await way(shop, "after")) == (CURRENT, False)

        deploy_next(app)
        restart(shop)
        assert (await shop.until_ended("left-behind")).json()["status"] == "completed"
        orders = ("before", "usual", "first-of-next", "left-behind", "after")
        await assert_balanced(shop, {"piano": 10}, {order_id: {"piano": 1} for order_id in orders})
