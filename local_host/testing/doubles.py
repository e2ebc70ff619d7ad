"""What a test puts between the engine and the app: replaced activities, failures on order, work done twice."""

from __future__ import annotations

import asyncio
import inspect
import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from local_host.app.caller import failure_of
from local_host.executor import Executor, FunctionKind


@dataclass(frozen=True)
class ActivityCall:
    """One call of an activity, in the order in which they began. input: decoded."""

    name: str
    input: Any
    instance_id: str


@dataclass
class ActivityFaults:
    """Which calls fail. failures: by activity name and number of the call, from 1."""

    failures: dict[tuple[str, int], Exception] = field(default_factory=dict)
    twice: bool = False


class DoubledExecutor:
    """An executor that passes everything on, except what a test has replaced or told to fail."""

    def __init__(self, real: Executor, replaced: Mapping[str, Callable[[Any], Any]], faults: ActivityFaults) -> None:
        """replaced: functions of the decoded input, by casefolded durable name; looked at in each call."""
        self._real = real
        self._replaced = replaced
        self._faults = faults
        self._counts: Counter[str] = Counter()
        self.calls: list[ActivityCall] = []

    def find(self, kind: FunctionKind, name: str) -> str | None:
        return self._real.find(kind, name)

    def names(self, kind: FunctionKind) -> Sequence[str]:
        return self._real.names(kind)

    async def run_orchestrator(self, name: str, payload: str) -> str:
        if self._faults.twice:
            await self._real.run_orchestrator(name, payload)
        return await self._real.run_orchestrator(name, payload)

    async def run_entity(self, name: str, payload: str) -> str:
        if self._faults.twice:
            await self._real.run_entity(name, payload)
        return await self._real.run_entity(name, payload)

    async def run_activity(self, name: str, input_text: str, instance_id: str) -> str | None:
        if self._faults.twice:
            await self._run_activity_once(name, input_text, instance_id)
        return await self._run_activity_once(name, input_text, instance_id)

    async def call_http(self, request: Mapping[str, Any]) -> dict[str, Any]:
        return await self._real.call_http(request)

    async def _run_activity_once(self, name: str, input_text: str, instance_id: str) -> str | None:
        self._counts[name] += 1
        self.calls.append(ActivityCall(name, json.loads(input_text), instance_id))
        fault = self._faults.failures.get((name.casefold(), self._counts[name]))
        if fault is not None:
            raise failure_of(fault)
        replacement = self._replaced.get(name.casefold())
        if replacement is None:
            return await self._real.run_activity(name, input_text, instance_id)
        return await _call(replacement, json.loads(input_text))


async def _call(replacement: Callable[[Any], Any], value: Any) -> str | None:
    try:
        result = replacement(value)
        if inspect.isawaitable(result):
            result = await result
        return None if result is None else json.dumps(result)
    except asyncio.CancelledError:
        raise
    except Exception as error:
        raise failure_of(error) from error
