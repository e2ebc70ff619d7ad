"""Every function run twice and every message delivered twice: the end is the same, and so are money, stock and parcels.

The platform promises "at least once". Here it is always twice: one run after the other, or both at the same time, as when a
process that counts as dead still lives.
"""

import asyncio

import pytest

from local_host.executor import Executor
from local_host.testing.crashes import CrashFaults
from local_host.testing.doubles import ActivityFaults, DoubledExecutor
from tests.proofs.stories import SHELF, STORIES, order_faults, stock_shelf, tell
from tests.support.books import assert_balanced
from tests.support.shop import running_shop, use_settings


class SimultaneousExecutor(DoubledExecutor):
    """Runs each activity twice at the same time; one answer is enough, as the platform takes the first that comes."""

    def __init__(self, real: Executor) -> None:
        super().__init__(real, {}, ActivityFaults())

    async def run_activity(self, name: str, input_text: str, instance_id: str) -> str | None:
        run = super().run_activity
        runs = [run(name, input_text, instance_id) for _ in range(2)]
        first, second = await asyncio.gather(*runs, return_exceptions=True)
        answer = second if isinstance(first, BaseException) else first
        if isinstance(answer, BaseException):
            raise answer
        return answer


def one_after_the_other(executor: Executor) -> Executor:
    return DoubledExecutor(executor, {}, ActivityFaults(twice=True))


@pytest.mark.filterwarnings("ignore:Potential duplicate Task completion")  # the SDK notices, and takes one
@pytest.mark.parametrize("twice", [one_after_the_other, SimultaneousExecutor])
@pytest.mark.parametrize("capture", ["after_shipping", "immediate"])
async def test_every_kind_of_order_ends_as_without_it(monkeypatch, storage_connection, sandbox, twice, capture):
    use_settings(monkeypatch, storage_connection, sandbox, PAYMENT_CAPTURE=capture)
    faults = CrashFaults()
    faults.twice = True
    stories = {name: story for name, story in STORIES.items() if story.capture == capture}
    async with running_shop(sandbox, faults=faults, around_executor=twice) as shop:
        await stock_shelf(shop)
        for name, story in stories.items():
            order_faults(sandbox, name, story)
            await tell(shop, name, story)
        ended = await assert_balanced(shop, SHELF, {name: story.wanted for name, story in stories.items()})
    ends = {name: (order["status"], order["reason_code"]) for name, order in ended.items()}
    assert ends == {name: (story.status, story.reason) for name, story in stories.items()}
