"""Back-pressure: refuse new orders while accepted ones wait too long for their first step.

The answer is a 503 and not a 429: the shop is overloaded, and no caller has sent too much. A request that accepted
before is always answered.
"""

import asyncio
import secrets
from collections.abc import Callable
from typing import Final

from domain.ids import instance_id_of
from domain.refusals import TryAgain
from services.container import services

_RETRY_AFTER_S: Final = 30


class IntakePaused(TryAgain):
    """Accepted orders wait too long for their first step."""

    def __init__(self) -> None:
        super().__init__("backlog_too_old", "The shop is behind with its orders and accepts no new ones for a while.")
        # Spread, so that callers who were refused together do not come back together.
        self.retry_after_s = _RETRY_AFTER_S + secrets.randbelow(_RETRY_AFTER_S)


async def admit_order(order_id: str | None) -> None:
    """Let a request for an order pass, unless it is a new one and the backlog is too old.

    Args:
        order_id: The caller's id; None where there is none, so that the order is new.

    Raises:
        IntakePaused: The same request may be sent again later.
        StorageUnavailable: It is not known whether the order is new.
    """
    await _admit(lambda: order_id is not None and services().order_repository.get(order_id) is not None)


async def admit_run(workflow: str, key: str) -> None:
    """Let a request for a run that places orders pass, unless it is a new one and the backlog is too old.

    Args:
        workflow: The orchestrator's name.
        key: The run's id.

    Raises:
        IntakePaused: The same request may be sent again later.
        StorageUnavailable: It is not known whether the run is new.
    """
    await _admit(lambda: services().run_repository.knows(instance_id_of(workflow, key)))


async def _admit(is_known: Callable[[], bool]) -> None:
    intake = await services().order_backlog.view()
    if intake.state == "paused" and not await asyncio.to_thread(is_known):
        raise IntakePaused
