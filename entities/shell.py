"""What every entity does with one operation: find its rule, read its request, and answer a wrong one by field.

A batch of operations shares one context, so a result set by one would leak into the next, and a raising operation would keep
its half-made state. Hence: decide first, then set the state once, then always set a result.
"""

import logging
from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, Protocol, Self, TypeVar

import azure.durable_functions as df
from pydantic import ValidationError

from domain.cards import holds_card_number
from domain.keyed_changes import KeyedChange
from domain.wire import Wire
from domain.workflows.steps import Outcome, StepResult

# Constructed, not validated: a cold start need not build a validator for a constant.
_CARD_NUMBER: Final = StepResult.model_construct(
    outcome=Outcome.REFUSED, reason_code="card_number", message="it holds what looks like a card number"
)

_log: Final = logging.getLogger(__name__)


class State(Protocol):
    """What an entity keeps. Its stored form is plain JSON values; None: nothing was ever stored."""

    @classmethod
    def from_state(cls, state: Mapping[str, Any] | None) -> Self | None:
        """Return the state as stored; None when it was never stored."""

    def to_state(self) -> dict[str, Any]:
        """Return plain JSON values."""


S = TypeVar("S", bound=State)

Transition = Callable[[S | None, Any], tuple[S | None, StepResult]]
Operations = Mapping[str, tuple[type[Wire], Transition[S]]]
"""By the operation's name: what it is asked with, and the pure rule."""


def answer_batch(
    context: df.DurableEntityContext, kept: type[S], operations: Operations[S], *, signalled: Collection[str] = ()
) -> None:
    """Carry out one operation of a batch. `get` is answered with the state as stored, or null.

    Args:
        context: The entity's.
        kept: The form of its state.
        operations: What it can be asked.
        signalled: Operations that are asked for by signals, beside keyed changes. Their refusals are logged.
    """
    stored = context.get_state()
    if context.operation_name == "get":
        context.set_result(stored)
        return
    request = context.get_input()
    if holds_card_number([context.entity_key, request]):
        # Signalled past the API, which would have refused it: it is neither stored nor logged.
        context.set_result(_CARD_NUMBER.to_wire())
        _log.warning("an operation is refused: its input or its key looks like a card number")
        return
    state = kept.from_state(stored)
    changed, result = _apply(state, context.operation_name, request, operations)
    if changed is not state and changed is not None:
        context.set_state(changed.to_state())
    context.set_result(result.to_wire())
    model, _ = operations.get(context.operation_name, (Wire, None))
    is_signalled = context.operation_name in signalled or issubclass(model, KeyedChange)
    if result.outcome is not Outcome.DONE and is_signalled:
        # Nothing waits for this answer. A caller finds the refusal of a keyed change where the 202 pointed to.
        _log.warning("%s of %s is refused: %s", context.operation_name, context.entity_key, result.reason_code)


def _apply(state: S | None, operation: str, request: Any, operations: Operations[S]) -> tuple[S | None, StepResult]:
    """Return the state after one operation, and its answer. Refused: unknown_operation, invalid_request; nothing changes then."""
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
