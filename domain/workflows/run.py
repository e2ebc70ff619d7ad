"""The status of a workflow's run, and what an instance is given that takes a run over."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from domain.ids import WorkflowKey, instance_id_of
from domain.wire import Edge, Timestamp, Wire, is_absent
from domain.workflows.course import Course, RunEnd
from domain.workflows.steps import SETTLED, LedgerEntry, Message, StepUnderWay, open_compensations

WorkflowStatus = Literal["running", "completed", "rejected", "cancelled", "failed", "needs_attention"]
"""running, then a `RunEnd`; needs_attention: something is left for an operator, before or instead of it."""


class RunRequest(Edge):
    """The base of what callers ask for by `POST`.

    Attributes:
        id: The caller's name for the run; without it the `Idempotency-Key` names it.
    """

    id: WorkflowKey | None = None


class WorkflowProgress(Wire):
    """The custom status of a workflow while it runs, and its result when it has ended.

    Attributes:
        succeeded: None while it runs.
        steps: The ledger, oldest first.
        step: The step under way, if any.
        detail: The workflow's own facts, small and plain JSON.
    """

    id: WorkflowKey
    status: WorkflowStatus
    succeeded: bool | None = None
    message: Message
    reason_code: str | None = None
    steps: tuple[LedgerEntry, ...] = ()
    step: Annotated[StepUnderWay | None, Field(exclude_if=is_absent)] = None
    detail: dict[str, Any] = Field(default_factory=dict)

    def with_compensation_done(self, entry: LedgerEntry, end: RunEnd) -> "WorkflowProgress":
        """Return the progress once another compensation is done: the run ends when that was the last open one."""
        further = self.model_copy(update={"steps": (*self.steps, entry)})
        if open_compensations(further.steps):
            return further
        settled = {"status": end, "succeeded": end == "completed", "message": SETTLED}
        return further.model_copy(update=settled)


class Restart(Wire):
    """What is known to an instance that takes over from one which the platform has failed.

    Attributes:
        attempt: From 2.
        started_at: When the first instance began.
        cancelled: A cancellation was accepted before.
        course: The one that an earlier instance has recorded.
    """

    attempt: int
    started_at: Timestamp
    cancelled: bool = False
    course: Course | None = None


class RestartRun(Wire):
    """Start a run again that was given up."""

    workflow: str
    key: str
    instance_id: str
    request: dict[str, Any]


class CloseRun(Wire):
    """Record that a compensation of a run that needs attention is done.

    Attributes:
        end: How the run ends with the last of them.
        entry: Which, and how.
    """

    workflow: str
    key: str
    end: RunEnd
    entry: LedgerEntry


BY_CALLER: Final = {"requested_by": "the caller"}
"""The payload of a cancellation that names no person."""

STEP_PATIENCE: Final = "step_patience_s"
"""The key, in an instance's input, of how long each of its steps is tried."""

RESTART: Final = "restart"
"""The key of a `Restart` in an instance's input."""


def restart_of(given: Mapping[str, Any]) -> Restart | None:
    """Return what an instance's input holds of the one before it; None for the first."""
    return None if given.get(RESTART) is None else Restart.model_validate(given[RESTART])


class RecordedRun(Wire):
    """What stays of a run once it has ended. end: where it was recorded; its instance had it otherwise."""

    instance_id: str
    fingerprint: str | None = None
    course: Course | None = None
    end: WorkflowProgress | None = None

    @property
    def workflow(self) -> str:
        """The orchestrator's name; `replay` for the replay of a dead letter."""
        return self.instance_id.partition(".")[0]

    @property
    def key(self) -> str:
        """The run's key."""
        return self.instance_id.partition(".")[2]


@dataclass(frozen=True, kw_only=True)
class Run:
    """A run of a workflow, as it was accepted.

    Attributes:
        workflow: The orchestrator's name.
        request: The instance's input.
        instance_id: As workflow and key name it.
        version: Of the orchestrator that its first instance is started on; None for the version of the release.
        has_started: An instance was there.
        is_cancelled: Its cancellation was accepted.
    """

    workflow: str
    key: str
    request: Mapping[str, Any]
    accepted_at: datetime
    instance_id: str = ""
    version: str | None = None
    has_started: bool = field(default=False, compare=False)
    is_cancelled: bool = field(default=False, compare=False)

    def __post_init__(self) -> None:
        if not self.instance_id:
            object.__setattr__(self, "instance_id", instance_id_of(self.workflow, self.key))
