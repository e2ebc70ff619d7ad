"""Start a workflow once, report where its run stands, and cancel it: every workflow but the order's.

The same key with the same request starts one run, however often and by however many callers it is sent. Another request under a
used key is refused.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from domain.errors import StorageUnavailable
from domain.files.batch import FILE_BATCH
from domain.ids import instance_id_of
from domain.orders.batch import ORDER_BATCH
from domain.refusals import Conflict, NotFound, TryAgain
from domain.wire import Wire
from domain.workflows.advice import with_settlement
from domain.workflows.cancellation import CANCELLATION_REQUESTED
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.intake import Intake
from domain.workflows.restarts import restart_under_way
from domain.workflows.run import BY_CALLER, STEP_PATIENCE, Run, RunRequest, WorkflowProgress, restart_of
from domain.workflows.steps import StepUnderWay, last_change
from services.container import services
from services.durable.client import DurableClient, InstanceStatus
from services.durable.instances import has_completed, has_failed, input_of, instance_status, is_unfinished, raise_event
from services.durable.starter import start_instance
from services.input.fingerprints import fingerprint
from services.open_dead_letters import known_open

CANCELLABLE_WORKFLOWS: Final = frozenset({ORDER_BATCH, FILE_BATCH})
"""The workflows, beside the order's, whose runs look for a cancellation."""


class RunConflict(Conflict):
    """The key belongs to another request."""

    def __init__(self) -> None:
        super().__init__("id_taken", "Another request has this id: the same id was sent with another body before.")


class RunNotFound(NotFound):
    """No run has this key, or its history was purged."""

    def __init__(self, workflow: str) -> None:
        super().__init__(f"{workflow}_not_found", "There is no run with this id, or no longer.")


class RunNotRunning(Conflict):
    """The run has ended, or there is none."""

    def __init__(self) -> None:
        super().__init__("not_running", "There is no running run with this id.")


@dataclass(frozen=True, kw_only=True)
class RunView:
    """Where a run stands.

    Attributes:
        workflow: The orchestrator's name.
        key: The run's id.
        progress: What the run reported last, or how it ended.
        instance: Its instance; None before the start and after a purge.
        awaits_instance: Whether the recovery timer is about to start an instance.
        has_stopped: Whether its instance has stopped, or is gone, without an end that is known: it can be settled now.
        given: The input of its instance; empty where that is not kept any longer.
        accepted_at: When it was accepted; None where only its instance shows it.
    """

    workflow: str
    key: str
    progress: WorkflowProgress
    instance: InstanceStatus | None
    awaits_instance: bool
    has_stopped: bool
    given: Mapping[str, Any]
    accepted_at: datetime | None

    @property
    def created_at(self) -> datetime | None:
        """When the run began, in whatever instance; None where that is not kept any longer."""
        restart = restart_of(self.given)
        if restart is not None:
            return restart.started_at
        return self.accepted_at if self.instance is None else self.instance.created_time

    @property
    def changed_at(self) -> datetime | None:
        """When the run last changed: its instance, or its ledger, which grows after the end when a replay settles it."""
        from_instance = None if self.instance is None else self.instance.last_updated_time
        return last_change(self.progress.steps, from_instance, self.accepted_at)

    @property
    def runtime_status(self) -> str:
        """The runtime status of the instance, in the platform's words."""
        if self.awaits_instance:
            return "Pending"
        return "Failed" if self.instance is None else self.instance.runtime_status.name


async def start_once(client: DurableClient, workflow: str, key: str, request: Wire) -> bool:
    """Record and start one run. A repeat of the request does nothing, and returns False.

    Args:
        client: The durable client.
        workflow: The orchestrator's name.
        key: The run's id.
        request: What was asked; it becomes the input.

    Raises:
        RunConflict: The key belongs to another request.
        StorageUnavailable: The same request may be sent again.
    """
    patience_s = int(services().settings.step_patience.total_seconds())
    body = {"key": key, "request": request.to_wire(), STEP_PATIENCE: patience_s}
    run = Run(workflow=workflow, key=key, request=body, accepted_at=datetime.now(UTC))
    asked = request.model_copy(update={"id": None}) if isinstance(request, RunRequest) else request
    outcome = await asyncio.to_thread(services().run_repository.accept, run, fingerprint(asked))
    if outcome is Intake.CONFLICT:
        raise RunConflict
    if outcome is Intake.NEW:
        await start_run(client, run)
    return outcome is Intake.NEW


async def start_run(client: DurableClient, run: Run) -> None:
    """Start an accepted run that has no instance. A start that fails is left to the recovery timer."""
    if await start_instance(client, run):
        with suppress(StorageUnavailable):  # the recovery timer sees the instance, too
            await asyncio.to_thread(services().run_repository.intake.mark_started, run.instance_id)


