"""How many messages wait in each queue of the shop."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import TypeVar

from domain.errors import StorageUnavailable
from services.concurrency import gather_bounded
from services.container import services
from services.recent_checks import CHECK_TIMEOUT_S
from services.telemetry import emit_depth

T = TypeVar("T")

_log = logging.getLogger(__name__)


async def queue_depths() -> Mapping[str, int | None]:
    """Return about how many messages each queue has, by name, as it was read lately; None where that is not known."""
    return await services().recent_results.get("queues", _read)


async def log_depths() -> None:
    """Log how many messages each queue has that is not empty: Azure Storage has a metric of all queues together only.

    Raises:
        StorageUnavailable: The depth of some queues is not known, or whether one of their messages is due.
    """
    depths = await _read()
    due = dict(await gather_bounded(_due, [name for name, messages in depths.items() if messages]))
    for name, is_due in due.items():
        emit_depth(name, depths[name] or 0, is_due)
    if unknown := [name for name, messages in depths.items() if messages is None or due.get(name, True) is None]:
        raise StorageUnavailable(f"the depths of these queues are not known: {', '.join(unknown)}")


async def _read() -> Mapping[str, int | None]:
    return dict(await gather_bounded(_depth, services().queue_depths.names()))


async def _depth(name: str) -> tuple[str, int | None]:
    return await _asked(services().queue_depths.depth, name)


async def _due(name: str) -> tuple[str, bool | None]:
    return await _asked(services().queue_depths.is_any_due, name)


async def _asked(ask: Callable[[str], T], name: str) -> tuple[str, T | None]:
    try:
        return name, await asyncio.wait_for(asyncio.to_thread(ask, name), CHECK_TIMEOUT_S)
    except (StorageUnavailable, TimeoutError) as error:
        _log.warning("the depth of the queue %s is not known: %s", name, type(error).__name__)
        return name, None
