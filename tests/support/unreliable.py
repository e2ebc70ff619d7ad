"""A platform whose activities fail when a test says so: before they act, or after, when only the answer is lost."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from local_host.testing import Activity
from tests.support.shop import Shop


class StorageUnavailable(Exception):
    """What a failing activity says."""


@contextmanager
def failing(shop: Shop, activity: str) -> Iterator[None]:
    """Every call of the activity fails for the length of the block."""

    def fail(_: Any) -> None:
        raise StorageUnavailable("down, because the test says so")

    shop.host.replace_activity(activity, fail)
    yield
    shop.host.restore_activity(activity)


@contextmanager
def losing_answers(shop: Shop, activity: str) -> Iterator[None]:
    """Every call of the activity acts and then fails, for the length of the block."""

    async def act_and_fail(value: Any, act: Activity) -> None:
        await act(value)
        raise ConnectionError("the answer is lost, because the test says so")

    shop.host.wrap_activity(activity, act_and_fail)
    yield
    shop.host.restore_activity(activity)


@contextmanager
def answering(shop: Shop, activity: str, answer: dict[str, Any]) -> Iterator[None]:
    """Yield the activity does nothing and gives this answer for the length of the block."""
    shop.host.replace_activity(activity, lambda _: answer)
    yield
    shop.host.restore_activity(activity)
