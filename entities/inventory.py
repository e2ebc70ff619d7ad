"""The inventory entity: one per product, keyed by product id. Its rules are `domain/inventory/stock.py`."""

from typing import Final

import azure.durable_functions as df

from domain.inventory import requests
from domain.inventory import stock as rules
from domain.inventory.stock import Stock
from entities.shell import Operations, answer_batch

bp = df.Blueprint()

_OPERATIONS: Final[Operations[Stock]] = {
    "reserve": (requests.ReserveRequest, rules.reserve),
    "release": (requests.ReleaseRequest, rules.release),
    "commit": (requests.CommitRequest, rules.commit),
    "restock": (requests.RestockRequest, rules.restock),
    "adjust": (requests.AdjustRequest, rules.adjust),
    "expire": (requests.ExpireRequest, rules.expire),
}


@bp.entity_trigger(context_name="context")
def inventory(context: df.DurableEntityContext) -> None:
    """Run the operations of one product's inventory. `get` answers with the state, or null; every other one with a `StepResult`."""
    answer_batch(context, Stock, _OPERATIONS, signalled=("commit",))
