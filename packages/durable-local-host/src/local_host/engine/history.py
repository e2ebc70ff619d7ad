"""The history of one execution: its events in order, kept as they are stored."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from local_host.engine.history_events import COMPLETES, OPENS, Event, EventType, Fields, as_played


@dataclass(slots=True)
class History:
    """The events of one execution in order, with what every episode asks of them.

    episodes: the stored texts, one per episode, each a list of events without its brackets. open_ids: scheduled
    activities, children and timers that have not ended. last_started: the time of the newest OrchestratorStarted, ""
    before the first.
    """

    events: list[Fields]
    episodes: list[str]
    open_ids: set[int]
    last_started: str

    @classmethod
    def empty(cls) -> History:
        """Return a history without events."""
        return cls([], [], set(), "")

    @classmethod
    def parse(cls, episodes: Iterable[str]) -> History:
        """Read a history. episodes: the stored texts in order."""
        history = cls.empty()
        history.episodes.extend(episodes)
        for fields in json.loads(f"[{','.join(history.episodes)}]"):
            history._note(fields)
        return history

    def extend(self, events: Sequence[Event]) -> str:
        """Add the events of an episode that is over; returns the text to store for it."""
        text = ",".join(as_played(event) for event in events)
        self.episodes.append(text)
        for event in events:
            self._note(event.fields)
        return text

    def _note(self, fields: Fields) -> None:
        self.events.append(fields)
        kind = fields["EventType"]
        if kind in OPENS:
            self.open_ids.add(fields["EventId"])
        elif kind in COMPLETES:
            self.open_ids.discard(fields[COMPLETES[kind]])
        elif kind == EventType.ORCHESTRATOR_STARTED:
            self.last_started = fields["Timestamp"]
