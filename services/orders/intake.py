"""Take an order in once, from whichever trigger: price it, and insert its row, with a fingerprint of the request.

The row comes before the start, and only the caller who inserted it may start: starting the id of a finished instance would run
the order again.
"""

import secrets
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from domain.cards import looks_like_card_number
from domain.field_error import FieldError
from domain.ids import new_order_id
from domain.orders.order import Order, OrderRequest
from domain.orders.policy import OrderPolicy
from domain.orders.pricing import OrderTerms, priced_order
from domain.refusals import Invalid, OrderIdTaken
from domain.workflows.intake import Intake
from services.input.fingerprints import fingerprint
from settings import Settings

if TYPE_CHECKING:
    from domain.repositories.orders import Catalogue, OrderRepository
    from domain.repositories.runs import Approvals
    from services.inventory_notes import InventoryNotes


class TakenIn(NamedTuple):
    """An order that is in the repository.

    Attributes:
        to_start: The order, for the caller who inserted it; None for a repeat.
    """

    order_id: str
    to_start: Order | None


class OrderIntake:
    """Takes orders in under the shop's settings of today."""

    def __init__(
        self,
        orders: "OrderRepository",
        catalogue: "Catalogue",
        notes: "InventoryNotes",
        approvals: "Approvals",
        settings: Settings,
    ) -> None:
        self._orders = orders
        self._notes = notes
        self._catalogue = catalogue
        self._approvals = approvals
        self._settings = settings

    def take_in(
        self,
        request: OrderRequest,
        chosen_id: str | None,
        now: datetime,
        version: str | None = None,
        batch_id: str | None = None,
    ) -> TakenIn:
        """Insert the order into the repository, unless it is there.

        Args:
            request: What the caller asks for.
            chosen_id: The caller's id, if any.
            now: When the order is placed.
            version: Of the orchestrator that the order is started on, from ORDER_VERSIONS; None for the first of them.
            batch_id: Of the batch that places the order; None for another.

        Raises:
            Invalid: Orders are not started on this version.
            OrderNotAcceptable: It cannot be priced.
            OrderIdTaken: The id belongs to another order.
            StorageUnavailable: The same request may be sent again.
        """
        mark = order_fingerprint(request)
        order_id = chosen_id or fresh_order_id(now)
        try:
            started_on = _version(self._settings.order_versions, version)
            order = self._priced(request, order_id, now, started_on)
        except Invalid:
            # A repeat is answered as the first was, even when the catalogue or the versions have changed since.
            if chosen_id is not None and self._is_known(chosen_id, mark):
                return TakenIn(order_id=order_id, to_start=None)
            raise
        self._notes.note_order(order)
        if batch_id is not None and order.needs_approval:
            self._record_senders(order_id, batch_id)
        intake = self._orders.accept(order, mark)
        if intake is Intake.CONFLICT:
            raise OrderIdTaken
        return TakenIn(order_id=order_id, to_start=order if intake is Intake.NEW else None)

    def _priced(self, request: OrderRequest, order_id: str, now: datetime, version: str | None) -> Order:
        products = self._catalogue.get_many([line.product_id for line in request.wanted_lines()])
        currency = request.payment.currency or self._settings.currency
        terms = OrderTerms(
            currency=currency,
            policy=_policy(self._settings, currency, request.email, version),
            limit=self._settings.order_limit,
            shipping=self._settings.shipping,
            providers=self._settings.payment_providers,
        )
        return priced_order(request, order_id, products, terms, now)

    def _record_senders(self, order_id: str, batch_id: str) -> None:
        """Record who sent the batch as who asks for its order: the batch may be purged before an approver decides."""
        for name in self._approvals.requesters(batch_id):
            self._approvals.record_requester(order_id, name)

    def _is_known(self, order_id: str, mark: str) -> bool:
        row = self._orders.get(order_id)
        return row is not None and row.fingerprint == mark


def order_fingerprint(request: OrderRequest) -> str:
    """Return the fingerprint of an order: the same for both forms of one request, and without the id that it came under."""
    one_form = {"order_id": None, "lines": list(request.wanted_lines()), "product_id": None, "quantity": None}
    return fingerprint(request.model_copy(update=one_form))


def fresh_order_id(now: datetime) -> str:
    """Return an id for an order whose caller named none."""
    while True:
        order_id = new_order_id(now, secrets.token_bytes(8))
        # One in some ten thousand looks like a card number, and would be refused in every request that names it.
        if not looks_like_card_number(order_id):
            return order_id


def _version(offered: tuple[str, ...], asked: str | None) -> str | None:
    if asked is None:
        return offered[0] if offered else None
    if asked not in offered:
        known = f"Must be {' or '.join(offered)}." if offered else "No order is started on a version by name here."
        raise Invalid([FieldError(field="version", rule="unknown_version", message=known)])
    return asked


def _policy(settings: Settings, currency: str, customer: str, version: str | None) -> OrderPolicy:
    # An approver may not decide on their own order.
    approvers = tuple(each for each in settings.approver_emails if each.lower() != customer.lower())
    return OrderPolicy(
        approval_threshold_cents=settings.approval_threshold.for_currency(currency).amount,
        approval_timeout_s=int(settings.approval_timeout.total_seconds()),
        approval_reminder_s=int(settings.approval_reminder.total_seconds()),
        approval_escalation_s=int(settings.approval_escalation.total_seconds()),
        approvers=approvers,
        capture=settings.capture,
        namespace=settings.namespace,
        label_percent=settings.label_percent,
        label_limit_cents=settings.label_limit.for_currency(currency).amount,
        step_patience_s=int(settings.step_patience.total_seconds()),
        version=version,
    )
