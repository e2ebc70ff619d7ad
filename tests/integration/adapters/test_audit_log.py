"""The audit log over days: read newest first from page to page, and purged by whole days."""

from datetime import UTC, datetime, timedelta

from adapters.azure_storage.storage import Storage
from adapters.stores.audit_log import AuditLog
from domain.audit import AuditEvent, AuditRecord

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def record(at: datetime, who: str) -> AuditRecord:
    return AuditRecord(
        action_id=who,
        event=AuditEvent.REQUESTED,
        at=at,
        who=who,
        roles=("operator",),
        operation="x",
        method="POST",
        path="/",
        source=None,
    )


def names(log: AuditLog, limit: int = 2, who: str | None = None, since: datetime | None = None) -> list[str]:
    found, cursor = list[str](), None
    while True:
        page = log.list(who=who, since=since, cursor=cursor, limit=limit)
        found += [each.action_id for each in page.items]
        cursor = page.cursor
        if cursor is None:
            return found


def test_days_are_read_newest_first_and_whole_ones_are_purged(storage: Storage) -> None:
    log, now = AuditLog(storage), NOON
    assert names(log) == []
    assert log.purge(now, lambda: True) == 0
    for days in (40, 0, 2, 1, 41):  # over the ends of months and years, too
        for hours in (1, 0):
            log.append(record(now - timedelta(days=days, hours=hours), f"{days}.{hours}"))
    newest_first = [f"{days}.{hours}" for days in (0, 1, 2, 40, 41) for hours in (0, 1)]
    assert names(log) == newest_first
    assert names(log, since=now - timedelta(days=1, hours=1)) == newest_first[:4]
    assert names(log, who="40.0") == ["40.0"]
    partitions = {row["PartitionKey"] for row in storage.table("audit").list_entities()}
    assert len(partitions) == 5
    assert log.purge(now - timedelta(days=2), lambda: False) == 0
    assert log.purge(now - timedelta(days=2), lambda: True) == 4
    assert names(log) == newest_first[:6], "the day of the time itself stays"
    assert log.purge(now - timedelta(days=2), lambda: True) == 0
