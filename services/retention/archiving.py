"""What is archived of an order or a run: its row, its decisions, its dead letters, and the history of its instance."""

import asyncio
from typing import Any

from domain.archive import ArchivedLine
from domain.ids import instance_id_of
from domain.workflows.dead_letter import DeadLetter
from services.container import services
from services.durable.client import DurableClient
from services.durable.instances import input_of


async def history_line(client: DurableClient, instance_id: str) -> ArchivedLine | None:
    """Return an instance with its input, output and history; None when there is none of this id."""
    status: Any = await client.get_status(instance_id, show_history=True, show_history_output=True, show_input=True)
    if not status:
        return None
    record = {
        "name": status.name,
        "runtime_status": status.runtime_status.name,
        "created_time": status.created_time.isoformat(),
        "last_updated_time": status.last_updated_time.isoformat(),
        "input": input_of(status),
        "output": status.output,
        "custom_status": status.custom_status,
        "history": getattr(status, "historyEvents", None) or getattr(status, "history", None) or [],
    }
    return ArchivedLine(kind="history", id=instance_id, record=record)


async def lines_beside(client: DurableClient, workflow: str, key: str) -> tuple[list[ArchivedLine], list[DeadLetter]]:
    """Return the lines of what is kept beside the row of an order or a run, and its dead letters."""
    dead_letters = await asyncio.to_thread(services().dead_letters.of_run, workflow, key)
    decisions = await asyncio.to_thread(services().approvals.all_of, key)
    lines = [ArchivedLine(kind="approval", id=f"{key}/{wait}", record=held.to_wire()) for wait, held in decisions]
    lines += [ArchivedLine(kind="dead_letter", id=each.dead_letter_id, record=each.to_wire()) for each in dead_letters]
    history = await history_line(client, instance_id_of(workflow, key))
    return [*lines, *([] if history is None else [history])], list(dead_letters)


async def purge_instance(client: DurableClient, instance_id: str) -> bool:
    """Delete an instance that has ended, with the blobs of its large messages. Return whether there was one."""
    return (await client.purge_instance_history(instance_id)).instances_deleted > 0
