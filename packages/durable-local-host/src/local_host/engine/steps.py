"""The changes of the store, one function each: what one commit holds.

Every function is one step of a `GroupCommit`: all of it is stored, or nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from local_host.engine import history_events as h
from local_host.engine.entity import BatchOutcome
from local_host.engine.errors import InstanceExists, InstanceLive, InstanceNotFound, LocalHostError
from local_host.engine.group_commit import Transaction
from local_host.engine.history_events import Event, EventType
from local_host.engine.instance import Instance
from local_host.engine.outcome import ChildStart, EntityRequest, Outcome, OutgoingMessage
from local_host.engine.status import RuntimeStatus
from local_host.engine.timestamps import time_text

# How many timers one step fires, so that a flood of them does not hold up the others in its commit.
MAX_TIMERS_PER_STEP = 200


class WorkLost(LocalHostError):
    """What was worked on was replaced or purged meanwhile; the result is void."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Activity:
    """An activity as it is queued. input: JSON text; attempt, max_attempts: of a call with retry options."""

    seq: int
    instance_id: str
    execution_id: str
    task_id: int
    name: str
    input: str
    attempt: int
    max_attempts: int


def status_of(tx: Transaction, instance_id: str) -> RuntimeStatus | None:
    """Return the status of an instance; None when there is none."""
    row = tx.run("status_of", (instance_id,)).fetchone()
    return RuntimeStatus(row[0]) if row else None


# Orchestrations.


def start_instance(tx: Transaction, instance: Instance, started: Event, *, replace_live: bool = False) -> None:
    """Start an instance, in place of one of that id that has ended. Raises InstanceExists."""
    status = status_of(tx, instance.instance_id)
    if status is not None:
        if not status.has_ended and not replace_live:
            raise InstanceExists(instance.instance_id, status)
        _delete_leftovers(tx, instance.instance_id)
    tx.run(
        "put_instance",
        {
            "instance_id": instance.instance_id,
            "execution_id": instance.execution_id,
            "name": instance.name,
            "version": instance.version,
            "status": instance.status,
            "input": instance.input,
            "parent": instance.parent,
            "created_at": started.fields["Timestamp"],
        },
    )
    post(tx, OutgoingMessage(instance.instance_id, instance.execution_id, started))


def complete_episode(tx: Transaction, outcome: Outcome, stored_episodes: Sequence[tuple[int, str]]) -> None:
    """Store what an episode leads to. stored_episodes: number and text of what to append to the history. Raises WorkLost."""
    instance = outcome.episode.instance
    _advance_instance(tx, outcome)
    _remove(tx, "delete_message", outcome.episode.consumed)
    if outcome.episode.rewound or outcome.continued:
        tx.run("delete_history", (instance.instance_id,))
    tx.run_many("append_episode", [(instance.instance_id, number, text) for number, text in stored_episodes])
    _hand_out(tx, outcome)
    if outcome.status.has_ended:
        tx.run("delete_inbox", (instance.instance_id,))
        tx.wakeups.ended.append(instance.instance_id)
    if outcome.status.has_ended or outcome.continued:
        tx.run("delete_timers_of", (instance.instance_id,))
    for message in outcome.messages:
        post(tx, message)


def _remove(tx: Transaction, query: str, seqs: Sequence[int]) -> None:
    """Take what was worked on out of its queue. Raises WorkLost unless all of it is still there."""
    if tx.run_many(query, [(seq,) for seq in seqs]) != len(seqs):
        raise WorkLost("the messages that were worked on are gone")


def _advance_instance(tx: Transaction, outcome: Outcome) -> None:
    instance = outcome.episode.instance
    updated = tx.run(
        "advance_instance",
        {
            "instance_id": instance.instance_id,
            "execution_id": instance.execution_id,
            "status": outcome.status,
            "output": outcome.output,
            "custom_status": outcome.custom_status,
            "updated_at": outcome.updated_at,
        },
    )
    if updated.rowcount == 0:
        raise WorkLost(f"instance {instance.instance_id} was replaced or purged during an episode")
    if (following := outcome.continued) is not None:
        created_at = outcome.messages[0].event.fields["Timestamp"]
        tx.run("continue_instance", (following.instance_id, following.execution_id, following.input, created_at))


