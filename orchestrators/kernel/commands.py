"""Turn effects into durable tasks, and make effects from the functions that carry them out."""

from collections.abc import Sequence
from typing import Any

import azure.durable_functions as df
from azure.functions.decorators.function_app import FunctionBuilder

from domain.ids import INVENTORY_ENTITY
from domain.wire import Wire
from domain.workflows.commands import Effect
from domain.workflows.steps import Outcome, StepResult
from orchestrators.kernel.tasks import DurableTask


def activity(function: FunctionBuilder, request: Wire) -> Effect:
    """The call of an activity. function: the decorated one, so that a wrong name fails at import."""
    name = function._function.get_function_name()
    return Effect(operation=str(name), request=request.to_wire())


def entity_operation(entity: str, key: str, operation: str, request: Wire) -> Effect:
    """The call of one entity."""
    return Effect(operation=operation, request=request.to_wire(), entity_name=entity, entity_key=key)


def inventory_operation(operation: str, product_id: str, request: Wire) -> Effect:
    """The call of one product's inventory."""
    return entity_operation(INVENTORY_ENTITY, product_id, operation, request)


def task_for(context: df.DurableOrchestrationContext, effects: Sequence[Effect]) -> DurableTask:
    """One task that ends when all effects have: its result is one answer, or a list of them when there are several."""
    tasks = [_task(context, effect) for effect in effects]
    return tasks[0] if len(tasks) == 1 else context.task_all(tasks)


def _task(context: df.DurableOrchestrationContext, effect: Effect) -> DurableTask:
    task: DurableTask
    if effect.entity_name is None or effect.entity_key is None:
        task = context.call_activity(effect.operation, effect.request)
    else:
        entity = df.EntityId(effect.entity_name, effect.entity_key)
        task = context.call_entity(entity, effect.operation, effect.request)
    return task


def signal(context: df.DurableOrchestrationContext, effect: Effect) -> None:
    """Send an entity's operation without waiting for its answer. It is stored with this episode, so it does arrive."""
    context.signal_entity(df.EntityId(effect.entity_name, effect.entity_key), effect.operation, effect.request)


def combined(answer: Any) -> StepResult:
    """The answers of a step's effects as one: the first that is not done, else the first."""
    answers = answer if isinstance(answer, list) else [answer]
    results = [StepResult.model_validate(each) for each in answers]
    return next((result for result in results if result.outcome is not Outcome.DONE), results[0])
