"""Replay or resolve many dead letters with one request. Each stands for itself: what one of them refuses stops no other."""

import logging
from collections.abc import Awaitable, Callable, Collection

from domain.errors import StorageUnavailable
from domain.refusals import RequestRefused
from domain.workflows.dead_letter import Resolution
from services.concurrency import gather_bounded
from services.durable.client import DurableClient
from services.workflows.dead_letters import replay, resolve

_log = logging.getLogger(__name__)


async def replay_many(client: DurableClient, dead_letter_ids: Collection[str]) -> tuple[str, ...]:
    """Start the replays. Return the ids of those that were refused: they are closed, or another operator was faster."""
    return await _refused(lambda each: replay(client, each), dead_letter_ids)


async def resolve_many(
    client: DurableClient, dead_letter_ids: Collection[str], resolution: Resolution
) -> tuple[str, ...]:
    """Close records that an operator has settled by hand. Return the ids of those that were refused."""
    return await _refused(lambda each: resolve(client, each, resolution), dead_letter_ids)


async def _refused(act: Callable[[str], Awaitable[object]], dead_letter_ids: Collection[str]) -> tuple[str, ...]:
    async def is_refused(dead_letter_id: str) -> bool:
        try:
            await act(dead_letter_id)
        except (RequestRefused, StorageUnavailable) as error:
            _log.warning("dead letter %s stays as it is: %s", dead_letter_id, error)
            return True
        return False

    answers = await gather_bounded(is_refused, dead_letter_ids)
    return tuple(each for each, refused in zip(dead_letter_ids, answers, strict=True) if refused)
