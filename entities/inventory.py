"""The inventory entity: one per product, keyed by product id.

A batch of operations shares one context, so a result set by one would leak into the next, and a raising operation would keep
its half-made state. Hence: decide first, then set the state once, then always set a result.
"""

from collections.abc import Callable
from typing import Any, Final

import azure.durable_functions as df
from pydantic import ValidationError

from domain import inventory as rules
from domain.inventory import Stock
from domain.steps import StepResult
from domain.wire import Wire

bp = df.Blueprint()

Transition = Callable[[Stock | None, Any], tuple[Stock | None, StepResult]]

_OPERATIONS: Final[dict[str, tuple[type[Wire], Transition]]] = {
    "reserve": (rules.ReserveRequest, rules.reserve),
    "release": (rules.ReleaseRequest, rules.release),
    "commit": (rules.CommitRequest, rules.commit),
    "restock": (rules.RestockRequest, rules.restock),
    "adjust": (rules.AdjustRequest, rules.adjust),
    "sweep": (rules.SweepRequest, rules.sweep),
}


@bp.entity_trigger(context_name="context")
def inventory(context: df.DurableEntityContext) -> None:
    """Operations reserve, release, commit, restock, adjust, sweep answer with a `StepResult`; get with the state, or null."""
    state = context.get_state()
    if context.operation_name == "get":
        context.set_result(state)
        return
    stock = Stock.from_state(state)
    changed, result = apply(stock, context.operation_name, context.get_input())
    if changed is not stock and changed is not None:
        context.set_state(changed.to_state())
    context.set_result(result.to_wire())


def apply(stock: Stock | None, operation: str, request: Any) -> tuple[Stock | None, StepResult]:
    """The stock after one operation, and its answer. Refused: unknown_operation, invalid_request; nothing changes then."""
    if operation not in _OPERATIONS:
        return stock, StepResult.refused("unknown_operation", f"an inventory offers get, {', '.join(_OPERATIONS)}")
    model, transition = _OPERATIONS[operation]
    try:
        return transition(stock, model.model_validate(request))
    except ValidationError as error:
        return stock, StepResult.refused("invalid_request", _first_problem(error))


def _first_problem(error: ValidationError) -> str:
    problem = error.errors(include_input=False, include_url=False, include_context=False)[0]
    return f"{'.'.join(str(part) for part in problem['loc'])}: {problem['msg']}"
