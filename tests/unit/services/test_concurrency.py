import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.concurrency import from_another_place, gather_bounded


async def test_answers_have_the_order_of_the_ids_and_few_are_asked_for_at_a_time():
    under_way, most, tasks = 0, 0, 0

    async def ask(each: str) -> str:
        nonlocal under_way, most, tasks
        under_way += 1
        most, tasks = max(most, under_way), max(tasks, len(asyncio.all_tasks()))
        await asyncio.sleep(0)
        under_way -= 1
        return each

    ids = [str(number) for number in range(100)]
    assert await gather_bounded(ask, ids) == ids
    assert (most, tasks) == (8, 9), "and none waits as a task of its own"
    assert await gather_bounded(ask, []) == []


async def test_no_further_id_is_asked_for_after_an_error():
    asked = []

    async def ask(each: str) -> None:
        asked.append(each)
        await asyncio.sleep(0)
        raise ValueError(each)

    with pytest.raises(ValueError, match="0"):
        await gather_bounded(ask, [str(number) for number in range(100)])
    await asyncio.sleep(0)
    assert len(asked) == 8


@pytest.mark.parametrize("interval", [timedelta(minutes=1), timedelta(minutes=5)])
@pytest.mark.parametrize("count", [0, 1, 7, 7_919, 15_838])
def test_calls_begin_all_over_the_keys_however_many_there_are(count: int, interval: timedelta) -> None:
    keys = [str(number) for number in range(count)]
    now = datetime(2026, 11, 27, tzinfo=UTC)
    tenth = max(count // 10, 1)
    reached: set[str] = set()
    for call in range(40):
        turned = from_another_place(keys, now + call * interval)
        assert sorted(turned) == sorted(keys)
        reached.update(turned[:tenth])
    assert len(reached) == count
