"""One run of a workflow: its commands, called with back-off, the ledger of what came of them, and the status that it shows.

A step's compensation is registered *before* the step runs, because a step may take effect and its answer be lost. So every
compensation must also succeed when its step never happened.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Any, Final, Self, TypeVar

import azure.durable_functions as df

from domain.wire import Wire
from domain.workflows.cancellation import cancellation_from_event
from domain.workflows.commands import Command, Compensation, Step
from domain.workflows.course import stop_of
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.run import BY_CALLER, STEP_PATIENCE, Restart, restart_of
from domain.workflows.steps import STEP_PATIENCE_S, Outcome, StepResult
from orchestrators.kernel.commands import combined, signal, task_for
from orchestrators.kernel.retry import STEP, AttemptFailed, Attempts, RetryPolicy, Wait, call_with_backoff
from orchestrators.kernel.run_events import RunEvents
from orchestrators.kernel.run_status import Kind
from orchestrators.kernel.tasks import DurableTask

R = TypeVar("R", bound=StepResult)

# Constructed, not validated: a cold start need not build a validator for a constant.
NO_ANSWER: Final = StepResult.model_construct(
    outcome=Outcome.UNKNOWN, reason_code="no_answer", message="no answer, whatever was tried"
)


@dataclass(kw_only=True)
class WorkflowRun(RunEvents):
    """One run, as one instance of it knows it.

    Attributes:
        restart: Set in an instance that takes over from one that the platform has failed.
        patience_s: How long each step is tried.
        compensations: What would have to be compensated, in the order of the steps.
        open_compensations: What could not be compensated, for an operator.
        early: What came of the first attempt of steps that were taken before their turn, by their names; without an answer, why.
    """

    restart: Restart | None = None
    patience_s: int = STEP_PATIENCE_S
    compensations: list[Compensation] = field(default_factory=list)
    open_compensations: list[DeadLetter] = field(default_factory=list)
    early: dict[str, StepResult | AttemptFailed] = field(default_factory=dict)

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
        if step.name not in self.early:  # what was done is recorded before anything stops the run
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
            self.begin_attempt(orchestrator, number)
        return (yield from self.wait_for(self.context.call_sub_orchestrator(orchestrator, request.to_wire())))

    def _attempt(self, commands: Sequence[Command], name: str, is_step: bool, number: int) -> Wait:
        if is_step or number > 1:
            self.begin_attempt(name, number)
        if is_step and name in self.early:
            return _answer(self.early.pop(name))
        if is_step:
            commands = [self.as_sent(command) for command in commands]
        return (yield from self.wait_for(task_for(self.context, commands)))


def _answer(early: StepResult | AttemptFailed) -> dict[str, Any]:
    if isinstance(early, AttemptFailed):
        raise early
    return early.to_wire()


def required(step: str, result: R | None) -> R:
    """Return the result of a step without which a run cannot go on. Raises RunStopped unless it is done."""
    if result is not None and result.outcome is Outcome.DONE:
        return result
    raise stop_of(step, result or NO_ANSWER)
