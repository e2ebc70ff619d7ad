"""Runs batches of an entity's operations."""

from __future__ import annotations

from local_host.engine import entity
from local_host.engine.clock import Clock
from local_host.engine.config import DurableConfig, VersionFailure
from local_host.engine.entity import EntityWork
from local_host.engine.errors import CallLost, UserCodeFailed
from local_host.engine.executor import Executor, FunctionKind, unknown_function
from local_host.engine.failure_log import Attempt, log_failure
from local_host.engine.lane import Storing
from local_host.engine.log_categories import host_logger
from local_host.engine.task_hub import TaskHub
from local_host.engine.timestamps import time_text
from local_host.engine.versions import accepts

_log = host_logger("DurableTask.AzureStorage")


class BatchRunner:
    """Works on entities that have operations."""

    def __init__(self, hub: TaskHub, executor: Executor, clock: Clock, config: DurableConfig) -> None:
        self._hub = hub
        self._executor = executor
        self._clock = clock
        self._config = config

    async def run(self, work: EntityWork) -> Storing:
        """Run a batch of operations; returns how to store what came of it."""
        if not accepts("", self._config):
            return self._refuse_batch(work)
        name = self._executor.find(FunctionKind.ENTITY, work.name)
        if name is None:
            unknown = unknown_function(self._executor, FunctionKind.ENTITY, work.name)
            outcome = entity.fail(work, str(unknown), self._now_text())
        else:
            try:
                answer = await self._executor.run_entity(name, entity.payload(work))
                outcome = entity.finish(work, answer, self._now_text())
            except CallLost as lost:
                log_failure(name, lost, Attempt(of=work.entity_id, is_retried=True))
                return self._run_batch_again(work)
            except UserCodeFailed as failure:
                log_failure(name, failure, Attempt(of=work.entity_id))
                outcome = entity.fail(work, str(failure), self._now_text())
        return self._hub.complete_batch(outcome, self._config.max_entity_operation_batch_size)

    async def _refuse_batch(self, work: EntityWork) -> None:
        """Leave calls of an entity without an answer: it has no version, so `Strict` never matches it.

        Where versions that do not match fail, signals are lost; else everything waits, for a host that takes it.
        """
        _log.warning("Entity %s has no version, which versionMatchStrategy Strict does not accept", work.entity_id)
        if self._config.version_failure is VersionFailure.FAIL:
            outcome = entity.lose(work, self._now_text())
            await self._hub.complete_batch(outcome, self._config.max_entity_operation_batch_size)

    async def _run_batch_again(self, work: EntityWork) -> None:
        self._hub.abandon_entity(work)

    def _now_text(self) -> str:
        return time_text(self._clock.now())
