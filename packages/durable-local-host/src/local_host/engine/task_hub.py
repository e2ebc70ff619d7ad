"""The store of one task hub: one SQLite file in WAL mode, one process, one writer.

    claim_...     hands out ready work and keeps it from every other caller
    complete_...  stores everything that came of it in one step, and releases it
    abandon       releases it, to be handed out again

What is ready is known in memory, fed by each commit and, after a start, by one look into the file; so a crash needs no
repair: whatever was claimed and not completed is simply ready again.

An orchestrator may run before the messages it reads are committed, since running it changes nothing: what comes of it is
stored in the same transaction or a later one. So instances are claimed from within the open transaction. Activities and
entities, which act, are claimed only when their work is safely stored. All other reads use a connection of their own;
they see the last commit and never wait for the writer.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from local_host.engine import steps
from local_host.engine.activity_queue import ActivityQueue
from local_host.engine.database import Database
from local_host.engine.entity import BatchOutcome, EntityWork
from local_host.engine.entity_queue import EntityQueue
from local_host.engine.errors import StateFileError, StoreUnavailable
from local_host.engine.faults import Faults
from local_host.engine.group_commit import GroupCommit, Transaction, Wakeups
from local_host.engine.history import History
from local_host.engine.history_events import Event
from local_host.engine.instance import InstanceWork
from local_host.engine.instance_reader import InstanceReader, history_of
from local_host.engine.outcome import Outcome
from local_host.engine.ready import ReadyQueue
from local_host.engine.running import Running
from local_host.engine.steps import Activity, WorkLost

T = TypeVar("T")


class TaskHub:
    """Instances, entities, their messages and timers.

    episodes: to be entered while an episode is run, so that what comes of it can join the commit that led to it.
    """

    def __init__(self, database: Database, faults: Faults) -> None:
        self._database = database
        self.episodes = Running()
        self._writer = GroupCommit(
            database.writer, faults, self._applied, self._committed, self.episodes, database.check_in_place
        )
        self._listeners: list[Callable[[Wakeups], None]] = []
        self._instances = ReadyQueue()
        self._entities = EntityQueue(self.read)
        self._reader = InstanceReader(database)
        self._read_before: dict[str, int] = {}
        self._activities = ActivityQueue(self.read)
        self._find_messages()

    @classmethod
    def open(cls, path: str | Path, faults: Faults | None = None) -> TaskHub:
        """Open or create the file; `:memory:` keeps everything in memory.

        Raises StateFileLocked when another process has it open, StateFileVersion when it is of a newer version,
        StateFileError when it is not a state file or cannot be written.
        """
        database = Database.open(path)
        try:
            return cls(database, faults or Faults())
        except (sqlite3.Error, StoreUnavailable) as error:
            database.close()
            raise StateFileError(f"The state file {path} is damaged: {error}. Pass another --state.") from error

    @property
    def problem(self) -> str | None:
        """Why nothing can be stored just now; None while it can."""
        return self._writer.problem

    def close(self) -> None:
        """Close the store; a commit under way is waited for."""
        self._writer.close()
        self._database.close()

    def _find_messages(self) -> None:
        self._instances.add(row[0] for row in self.read("instances_with_messages"))
        self._entities.add(row[0] for row in self.read("entities_with_operations"))

    # What an earlier host had in hand.

    def hold_back(self, activities: int) -> None:
        """Keep out of sight what waits now, of activities so many. Call it before anything is claimed."""
        ((last_message, last_operation),) = self.read("last_numbers")
        self._reader.hold_back(last_message)
        self._entities.hold_back(last_operation)
        self._activities.hold_back(activities)

    def show_messages(self) -> None:
        """Bring messages and operations back into sight."""
        self._reader.hold_back(0)
        self._entities.hold_back(0)
        self._find_messages()
        self._wake(Wakeups())

    def show_activities(self) -> None:
        """Bring activities back into sight."""
        self._activities.show()
        self._wake(Wakeups())

    def listen(self, listener: Callable[[Wakeups], None]) -> None:
        """Call `listener` with what has become ready: instances before the commit, everything else after it."""
        self._listeners.append(listener)

    async def store(self, step: Callable[[Transaction], T]) -> T:
        """Run one step of `steps`, or a function made of them; returns once it is stored."""
        return await self._writer.store(step)

    def read(self, query: str, parameters: Any = ()) -> list[sqlite3.Row]:
        """Return the rows of a named query, as of the last commit."""
        return self._database.read(query, parameters)

    def _applied(self, wakeups: Wakeups) -> None:
        if wakeups.instances:
            ready = Wakeups(instances=wakeups.instances)
            wakeups.instances = []
            self._instances.add(ready.instances)
            self._wake(ready)

    def _committed(self, wakeups: Wakeups) -> None:
        self._entities.add(wakeups.entities)
        self._activities.note_stored(wakeups.activities)
        self._wake(wakeups)

    def _wake(self, wakeups: Wakeups) -> None:
        for listener in self._listeners:
            listener(wakeups)

    # Orchestrations.

    def claim_instance(self) -> InstanceWork | None:
        """Return the next instance with messages; None when there is none, or none before the current commit is done."""
        while not self._writer.is_committing and (instance_id := self._instances.take()) is not None:
            if (work := self._reader.read(instance_id)) is not None:
                self._read_before[instance_id] = self._writer.given_up
                return work
            self._instances.release(instance_id)  # purged since, or out of sight
        return None

    def history_of(self, instance_id: str) -> History:
        """Return the history of an instance, as of the last commit."""
        return history_of(self.read("history_of", (instance_id,)))

    async def complete_episode(self, outcome: Outcome) -> None:
        """Store what came of an episode. Raises WorkLost when the instance was replaced or purged meanwhile."""
        instance, history = outcome.episode.instance, outcome.episode.history
        rewritten = list(enumerate(history.episodes)) if outcome.episode.rewound else []
        appended = [] if outcome.continued else [(len(history.episodes), history.extend(outcome.events))]

        def complete(tx: Transaction) -> None:
            self._check_happened(instance.instance_id)
            steps.complete_episode(tx, outcome, [*rewritten, *appended])

        await self.store(complete)
        if not outcome.status.has_ended and not outcome.continued:
            self._reader.histories.put(instance.execution_id, history)
        self._release(instance.instance_id)

    async def drop_messages(self, work: InstanceWork, seqs: Sequence[int]) -> None:
        """Remove messages that change nothing, and release the instance."""

        def drop(tx: Transaction) -> None:
            self._check_happened(work.instance.instance_id)
            steps.drop_messages(tx, seqs)

        await self.store(drop)
        await self.put_back(work)

    def _release(self, instance_id: str) -> None:
        self._read_before.pop(instance_id, None)
        self._instances.release(instance_id)

    def _check_happened(self, instance_id: str) -> None:
        """Refuse work on what was read from a transaction that was rolled back since: others get the numbers of its messages.

        Raises:
            WorkLost: It has to be read anew.
        """
        if self._read_before[instance_id] != self._writer.given_up:
            raise WorkLost(f"what instance {instance_id} was to react to may never have been stored")

    async def put_back(self, work: InstanceWork) -> None:
        """Release an instance whose messages have to wait; only a new one makes it ready."""
        self._release(work.instance.instance_id)

    def abandon_instance(self, work: InstanceWork) -> None:
        """Release an instance, to be claimed again."""
        self._release(work.instance.instance_id)
        self._instances.add([work.instance.instance_id])

    # Activities.

    def claim_activity(self) -> Activity | None:
        """Return the activity that waits longest; None when there is none."""
        return self._activities.take()

    async def complete_activity(self, activity: Activity, completion: Event) -> None:
        """Store the completion of an activity."""
        await self.store(lambda tx: steps.complete_activity(tx, activity, completion))

    def abandon_activity(self, activity: Activity) -> None:
        """Release an activity, to be claimed again."""
        self._activities.put_back(activity)

    # Entities.

    def claim_entity(self, max_operations: int) -> EntityWork | None:
        """Return the next entity with operations, and a batch of them; None when there is none."""
        return self._entities.take(max_operations)

    async def complete_batch(self, outcome: BatchOutcome, max_operations: int) -> None:
        """Store what came of a batch, and release the entity."""
        await self.store(lambda tx: steps.complete_batch(tx, outcome))
        self._entities.release(outcome.work.entity_id)
        if len(outcome.work.operations) == max_operations:
            self._entities.add([outcome.work.entity_id])

    def abandon_entity(self, work: EntityWork) -> None:
        """Release an entity, to be claimed again."""
        self._entities.release(work.entity_id)
        self._entities.add([work.entity_id])

    # Timers.

    def next_due(self) -> str:
        """Return when the next timer is due, "" when there is none."""
        rows = self.read("next_due")
        return rows[0][0] if rows else ""

    async def fire_timers(self, now: datetime) -> None:
        """Turn the timers that are due into messages."""
        await self.store(lambda tx: steps.fire_timers(tx, now))

    @property
    def has_ready_work(self) -> bool:
        """Whether any claim would find something."""
        return bool(self._instances or self._entities or self._activities)
