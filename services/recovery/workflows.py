"""The recovery of every workflow but the order: a run that is given up can be started once more by its dead letter's replay."""

import asyncio
import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from domain.expenses.claim import MAX_TURNS, ExpenseWait, expense_decided, expense_wait_id
from domain.files.batch import FILE_BATCH
from domain.ids import EXPENSE_APPROVAL
from domain.orders.batch import ORDER_BATCH
from domain.shipping.tracking import MAX_PAUSE, SHIPMENT_TRACKING
from domain.workflows.cancellation import CANCELLATION_REQUESTED
from domain.workflows.commands import activity_command
from domain.workflows.course import PROCESSING_STOPPED, Course
from domain.workflows.dead_letter import REPLAY_DEAD_LETTER, DeadLetter
from domain.workflows.decision import APPROVAL_DECISION, settling_from_event
from domain.workflows.intake import Reminder
from domain.workflows.records import RecordRun
from domain.workflows.run import BY_CALLER, RESTART, Restart, RestartRun, Run, WorkflowProgress
from domain.workflows.steps import RESTART_RUN, RUN, LedgerEntry, Outcome, StepResult
from services.container import services
from services.durable.client import DurableClient, InstanceStatus
from services.durable.instances import has_completed, raise_event, stored_input
from services.durable.starter import start_instance
from services.recovery.runs import Recovery
from services.telemetry import emit_dead_letter
from services.workflows.runs import last_reported, start_run, stopped

_LONG_WAITS: Final = {
    SHIPMENT_TRACKING: MAX_PAUSE,
    ORDER_BATCH: timedelta(hours=12),  # twice the longest that a part tries to read its lines, or to keep its results
    FILE_BATCH: timedelta(hours=12),
}
"""How long an instance may neither end nor go on: its history grows with the next poll, or when a part has ended."""

_log = logging.getLogger(__name__)


class WorkflowRecovery(Recovery[Run]):
    """The recovery of every workflow but the order."""

    def __init__(self) -> None:
        super().__init__(services().run_repository.intake)

    def load(self, reminder: Reminder) -> Run | None:
        """Return the run as it was accepted."""
        return self.intake.run_of(reminder)

    def name_of(self, run: Run) -> str:
        """Return what the log calls the run."""
        return f"{run.workflow} {run.key}"

    def workflow_of(self, run: Run) -> str:
        """Return the run's workflow."""
        return run.workflow

    def key_of(self, run: Run) -> str:
        """Return the run's key."""
        return run.key

    def instance_id_of(self, run: Run) -> str:
        """Return the id of the run's instance."""
        return run.instance_id

    async def keep_up(self, client: DurableClient, run: Run, instance: InstanceStatus) -> None:
        """Record that the run has started, and raise an accepted cancellation again: twice does no harm."""
        if not run.has_started:
            await asyncio.to_thread(self.intake.mark_started, run.instance_id)
        if run.is_cancelled:
            await raise_event(client, run.instance_id, CANCELLATION_REQUESTED, BY_CALLER)

    def waits_until(self, run: Run, instance: InstanceStatus) -> datetime | None:
        """Return when the run's wait is over: for a decision, for the next poll of the carrier, or for a part of a batch."""
        if run.workflow in _LONG_WAITS:
            return instance.last_updated_time + _LONG_WAITS[run.workflow]
        if run.workflow == REPLAY_DEAD_LETTER:
            return None
        wait = last_reported(run.key, instance).detail.get("wait")
        return None if wait is None else ExpenseWait.model_validate(wait).expires_at

    async def finish(self, run: Run, instance: InstanceStatus | None, now: datetime) -> bool:
        """Forget a run that has completed."""
        if instance is None or not has_completed(instance):
            return False
        await asyncio.to_thread(_record_open_end, run, instance)
        await asyncio.to_thread(self.intake.forget, run.instance_id)
        return True

    async def start_missing(self, client: DurableClient, run: Run, reminder: Reminder, now: datetime) -> None:
        """Start a run that never was; give up one whose instance was deleted: whether it had ended is not known."""
        if run.has_started:
            await self.give_up(run, None, "The instance is gone.", now)
        else:
            _log.warning("%s %s was accepted and never started: starting it", run.workflow, run.key)
            await start_run(client, run)

    async def store_event(self, run: Run, name: str, payload: Any) -> None:
        """Store a cancellation or a decision that was raised past the API."""
        if name == CANCELLATION_REQUESTED:
            await asyncio.to_thread(self.intake.request_cancellation, run.instance_id)
        if run.workflow == EXPENSE_APPROVAL:
            await _store_decision(run, name, payload)

    async def start_again(self, client: DurableClient, run: Run, instance: InstanceStatus, attempt: int) -> None:
        """Start another instance with what the failed one was given, which is further than the request after `continue_as_new`."""
        known = await asyncio.to_thread(self.intake.open_run, run.instance_id) or run
        given: Mapping[str, Any] = await stored_input(client, run.instance_id) or run.request
        before = given.get(RESTART) or {"started_at": instance.created_time}
        restart = Restart(
            attempt=attempt,
            started_at=before["started_at"],
            cancelled=known.is_cancelled,
            course=await asyncio.to_thread(services().run_repository.course, run.instance_id),
        )
        await start_instance(client, run, None if run.workflow == REPLAY_DEAD_LETTER else restart, given)

    async def record_attention(self, run: Run, instance: InstanceStatus | None, why: str, now: datetime) -> None:
        """Dead-letter the run's open compensations, or, where it has none, the run itself, which a replay starts again."""
        if run.workflow != REPLAY_DEAD_LETTER:  # its own dead letter is open already
            for dead_letter in await asyncio.to_thread(_record_attention, run, instance, why, now):
                emit_dead_letter(dead_letter)
        await asyncio.to_thread(services().run_repository.forget_given_up, run)


