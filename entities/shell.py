"""What every entity's shell does with one operation: find its rule, read its request, and answer a wrong one by field."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from domain.steps import StepResult
from domain.wire import Wire

S = TypeVar("S")

Transition = Callable[[S | None, Any], tuple[S | None, StepResult]]
Operations = Mapping[str, tuple[type[Wire], Transition[S]]]
"""By the operation's name: what it is asked with, and the pure rule."""


def apply(state: S | None, operation: str, request: Any, operations: Operations[S]) -> tuple[S | None, StepResult]:
    """The state after one operation, and its answer. Refused: unknown_operation, invalid_request; nothing changes then."""
    if operation not in operations:
        return state, StepResult.refused("unknown_operation", f"there are get, {', '.join(operations)}")
    model, transition = operations[operation]
    try:
        return transition(state, model.model_validate(request))
    except ValidationError as error:
        return state, StepResult.refused("invalid_request", _first_problem(error))


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
