"""Read all instances of a hub page by page, oldest first, although the SDK reads the first page of a list only."""

from datetime import UTC, datetime, timedelta
from typing import Final

from services.durable.client import DurableClient, InstanceStatus

_BEGINNING: Final = datetime(2020, 1, 1, tzinfo=UTC)
_END: Final = datetime(2100, 1, 1, tzinfo=UTC)  # a clock may be wrong, and an instance's time of creation with it
_PAGE_SIZE: Final = 100
_MIN_SPAN: Final = timedelta(milliseconds=1)


async def page_of_instances(
    client: DurableClient, cursor: str | None, now: datetime
) -> tuple[dict[str, InstanceStatus], str | None]:
    """Return some instances by id, with inputs and outputs, and where the next page begins; None after the last one.

    A page is a span of the times of creation that holds no more than one page of the SDK does.
    """
    since, span = _read(cursor, now)
    while True:
        until = min(since + span, _END)
        page = await client.get_status_by(since, until, None, "")
        if len(page) < _PAGE_SIZE or until - since < _MIN_SPAN:
            # Twice the span, so that a quiet year is not read by the minute.
            following = None if until == _END else f"{until.isoformat()}|{2 * (until - since).total_seconds()}"
            return {each.instance_id: each for each in page}, following
        span = (until - since) / 2


def _read(cursor: str | None, now: datetime) -> tuple[datetime, timedelta]:
    if cursor is None:
        return _BEGINNING, now - _BEGINNING + timedelta(days=1)
    since, _, seconds = cursor.partition("|")
    return datetime.fromisoformat(since), max(timedelta(seconds=float(seconds)), _MIN_SPAN)
