"""The open dead letters of a run as its document shows them."""

import asyncio
import logging

from domain.errors import StorageUnavailable
from domain.workflows.dead_letter import DeadLetter
from services.container import services

_log = logging.getLogger(__name__)


async def known_open(workflow: str, key: str) -> tuple[DeadLetter, ...] | None:
    """Return what is open of a run; None while their store does not answer, since the rest of its document is worth showing."""
    try:
        return tuple(await asyncio.to_thread(services().dead_letters.open_of, workflow, key))
    except StorageUnavailable as error:
        _log.warning("the document of %s %s is shown without dead letters: %s", workflow, key, error)
        return None