async def find_run(client: DurableClient, workflow: str, key: str) -> RunView:
    """Return where a run stands.

    Raises:
        RunNotFound: There is no run with this key, or no longer.
    """
    instance_id = instance_id_of(workflow, key)
    status = await instance_status(client, instance_id, with_input=True)
    end: WorkflowProgress | None = None
    run: Run | None = None
    awaits_instance = False
    if not is_unfinished(status) and not has_completed(status):
        run = await asyncio.to_thread(services().run_repository.intake.open_run, instance_id)
        awaits_instance = run is not None and (status is not None or not run.has_started)
        end = None if awaits_instance else await asyncio.to_thread(services().run_repository.end, instance_id)
        # Without a reminder it has ended, and its history was purged; with one, its instance was purged before the end was noticed.
        if status is None and end is None and run is None:
            raise RunNotFound(workflow)
    progress = end or _progress(workflow, key, status, awaits_instance=awaits_instance)
    if awaits_instance:
        progress = progress.model_copy(update={"step": await _restart(instance_id) if has_failed(status) else None})
    if has_completed(status) and progress.status == "needs_attention":  # replays may have settled it since
        end = await asyncio.to_thread(services().run_repository.end, instance_id)
        progress = end or progress
    given = None if status is None else input_of(status)
    return RunView(
        workflow=workflow,
        key=key,
        progress=progress,
        instance=status,
        awaits_instance=awaits_instance,
        has_stopped=run is not None and end is None and (status is not None or run.has_started),
        given=given if isinstance(given, dict) else {} if run is None else run.request,
        accepted_at=None if run is None else run.accepted_at,
    )


async def _restart(instance_id: str) -> StepUnderWay | None:
    reminder = await asyncio.to_thread(services().run_repository.intake.reminder, instance_id)
    return None if reminder is None else restart_under_way(reminder, datetime.now(UTC))


async def open_dead_letters(view: RunView) -> tuple[DeadLetter, ...] | None:
    """Return what is open of a run; while it is running nothing is. None while their store does not answer."""
    if view.progress.status == "running":
        return ()
    return await known_open(view.workflow, view.key)


async def can_be_cancelled(view: RunView) -> bool:
    """Return whether a run could be cancelled now. Another person may be faster: then a second request changes nothing."""
    if view.workflow not in CANCELLABLE_WORKFLOWS or view.progress.status != "running":
        return False
    instance_id = instance_id_of(view.workflow, view.key)
    run = await asyncio.to_thread(services().run_repository.intake.open_run, instance_id)
    return run is None or not run.is_cancelled


async def cancel_run(client: DurableClient, workflow: str, key: str) -> None:
    """Ask a run to stop where it can. The request is stored before its event is raised: a run that takes over sees it.

    Raises:
        RunNotRunning: The run has ended, or there is none.
        TryAgain: The event could not be delivered, and nothing keeps the request.
    """
    instance_id = instance_id_of(workflow, key)
    status = await instance_status(client, instance_id)
    is_stored = not has_completed(status) and await asyncio.to_thread(
        services().run_repository.intake.request_cancellation, instance_id
    )
    if not is_stored and not is_unfinished(status):
        raise RunNotRunning
    is_delivered = is_unfinished(status) and await raise_event(client, instance_id, CANCELLATION_REQUESTED, BY_CALLER)
    if not is_stored and not is_delivered:  # started past the API, so no row keeps the request
        raise TryAgain("unavailable", "The run could not be reached; the same request may be sent again.")


def last_reported(key: str, status: InstanceStatus | None) -> WorkflowProgress:
    """Return what a run reported last. One whose worker died may have lost it."""
    if status is None or not status.custom_status:
        return WorkflowProgress(id=key, status="running", message="Accepted.")
    return WorkflowProgress.model_validate(status.custom_status)


def stopped(workflow: str, reported: WorkflowProgress) -> WorkflowProgress:
    """Return the end of a run that was terminated, or that fails again and again: its own error text is not for callers."""
    ended = {"status": "needs_attention", "succeeded": False, "reason_code": "processing_stopped"}
    message = with_settlement("Processing stopped before the end.", workflow, reported.id)
    return reported.model_copy(update={**ended, "message": message})


def _progress(workflow: str, key: str, status: InstanceStatus | None, *, awaits_instance: bool) -> WorkflowProgress:
    if status is not None and has_completed(status):
        return WorkflowProgress.model_validate(status.output)
    reported = last_reported(key, status)
    if awaits_instance or is_unfinished(status):
        return reported
    return stopped(workflow, reported)
