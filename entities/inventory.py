"""The inventory entity: one per shard of a product, keyed by `domain.ids.stock_key`. Its rules are in `domain/inventory`."""

from typing import Final

import azure.durable_functions as df

from domain.inventory import movements, requests, reservations, transfers
from domain.inventory.stock import Stock
from entities.shell import Operations, answer_batch

bp = df.Blueprint()

_OPERATIONS: Final[Operations[Stock]] = {
    "reserve": (requests.ReserveRequest, reservations.reserve),
    "release": (requests.ReleaseRequest, reservations.release),
    "commit": (requests.CommitRequest, reservations.commit),
    "restock": (requests.RestockRequest, movements.restock),
    "adjust": (requests.AdjustRequest, movements.adjust),
    "expire": (requests.ExpireRequest, reservations.expire),
    "give": (requests.GiveRequest, transfers.give),
    "take": (requests.TakeRequest, transfers.take),
    "acknowledge": (requests.AcknowledgeRequest, transfers.acknowledge),
}


@bp.entity_trigger(context_name="context")
def inventory(context: df.DurableEntityContext) -> None:
    """Run the operations of one shard. `get` answers with the state, or null; every other one with a `StepResult`."""
    answer_batch(context, Stock, _OPERATIONS, signalled=("commit",))
