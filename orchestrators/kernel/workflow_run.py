"""One run of a workflow: its commands, called with back-off, the ledger of what came of them, and the status that it shows.

A step's compensation is registered *before* the step runs, because a step may take effect and its answer be lost. So every
compensation must also succeed when its step never happened.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final, Literal, Self, TypeVar, cast

import azure.durable_functions as df

from domain.wire import Wire
from domain.workflows.cancellation import CANCELLATION_REQUESTED, CancellationRequest, cancellation_from_event
from domain.workflows.commands import Command, Compensation, Step
from domain.workflows.course import CANCELLED, RunStopped, stop_of
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.run import BY_CALLER, STEP_PATIENCE, Restart, WorkflowProgress, WorkflowStatus, restart_of
from domain.workflows.steps import CANCELLATION, STEP_PATIENCE_S, LedgerEntry, Outcome, StepResult, StepUnderWay
from orchestrators.kernel.attempt_log import log_failed_attempt
from orchestrators.kernel.commands import combined, signal, task_for
from orchestrators.kernel.retry import STEP, Attempts, FailedAttempt, RetryPolicy, Wait, call_with_backoff
from orchestrators.kernel.tasks import DurableTask

R = TypeVar("R", bound=StepResult)

Kind = Literal["step", "compensation"]

# Constructed, not validated: a cold start need not build a validator for a constant.
NO_ANSWER: Final = StepResult.model_construct(
    outcome=Outcome.UNKNOWN, reason_code="no_answer", message="no answer, whatever was tried"
)


@dataclass(kw_only=True)
class WorkflowRun:
    """One run, as one instance of it knows it.

    Attributes:
        workflow: The orchestrator's name.
        key: The run's id; for an order its order id.
        restart: Set in an instance that takes over from one that the platform has failed.
        cancellation: The event of a cancellation; None for a run that cannot be cancelled.
        cancellation_request: A cancellation that was accepted before this instance.
        patience_s: How long each step is tried.
        step: The step under way.
        detail: Facts of the workflow's own that its status shows.
        compensations: What would have to be compensated, in the order of the steps.
        open_compensations: What could not be compensated, for an operator.
    """

    context: df.DurableOrchestrationContext
    workflow: str
    key: str
    restart: Restart | None = None
    cancellation: DurableTask | None = None
    cancellation_request: CancellationRequest | None = None
    status: str = "running"
    message: str = "Accepted."
    reason_code: str | None = None
    patience_s: int = STEP_PATIENCE_S
    step: StepUnderWay | None = None
    detail: dict[str, Any] = field(default_factory=dict)
    ledger: list[LedgerEntry] = field(default_factory=list)
    compensations: list[Compensation] = field(default_factory=list)
    open_compensations: list[DeadLetter] = field(default_factory=list)
    _unopened: list[DurableTask] = field(default_factory=list)

    @classmethod
    def begin(
        cls, context: df.DurableOrchestrationContext, workflow: str, given: Mapping[str, Any], **facts: Any
    ) -> Self:
        """Return the run of an instance with this input: `{key, request}`, and a `Restart` where it takes over."""
        restart = restart_of(given)
        was_cancelled = restart is not None and restart.cancelled
        return cls(
            context=context,
            workflow=workflow,
            key=given["key"],
            restart=restart,
            cancellation_request=cancellation_from_event(BY_CALLER) if was_cancelled else None,
            patience_s=given.get(STEP_PATIENCE, STEP_PATIENCE_S),
            **facts,
        )

    @property
    def attempt(self) -> int:
        """Which instance of the run this is, from 1."""
        return 1 if self.restart is None else self.restart.attempt

    @property
    def step_policy(self) -> RetryPolicy:
        """How long a step is tried where nothing else is said: as the setting was when the run was accepted."""
        return replace(STEP, total=timedelta(seconds=self.patience_s))

    # -- steps

    def do(
        self, step: Step, policy: RetryPolicy | None = None, *, compensation: Compensation | None = None
    ) -> Generator[DurableTask, Any, StepResult]:
        """Take one step and return its result.

        Args:
            step: What is done, be it one command or several together.
            policy: How long it is tried; None for `step_policy`.
            compensation: Registered before the step is taken.

        Raises:
            RunStopped: The step is not done, or the run was cancelled before it.
        """
        self.stop_if_cancelled()
        if compensation is not None:
            self.register(compensation)
        result = yield from self.take(step, policy, interrupt=self.cancellation)
        if result.outcome is Outcome.UNKNOWN:
            self.stop_if_cancelled()  # the waiting between two attempts was cut short
        return required(step.name, result)

    def take(
        self,
        step: Step,
        policy: RetryPolicy | None = None,
        *,
        kind: Kind = "step",
        interrupt: DurableTask | None = None,
    ) -> Generator[DurableTask, Any, StepResult]:
        """Take one step, record what came of it and return that, whatever it is.

        Args:
            step: Its commands answer with a `StepResult` each.
            policy: How long it is tried; None for `step_policy`.
            kind: As the ledger has it.
            interrupt: An event that cuts the waiting between two attempts short.
        """
        attempts = yield from self.call(
            step.commands, policy or self.step_policy, seed=step.name, step=step.name, interrupt=interrupt
        )
        result = NO_ANSWER if attempts.answer is None else combined(attempts.answer)
        self.record(step.name, result, attempts=attempts.count, kind=kind)
        return result

    def ask(
        self, command: Command, answer: type[R], policy: RetryPolicy | None = None
    ) -> Generator[DurableTask, Any, R | None]:
        """Take a step of one command whose answer has more than a `StepResult`.

        Returns it, be it a refusal; None when there was none.
        """
        name = command.operation
        attempts = yield from self.call([command], policy or self.step_policy, seed=name, step=name)
        result = None if attempts.answer is None else answer.model_validate(attempts.answer)
        self.record(command.operation, result or NO_ANSWER, attempts=attempts.count)
        return result

    def send(self, step: Step) -> None:
        """Take a step at entities that cannot be refused any more: sent for certain, and without waiting for it."""
        for command in step.commands:
            signal(self.context, command)
        self.record(step.name, StepResult())

    def call(
        self,
        commands: Sequence[Command],
        policy: RetryPolicy,
        *,
        seed: str,
        step: str | None = None,
        interrupt: DurableTask | None = None,
    ) -> Generator[DurableTask, Any, Attempts]:
        """Call commands together until all are answered or the policy gives up; the ledger stays as it is.

        Args:
            commands: What is called.
            policy: How long.
            seed: Distinguishes these calls from others of the run.
            step: The step whose ledger entry follows: it is shown from its first attempt, any other call once one has failed.
            interrupt: An event that cuts the waiting between two attempts short.
        """
        name = step or commands[0].operation
        attempt = partial(self._attempt, commands, name, step is not None)
        return (yield from self._patiently(attempt, policy, name, seed, interrupt))

    def part(self, orchestrator: str, request: Wire, *, seed: str) -> Generator[DurableTask, Any, Attempts]:
        """Have a sub-orchestration do a part, again when it fails: a worker that dies fails what it has in hand."""
        attempt = partial(self._part, orchestrator, request)
        return (yield from self._patiently(attempt, self.step_policy, orchestrator, seed))

    def seed(self, of: str) -> str:
        """Return what decides the jitter of a call: many runs spread out, and every replay waits the same."""
        return f"{self.context.instance_id}:{of}"

    def as_sent(self, command: Command) -> Command:
        """Return a step's command with what a workflow sends along. The command in a dead letter stays without."""
        return command

    # -- compensations

    def register(self, compensation: Compensation) -> None:
        """Register a compensation, or replace the one of its name: its step's answer spares it looking up what was made."""
        names = [each.name for each in self.compensations]
        if compensation.name in names:
            self.compensations[names.index(compensation.name)] = compensation
        else:
            self.compensations.append(compensation)

    # -- cancellation

    def listen_for_cancellation(self) -> None:
        """From here on, receive the event of a cancellation whenever it comes."""
        self.cancellation = self.context.wait_for_external_event(CANCELLATION_REQUESTED)
        self.listen(self.cancellation)

    @property
    def cancelled_by(self) -> CancellationRequest | None:
        """The cancellation that was accepted, before this instance or in it."""
        if self.cancellation_request is None and self.cancellation is not None and self.cancellation.is_completed:
            return cancellation_from_event(self.cancellation.result)
        return self.cancellation_request

    def stop_if_cancelled(self) -> None:
        """Record an accepted cancellation. Raises RunStopped when there is one."""
        request = self.cancelled_by
        if request is not None:
            reason = f": {request.reason}" if request.reason else ""
            self.record(CANCELLATION, StepResult(message=f"requested by {request.requested_by}{reason}"))
            raise RunStopped("cancelled", CANCELLED, f"Cancelled by {request.requested_by}.")

    # -- ledger and status

    def record(self, step: str, result: StepResult, *, attempts: int = 1, kind: Kind = "step") -> None:
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
            facts=result.facts,
        )
        self.ledger.append(entry)
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

    def attempt_failed(self, name: str, failed: FailedAttempt) -> None:
        """Publish and log that an attempt got no answer. name: of its step."""
        self.step = StepUnderWay(
            name=name, attempt=failed.number, last_error=failed.reason, next_attempt_at=failed.next_at
        )
        self.publish()
        log_failed_attempt(self.context, self.workflow, self.key, name, failed)

    def end_attempts(self) -> None:
        """No step is under way any more. Where a failed attempt was published, that is published, too."""
        shown, self.step = self.step, None
        if shown is not None and shown.last_error is not None:
            self.publish()

    # -- waiting

    def listen(self, *events: DurableTask) -> None:
        """From the next command on, receive these events whenever they come."""
        self._unopened.extend(events)

    def wait_for(self, task: DurableTask) -> Wait:
        """Wait for a task and return its result; from then on the events of `listen` are received at any time."""
        if self._unopened:
            # An event is only delivered to a wait that was yielded once.
            events, self._unopened = self._unopened, []
            yield self.context.task_any([*events, task])
        return (yield task)

    def _patiently(
        self,
        attempt: Callable[[int], Wait],
        policy: RetryPolicy,
        name: str,
        seed: str,
        interrupt: DurableTask | None = None,
    ) -> Generator[DurableTask, Any, Attempts]:
        attempts = yield from call_with_backoff(
            self.context,
            attempt,
            policy,
            seed=self.seed(seed),
            interrupt=interrupt,
            after_failure=partial(self.attempt_failed, name),
        )
        self.end_attempts()
        return attempts

    def _part(self, orchestrator: str, request: Wire, number: int) -> Wait:
        if number > 1:
            self._show_attempt(orchestrator, number)
        return (yield from self.wait_for(self.context.call_sub_orchestrator(orchestrator, request.to_wire())))

    def _attempt(self, commands: Sequence[Command], name: str, is_step: bool, number: int) -> Wait:
        if is_step or number > 1:
            self._show_attempt(name, number)
        if is_step:
            commands = [self.as_sent(command) for command in commands]
        return (yield from self.wait_for(task_for(self.context, commands)))

    def _show_attempt(self, name: str, number: int) -> None:
        last_error = None if self.step is None else self.step.last_error
        self.step = StepUnderWay(name=name, attempt=number, last_error=last_error)
        self.publish()


def required(step: str, result: R | None) -> R:
    """Return the result of a step without which a run cannot go on. Raises RunStopped unless it is done."""
    if result is not None and result.outcome is Outcome.DONE:
        return result
    raise stop_of(step, result or NO_ANSWER)
