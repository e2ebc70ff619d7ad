"""Orders that go on while they are copied: after a restore every list and every timer finds them, as their rows say."""

from datetime import UTC, datetime, timedelta

import pytest
from azure.core.exceptions import ResourceNotFoundError

from adapters.azure_storage.storage import Storage
from adapters.stores import backup_parts
from adapters.stores.backup import Backup
from adapters.stores.order_repository import OrderRepository
from domain.orders.listing import OrderFilter
from domain.orders.order import OrderStatus
from local_host.testing.azurite import Azurite
from settings import StorageLocation
from tests.integration.adapters.examples import ORDER
from tests.integration.adapters.orders import order, progress

DAY = "20260301"
FAR = datetime.now(UTC) + timedelta(days=1)


def copied_keys(vault: Storage) -> list[str]:
    try:
        return [row["RowKey"] for row in vault.table(f"d{DAY}orders").list_entities()]
    except ResourceNotFoundError:  # nothing of it is copied yet
        return []


@pytest.mark.parametrize("ends_behind", [ORDER, "$status"], ids=["its row", "an index row"])
def test_an_order_that_ends_while_it_is_copied_is_found_after_a_restore(
    azurite: Azurite, monkeypatch: pytest.MonkeyPatch, ends_behind: str
) -> None:
    monkeypatch.setattr(backup_parts, "_PAGE_ROWS", 1)
    shop, vault, new = (Storage(StorageLocation(connection_string=azurite.new_account())) for _ in range(3))
    repository, backup = OrderRepository(shop), Backup(shop, vault)
    repository.accept(order(), "print")
    has_ended = False
    while not backup.copy(DAY, lambda: False):  # each call ends after a row
        if not has_ended and any(key.startswith(ends_behind) for key in copied_keys(vault)):
            has_ended = True
            repository.record(progress(OrderStatus.COMPLETED))
            repository.intake.forget(ORDER)
    assert has_ended
    backup.finish(DAY, {}, FAR)
    Backup(new, vault).restore(DAY)
    restored = OrderRepository(new)
    row = restored.get(ORDER)
    assert row is not None
    is_open = ends_behind == ORDER
    assert row.status == (OrderStatus.ACCEPTED if is_open else OrderStatus.COMPLETED)
    assert [each.key for each in restored.intake.open_runs(FAR)] == ([ORDER] if is_open else [])
    listed = {status for status in OrderStatus if restored.list(OrderFilter(status=status)).items}
    assert listed == {row.status}
    ended = [each.order_id for each in restored.ended(FAR - timedelta(days=2), FAR, 9)]
    assert ended == ([] if is_open else [ORDER])
