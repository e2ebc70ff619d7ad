"""The durable settings of host.json (`extensions.durableTask`) that the engine honours, with their real defaults."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import timedelta
from enum import IntEnum, StrEnum


class VersionMatch(IntEnum):
    """Which instances, by version, this host works on."""

    NONE = 0
    STRICT = 1
    CURRENT_OR_OLDER = 2


class VersionFailure(IntEnum):
    """What becomes of an instance whose version does not match: left for another host, or failed."""

    REJECT = 0
    FAIL = 1


class Overridable(StrEnum):
    """Which existing instances a start with the same id may replace."""

    NON_RUNNING = "NonRunningStates"
    ANY = "AnyState"


def _ten_per_core() -> int:
    return 10 * (os.cpu_count() or 1)


@dataclass(frozen=True, kw_only=True)
class DurableConfig:
    """Settings of one task hub. Names follow host.json in snake case."""

    hub_name: str = "TestHubName"
    default_version: str | None = None
    version_match: VersionMatch = VersionMatch.CURRENT_OR_OLDER
    version_failure: VersionFailure = VersionFailure.REJECT
    max_concurrent_activities: int = field(default_factory=_ten_per_core)
    max_concurrent_orchestrators: int = field(default_factory=_ten_per_core)
    max_concurrent_entities: int = field(default_factory=_ten_per_core)
    max_entity_operation_batch_size: int = 5000
    overridable_existing_instance_states: Overridable = Overridable.NON_RUNNING
    store_inputs_in_orchestration_history: bool = False
    max_orchestration_actions: int = 100_000
    default_async_request_sleep_time_ms: int = 30_000
    use_forwarded_host: bool = False
    # Of `storageProvider`: how long what a host had in hand when it ended stays out of sight.
    control_queue_visibility_timeout: timedelta = timedelta(minutes=5)
    work_item_queue_visibility_timeout: timedelta = timedelta(minutes=5)
    # Fixed by the storage provider of the real host, not by host.json.
    maximum_short_timer: timedelta = timedelta(days=6)
    long_timer_interval: timedelta = timedelta(days=3)
