"""The story of a workflow other than the order's: steps in a row, each of which may end it."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from azure.durable_functions.models.Task import TaskBase

from domain.effects import Effect
from domain.steps import Outcome, StepResult
from domain.workflow import WorkflowProgress, WorkflowStatus
from orchestrators.retry import STEP, RetryPolicy
from orchestrators.story import Story

_STOPS: Final[dict[Outcome, WorkflowStatus]] = {
    Outcome.REFUSED: "rejected",
    Outcome.FAULTED: "failed",
    Outcome.UNKNOWN: "failed",
}


class WorkflowStopped(Exception):
    """The workflow goes no further; it ends in `status`."""

    def __init__(self, status: WorkflowStatus, reason_code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason_code = reason_code
        self.message = message


@dataclass(kw_only=True)
class Workflow(Story):
    """One run. key: its id. detail: facts of its own that its status shows."""

    key: str
    status: WorkflowStatus = "running"
    message: str = "Accepted."
    reason_code: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    def do(
        self, name: str, effects: Sequence[Effect], policy: RetryPolicy = STEP
    ) -> Generator[TaskBase, Any, StepResult]:
        """Take one step. Raises WorkflowStopped unless it is done."""
        result = yield from self.step(name, effects, policy)
        if result.outcome is not Outcome.DONE:
            told = result.message or result.reason_code or result.outcome
            raise WorkflowStopped(_STOPS[result.outcome], result.reason_code or result.outcome, told)
        return result

    def tell(self, message: str, **detail: Any) -> None:
        """Say how far it is."""
        self.message = message[:500]
        self.detail.update(detail)
        self.publish()

    def end(self, status: WorkflowStatus, message: str, reason_code: str | None = None) -> dict[str, Any]:
        """Say how it ended. Gives the instance's result."""
        self.status, self.reason_code = status, reason_code
        self.tell(message)
        return self.progress().to_wire()

    def stopped(self, stop: WorkflowStopped) -> dict[str, Any]:
        """End as the stop says."""
        return self.end(stop.status, stop.message, stop.reason_code)

    def progress(self) -> WorkflowProgress:
        return WorkflowProgress(
            id=self.key,
            status=self.status,
            succeeded=None if self.status == "running" else self.status == "completed",
            message=self.message,
            reason_code=self.reason_code,
            steps=tuple(self.ledger),
            detail=self.detail,
        )
