"""What every workflow but the order's saga says of itself, and how it is named."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from domain.ids import PLAIN_ID
from domain.wire import Edge, Timestamp, Wire
from domain.workflows.steps import LedgerEntry, Message

WorkflowKey = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"), PLAIN_ID]
"""The id of one run of a workflow, unique among the runs of that workflow."""

WorkflowStatus = Literal["running", "completed", "rejected", "cancelled", "failed"]
"""completed: done. rejected: a refusal. cancelled: somebody asked for it. failed: a fault."""


class RunRequest(Edge):
    """The base of what callers ask for by `POST`. id: the caller's name for the run; without it the `Idempotency-Key` names it."""

    id: WorkflowKey | None = None


class WorkflowProgress(Wire):
    """The custom status of a workflow while it runs, and its result when it has ended.

    succeeded: None while it runs. steps: the ledger, oldest first. detail: the workflow's own facts, small and plain JSON.
    """

    id: WorkflowKey
    status: WorkflowStatus
    succeeded: bool | None = None
    message: Message
    reason_code: str | None = None
    steps: tuple[LedgerEntry, ...] = ()
    detail: dict[str, Any] = Field(default_factory=dict)


class Restart(Wire):
    """What a run is told that takes over from one which the platform has failed. attempt: from 2.

    started_at: when the first run began. cancelled: a cancellation was accepted before this run.
    """

    attempt: int
    started_at: Timestamp
    cancelled: bool = False


class RestartRun(Wire):
    """Start a run again that was given up."""

    workflow: str
    key: str
    instance_id: str
    request: dict[str, Any]


RESTART: Final = "restart"
"""The key of a `Restart` in an instance's input."""


def restart_of(given: Mapping[str, Any]) -> Restart | None:
    """What an instance's input says of a run before it; None for the first run."""
    return None if given.get(RESTART) is None else Restart.model_validate(given[RESTART])


def workflow_instance_id(workflow: str, key: str) -> str:
    """One run, one instance. The `.` keeps it apart from every order's."""
    return f"{workflow}.{key}"


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of a workflow. workflow: the orchestrator's name. request: the instance's input. instance_id: as the two name it.

    has_started: an instance was there. is_cancelled: its cancellation was accepted.
    """

    workflow: str
    key: str
    request: Mapping[str, Any]
    accepted_at: datetime
    instance_id: str = ""
    has_started: bool = field(default=False, compare=False)
    is_cancelled: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        if not self.instance_id:
            object.__setattr__(self, "instance_id", workflow_instance_id(self.workflow, self.key))
