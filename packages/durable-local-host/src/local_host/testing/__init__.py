"""Test a Durable Functions app in-process, with its clock in the test's hand.

In `conftest.py`:

    pytest_plugins = ["local_host.testing.plugin"]

and then:

    async def test_an_order_that_no_approver_decides_on_is_cancelled(app_host):
        order = await app_host.start("process_order", {"total_cents": 500_000})
        await app_host.advance(hours=48)
        assert (await app_host.wait(order)).output["status"] == "rejected"
"""

from local_host.testing.app_host import AppHost, running_app
from local_host.testing.crashes import Crashed
from local_host.testing.doubles import Activity, ActivityCall
from local_host.testing.http_client import Answer
from local_host.testing.instances import Instance, StillRunning
from local_host.testing.loading import app_index
from local_host.testing.recording import ReplayFailed, replay

__all__ = [
    "Activity",
    "ActivityCall",
    "Answer",
    "AppHost",
    "Crashed",
    "Instance",
    "ReplayFailed",
    "StillRunning",
    "app_index",
    "replay",
    "running_app",
]
