"""Start an instance of an accepted run, be it of an order or of any other workflow."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Any, Final

from domain.workflows.run import RESTART, Restart, Run
from services.durable.client import DurableClient

START_TIMEOUT_S: Final = 20
"""How long a start may take before it is left to the recovery timer (`triggers.timer.recover_runs`)."""

_log = logging.getLogger(__name__)


async def start_instance(
    client: DurableClient, run: Run, restart: Restart | None = None, given: Mapping[str, Any] | None = None
) -> bool:
    """Start an instance; False when that failed, and the recovery timer has to.

    Only for the caller whose row was the first, and, with a restart, for the recovery timer.

    Args:
        client: The durable client.
        run: It has no instance that is at work.
        restart: What the instance has to know that takes over from another.
        given: The input, where it is not the run's request.
    """
    taken_over = {} if restart is None else {RESTART: restart.to_wire()}
    # One that takes over has a history of its own: it runs on what is released, also after that version was taken back.
    version = run.version if restart is None else None
    start = client.start_new(run.workflow, run.instance_id, {**(given or run.request), **taken_over}, version)
    try:
        await asyncio.wait_for(start, START_TIMEOUT_S)
    except Exception as error:  # noqa: BLE001 - whatever it was, the run is stored and will be found there
        _log.warning("%s %s: starting it failed with %s", run.workflow, run.key, type(error).__qualname__)
        return False
    return True
