"""Change several rows of one partition together, or none of them, and only if they are as they were read."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from adapters.azure_storage.storage import create_table, created_on_first_use

if TYPE_CHECKING:
    from azure.data.tables import TableClient

Operation = tuple[Any, ...]
"""As the tables library takes it."""


def creation(entity: Mapping[str, Any]) -> Operation:
    """Return the operation that inserts a row that must be absent."""
    return ("create", entity)


def change(entity: Mapping[str, Any], etag: str) -> Operation:
    """Return the operation that changes some properties of a row that must be as it was read."""
    from azure.core import MatchConditions
    from azure.data.tables import UpdateMode

    options = {"mode": UpdateMode.MERGE, "etag": etag, "match_condition": MatchConditions.IfNotModified}
    return ("update", entity, options)


def addition(entity: Mapping[str, Any]) -> Operation:
    """Return the operation that changes some properties of a row that must be there, whatever else of it has changed."""
    from azure.data.tables import UpdateMode

    return ("update", entity, {"mode": UpdateMode.MERGE})


def overwriting(entity: Mapping[str, Any], etag: str) -> Operation:
    """Return the operation that stores a row in the place of one that must be as it was read."""
    from azure.core import MatchConditions
    from azure.data.tables import UpdateMode

    options = {"mode": UpdateMode.REPLACE, "etag": etag, "match_condition": MatchConditions.IfNotModified}
    return ("update", entity, options)


def replacement(entity: Mapping[str, Any]) -> Operation:
    """Return the operation that stores a row, whether it is there or not."""
    from azure.data.tables import UpdateMode

    return ("upsert", entity, {"mode": UpdateMode.REPLACE})


def deletion(entity: Mapping[str, Any]) -> Operation:
    """Return the operation that deletes a row that must be there."""
    return ("delete", entity)


def submit(table: "TableClient", operations: Sequence[Operation]) -> bool:
    """Carry the operations out, all or none; False when a row is not as it was read.

    Raises the tables library's errors.
    """
    from azure.core.exceptions import ResourceNotFoundError
    from azure.data.tables import TableTransactionError

    def send() -> bool:
        try:
            table.submit_transaction(operations)
        except TableTransactionError as error:
            if error.status_code in (HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED):
                return False
            if error.status_code == HTTPStatus.NOT_FOUND:
                # As the library says it of a row by itself.
                raise ResourceNotFoundError("there is no such table or row") from None
            raise
        return True

    return created_on_first_use(send, lambda: create_table(table))
