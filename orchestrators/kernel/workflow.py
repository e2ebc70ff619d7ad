"""The story of a workflow other than the order's: steps in a row, each of which may end it."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from domain.workflows.commands import Effect
from domain.workflows.run import Restart, WorkflowProgress, WorkflowStatus
from domain.workflows.steps import Outcome, StepResult
from orchestrators.kernel.retry import STEP, RetryPolicy
from orchestrators.kernel.run import NO_ANSWER, Story
from orchestrators.kernel.tasks import DurableTask

R = TypeVar("R", bound=StepResult)

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
    """One run. key: its id. detail: facts of its own that its status shows. restart: of a run before it, if any."""

    key: str
    restart: Restart | None = None
    status: WorkflowStatus = "running"
    message: str = "Accepted."
    reason_code: str | None = None
    detail: dict[str, Any] = field(default_factory=dict)

    def do(
        self, name: str, effects: Sequence[Effect], policy: RetryPolicy = STEP
    ) -> Generator[DurableTask, Any, StepResult]:
        """Take one step. Raises WorkflowStopped unless it is done."""
        return required((yield from self.step(name, effects, policy)))

    def ask(
        self, name: str, effect: Effect, answer: type[R], policy: RetryPolicy = STEP
    ) -> Generator[DurableTask, Any, R | None]:
        """Take one step whose answer says more than a `StepResult`. Gives it, be it a refusal; None when there was none."""
        attempts = yield from self.call([effect], policy, seed=name)
        result = None if attempts.answer is None else answer.model_validate(attempts.answer)
        self.note(name, result or NO_ANSWER, attempts=attempts.count)
        return result

    @property
    def is_cancelled(self) -> bool:
        """Whether its cancellation was accepted, before this run or in it."""
        is_heard = self.listen_to is not None and self.listen_to.is_completed
        return is_heard or (self.restart is not None and self.restart.cancelled)

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


def required(result: R | None) -> R:
    """The result of a step without which the workflow cannot go on. Raises WorkflowStopped unless the step is done."""
    if result is not None and result.outcome is Outcome.DONE:
        return result
    known = result or NO_ANSWER
    told = known.message or known.reason_code or known.outcome
    raise WorkflowStopped(_STOPS[known.outcome], known.reason_code or known.outcome, told)
