"""What every workflow is made of: effects that are called with back-off, a ledger of what came of them, a published status."""

from abc import ABC, abstractmethod
from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final, Literal

import azure.durable_functions as df

from domain.wire import Wire
from domain.workflows.commands import Effect
from domain.workflows.steps import LedgerEntry, Outcome, StepResult
from orchestrators.kernel.commands import combined, task_for
from orchestrators.kernel.retry import STEP, Attempts, RetryPolicy, Wait, call_with_backoff
from orchestrators.kernel.tasks import DurableTask

# Constructed, not validated: a cold start need not build a validator for a constant.
NO_ANSWER: Final = StepResult.model_construct(
    outcome=Outcome.UNKNOWN, reason_code="no_answer", message="no answer, whatever was tried"
)


@dataclass(kw_only=True)
class Story(ABC):
    """One instance on its way. name: seeds the jitter of its retries, so that many instances spread out.

    listen_to: an event that has to be noticed whenever it comes, not only while it is waited for.
    """

    context: df.DurableOrchestrationContext
    name: str
    listen_to: DurableTask | None = None
    ledger: list[LedgerEntry] = field(default_factory=list)
    _listening: bool = False

    @abstractmethod
    def progress(self) -> Wire:
        """The present state, in the one shape that status and result have."""

    def publish(self) -> None:
        """Make the present state the instance's custom status."""
        self.context.set_custom_status(self.progress().to_wire())

    def note(
        self, step: str, result: StepResult, *, attempts: int = 1, kind: Literal["do", "compensation"] = "do"
    ) -> None:
        """Add a line to the ledger and publish it."""
        entry = LedgerEntry(
            step=step,
            kind=kind,
            outcome=result.outcome,
            at=self.context.current_utc_datetime,
            reference=result.reference,
            reason_code=result.reason_code,
            message=result.message,
            attempts=attempts,
        )
        self.ledger.append(entry)
        self.publish()

    def call(
        self, effects: Sequence[Effect], policy: RetryPolicy, *, seed: str, interrupt: DurableTask | None = None
    ) -> Generator[DurableTask, Any, Attempts]:
        """Call effects together until all are answered or the policy gives up. interrupt: an event that cuts waiting short."""
        attempt = partial(self._attempt, effects)
        seed = f"{self.name}:{seed}"
        return (yield from call_with_backoff(self.context, attempt, policy, seed=seed, interrupt=interrupt))

    def step(
        self,
        name: str,
        effects: Sequence[Effect],
        policy: RetryPolicy,
        *,
        kind: Literal["do", "compensation"] = "do",
        interrupt: DurableTask | None = None,
    ) -> Generator[DurableTask, Any, StepResult]:
        """Call effects that answer with a `StepResult` each, and note what came of them."""
        attempts = yield from self.call(effects, policy, seed=name, interrupt=interrupt)
        result = NO_ANSWER if attempts.answer is None else combined(attempts.answer)
        self.note(name, result, attempts=attempts.count, kind=kind)
        return result

    def part(self, orchestrator: str, request: Wire, *, seed: str) -> Generator[DurableTask, Any, Attempts]:
        """Have a sub-orchestration do a part, again when it fails: a worker that dies fails what it has in hand."""
        attempt = partial(self._part, orchestrator, request)
        return (yield from call_with_backoff(self.context, attempt, STEP, seed=f"{self.name}:{seed}"))

    def heard(self, task: DurableTask) -> Wait:
        """Wait for a task, and from then on notice the event that `listen_to` names. Gives the task's result."""
        if self.listen_to is not None and not self._listening:
            # An event is only delivered to a wait that was yielded once; from here on it is seen at any time.
            self._listening = True
            yield self.context.task_any([self.listen_to, task])
        return (yield task)

    def _part(self, orchestrator: str, request: Wire) -> Wait:
        return (yield from self.heard(self.context.call_sub_orchestrator(orchestrator, request.to_wire())))

    def _attempt(self, effects: Sequence[Effect]) -> Wait:
        return (yield from self.heard(task_for(self.context, effects)))
