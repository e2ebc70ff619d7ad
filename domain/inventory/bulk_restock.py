"""Deliveries of many products in one request."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated, Final, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from domain.ids import INVENTORY_ENTITY, ProductId
from domain.inventory.requests import RestockRequest, UnitsReceived
from domain.keyed_changes import CHANGE_FORGOTTEN, KEY_RETENTION
from domain.wire import Edge, at_most
from domain.workflows.commands import Command, entity_command
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.run import RunRequest

BULK_RESTOCK: Final = "bulk_restock"
MAX_RESTOCK_LINES: Final = 200
"""The results of all of them fit into a custom status."""

_REPLAY_TIMEOUT: Final = KEY_RETENTION - timedelta(days=2)
"""A restock may have taken effect up to two days before it was dead-lettered, and its name is forgotten after KEY_RETENTION."""

_UNCLEAR: Final = frozenset({"no_answer", CHANGE_FORGOTTEN})


class DeliveryLine(Edge):
    """The units of one product that arrived."""

    product_id: ProductId
    quantity: UnitsReceived


class BulkRestockRequest(RunRequest):
    """The body of `POST /api/restocks`."""

    lines: Annotated[
        tuple[DeliveryLine, ...], Field(min_length=1, max_length=MAX_RESTOCK_LINES), at_most(MAX_RESTOCK_LINES)
    ]

    @model_validator(mode="after")
    def _each_product_once(self) -> Self:
        products = [line.product_id for line in self.lines]
        repeated = [index for index, product_id in enumerate(products) if product_id in products[:index]]
        if repeated:
            rule = PydanticCustomError("repeated_product", "Each product may stand in one line only")
            errors = [InitErrorDetails(type=rule, loc=("lines", index, "product_id"), input=None) for index in repeated]
            raise ValidationError.from_exception_data(type(self).__name__, errors, hide_input=True)
        return self


def restock_command(key: str, line: DeliveryLine, now: datetime, repeated_since: datetime | None = None) -> Command:
    """Return the restock of one line; a repeat counts once, because the movement is named by the run.

    Args:
        key: The run's.
        line: What arrived.
        now: The present time.
        repeated_since: When the run first began, if an earlier instance or a call without an answer may have restocked the line.
    """
    request = RestockRequest(
        key=f"{BULK_RESTOCK}.{key}", requested_at=now, quantity=line.quantity, repeated_since=repeated_since
    )
    return entity_command(INVENTORY_ENTITY, line.product_id, "restock", request)


def restock_message(results: Sequence[str]) -> str:
    """Return how many lines are in stock. results: `done` or a reason code, per line."""
    done, unclear = results.count("done"), sum(result in _UNCLEAR for result in results)
    others = len(results) - done - unclear
    message = f"{done} of {len(results)} lines are in stock"
    message += f"; {others} are not" if others else ""
    return message + (f"; {unclear} may or may not be." if unclear else ".")


def may_count_twice(dead_letter: DeadLetter, now: datetime) -> bool:
    """Return whether a replay could restock again what is in stock: the names of movements may be forgotten by then."""
    return dead_letter.workflow == BULK_RESTOCK and now >= dead_letter.dead_lettered_at + _REPLAY_TIMEOUT
