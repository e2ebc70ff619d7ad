"""The saga kernel: steps that are compensated in reverse when the story stops.

A step's compensation is registered *before* the step runs, because a step may take effect and its answer be lost. So
every compensation must
also succeed when its step never happened. A compensation that fails does not stop the others; the order needs
attention then, and what
is open is dead-lettered for an operator.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from activities.dead_letter import store_dead_letter
from domain.ids import dead_letter_id
from domain.orders.approval import (
    CANCELLATION_REQUESTED,
    ApprovalWait,
    CancellationRequest,
    SettledApproval,
    cancellation_from_event,
)
from domain.orders.order import ENDED, Order, OrderProgress, OrderStatus, move
from domain.orders.run import CANCELLED, Compensation, Course
from domain.workflows.commands import Effect
from domain.workflows.dead_letter import DeadLetter
from domain.workflows.steps import Outcome, StepResult
from orchestrators.kernel.commands import activity, signal
from orchestrators.kernel.retry import PERSISTENT, STEP, RetryPolicy, Wait
from orchestrators.kernel.run import Story
from orchestrators.kernel.tasks import DurableTask

TAKE_OVER: Final = "take_over"


class OrderStopped(Exception):
    """The order goes no further: its finished steps are compensated, and it ends in `status`."""

    def __init__(self, status: OrderStatus, reason_code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason_code = reason_code
        self.message = message


_STOPS: Final = {
    Outcome.REFUSED: OrderStatus.REJECTED,
    Outcome.FAULTED: OrderStatus.FAILED,
    Outcome.UNKNOWN: OrderStatus.FAILED,
}


@dataclass(frozen=True, kw_only=True)
class Step:
    """One thing to be done, as one or several effects that are done together.

    compensation_name, compensation: what leaves things as they were, also when the step never happened.
    """

    name: str
    effects: Sequence[Effect]
    compensation_name: str = ""
    compensation: Sequence[Effect] = ()
    policy: RetryPolicy = STEP


@dataclass(kw_only=True)
class Saga(Story):
    """One order on its way: its status, its ledger, and what would have to be compensated.

    attempt: 1, or more in a run that takes over from one that the platform has failed. asked_to_cancel: a cancellation that was
    accepted before this run. decision: of the approval, if one was made before this run.
    """

    order: Order
    attempt: int = 1
    asked_to_cancel: CancellationRequest | None = None
    decision: SettledApproval | None = None
    status: OrderStatus = OrderStatus.ACCEPTED
    message: str = "The order was accepted."
    reason_code: str | None = None
    approval: ApprovalWait | None = None
    cancellation: DurableTask = field(init=False)
    _compensations: list[Compensation] = field(default_factory=list)
    _open: list[DeadLetter] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.cancellation = self.context.wait_for_external_event(CANCELLATION_REQUESTED)
        self.listen_to = self.cancellation

    # -- forwards

    def do(self, step: Step) -> Generator[DurableTask, Any, StepResult]:
        """Take one step. Raises OrderStopped unless it is done, or when the customer cancelled before it."""
        self.stop_if_cancelled()
        if step.compensation:
            self.replace_compensation(step.compensation_name, step.compensation)
        result = yield from self.step(step.name, step.effects, step.policy, interrupt=self.cancellation)
        if result.outcome is Outcome.UNKNOWN:
            self.stop_if_cancelled()  # the waiting between two attempts was cut short
        if result.outcome is not Outcome.DONE:
            is_cancelled = result.reason_code == CANCELLED
            status = OrderStatus.CANCELLED if is_cancelled else _STOPS[result.outcome]
            raise OrderStopped(status, result.reason_code or result.outcome, _told(step.name, result))
        return result

    def register(self, compensations: Sequence[Compensation]) -> None:
        """Compensate these, too, should the order stop: an earlier run may have taken their steps."""
        self._compensations = [*compensations]

    def replace_compensation(self, name: str, effects: Sequence[Effect]) -> None:
        """Register a compensation, or say what its step has made, so that it need not be looked up."""
        known = [compensation.name for compensation in self._compensations]
        compensation = Compensation(name=name, effects=tuple(effects))
        if name in known:
            self._compensations[known.index(name)] = compensation
        else:
            self._compensations.append(compensation)

    def stop_if_cancelled(self) -> None:
        """Raises OrderStopped when the customer has asked for it."""
        asked = self.asked_to_cancel
        if asked is None and self.cancellation.is_completed:
            asked = cancellation_from_event(self.cancellation.result)
        if asked is not None:
            told = f"requested by {asked.requested_by}" + (f": {asked.reason}" if asked.reason else "")
            self.note("cancellation", StepResult(message=told))
            raise OrderStopped(OrderStatus.CANCELLED, CANCELLED, f"Cancelled by {asked.requested_by}.")

    def adopt(self, progress: OrderProgress) -> None:
        """Go on from where an earlier run stood: past the point of no return nothing before it is done again."""
        own = [entry for entry in self.ledger if entry.step == TAKE_OVER]
        self.ledger = [*progress.steps, *own]
        self.status = progress.status
        self.approval = None

    def do_at_last(self, step: Step) -> Wait:
        """Take a step that can no longer change how the order ends: what does not get done is dead-lettered, never compensated."""
        result = yield from self.step(step.name, step.effects, step.policy)
        if result.outcome is not Outcome.DONE:
            yield from self._dead_letter([self._letter(step.name, step.effects, result)])

    def send(self, step: str, effects: Sequence[Effect]) -> None:
        """Take a step at entities that cannot be refused any more: sent for certain, and nobody waits for it."""
        for effect in effects:
            signal(self.context, effect)
        self.note(step, StepResult())

    # -- backwards

    def course(self, stop: OrderStopped) -> Course:
        """The course of an order that stops, with what it has to compensate."""
        return Course(
            end=stop.status,
            reason_code=stop.reason_code,
            message=stop.message[:500],
            compensations=tuple(self._compensations),
        )

    def compensate_everything(self, course: Course) -> Wait:
        """Compensate, newest first, whatever was or may have been done. The order then ends as the course says, or
        needs attention."""
        for compensation in reversed(course.compensations):
            result = yield from self.step(compensation.name, compensation.effects, PERSISTENT, kind="compensation")
            if result.outcome is not Outcome.DONE:
                self._open.append(self._letter(compensation.name, compensation.effects, result, order_end=course.end))
        self.reason_code = course.reason_code
        if self._open:
            self.advance(OrderStatus.NEEDS_ATTENTION, f"{course.message} Not everything could be compensated.")
        else:
            self.advance(course.end, str(course.message))

    @property
    def open_letters(self) -> tuple[DeadLetter, ...]:
        """What could not be compensated, for an operator."""
        return tuple(self._open)

    def dead_letter_what_is_open(self) -> Wait:
        """Leave to an operator what could not be compensated, when the order's end could not be recorded with it."""
        if self._open:
            yield from self._dead_letter(self._open)

    def _letter(
        self, step: str, effects: Sequence[Effect], result: StepResult, *, order_end: OrderStatus | None = None
    ) -> DeadLetter:
        return DeadLetter(
            dead_letter_id=dead_letter_id(self.order.order_id, step),
            order_id=self.order.order_id,
            step=step,
            effects=tuple(effects),
            order_end=order_end,
            reason_code=result.reason_code,
            message=result.message,
            dead_lettered_at=self.context.current_utc_datetime,
        )

    def _dead_letter(self, letters: Sequence[DeadLetter]) -> Wait:
        yield from self.call(
            [activity(store_dead_letter, letter) for letter in letters], PERSISTENT, seed="dead_letter"
        )

    # -- what the order says of itself

    def advance(self, status: OrderStatus, message: str) -> None:
        """Move to another status and say so."""
        self.status = move(self.status, status)
        self.message = message[:500]
        self.publish()

    def progress(self) -> OrderProgress:
        """The present state, in the one shape that status and result have."""
        return OrderProgress(
            order_id=self.order.order_id,
            status=self.status,
            succeeded=self.status is OrderStatus.COMPLETED if self.status in ENDED else None,
            message=self.message,
            reason_code=self.reason_code,
            steps=tuple(self.ledger),
            approval=self.approval,
        )


def _told(step: str, result: StepResult) -> str:
    reasons = {
        Outcome.REFUSED: result.message or result.reason_code,
        Outcome.FAULTED: f"{step} failed for good: {result.message or result.reason_code}",
        Outcome.UNKNOWN: f"{step} got no answer.",
    }
    return str(reasons[result.outcome])