def _record_attention(run: Run, instance: InstanceStatus | None, why: str, now: datetime) -> list[DeadLetter | None]:
    end = stopped(run.workflow, last_reported(run.key, instance))
    course = services().run_repository.course(run.instance_id)
    dead_letters = [_dead_letter_of_run(run, why, now)] if course is None else _left_open(run, course, end, why, now)
    if course is not None and not dead_letters:  # only its last words are missing
        facts = {"reason_code": course.reason_code, "message": course.message or end.message}
        end = end.model_copy(update={"status": course.end, "succeeded": course.completes, **facts})
    entries = tuple(
        LedgerEntry(
            step=each.step, kind="compensation", outcome=Outcome.UNKNOWN, at=now, reason_code=PROCESSING_STOPPED
        )
        for each in dead_letters
    )
    _record_end(run, end.model_copy(update={"steps": (*end.steps, *entries)}))
    return [services().dead_letters.store(each) for each in dead_letters]


def _left_open(run: Run, course: Course, end: WorkflowProgress, why: str, now: datetime) -> list[DeadLetter]:
    result = StepResult(outcome=Outcome.UNKNOWN, reason_code=PROCESSING_STOPPED, message=why)
    return [
        DeadLetter.of(run.workflow, run.key, each, result, now, run_end=course.end)
        for each in course.left_open(end.steps)
    ]


def _dead_letter_of_run(run: Run, why: str, now: datetime) -> DeadLetter:
    request = RestartRun(workflow=run.workflow, key=run.key, instance_id=run.instance_id, request=dict(run.request))
    return DeadLetter(
        # One for each time that it was accepted: an operator may start it again in vain.
        dead_letter_id=f"{run.instance_id}.{int(run.accepted_at.timestamp())}",
        workflow=run.workflow,
        key=run.key,
        step=RUN,
        commands=(activity_command(RESTART_RUN, request),),
        run_end="failed",
        reason_code=PROCESSING_STOPPED,
        message=why,
        dead_lettered_at=now,
    )


def _record_open_end(run: Run, instance: InstanceStatus) -> None:
    """Record the end of a run that needs attention, should its instance not have got it done: replays change it."""
    if run.workflow == REPLAY_DEAD_LETTER:
        return
    end = WorkflowProgress.model_validate(instance.output)
    if end.status == "needs_attention":
        _record_end(run, end)


def _record_end(run: Run, end: WorkflowProgress) -> None:
    services().run_repository.record_progress(RecordRun(workflow=run.workflow, key=run.key, progress=end.to_wire()))


async def _store_decision(run: Run, name: str, payload: Any) -> None:
    for turn in range(1, MAX_TURNS + 1):
        wait_id = expense_wait_id(run.key, turn)
        settling = settling_from_event(payload, run.workflow, run.key, wait_id)
        if settling is None or name not in (expense_decided(turn), APPROVAL_DECISION):
            continue
        # An event for any turn was for the one that is open: those before it are decided or over, and that is stored.
        held = await asyncio.to_thread(services().approvals.decision, run.key, wait_id)
        if held is None:
            await asyncio.to_thread(services().approvals.settle, settling)
            return
