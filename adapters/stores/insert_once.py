"""How a request is taken in once: a row inserted only if absent, whose fingerprint tells a repeat from another request.

With the row comes a reminder, if a recovery timer has to look after it: a second row, stored in the same transaction and deleted
when the run has ended. So a timer reads as many rows as there are open runs, however many have been taken in.
"""

import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final

from adapters.azure_storage.storage import create_table, created_on_first_use
from domain.workflows.intake import Intake, Reminder

if TYPE_CHECKING:
    from azure.data.tables import TableClient, TableEntity


REMINDERS: Final = "~"
"""How the row keys of reminders begin: behind every id of a request."""


SPELLINGS: Final = "!"
"""How the row keys begin that hold an id in lower case: before every id of a request."""


def insert_once(
    table: "TableClient",
    entity: Mapping[str, Any],
    reminder: Mapping[str, Any] | None = None,
    *,
    any_case: bool = False,
) -> Intake:
    """Insert a row unless its keys are known. entity: has a `fingerprint`, equal for equal requests. reminder: its facts.

    any_case: an id that is known in another case is another request's.

    Raises the tables library's errors, except for the one that says that the row is there.
    """
    from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

    # Tells our own row from an earlier one, when the answer to the insert was lost and the client sent it again.
    entered = {**entity, "intake": uuid.uuid4().hex}
    try:
        created_on_first_use(lambda: _enter(table, _rows(entered, reminder, any_case)), lambda: create_table(table))
    except ResourceExistsError:
        try:
            held = table.get_entity(entity["PartitionKey"], entity["RowKey"])
        except ResourceNotFoundError:  # it is the other spelling that is there
            return Intake.CONFLICT
        if held.get("intake") == entered["intake"]:
            return Intake.NEW
        return Intake.REPEATED if held.get("fingerprint") == entity["fingerprint"] else Intake.CONFLICT
    return Intake.NEW


def reminders(table: "TableClient", partition: str) -> Iterator["TableEntity"]:
    """The reminders of open runs. Raises the tables library's errors."""
    asked = "PartitionKey eq @partition and RowKey ge @first"
    rows = created_on_first_use(
        lambda: list(table.query_entities(asked, parameters={"partition": partition, "first": REMINDERS})),
        lambda: create_table(table),
    )
    return iter(rows)


def reminder_of(table: "TableClient", partition: str, row_key: str) -> "TableEntity | None":
    """A row's reminder; None when nobody has to look after it. Raises the tables library's errors."""
    from azure.core.exceptions import ResourceNotFoundError

    try:
        return table.get_entity(partition, f"{REMINDERS}{row_key}")
    except ResourceNotFoundError:  # the reminder, or the table with it
        return None


def read_reminder(row: "TableEntity") -> Reminder:
    """The reminder that a row is."""
    return Reminder(
        key=row["RowKey"].removeprefix(REMINDERS), tries=int(row.get("tries", 0)), tried_at=row.get("tried_at"), row=row
    )


def record_try(table: "TableClient", reminder: Reminder, tries: int, now: datetime) -> bool:
    """Count a try before it is made; False when the reminder was changed or deleted meanwhile. Raises the library's errors."""
    from azure.core import MatchConditions
    from azure.core.exceptions import ResourceModifiedError, ResourceNotFoundError

    row = reminder.row
    counted = {"PartitionKey": row["PartitionKey"], "RowKey": row["RowKey"], "tries": tries, "tried_at": now}
    try:
        table.update_entity(counted, etag=row.metadata["etag"], match_condition=MatchConditions.IfNotModified)
    except (ResourceModifiedError, ResourceNotFoundError):
        return False
    return True


def forget_reminder(table: "TableClient", partition: str, row_key: str) -> None:
    """Nobody has to look after the row any more. Safe to repeat. Raises the tables library's errors."""
    from azure.core.exceptions import ResourceNotFoundError

    with suppress(ResourceNotFoundError):
        table.delete_entity(partition, f"{REMINDERS}{row_key}")


def _rows(entity: Mapping[str, Any], reminder: Mapping[str, Any] | None, any_case: bool) -> list[Mapping[str, Any]]:
    partition, row_key = entity["PartitionKey"], entity["RowKey"]
    rows = [entity]
    if reminder is not None:
        rows.append({**reminder, "PartitionKey": partition, "RowKey": f"{REMINDERS}{row_key}"})
    if any_case:
        rows.append({"PartitionKey": partition, "RowKey": f"{SPELLINGS}{row_key.lower()}"})
    return rows


def _enter(table: "TableClient", rows: Sequence[Mapping[str, Any]]) -> None:
    from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
    from azure.data.tables import TableTransactionError

    if len(rows) == 1:
        table.create_entity(rows[0])
        return
    try:
        table.submit_transaction([("create", row) for row in rows])
    except TableTransactionError as error:
        # As the library says it of a row by itself.
        if error.status_code == HTTPStatus.NOT_FOUND:
            raise ResourceNotFoundError("there is no such table") from None
        if error.status_code == HTTPStatus.CONFLICT:
            raise ResourceExistsError("there is such a row") from None
        raise
