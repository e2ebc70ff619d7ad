"""Orders: the request, the input and progress of the saga, and the statuses and their transitions."""

from enum import StrEnum
from typing import Annotated, Any, Final, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_core import InitErrorDetails

from domain.catalogue.product import OrderLine, PricedLine, Quantity, parcel_sides, total_cents, total_grams
from domain.errors import IllegalTransition
from domain.ids import CustomerId, OrderId, ProductId
from domain.inventory.stock import ALREADY_SETTLED
from domain.money import Money
from domain.orders.payment_details import PaymentDetails, problem_at
from domain.orders.policy import OrderPolicy
from domain.payments.payment import PaymentMethod, PaymentRequest
from domain.payments.providers import STRIPE, ProviderName
from domain.shipping.customs import CustomsDeclaration
from domain.shipping.shipment import Address, BuyLabelRequest, Destination, ShipmentRequest
from domain.wire import Currency, Edge, Email, EmailAddress, Timestamp, Wire, at_most, is_absent
from domain.workflows.approval_wait import ApprovalWait
from domain.workflows.steps import SETTLED, LedgerEntry, Message, StepUnderWay, open_compensations

MAX_ORDER_LINES: Final = 50


class OrderRequest(Edge):
    """The body of `POST /api/orders`: `lines`, or the short form of one `product_id` and `quantity`."""

    order_id: OrderId | None = None
    customer_id: CustomerId
    lines: (
        Annotated[list[OrderLine], Field(min_length=1, max_length=MAX_ORDER_LINES), at_most(MAX_ORDER_LINES)] | None
    ) = None
    product_id: ProductId | None = None
    quantity: Quantity | None = None
    payment: PaymentDetails
    ship_to: Destination
    email: EmailAddress

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        problems = list(_form_problems(self))
        if problems:
            raise ValidationError.from_exception_data(type(self).__name__, problems, hide_input=True)
        return self

    def wanted_lines(self) -> tuple[OrderLine, ...]:
        """Return the lines in either form of the request."""
        if self.lines is not None:
            return tuple(self.lines)
        return (OrderLine.model_validate({"product_id": self.product_id, "quantity": self.quantity}),)


def _form_problems(request: OrderRequest) -> list[InitErrorDetails]:
    short = (("product_id", request.product_id), ("quantity", request.quantity))
    if request.lines is None:
        return [
            problem_at((name,), "missing", "Field required, unless `lines` is given")
            for name, value in short
            if value is None
        ]
    mixed = [
        problem_at((name,), "two_forms", "Give either `lines` or `product_id` and `quantity`, not both")
        for name, value in short
        if value is not None
    ]
    seen: set[str] = set()
    for index, line in enumerate(request.lines):
        if line.product_id in seen:
            mixed.append(
                problem_at(
                    ("lines", index, "product_id"), "repeated_product", "Each product may stand in one line only"
                )
            )
        seen.add(line.product_id)
    return mixed


class Order(Wire):
    """An accepted order: the input of its saga. payment_provider: where its payment is made and compensated."""

    order_id: OrderId
    customer_id: CustomerId
    lines: tuple[PricedLine, ...]
    currency: Currency
    payment_method: PaymentMethod | None
    ship_to: Address
    email: Email
    placed_at: Timestamp
    policy: OrderPolicy
    payment_provider: ProviderName = STRIPE
    customs: Annotated[CustomsDeclaration | None, Field(exclude_if=is_absent)] = None

    @property
    def total_cents(self) -> int:
        """The price of the goods."""
        return total_cents(self.lines)

    @property
    def total(self) -> Money:
        """The price of the goods with its currency."""
        return Money(self.total_cents, self.currency)

    @property
    def needs_approval(self) -> bool:
        """Whether the total is above the threshold."""
        return self.total > Money(self.policy.approval_threshold_cents, self.currency)

    def payment(self) -> PaymentRequest:
        """Return the request to the payment provider, the same for every operation of this order."""
        return PaymentRequest(
            order_id=self.order_id,
            amount_cents=self.total_cents,
            currency=self.currency,
            payment_method=self.payment_method,
            placed_at=self.placed_at,
            capture=self.policy.capture,
            namespace=self.policy.namespace,
            provider=self.payment_provider,
            customer_id=self.customer_id,
        )

    def shipment(self) -> ShipmentRequest:
        """Return the request to the carrier."""
        return ShipmentRequest(
            order_id=self.order_id,
            ship_to=self.ship_to,
            weight_grams=total_grams(self.lines),
            size_mm=parcel_sides(self.lines),
            customs=self.customs,
            namespace=self.policy.namespace,
        )

    def label(self, shipment_id: str) -> BuyLabelRequest:
        """Return the request for the label of a shipment, with the most that it may cost."""
        share, limit = self.total.percent(self.policy.label_percent), self.policy.label_limit_cents
        most = share if limit is None else min(share, Money(limit, self.currency))
        return BuyLabelRequest(
            order_id=self.order_id, shipment_id=shipment_id, max_cost_cents=most.amount, currency=self.currency
        )


