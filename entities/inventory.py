"""The inventory entity: one per product, keyed by product id.

A batch of operations shares one context, so a result set by one would leak into the next, and a raising operation would keep
its half-made state. Hence: decide first, then set the state once, then always set a result.
"""

from typing import Final

import azure.durable_functions as df

from domain import inventory as rules
from domain.inventory import Stock
from entities.shell import Operations, apply

bp = df.Blueprint()

_OPERATIONS: Final[Operations[Stock]] = {
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
    changed, result = apply(stock, context.operation_name, context.get_input(), _OPERATIONS)
    if changed is not stock and changed is not None:
        context.set_state(changed.to_state())
    context.set_result(result.to_wire())
