"""PURE: what the SDK's handle of an orchestrator is given to read."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache

from local_host.engine.config import DurableConfig
from local_host.engine.history_events import EventType, make_event
from local_host.engine.instance import Episode


def payload(episode: Episode, config: DurableConfig) -> str:
    """Return the JSON text that the SDK's handle reads."""
    started = make_event(EventType.ORCHESTRATOR_STARTED, episode.at)
    events = [*episode.history.episodes, started.text, *(event.text for event in episode.incoming)]
    instance = episode.instance
    parent = instance.parent_instance
    parent_id = parent["OrchestrationInstance"]["InstanceId"] if parent else None
    return (
        f'{{"history": [{",".join(events)}], "input": {instance.input or "null"},'
        f' "instanceId": {json.dumps(instance.instance_id)}, "parentInstanceId": {json.dumps(parent_id)}, "sourceInstanceId": null,'
        f' "isReplaying": {"true" if episode.history.events else "false"}, {_settings(config)}}}'
    )


@cache
def _settings(config: DurableConfig) -> str:
    """Return what is the same for every instance. The misspelt name is the one that the SDK reads."""
    return (
        '"upperSchemaVersion": 1, "upperSchemaVersionNew": 3,'
        f' "longRunningTimerIntervalDuration": "{duration_text(config.long_timer_interval)}",'
        f' "maximumShortTimerDuration": "{duration_text(config.maximum_short_timer)}",'
        f' "defaultHttpAsyncRequestSleepTimeMillseconds": {config.default_async_request_sleep_time_ms}'
    )


def duration_text(span: timedelta) -> str:
    """Return `d.HH:MM:SS`, as .NET writes whole seconds."""
    hours, rest = divmod(span.seconds, 3600)
    return f"{span.days}.{hours:02}:{rest // 60:02}:{rest % 60:02}"