class OrderStatus(StrEnum):
    """The status of an order: each one states a fact."""

    ACCEPTED = "accepted"
    RESERVED = "reserved"
    AWAITING_APPROVAL = "awaiting_approval"
    AUTHORISED = "authorised"
    SHIPPING_BOOKED = "shipping_booked"
    COMPLETED = "completed"
    REJECTED = "rejected"  # refused; everything is compensated
    CANCELLED = "cancelled"  # by the customer; everything is compensated
    FAILED = "failed"  # by a fault; everything is compensated
    NEEDS_ATTENTION = "needs_attention"  # an operator has to settle what is open


_ENDS_WITHOUT_GOODS: Final = frozenset({OrderStatus.REJECTED, OrderStatus.CANCELLED, OrderStatus.FAILED})
ENDS: Final = _ENDS_WITHOUT_GOODS | {OrderStatus.COMPLETED}
"""The statuses that an order never leaves."""

_STOPPED: Final = _ENDS_WITHOUT_GOODS | {OrderStatus.NEEDS_ATTENTION}

TRANSITIONS: Final[dict[OrderStatus, frozenset[OrderStatus]]] = {
    OrderStatus.ACCEPTED: _STOPPED | {OrderStatus.RESERVED},
    OrderStatus.RESERVED: _STOPPED | {OrderStatus.AWAITING_APPROVAL, OrderStatus.AUTHORISED},
    OrderStatus.AWAITING_APPROVAL: _STOPPED | {OrderStatus.AUTHORISED},
    OrderStatus.AUTHORISED: _STOPPED | {OrderStatus.SHIPPING_BOOKED},
    OrderStatus.SHIPPING_BOOKED: _STOPPED | {OrderStatus.COMPLETED},
    OrderStatus.NEEDS_ATTENTION: ENDS,  # an operator settled what was open
    OrderStatus.COMPLETED: frozenset(),
    OrderStatus.REJECTED: frozenset(),
    OrderStatus.CANCELLED: frozenset(),
    OrderStatus.FAILED: frozenset(),
}

ENDED: Final = frozenset({OrderStatus.COMPLETED}) | _STOPPED
"""The statuses in which an order's saga has ended."""

CANCELLABLE: Final = frozenset(TRANSITIONS) - ENDED
"""The statuses in which a cancellation is accepted: before the point of no return."""


def move(current: OrderStatus, wanted: OrderStatus) -> OrderStatus:
    """Return the wanted status.

    Raises:
        IllegalTransition: No order moves from the current status to the wanted one.
    """
    if wanted not in TRANSITIONS[current]:
        raise IllegalTransition(current, wanted)
    return wanted


class OrderProgress(Wire):
    """The progress of an order: its custom status while it runs, its result when it has ended.

    Attributes:
        succeeded: None while it runs.
        reason_code: Why it ended without goods.
        steps: The ledger, oldest first.
        step: The step under way, if any.
        approval: The wait for an approver, while there is one.
    """

    order_id: OrderId
    status: OrderStatus
    succeeded: bool | None = None
    message: Message
    reason_code: str | None = None
    steps: tuple[LedgerEntry, ...] = ()
    step: Annotated[StepUnderWay | None, Field(exclude_if=is_absent)] = None
    approval: ApprovalWait | None = None

    @property
    def is_rerun(self) -> bool:
        """Whether this is the progress of a second run, which found the order settled and did nothing."""
        return self.reason_code == ALREADY_SETTLED

    @property
    def open_compensations(self) -> frozenset[str]:
        """The compensations, or steps after the payment, that were dead-lettered and are not done since."""
        return open_compensations(self.steps)

    def with_compensation_done(self, entry: LedgerEntry, end: OrderStatus) -> "OrderProgress":
        """Return the progress after one more compensation of an order that needs attention: the last one ends it."""
        further = self.model_copy(update={"steps": (*self.steps, entry)})
        if further.open_compensations:
            return further
        settled: dict[str, Any] = {"status": move(self.status, end), "message": SETTLED}
        if end is OrderStatus.COMPLETED:
            settled |= {"succeeded": True, "reason_code": None}
        return further.model_copy(update=settled)
