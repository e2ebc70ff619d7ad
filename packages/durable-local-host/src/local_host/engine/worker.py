"""The loop of the host: take ready work, run the app's code, store what came of it.

Each kind of work has a lane. A piece of work is claimed, the app's function is run without any transaction open, and
what came of it is stored in one step. Whatever goes wrong in between leaves the store as it was, so the work is simply
taken again; a function's own exception, on the other hand, is a result like any other.
"""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import Callable
from datetime import datetime

from local_host.engine import entity, failures, lost_calls
from local_host.engine import history as h
from local_host.engine.actions import HTTP_ACTIVITY, read_answer, read_failure
from local_host.engine.alarm import Alarm
from local_host.engine.clock import Clock
from local_host.engine.config import DurableConfig, VersionFailure
from local_host.engine.decision import end_for_version, fail, finish, finish_without_answer, settle
from local_host.engine.entity import EntityWork
from local_host.engine.errors import CallLost, UnknownFunction, UserCodeFailed
from local_host.engine.executor import Executor, FunctionKind
from local_host.engine.failure_log import Attempt, counted, log_failure, log_non_determinism
from local_host.engine.group_commit import Wakeups
from local_host.engine.history import Event, time_text
from local_host.engine.instance import Episode, InstanceWork, begin
from local_host.engine.lane import Lane, Storing
from local_host.engine.log_categories import host_logger
from local_host.engine.outcome import Outcome, Surroundings
from local_host.engine.payload import payload
from local_host.engine.steps import Activity
from local_host.engine.task_hub import TaskHub
from local_host.engine.versions import accepts

_log = host_logger("DurableTask.AzureStorage")


class Worker:
    """Runs everything that becomes ready in one hub."""

    def __init__(self, hub: TaskHub, executor: Executor, clock: Clock, config: DurableConfig) -> None:
        self._hub = hub
        self._executor = executor
        self._clock = clock
        self._config = config
        self._is_started = False
        self._until_idle: list[asyncio.Future[None]] = []
        self._showing: list[asyncio.Task[None]] = []
        self._alarm = Alarm(hub, clock, self._pump)
        self._orchestrations = Lane(
            limit=config.max_concurrent_orchestrators,
            clock=clock,
            claim=hub.claim_instance,
            process=self._run_episode,
            abandon=hub.abandon_instance,
            name_of=lambda work: work.instance.instance_id,
            on_change=self._pump,
        )
        self._entities = Lane(
            limit=config.max_concurrent_entities,
            clock=clock,
            claim=lambda: hub.claim_entity(config.max_entity_operation_batch_size),
            process=self._run_batch,
            abandon=hub.abandon_entity,
            name_of=lambda work: work.entity_id,
            on_change=self._pump,
        )
        self._activities = Lane(
            limit=config.max_concurrent_activities,
            clock=clock,
            claim=hub.claim_activity,
            process=self._run_activity,
            abandon=hub.abandon_activity,
            name_of=lambda activity: f"activity {activity.name} of {activity.instance_id}",
            on_change=self._pump,
        )
        hub.listen(self._stored)

    async def start(self, *, after_visibility_timeout: bool = False) -> None:
        """Begin to work; whatever an earlier process left unfinished is handed out again.

        after_visibility_timeout: only then, as by the queues of the real host.
        """
        if after_visibility_timeout:
            self._hold_back()
        self._is_started = True
        self._alarm.set(self._hub.next_due())
        self._pump()

    async def stop(self, grace_s: float = 5.0) -> None:
        """Take no new work, let running functions end for up to grace_s seconds, leave the rest for the next start."""
        self._is_started = False
        self._alarm.cancel()
        for showing in self._showing:
            showing.cancel()
        lanes = (self._orchestrations, self._entities, self._activities)
        await asyncio.gather(*(lane.drain(grace_s) for lane in lanes))

    def _hold_back(self) -> None:
        self._hub.hold_back(self._config.max_concurrent_activities)
        for timeout, show in (
            (self._config.control_queue_visibility_timeout, self._hub.show_messages),
            (self._config.work_item_queue_visibility_timeout, self._hub.show_activities),
        ):
            self._showing.append(asyncio.create_task(self._show_at(self._clock.now() + timeout, show)))

    async def _show_at(self, due: datetime, show: Callable[[], None]) -> None:
        await self._clock.sleep_until(due)
        show()

    async def until_idle(self) -> None:
        """Return when nothing is ready and nothing runs; waits for events and future timers do not count.

        A stopped worker is idle as soon as nothing runs any more.
        """
        while not self._is_idle:
            changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._until_idle.append(changed)
            await changed

    @property
    def _is_idle(self) -> bool:
        busy = self._orchestrations.is_busy or self._entities.is_busy or self._activities.is_busy
        return not (busy or (self._is_started and (self._hub.has_ready_work or self._alarm.is_ringing)))

    def _stored(self, wakeups: Wakeups) -> None:
        if self._is_started:
            self._alarm.set(wakeups.next_due)
            self._pump()

    def _pump(self) -> None:
        if self._is_started:
            self._orchestrations.fill()
            self._entities.fill()
            self._activities.fill()
        if self._until_idle and self._is_idle:
            waiting, self._until_idle = self._until_idle, []
            for changed in waiting:
                if not changed.done():  # the waiting task may have been cancelled
                    changed.set_result(None)

    # Orchestrations.

    async def _run_episode(self, work: InstanceWork) -> Storing:
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
            unknown = self._unknown(FunctionKind.ORCHESTRATOR, instance.name)
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

    def _unknown(self, kind: FunctionKind, name: str) -> UnknownFunction:
        return UnknownFunction(kind, name, self._executor.names(kind), self._executor.left_out(kind, name))

    # Activities.

    async def _run_activity(self, activity: Activity) -> Storing:
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
            unknown = self._unknown(FunctionKind.ACTIVITY, activity.name)
            raise UserCodeFailed("ValueError", str(unknown))
        return await self._executor.run_activity(name, activity.input, activity.instance_id)

    def _disabled(self, activity: Activity) -> Event:
        reason = failures.activity_reason(activity.name, failures.disabled_text(activity.name))
        return h.task_failed(self._now_text(), activity.task_id, reason, failures.disabled_details(activity.name))

    def _task_failed(self, activity: Activity, failure: UserCodeFailed) -> Event:
        if isinstance(failure, CallLost):
            reason = lost_calls.activity_reason(activity.name, failure)
            return h.task_failed(self._now_text(), activity.task_id, reason, lost_calls.activity_details(failure))
        reason = failures.activity_reason(activity.name, failure)
        return h.task_failed(self._now_text(), activity.task_id, reason, failures.activity_details(failure))

    # Entities.

    async def _run_batch(self, work: EntityWork) -> Storing:
        if not accepts("", self._config):
            return self._refuse_batch(work)
        name = self._executor.find(FunctionKind.ENTITY, work.name)
        if name is None:
            unknown = self._unknown(FunctionKind.ENTITY, work.name)
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


def _attempt(activity: Activity) -> Attempt:
    """Which try of `call_activity_with_retry` it is."""
    return counted(activity.attempt, activity.max_attempts, of=activity.instance_id)