def _hand_out(tx: Transaction, outcome: Outcome) -> None:
    instance = outcome.episode.instance
    of_instance = (instance.instance_id, instance.execution_id)
    tx.run_many(
        "add_activity",
        [(*of_instance, a.task_id, a.name, a.input, a.attempt, a.max_attempts) for a in outcome.activities],
    )
    tx.run_many("add_timer", [(t.due, *of_instance, t.timer_id, t.fire_at) for t in outcome.timers])
    tx.wakeups.activities += len(outcome.activities)
    for timer in outcome.timers:
        tx.wakeups.next_due = min(tx.wakeups.next_due or timer.due, timer.due)
    for request in outcome.requests:
        add_operation(tx, request)
    for child in outcome.children:
        _start_child(tx, child)


def _start_child(tx: Transaction, child: ChildStart) -> None:
    """Start a child, in place of an instance of that id."""
    start_instance(tx, child.instance, child.started, replace_live=True)


def drop_messages(tx: Transaction, seqs: Sequence[int]) -> None:
    """Delete messages that change nothing for the instance as it is."""
    tx.run_many("delete_message", [(seq,) for seq in seqs])


def post(tx: Transaction, message: OutgoingMessage) -> bool:
    """Put a message into an inbox, unless there is no instance to read it. Returns whether it was put."""
    query = "post_to_failed" if message.event.type == EventType.EXECUTION_REWOUND else "post"
    parameters = (message.instance_id, message.execution_id, message.event.text)
    is_posted = False
    for _ in range(tx.copies_of(message.event)):
        is_posted = tx.run(query, parameters).rowcount > 0
    if is_posted:
        tx.wakeups.instances.append(message.instance_id)
    return is_posted


# Activities and timers.


def complete_activity(tx: Transaction, activity: Activity, completion: Event) -> None:
    """Replace the work item by its completion; a late one, of an activity no longer known, changes nothing."""
    if tx.run("delete_activity", (activity.seq,)).rowcount:
        post(tx, OutgoingMessage(activity.instance_id, activity.execution_id, completion))


def fire_timers(tx: Transaction, now: datetime) -> None:
    """Fire what is due, earliest first."""
    at = time_text(now)
    for due, instance_id, execution_id, timer_id, fire_at in tx.run("due_timers", (at, MAX_TIMERS_PER_STEP)).fetchall():
        tx.run("delete_timer", (due, instance_id, timer_id))
        post(tx, OutgoingMessage(instance_id, execution_id, h.timer_fired(at, timer_id, fire_at)))


# Entities.


def add_operation(tx: Transaction, request: EntityRequest) -> None:
    """Store an operation for an entity."""
    tx.run(
        "add_operation",
        (
            request.entity_id,
            request.operation,
            request.input,
            request.request_id,
            request.caller,
            request.caller_execution,
        ),
    )
    tx.wakeups.entities.append(request.entity_id)


def complete_batch(tx: Transaction, outcome: BatchOutcome) -> None:
    """Store what came of a batch. Raises WorkLost."""
    work = outcome.work
    tx.run("put_entity", (work.entity_id, outcome.exists, outcome.state, outcome.updated_at))
    _remove(tx, "delete_operation", [operation.seq for operation in work.operations])
    for message in outcome.messages:
        post(tx, message)


# Purge.


def purge_instance(tx: Transaction, instance_id: str) -> None:
    """Remove an instance. Raises InstanceNotFound, InstanceLive."""
    status = status_of(tx, instance_id)
    if status is None:
        raise InstanceNotFound(instance_id)
    if not status.has_ended:
        raise InstanceLive(instance_id, status)
    _delete_leftovers(tx, instance_id)
    tx.run("delete_instance", (instance_id,))


def purge_instances(tx: Transaction, created_from: str, created_to: str, statuses: str) -> int:
    """Purge the instances created in that time, whose status is in a JSON list of ended ones; returns how many."""
    rows = tx.run("ended_instances_by_time", (created_from, created_to, statuses)).fetchall()
    for (instance_id,) in rows:
        purge_instance(tx, instance_id)
    return len(rows)


def purge_entity(tx: Transaction, entity_id: str) -> None:
    """Remove an entity. Raises InstanceNotFound."""
    tx.run("delete_operations_of", (entity_id,))
    if not tx.run("delete_entity", (entity_id,)).rowcount:
        raise InstanceNotFound(entity_id)


def _delete_leftovers(tx: Transaction, instance_id: str) -> None:
    for query in ("delete_history", "delete_inbox", "delete_timers_of", "delete_activities_of"):
        tx.run(query, (instance_id,))
