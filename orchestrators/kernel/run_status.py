"""What a run of a workflow shows: its ledger, its status, and the step under way."""

from dataclasses import dataclass, field
from typing import Any, Literal, cast

import azure.durable_functions as df

from domain.wire import Wire
from domain.workflows.run import WorkflowProgress, WorkflowStatus
from domain.workflows.steps import LedgerEntry, StepResult, StepUnderWay
from orchestrators.kernel.attempt_log import log_failed_attempt
from orchestrators.kernel.retry import FailedAttempt

Kind = Literal["step", "compensation"]


@dataclass(kw_only=True)
class RunStatus:
    """The status of one run, as one instance of it knows it.

    Attributes:
        workflow: The orchestrator's name.
        key: The run's id; for an order its order id.
        step: The step under way.
        detail: Facts of the workflow's own that its status shows.
    """

    context: df.DurableOrchestrationContext
    workflow: str
    key: str
    status: str = "running"
    message: str = "Accepted."
    reason_code: str | None = None
    step: StepUnderWay | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    ledger: list[LedgerEntry] = field(default_factory=list)

    def record(self, step: str, result: StepResult, *, attempts: int = 1, kind: Kind = "step") -> None:
        """Add a line to the ledger and publish it."""
        at = self.context.current_utc_datetime
        self.ledger.append(LedgerEntry.of(step, result, at, attempts=attempts, kind=kind))
        self.publish()

    def show(self, message: str, **detail: Any) -> None:
        """Publish how far the run is."""
        self.message = message[:500]
        self.detail.update(detail)
        self.publish()

    def end(self, status: WorkflowStatus, message: str, reason_code: str | None = None) -> dict[str, Any]:
        """Publish how the run has ended, and return the instance's result."""
        self.status, self.reason_code = status, reason_code
        self.show(message)
        return self.progress().to_wire()

    def publish(self) -> None:
        """Make the present state the instance's custom status."""
        self.context.set_custom_status(self.progress().to_wire())

    def progress(self) -> Wire:
        """Return the present state, in the one shape that status and result have."""
        return WorkflowProgress(
            id=self.key,
            status=cast("WorkflowStatus", self.status),
            succeeded=None if self.status == "running" else self.status == "completed",
            message=self.message,
            reason_code=self.reason_code,
            steps=tuple(self.ledger),
            step=self.step,
            detail=self.detail,
        )

    def begin_attempt(self, name: str, number: int) -> None:
        """Publish that an attempt begins. name: of its step."""
        last_error = None if self.step is None else self.step.last_error
        self.step = StepUnderWay(name=name, attempt=number, last_error=last_error)
        self.publish()

    def attempt_failed(self, name: str, failed: FailedAttempt) -> None:
        """Publish and log that an attempt got no answer. name: of its step."""
        self.wait_for_attempt(name, failed)
        log_failed_attempt(self.context, self.workflow, self.key, name, failed)

    def wait_for_attempt(self, name: str, failed: FailedAttempt) -> None:
        """Publish when the next attempt begins. name: of its step."""
        self.step = StepUnderWay(
            name=name, attempt=failed.number, last_error=failed.reason, next_attempt_at=failed.next_at
        )
        self.publish()

    def end_attempts(self) -> None:
        """Show no step as under way any more. Where a failed attempt was published, publish that, too."""
        shown, self.step = self.step, None
        if shown is not None and shown.last_error is not None:
            self.publish()
