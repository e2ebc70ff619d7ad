"""A saga: steps that are compensated in reverse when the run stops.

Compensations run newest first. One that fails does not stop the others: the run then needs attention, and what is open is
dead-lettered for an operator. Which way a run goes is recorded before the first compensation runs, so that an instance which
takes over goes on compensating, and never goes forward again.
"""

from typing import Any

from activities import run as run_records
from domain.mail.notification import Notification
from domain.wire import Wire
from domain.workflows.advice import with_settlement
from domain.workflows.course import Course, RunStopped
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.records import CourseSettled, RecordRun, SettleCourse
from domain.workflows.steps import Outcome
from orchestrators.kernel.commands import activity
from orchestrators.kernel.dead_lettering import dead_letter
from orchestrators.kernel.retry import PERSISTENT, Wait
from orchestrators.kernel.workflow_run import WorkflowRun


def saga(run: WorkflowRun, steps: Wait) -> Wait:
    """Take a workflow's steps, and compensate them when they stop. Returns the instance's result.

    Args:
        run: The workflow's run.
        steps: Its steps; their result is the instance's.
    """
    course = None if run.restart is None else run.restart.course
    if course is None:
        try:
            return (yield from steps)
        except RunStopped as stop:
            course = yield from _settle(run, stop)
    yield from compensate(run, course)
    return (yield from _end(run, course))


def compensate(run: WorkflowRun, course: Course) -> Wait:
    """Compensate, newest first, whatever was or may have been done; `open_compensations` has what could not be."""
    for compensation in reversed(course.compensations):
        result = yield from run.take(compensation, PERSISTENT, kind="compensation")
        if result.outcome is not Outcome.DONE:
            at = run.context.current_utc_datetime
            run.open_compensations.append(
                DeadLetter.of(run.workflow, run.key, compensation, result, at, run_end=course.end)
            )


def stopped_message(run: WorkflowRun, course: Course) -> str:
    """Return why a run has ended, and how an operator settles what could not be compensated."""
    reason = str(course.message)
    return with_settlement(reason, run.workflow, run.key) if run.open_compensations else reason


def settle_course(run: WorkflowRun, course: Course, progress: Wire | None = None) -> Wait:
    """Have it recorded which way the run goes. Returns the `CourseSettled` that holds; None when there was no answer.

    Args:
        run: It stops.
        course: What its instance wants.
        progress: Where it stands, if an instance that takes over needs to know.
    """
    request = SettleCourse(
        workflow=run.workflow, key=run.key, course=course, progress=None if progress is None else progress.to_wire()
    )
    attempts = yield from run.call([activity(run_records.settle_course, request)], PERSISTENT, seed="settle_course")
    return None if attempts.answer is None else CourseSettled.model_validate(attempts.answer)


def record_end(run: WorkflowRun, notification: Notification | None = None) -> Wait:
    """Record how the run ends, hand its message to the outbox, and dead-letter what could not be compensated.

    Returns the `Attempts`: the answer is refused as not_notified when only the message failed.
    """
    record = RecordRun(
        workflow=run.workflow,
        key=run.key,
        progress=run.progress().to_wire(),
        notification=notification,
        dead_letters=tuple(run.open_compensations),
    )
    attempts = yield from run.call([activity(run_records.record_run, record)], PERSISTENT, seed="record_run")
    if attempts.answer is None and run.open_compensations:
        yield from dead_letter(run, *run.open_compensations)
    return attempts


def _settle(run: WorkflowRun, stop: RunStopped) -> Wait:
    """Have the stop recorded as the run's course. Returns the `Course` that holds."""
    course = Course.of_stop(stop, run.compensations)
    settled = (yield from settle_course(run, course)) if course.compensations else None
    return course if settled is None else settled.course


def _end(run: WorkflowRun, course: Course) -> Wait:
    if not run.open_compensations:
        return run.end(course.end, stopped_message(run, course), course.reason_code)
    result: dict[str, Any] = run.end("needs_attention", stopped_message(run, course), course.reason_code)
    yield from record_end(run)
    return result
