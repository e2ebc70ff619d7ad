"""What customer, bank and carrier do by themselves, made to happen: authentication, settlement, expiry, tracking."""

from collections.abc import Awaitable, Callable
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.answers import json_body, problem, read
from sandbox.core.ids import stripe_id
from sandbox.easypost import shipments, trackers, webhooks_api
from sandbox.easypost.errors import EasyPostRefusal
from sandbox.ledger import parcels, payments
from sandbox.ledger.store import Ledger
from sandbox.stripe import lifecycle
from sandbox.stripe.errors import StripeRefusal
from sandbox.stripe.intent import PaymentIntent, Status
from sandbox.stripe.payment_methods import AUTHENTICATION_FAILED, GENERIC_DECLINE, Verdict
from sandbox.stripe.payment_store import save
from sandbox.stripe.problem import Decline
from sandbox.stripe.wire import intent_body

_Handler = Callable[[web.Request], Awaitable[web.Response]]
_Event = Callable[[Ledger, str, Any], dict[str, Any]]


class _Body(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class Outcome(_Body):
    """What a customer or an issuer does with a payment that waits."""

    succeed: bool = True


class Nothing(_Body):
    """A body without fields."""


class TrackingStatus(_Body):
    """What the carrier reports of a parcel."""

    status: str


class Advance(_Body):
    """How far the clock is put forward."""

    advance_s: float = Field(gt=0, le=366 * 86_400)


class SearchLag(_Body):
    """How far Stripe's search index is behind."""

    lag_s: float = Field(ge=0, le=86_400)


class RefundDecision(_Body):
    """What the carrier decides on a submitted refund."""

    status: Literal["refunded", "rejected"]


class RefundFailure(_Body):
    """What becomes of a refund at the customer's bank."""

    status: Literal["failed"] = "failed"


def routes(ledger: Ledger) -> list[web.RouteDef]:
    """Return the routes of events."""
    return [
        web.post("/sandbox/payments/{id}/authenticate", _on(ledger, Outcome, _authenticate)),
        web.post("/sandbox/payments/{id}/settle", _on(ledger, Outcome, _settle)),
        web.post("/sandbox/payments/{id}/expire", _on(ledger, Nothing, _expire)),
        web.post("/sandbox/refunds/{id}", _on(ledger, RefundFailure, _fail_refund)),
        web.post("/sandbox/trackers/{id}", _on(ledger, TrackingStatus, _track)),
        web.post("/sandbox/shipments/{id}/refund", _on(ledger, RefundDecision, _decide_refund)),
    ]


def _on(ledger: Ledger, model: type[BaseModel], event: _Event) -> _Handler:
    async def handle(request: web.Request) -> web.Response:
        body = read(model, await json_body(request))
        try:
            with ledger.transaction():
                return web.json_response(event(ledger, request.match_info["id"], body))
        except (StripeRefusal, EasyPostRefusal) as refusal:
            raise problem(web.HTTPConflict, str(refusal)) from None

    return handle


def _authenticate(ledger: Ledger, payment_id: str, outcome: Outcome) -> dict[str, Any]:
    return _finish(ledger, payment_id, outcome, waiting_in=Status.REQUIRES_ACTION, decline=AUTHENTICATION_FAILED)


def _settle(ledger: Ledger, payment_id: str, outcome: Outcome) -> dict[str, Any]:
    return _finish(ledger, payment_id, outcome, waiting_in=Status.PROCESSING, decline=GENERIC_DECLINE)


def _finish(
    ledger: Ledger, payment_id: str, outcome: Outcome, *, waiting_in: Status, decline: Decline
) -> dict[str, Any]:
    intent = _payment(ledger, payment_id)
    if intent.status is not waiting_in:
        raise problem(web.HTTPConflict, f"the payment is {intent.status}, not {waiting_in}")
    verdict = Verdict.APPROVED if outcome.succeed else Verdict.DECLINED
    intent = lifecycle.confirm(intent, verdict, charge_id=stripe_id("ch"), now=_seconds(ledger), decline=decline).intent
    save(intent, ledger)
    return intent_body(intent)


def _expire(ledger: Ledger, payment_id: str, _body: Nothing) -> dict[str, Any]:
    intent = lifecycle.expire(_payment(ledger, payment_id), now=_seconds(ledger))
    save(intent, ledger)
    return intent_body(intent)


def _fail_refund(ledger: Ledger, refund_id: str, body: RefundFailure) -> dict[str, Any]:
    refund = payments.find_refund(ledger, refund_id)
    if refund is None:
        raise problem(web.HTTPNotFound, "there is no such refund")
    if refund["status"] == body.status:
        raise problem(web.HTTPConflict, "the refund has failed before")
    save(lifecycle.refund_failed(_payment(ledger, refund["payment_intent"]), refund["amount"]), ledger)
    failed = refund | {"status": body.status, "failure_reason": "expired_or_canceled_card"}
    payments.change_refund(ledger, failed)
    return failed


def _payment(ledger: Ledger, payment_id: str) -> PaymentIntent:
    state = payments.find(ledger, payment_id)
    if state is None:
        raise problem(web.HTTPNotFound, "there is no such payment")
    return PaymentIntent.from_json(state)


def _track(ledger: Ledger, name: str, body: TrackingStatus) -> dict[str, Any]:
    shipment = parcels.find_order_shipment(ledger, name)
    tracker = shipment["tracker"] if shipment else parcels.find_tracker(ledger, name)
    if tracker is None:
        raise problem(web.HTTPNotFound, "there is no such tracker")
    before = {"status": tracker["status"]}
    tracker = trackers.moved(tracker, body.status, ledger.now())
    parcels.save_tracker(ledger, tracker)
    webhooks_api.announce(ledger, "tracker.updated", tracker, before)
    return dict(tracker)


def _decide_refund(ledger: Ledger, name: str, body: RefundDecision) -> dict[str, Any]:
    shipment = parcels.find_order_shipment(ledger, name)
    if shipment is None:
        raise problem(web.HTTPNotFound, "there is no such shipment")
    shipment = shipments.refund_settled(shipment, body.status, ledger.now())
    parcels.save_shipment(ledger, shipment)
    return shipment


def _seconds(ledger: Ledger) -> int:
    return int(ledger.now().timestamp())
