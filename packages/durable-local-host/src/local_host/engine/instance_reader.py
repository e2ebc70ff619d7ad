"""Reads an instance for its next episode: its row, its history and its messages, as the open transaction has them so far."""

from __future__ import annotations

import sqlite3

from local_host.engine.database import Database
from local_host.engine.held_back import in_sight
from local_host.engine.history import History
from local_host.engine.history_cache import HistoryCache
from local_host.engine.history_events import Event
from local_host.engine.instance import Instance, InstanceWork, Message
from local_host.engine.status import RuntimeStatus


class InstanceReader:
    """Not to be used while the transaction is being committed.

    Attributes:
        histories: Those of earlier episodes, which then need no reading.
    """

    def __init__(self, database: Database) -> None:
        self.histories = HistoryCache()
        self._database = database
        self._last_held = 0

    def hold_back(self, last: int) -> None:
        """Keep messages out of sight up to that number; 0 for none."""
        self._last_held = last

    def read(self, instance_id: str) -> InstanceWork | None:
        """Return an instance with the messages that are in sight; None when there is no instance, or nothing for it."""
        rows = self._database.read_uncommitted("instance_to_work_on", (instance_id,))
        work = self._work(_instance(rows[0])) if rows else None
        return work if work is not None and work.messages else None

    def _work(self, instance: Instance) -> InstanceWork:
        messages = [
            Message(seq, execution_id, Event.parse(text))
            for seq, execution_id, text in self._database.read_uncommitted("messages_for", (instance.instance_id,))
        ]
        history = self.histories.take(instance.execution_id)
        if history is None:
            history = history_of(self._database.read_uncommitted("history_of", (instance.instance_id,)))
        in_sight_now = in_sight(messages, self._last_held)
        if not history.events and len(in_sight_now) < len(messages):
            in_sight_now = []  # nothing comes before its start
        return InstanceWork(instance, history, in_sight_now)


def history_of(rows: list[sqlite3.Row]) -> History:
    """Return a history. rows: one for each episode."""
    return History.parse(row[0] for row in rows)


def _instance(row: sqlite3.Row) -> Instance:
    return Instance(**{**row, "status": RuntimeStatus(row["status"])})
