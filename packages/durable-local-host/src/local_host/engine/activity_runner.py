"""Calls activities; a function's own exception is a completion like any other."""

from __future__ import annotations

import json

from local_host.engine import failures, lost_calls
from local_host.engine import history_events as h
from local_host.engine.actions import HTTP_ACTIVITY
from local_host.engine.clock import Clock
from local_host.engine.errors import CallLost, UserCodeFailed
from local_host.engine.executor import Executor, FunctionKind, unknown_function
from local_host.engine.failure_log import Attempt, counted, log_failure
from local_host.engine.history_events import Event
from local_host.engine.lane import Storing
from local_host.engine.steps import Activity
from local_host.engine.task_hub import TaskHub
from local_host.engine.timestamps import time_text


class ActivityRunner:
    """Works on activities that orchestrations have asked for."""

    def __init__(self, hub: TaskHub, executor: Executor, clock: Clock) -> None:
        self._hub = hub
        self._executor = executor
        self._clock = clock

    async def run(self, activity: Activity) -> Storing:
        """Call an activity; returns how to store its completion."""
        if self._executor.is_disabled(FunctionKind.ACTIVITY, activity.name):
            return self._hub.complete_activity(activity, self._disabled(activity))
        try:
            result = await self._call(activity)
        except UserCodeFailed as failure:
            if activity.name != HTTP_ACTIVITY:
                log_failure(activity.name, failure, _attempt(activity))
            completion = self._task_failed(activity, failure)
        else:
            completion = h.task_completed(self._now_text(), activity.task_id, result)
        return self._hub.complete_activity(activity, completion)

    async def _call(self, activity: Activity) -> str | None:
        if activity.name == HTTP_ACTIVITY:
            return json.dumps(await self._executor.call_http(json.loads(activity.input)))
        name = self._executor.find(FunctionKind.ACTIVITY, activity.name)
        if name is None:
            # Queued by an earlier version of the app, since an orchestrator's call of an unknown name is refused.
            unknown = unknown_function(self._executor, FunctionKind.ACTIVITY, activity.name)
            raise UserCodeFailed("ValueError", str(unknown))
        return await self._executor.run_activity(name, activity.input, activity.instance_id)

    def _disabled(self, activity: Activity) -> Event:
        reason = failures.activity_reason(activity.name, failures.disabled_text(activity.name))
        return h.task_failed(self._now_text(), activity.task_id, reason, failures.disabled_details(activity.name))

    def _task_failed(self, activity: Activity, failure: UserCodeFailed) -> Event:
        if isinstance(failure, CallLost):
            reason = failures.activity_reason(activity.name, failure.message)
            return h.task_failed(self._now_text(), activity.task_id, reason, lost_calls.activity_details(failure))
        reason = failures.activity_reason(activity.name, failure)
        return h.task_failed(self._now_text(), activity.task_id, reason, failures.activity_details(failure))

    def _now_text(self) -> str:
        return time_text(self._clock.now())


def _attempt(activity: Activity) -> Attempt:
    """Return which try of `call_activity_with_retry` an activity is."""
    return counted(activity.attempt, activity.max_attempts, of=activity.instance_id)
