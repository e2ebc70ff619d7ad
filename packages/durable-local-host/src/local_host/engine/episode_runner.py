"""Runs episodes: the orchestrator's code, if there is something it can react to, and what comes of its answer."""

from __future__ import annotations

import uuid

from local_host.engine import failures, lost_calls
from local_host.engine.actions import read_answer, read_failure
from local_host.engine.clock import Clock
from local_host.engine.config import DurableConfig, VersionFailure
from local_host.engine.decision import end_for_version, fail, finish, finish_without_answer, settle
from local_host.engine.errors import CallLost, UserCodeFailed
from local_host.engine.executor import Executor, FunctionKind, unknown_function
from local_host.engine.failure_log import Attempt, log_failure, log_non_determinism
from local_host.engine.instance import Episode, InstanceWork, begin
from local_host.engine.lane import Storing
from local_host.engine.log_categories import host_logger
from local_host.engine.outcome import Outcome, Surroundings
from local_host.engine.payload import payload
from local_host.engine.task_hub import TaskHub
from local_host.engine.versions import accepts

_log = host_logger("DurableTask.AzureStorage")


class EpisodeRunner:
    """Works on instances that have messages."""

    def __init__(self, hub: TaskHub, executor: Executor, clock: Clock, config: DurableConfig) -> None:
        self._hub = hub
        self._executor = executor
        self._clock = clock
        self._config = config

    async def run(self, work: InstanceWork) -> Storing:
        """Run one episode; returns how to store what came of it."""
        episode = begin(work, self._clock.now())
        if episode is None or self._is_left_to_others(episode):
            return self._hub.put_back(work)
        if episode.is_noop:
            return self._hub.drop_messages(work, episode.consumed)
        with self._hub.episodes:
            outcome = await self._decide(episode)
        log_non_determinism(outcome)
        return self._hub.complete_episode(outcome)

    def _is_left_to_others(self, episode: Episode) -> bool:
        """Return whether an instance of this version waits for a host of another version."""
        instance = episode.instance
        if not episode.runs_code or self._config.version_failure is VersionFailure.FAIL:
            return False
        if accepts(instance.version, self._config):
            return False
        _log.warning(
            "Instance %s has version '%s', which this host (defaultVersion '%s') does not run; it stays as it is",
            instance.instance_id,
            instance.version,
            self._config.default_version,
        )
        return True

    async def _decide(self, episode: Episode) -> Outcome:
        """Run the orchestrator, if there is something it can react to, and see what comes of it."""
        if not episode.runs_code:
            return settle(episode, self._surroundings())
        instance = episode.instance
        if not accepts(instance.version, self._config):
            return end_for_version(episode, self._surroundings())
        name = self._executor.find(FunctionKind.ORCHESTRATOR, instance.name)
        if name is None:
            unknown = unknown_function(self._executor, FunctionKind.ORCHESTRATOR, instance.name)
            return fail(episode, str(unknown), self._surroundings())
        if instance.input == "":
            return finish_without_answer(episode, failures.unread_input_error(name), self._surroundings())
        return await self._run_orchestrator(episode, name)

    async def _run_orchestrator(self, episode: Episode, name: str) -> Outcome:
        try:
            answer = read_answer(await self._executor.run_orchestrator(name, payload(episode, self._config)))
        except CallLost as lost:
            log_failure(name, lost, Attempt(of=episode.instance.instance_id))
            return finish_without_answer(episode, lost_calls.orchestration_error(lost), self._surroundings())
        except UserCodeFailed as failure:
            log_failure(name, failure, Attempt(of=episode.instance.instance_id))
            labelled = read_failure(failure)
            if labelled is None or labelled.is_done:
                # Done and failed at once: the result is not JSON. The extension takes nothing from such an answer.
                error = failures.unlabelled_error(failure) if labelled is None else str(labelled.error)
                return finish_without_answer(episode, error, self._surroundings(), stack=failure.stack)
            answer = labelled
        return finish(episode, answer, self._surroundings())

    def _surroundings(self) -> Surroundings:
        return Surroundings(
            functions=self._executor,
            config=self._config,
            now=self._clock.now(),
            new_id=lambda: str(uuid.uuid4()),
        )
