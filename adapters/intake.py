"""How a request is taken in once: a row inserted only if absent, whose fingerprint tells a repeat from another request."""

import uuid
from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from adapters.storage import create_table, created_on_first_use

if TYPE_CHECKING:
    from azure.data.tables import TableClient


class Intake(StrEnum):
    """new: the caller's to start. repeated: the same request came before. conflict: another request has this key."""

    NEW = "new"
    REPEATED = "repeated"
    CONFLICT = "conflict"


def enter_once(table: "TableClient", entity: Mapping[str, Any]) -> Intake:
    """Insert a row unless its keys are known. entity: has a `fingerprint`, equal for equal requests.

    Raises the tables library's errors, except for the one that says that the row is there.
    """
    from azure.core.exceptions import ResourceExistsError

    # Tells our own row from an earlier one, when the answer to the insert was lost and the client sent it again.
    entered = {**entity, "intake": uuid.uuid4().hex}
    try:
        created_on_first_use(lambda: table.create_entity(entered), lambda: create_table(table))
    except ResourceExistsError:
        held = table.get_entity(entity["PartitionKey"], entity["RowKey"])
        if held.get("intake") == entered["intake"]:
            return Intake.NEW
        return Intake.REPEATED if held.get("fingerprint") == entity["fingerprint"] else Intake.CONFLICT
    return Intake.NEW
