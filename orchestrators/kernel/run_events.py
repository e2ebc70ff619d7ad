"""The events that reach a run whatever it is doing: its cancellation, and others that it listens for."""

from dataclasses import dataclass, field

from domain.workflows.cancellation import CANCELLATION_REQUESTED, CancellationRequest, cancellation_from_event
from domain.workflows.course import CANCELLED, RunStopped
from domain.workflows.steps import CANCELLATION, StepResult
from orchestrators.kernel.retry import Wait
from orchestrators.kernel.run_status import RunStatus
from orchestrators.kernel.tasks import DurableTask


@dataclass(kw_only=True)
class RunEvents(RunStatus):
    """The status of a run, and the events that it receives.

    Attributes:
        cancellation: The event of a cancellation; None for a run that cannot be cancelled.
        cancellation_request: A cancellation that was accepted before this instance.
    """

    cancellation: DurableTask | None = None
    cancellation_request: CancellationRequest | None = None
    _unopened: list[DurableTask] = field(default_factory=list)

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
