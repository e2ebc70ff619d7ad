"""One run of an order's saga, as the kernel's `WorkflowRun` with an order, its status and its approval."""

from dataclasses import dataclass
from typing import Self

import azure.durable_functions as df

from domain.ids import PROCESS_ORDER
from domain.orders.in_turn import MILESTONES
from domain.orders.order import ENDED, Order, OrderProgress, OrderStatus, move
from domain.orders.run import PROGRESS, OrderStart
from domain.workflows.approval_wait import ApprovalWait
from domain.workflows.commands import Command
from domain.workflows.decision import SettledApproval
from domain.workflows.steps import TAKE_OVER
from orchestrators.kernel.decision_wait import DecisionInbox
from orchestrators.kernel.workflow_run import WorkflowRun


@dataclass(kw_only=True)
class OrderRun(WorkflowRun):
    """One order on its way.

    Attributes:
        decision: Of the approval, if one was made before this instance.
        approval: The wait for an approval, while the order waits.
        inbox: The events that may decide on it; None for an order that needs no approval.
    """

    order: Order
    status: OrderStatus = OrderStatus.ACCEPTED
    message: str = "The order was accepted."
    approval: ApprovalWait | None = None
    decision: SettledApproval | None = None
    inbox: DecisionInbox | None = None

    @classmethod
    def of(cls, context: df.DurableOrchestrationContext, order: OrderStart) -> Self:
        """Return the run of an instance with this input."""
        return cls(
            context=context,
            workflow=PROCESS_ORDER,
            key=order.order_id,
            order=order,
            restart=order.restart,
            patience_s=order.policy.step_patience_s,
        )

    def as_sent(self, command: Command) -> Command:
        """Send along where the order stands, so that the activity can record it in the order repository if it gets no answer."""
        if command.entity_name is not None or self.status in ENDED:
            return command
        return command.model_copy(update={"request": {**command.request, PROGRESS: self.progress().to_wire()}})

    def pass_milestone(self, step: str) -> None:
        """Move to the status that an order has after this step. Raises IllegalTransition."""
        self.advance(*MILESTONES[step])

    def advance(self, status: OrderStatus, message: str) -> None:
        """Move to another status and publish it. Raises IllegalTransition."""
        self.status = move(self.status, status)
        self.show(message)

    def adopt(self, progress: OrderProgress) -> None:
        """Go on from where an earlier instance stood: past the point of no return nothing before it is done again."""
        own = [entry for entry in self.ledger if entry.step == TAKE_OVER]
        self.ledger = [*progress.steps, *own]
        self.status = progress.status
        self.approval = None

    def progress(self) -> OrderProgress:
        """Return the present state, in the one shape that status and result have."""
        return OrderProgress(
            order_id=self.order.order_id,
            status=self.status,
            succeeded=self.status is OrderStatus.COMPLETED if self.status in ENDED else None,
            message=self.message,
            reason_code=self.reason_code,
            steps=tuple(self.ledger),
            step=self.step,
            approval=self.approval,
        )
