"""Read all instances whose ids begin alike, although the SDK reads the first page of a list only."""

from datetime import UTC, datetime, timedelta
from typing import Final

from services.durable.client import DurableClient, InstanceStatus

_BEGINNING: Final = datetime(2020, 1, 1, tzinfo=UTC)
_END: Final = datetime(2100, 1, 1, tzinfo=UTC)
_PAGE_SIZE: Final = 100
_MIN_SPAN: Final = timedelta(milliseconds=1)


async def instances_of(client: DurableClient, prefix: str) -> dict[str, InstanceStatus]:
    """Return the instances whose ids begin so, with their inputs and outputs, by id."""
    return await _created(client, prefix, _BEGINNING, _END)


async def _created(client: DurableClient, prefix: str, since: datetime, until: datetime) -> dict[str, InstanceStatus]:
    page = await client.get_status_by(since, until, None, prefix)
    found = {each.instance_id: each for each in page}
    if len(page) < _PAGE_SIZE or until - since < _MIN_SPAN:
        return found
    middle = since + (until - since) / 2
    return await _created(client, prefix, since, middle) | await _created(client, prefix, middle, until)
