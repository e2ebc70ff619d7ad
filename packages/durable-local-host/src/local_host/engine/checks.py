"""What an operation checks before it stores anything: ids, JSON text, and the status of the instance."""

from __future__ import annotations

import json

from local_host.engine import steps
from local_host.engine.compact_json import to_text
from local_host.engine.errors import AlreadySuspended, InstanceNotFound, InvalidInstanceId, InvalidJson, NotSuspended
from local_host.engine.group_commit import Transaction
from local_host.engine.status import RuntimeStatus


def checked_id(instance_id: str) -> str:
    """Return the id of an instance, which may be any text but an empty one. Raises InvalidInstanceId."""
    if not instance_id:
        raise InvalidInstanceId(instance_id, "it must not be empty")
    return instance_id


def compact_json(text: str | None) -> str | None:
    """Return the text without blanks. Raises InvalidJson."""
    if text is None:
        return None
    try:
        return to_text(json.loads(text))
    except ValueError as error:
        raise InvalidJson(f"Invalid JSON content: {error}") from None
    except RecursionError:
        raise InvalidJson("Invalid JSON content: values are nested too deeply") from None


def checked_json(text: str | None) -> str | None:
    """Return the text as it came; it may be empty. Raises InvalidJson."""
    if text:
        compact_json(text)
    return text


def required_status(tx: Transaction, instance_id: str) -> RuntimeStatus:
    """Return the status of an instance. Raises InstanceNotFound."""
    status = steps.status_of(tx, instance_id)
    if status is None:
        raise InstanceNotFound(instance_id)
    return status


def allow_any(_: str, __: RuntimeStatus) -> None:
    """Refuse nothing: a live instance will do, whatever its status."""


def allow_unless_suspended(instance_id: str, status: RuntimeStatus) -> None:
    """Refuse a suspended instance. Raises AlreadySuspended."""
    if status is RuntimeStatus.SUSPENDED:
        raise AlreadySuspended(instance_id)


def allow_if_suspended(instance_id: str, status: RuntimeStatus) -> None:
    """Refuse an instance that is not suspended. Raises NotSuspended."""
    if status is not RuntimeStatus.SUSPENDED:
        raise NotSuspended(instance_id, status)
