"""Keep the users: one row per user in the table `users`, inserted only if absent."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

from adapters.azure_storage.storage import Storage, create_table, created_on_first_use, storage_errors
from adapters.stores.insert_once import insert_once
from domain.onboarding.user import PersistUser
from domain.workflows.intake import Intake

_USERS: Final = "users"
_PARTITION: Final = "user"


class Users:
    """Every method raises StorageUnavailable when the table does not answer."""

    def __init__(self, storage: Storage) -> None:
        self._table = storage.table(_USERS)

    def add(self, request: PersistUser) -> bool:
        """Insert a user; False when another run has inserted one with this address. A repeat changes nothing."""
        with storage_errors("the users"):
            return insert_once(self._table, _entity(request)) is not Intake.CONFLICT

    def of_person(self, user_id: str, emails: Collection[str]) -> Sequence[PersistUser]:
        """Return the users with this id or one of these addresses."""
        with storage_errors("the users"):
            rows = created_on_first_use(
                lambda: list(
                    self._table.query_entities("PartitionKey eq @partition", parameters={"partition": _PARTITION})
                ),
                lambda: create_table(self._table),
            )
        known = {email.casefold() for email in emails}
        found = [row for row in rows if row["RowKey"] == user_id or str(row["email"]).casefold() in known]
        return [PersistUser.model_validate_json(row["registration"]) for row in found]

    def remove(self, user_id: str) -> None:
        """Delete a user. Safe to repeat."""
        with storage_errors("the users"):
            self._table.delete_entity(_PARTITION, user_id)

    def get(self, user_id: str) -> PersistUser | None:
        """Return a user as it was inserted; None when there is none of this id."""
        from azure.core.exceptions import ResourceNotFoundError

        with storage_errors("the users"):
            try:
                row = self._table.get_entity(_PARTITION, user_id)
            except ResourceNotFoundError:  # the row, or the table with it
                return None
        return PersistUser.model_validate_json(row["registration"])


def _entity(request: PersistUser) -> Mapping[str, Any]:
    return {
        "PartitionKey": _PARTITION,
        "RowKey": request.user.user_id,
        "fingerprint": request.onboarding_id,
        "email": request.user.email,
        "region": None if request.region is None else request.region.code,
        "registered_at": request.registered_at,
        "registration": request.model_dump_json(),
    }
