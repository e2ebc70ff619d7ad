"""The settings under which an order was accepted."""

from typing import Annotated, Final

from pydantic import Field

from domain.ids import Namespace, Version
from domain.payments.payment import CaptureMode
from domain.shipping.shipment import LABEL_PERCENT
from domain.wire import Cents, Email, Wire, is_absent, is_empty
from domain.workflows.steps import STEP_PATIENCE_S

APPROVAL_ESCALATION_S: Final = 4 * 3600


class OrderPolicy(Wire):
    """The settings under which an order was accepted. A later change of a setting must not change a running order.

    Attributes:
        approval_threshold_cents: Total above which an approval is needed, in the order's currency.
        approvers: Who is asked, one after the other.
        approval_escalation_s: How long the next one is not asked yet.
        namespace: Marks this shop's orders at providers whose account other programs use too.
        label_percent: The most that a label may cost, as a share of the order's total.
        label_limit_cents: The most that a label may cost, in the order's currency.
        step_patience_s: How long each step is tried.
        version: Of the orchestrator that the order is started on; None for the version of the release.
    """

    approval_threshold_cents: Cents
    approval_timeout_s: Annotated[int, Field(ge=1)]
    approval_reminder_s: Annotated[int, Field(ge=1)]
    capture: CaptureMode
    approvers: Annotated[tuple[Email, ...], Field(exclude_if=is_empty)] = ()
    approval_escalation_s: Annotated[int, Field(ge=1)] = APPROVAL_ESCALATION_S
    namespace: Namespace = ""
    label_percent: Annotated[int, Field(ge=0)] = LABEL_PERCENT
    label_limit_cents: Annotated[Cents | None, Field(exclude_if=is_absent)] = None
    step_patience_s: Annotated[int, Field(ge=1)] = STEP_PATIENCE_S
    version: Annotated[Version | None, Field(exclude_if=is_absent)] = None
