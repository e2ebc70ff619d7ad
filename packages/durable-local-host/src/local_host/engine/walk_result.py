"""What a walk comes to: the work to schedule, and how far the orchestrator got."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from local_host.engine.actions import HTTP_ACTIVITY, Action, ActionType
from local_host.engine.history_events import EventType, Fields


class NonDeterministic(Exception):
    """The history holds something that the orchestrator, replayed, has not asked for.

    result: what the walk came to until then, which the real host schedules all the same.
    """

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.result: WalkResult | None = None


class UnknownAction(Exception):
    """The orchestrator asks for something that this host cannot do."""


@dataclass(frozen=True, slots=True)
class Work:
    """Something to schedule under a sequence number. fire_at, is_cancelled: timers only.

    attempt, max_attempts: of a call with retry options.
    """

    id: int
    kind: EventType
    action: Action
    fire_at: str = ""
    is_cancelled: bool = False
    attempt: int = 1
    max_attempts: int = 1

    @property
    def name(self) -> str:
        """What the event of this work is named after; "" for timers and entity requests, which are not compared."""
        if self.action.get("actionType") == ActionType.CALL_HTTP:
            return HTTP_ACTIVITY
        return str(self.action.get("functionName", ""))


@dataclass(frozen=True, slots=True)
class WalkResult:
    """What an episode's walk comes to.

    new_work: in ascending id. next_id: the first id not given out. at_end: every action has completed. is_waiting: an
    activity, child or timer is open. continue_as_new: the action, once it was reached; carried: the events since then.
    """

    new_work: Sequence[Work]
    next_id: int
    at_end: bool
    is_waiting: bool
    continue_as_new: Action | None
    carried: Sequence[Fields]
