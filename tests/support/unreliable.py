"""A platform whose activities fail when a test says so: before they act, or after, when only the answer is lost."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from local_host.errors import UserCodeFailed
from local_host.executor import Executor
from sandbox.testing import Sandbox
from tests.support.shop import Shop, forget_cached, running_shop, use_settings


class Unreliable:
    """Stands between the engine and the app's functions: `running_shop(around_executor=unreliable.around)`."""

    def __init__(self) -> None:
        self._executor: Executor | None = None
        self._before: set[str] = set()
        self._after: set[str] = set()
        self._answers: dict[str, str] = {}

    def around(self, executor: Executor) -> Executor:
        self._executor = executor
        return self

    @contextmanager
    def failing(self, activity: str, *, after: bool = False) -> Iterator[None]:
        """Every call of the activity fails for the length of the block. after: it acts first."""
        failing = self._after if after else self._before
        failing.add(activity)
        try:
            yield
        finally:
            failing.discard(activity)

    @contextmanager
    def answering(self, activity: str, answer: dict[str, Any]) -> Iterator[None]:
        """The activity does nothing and gives this answer for the length of the block."""
        self._answers[activity] = json.dumps(answer)
        try:
            yield
        finally:
            del self._answers[activity]

    async def run_activity(self, name: str, input_text: str, instance_id: str) -> str | None:
        assert self._executor is not None
        if name in self._before:
            raise UserCodeFailed("StorageUnavailable", "down, because the test says so")
        if name in self._answers:
            return self._answers[name]
        answer = await self._executor.run_activity(name, input_text, instance_id)
        if name in self._after:
            raise UserCodeFailed("ConnectionError", "the answer is lost, because the test says so")
        return answer

    def __getattr__(self, name: str) -> Any:
        return getattr(self._executor, name)


@pytest.fixture
def unreliable() -> Unreliable:
    return Unreliable()


@pytest.fixture
async def unreliable_shop(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox, unreliable: Unreliable
) -> AsyncIterator[Shop]:
    """A shop whose activities fail when the test says so."""
    use_settings(monkeypatch, storage_connection, sandbox)
    async with running_shop(sandbox, around_executor=unreliable.around) as running:
        yield running
    forget_cached()
