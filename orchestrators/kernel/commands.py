"""Turn commands into durable tasks, and their answers into one."""

from collections.abc import Sequence
from typing import Any, Final

import azure.durable_functions as df
from azure.functions.decorators.function_app import FunctionBuilder

from domain.wire import Wire
from domain.workflows.commands import Command, activity_command
from domain.workflows.steps import Outcome, StepResult
from domain.workflows.trace import with_trace
from orchestrators.kernel.tasks import DurableTask

# The event of the start comes second, after that of the first episode.
_MAX_EVENTS_TO_START: Final = 3


def activity(function: FunctionBuilder, request: Wire) -> Command:
    """Return the call of an activity.

    Args:
        function: The decorated one, so that a wrong name fails at import.
        request: Its input.
    """
    return activity_command(str(function._function.get_function_name()), request)


def task_for(context: df.DurableOrchestrationContext, commands: Sequence[Command]) -> DurableTask:
    """Return one task that ends when all commands have.

    Its result is one answer, or a list of them when there are several commands.
    """
    tasks = [_task(context, command) for command in commands]
    return tasks[0] if len(tasks) == 1 else context.task_all(tasks)


def _task(context: df.DurableOrchestrationContext, command: Command) -> DurableTask:
    task: DurableTask
    if command.entity_name is None or command.entity_key is None:
        task = context.call_activity(command.operation, command.request)
    else:
        entity = df.EntityId(command.entity_name, command.entity_key)
        task = context.call_entity(entity, command.operation, with_trace(command.request, _trace_of(context)))
    return task


def signal(context: df.DurableOrchestrationContext, command: Command) -> None:
    """Send an entity's operation without waiting for its answer. It is stored with this episode, so it does arrive."""
    entity = df.EntityId(command.entity_name, command.entity_key)
    context.signal_entity(entity, command.operation, with_trace(command.request, _trace_of(context)))


def _trace_of(context: df.DurableOrchestrationContext) -> str | None:
    """Return the trace that the instance was started in, which its history keeps: the same in every replay."""
    for event in context.histories[:_MAX_EVENTS_TO_START]:
        kept = getattr(event, "ParentTraceContext", None)
        if isinstance(kept, dict):
            return kept.get("TraceParent")
    return None


def combined(answer: Any) -> StepResult:
    """Return the answers of a step's commands as one: the first that is not done, else the first."""
    answers = answer if isinstance(answer, list) else [answer]
    results = [StepResult.model_validate(each) for each in answers]
    return next((result for result in results if result.outcome is not Outcome.DONE), results[0])
