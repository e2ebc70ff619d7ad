"""How a request is stored once: a row inserted only if absent, whose fingerprint distinguishes a repeat from another request."""

import uuid
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from adapters.azure_storage.storage import create_table, created_on_first_use
from domain.workflows.intake import Intake

if TYPE_CHECKING:
    from azure.data.tables import TableClient


def insert_once(table: "TableClient", entity: Mapping[str, Any], beside: Sequence[Mapping[str, Any]] = ()) -> Intake:
    """Insert a row unless its keys are known. Raises the other errors of the tables library.

    Args:
        table: Created if it is missing.
        entity: Has a `fingerprint`, equal for equal requests.
        beside: Rows of the same partition that are inserted with it, in one transaction. One of them that is known already
            makes a conflict.
    """
    from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

    # Distinguishes our own row from an earlier one, when the answer to the insert was lost and the client sent it again.
    inserted = {**entity, "intake": uuid.uuid4().hex}
    try:
        created_on_first_use(lambda: _insert(table, [inserted, *beside]), lambda: create_table(table))
    except ResourceExistsError:
        try:
            known = table.get_entity(entity["PartitionKey"], entity["RowKey"])
        except ResourceNotFoundError:  # it is one beside it that is there
            return Intake.CONFLICT
        if known.get("intake") == inserted["intake"]:
            return Intake.NEW
        return Intake.REPEATED if known.get("fingerprint") == entity["fingerprint"] else Intake.CONFLICT
    return Intake.NEW


def _insert(table: "TableClient", rows: Sequence[Mapping[str, Any]]) -> None:
    from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
    from azure.data.tables import TableTransactionError

    if len(rows) == 1:
        table.create_entity(rows[0])
        return
    try:
        table.submit_transaction([("create", row) for row in rows])
    except TableTransactionError as error:
        # As the library raises it for a row by itself.
        if error.status_code == HTTPStatus.NOT_FOUND:
            raise ResourceNotFoundError("there is no such table") from None
        if error.status_code == HTTPStatus.CONFLICT:
            raise ResourceExistsError("there is such a row") from None
        raise
