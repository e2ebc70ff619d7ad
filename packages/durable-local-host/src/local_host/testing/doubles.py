"""What a test puts between the engine and the app: replaced activities, failures on order, work done twice."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from local_host.app.caller import failure_of
from local_host.engine.errors import UserCodeFailed
from local_host.engine.executor import Executor
from local_host.testing.wrapped_executor import WrappedExecutor

Activity = Callable[[Any], Awaitable[Any]]
"""Calls an activity of the app with plain JSON and gives its decoded answer."""


@dataclass(frozen=True)
class ActivityCall:
    """One call of an activity, in the order in which they began. input: decoded."""

    name: str
    input: Any
    instance_id: str


@dataclass
class Doubles:
    """What a test has ordered, and what was seen meanwhile; both outlive a restart of the host.

    replaced: functions of the decoded input and the activity, by casefolded durable name. failures: by activity name and
    number of the call, from 1. twice: all code runs two times. at_once: activities both times at once.
    """

    replaced: dict[str, Callable[[Any, Activity], Any]] = field(default_factory=dict)
    failures: dict[tuple[str, int], Exception] = field(default_factory=dict)
    twice: bool = False
    at_once: bool = False
    calls: list[ActivityCall] = field(default_factory=list)
    orchestrator_runs: Counter[str] = field(default_factory=Counter)
    entity_runs: Counter[str] = field(default_factory=Counter)


class DoubledExecutor(WrappedExecutor):
    """An executor that passes everything on, except what a test has replaced or ordered to fail."""

    def __init__(self, real: Executor, doubles: Doubles) -> None:
        """Wrap an executor. doubles: read in each call."""
        super().__init__(real)
        self._doubles = doubles
        self._counts: Counter[str] = Counter()

    async def run_orchestrator(self, name: str, payload: str) -> str:
        """Run it, twice if the test wants that, and count it."""
        self._doubles.orchestrator_runs[name] += 1
        if self._doubles.twice:
            await self._real.run_orchestrator(name, payload)
        return await self._real.run_orchestrator(name, payload)

    async def run_entity(self, name: str, payload: str) -> str:
        """Run it, twice if the test wants that, and count it."""
        self._doubles.entity_runs[name] += 1
        if self._doubles.twice:
            await self._real.run_entity(name, payload)
        return await self._real.run_entity(name, payload)

    async def run_activity(self, name: str, input_text: str, instance_id: str) -> str | None:
        """Run it or what replaces it, note the call, and fail where the test says so."""
        if self._doubles.twice and self._doubles.at_once:
            return await _either(*(self._run_activity_once(name, input_text, instance_id) for _ in range(2)))
        if self._doubles.twice:
            await self._run_activity_once(name, input_text, instance_id)
        return await self._run_activity_once(name, input_text, instance_id)

    async def _run_activity_once(self, name: str, input_text: str, instance_id: str) -> str | None:
        self._counts[name] += 1
        self._doubles.calls.append(ActivityCall(name, json.loads(input_text), instance_id))
        fault = self._doubles.failures.get((name.casefold(), self._counts[name]))
        if fault is not None:
            raise failure_of(fault)
        replacement = self._doubles.replaced.get(name.casefold())
        if replacement is None:
            return await self._real.run_activity(name, input_text, instance_id)

        async def activity(value: Any) -> Any:
            answer = await self._real.run_activity(name, json.dumps(value), instance_id)
            return None if answer is None else json.loads(answer)

        return await _call(replacement, json.loads(input_text), activity)


async def _either(*runs: Awaitable[str | None]) -> str | None:
    """Return an answer of the runs: one is enough, as the platform takes the first that comes."""
    answers = await asyncio.gather(*runs, return_exceptions=True)
    answer = next((each for each in answers if not isinstance(each, BaseException)), answers[0])
    if isinstance(answer, BaseException):
        raise answer
    return answer


async def _call(replacement: Callable[[Any, Activity], Any], value: Any, activity: Activity) -> str | None:
    try:
        result = replacement(value, activity)
        if inspect.isawaitable(result):
            result = await result
        return None if result is None else json.dumps(result)
    except (asyncio.CancelledError, UserCodeFailed):
        raise
    except Exception as error:
        raise failure_of(error) from error
