"""Stripe's JSON: how payments, charges, refunds, lists and errors look on the wire."""

from collections.abc import Collection
from typing import Any

from sandbox.core.exchange import JsonObject
from sandbox.stripe.intent import Charge, Method, PaymentIntent, Status
from sandbox.stripe.problem import Problem

_ECHOED = (
    "customer",
    "description",
    "metadata",
    "receipt_email",
    "setup_future_usage",
    "shipping",
    "statement_descriptor",
    "statement_descriptor_suffix",
    "transfer_group",
    "on_behalf_of",
)


def intent_body(intent: PaymentIntent, expand: Collection[str] = ()) -> JsonObject:
    """Return a `payment_intent`. expand: of `latest_charge`, `payment_method`, what is to be shown whole instead of by id."""
    details = intent.details
    body: JsonObject = {
        "id": intent.id,
        "object": "payment_intent",
        "allowed_payment_method_types": details.get("allowed_payment_method_types"),
        "amount": intent.amount,
        "amount_capturable": intent.capturable,
        "amount_details": {"tip": {}},
        "amount_received": intent.captured,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": details.get("automatic_payment_methods"),
        "canceled_at": intent.canceled_at,
        "cancellation_reason": intent.cancellation_reason,
        "capture_method": details["capture_method"],
        "client_secret": f"{intent.id}_secret_{intent.id[-12:]}",
        "confirmation_method": details.get("confirmation_method", "automatic"),
        "created": intent.created,
        "currency": intent.currency,
        "last_payment_error": _last_error(intent),
        "latest_charge": _charge_or_id(intent, expand),
        "livemode": False,
        "next_action": _next_action(intent),
        "payment_method": _method_or_id(intent.method, intent, expand),
        "payment_method_configuration_details": None,
        "payment_method_options": details.get("payment_method_options", {}),
        "payment_method_types": ["card"],
        "processing": None,
        "review": None,
        "source": None,
        "status": str(intent.status),
        "transfer_data": None,
    }
    return body | {name: details.get(name) for name in _ECHOED} | {"metadata": details.get("metadata", {})}


def charge_body(intent: PaymentIntent, charge: Charge) -> JsonObject:
    """Return a `charge` of that payment."""
    method = intent.method or intent.failed_method
    return {
        "id": charge.id,
        "object": "charge",
        "amount": charge.amount,
        "amount_captured": charge.captured,
        "amount_refunded": charge.refunded,
        "balance_transaction": None,
        "billing_details": {"address": None, "email": None, "name": None, "phone": None},
        "captured": charge.captured > 0,
        "created": charge.created,
        "currency": intent.currency,
        "customer": intent.details.get("customer"),
        "description": intent.details.get("description"),
        "disputed": False,
        "failure_code": charge.decline.code if charge.decline else None,
        "failure_message": charge.decline.message if charge.decline else None,
        "livemode": False,
        "metadata": intent.details.get("metadata", {}),
        "outcome": _outcome(charge),
        "paid": charge.approved,
        "payment_intent": intent.id,
        "payment_method": method.id if method else None,
        "payment_method_details": {"type": "card", "card": _card(method)} if method else None,
        "refunded": charge.refunded == charge.captured > 0,
        "status": "succeeded" if charge.approved else "failed",
    }


def error_body(problem: Problem, intent: PaymentIntent | None = None) -> JsonObject:
    """Return `{"error": {...}}`, with the payment it is about."""
    error: JsonObject = {"type": problem.type, "message": problem.message}
    for name in ("code", "decline_code", "param", "charge"):
        value = getattr(problem, name)
        if value is not None:
            error[name] = value
    if problem.code is not None:
        error["doc_url"] = f"https://stripe.com/docs/error-codes/{problem.code.replace('_', '-')}"
    if intent is not None:
        error["payment_intent"] = intent_body(intent)
        if problem.type == "card_error" and intent.failed_method is not None:
            error["payment_method"] = method_body(intent.failed_method, intent)
    return {"error": error}


def method_body(method: Method, intent: PaymentIntent) -> JsonObject:
    """Return a `payment_method` of that payment."""
    return {
        "id": method.id,
        "object": "payment_method",
        "billing_details": {"address": None, "email": None, "name": None, "phone": None},
        "card": _card(method),
        "created": intent.created,
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }


def list_body(path: str, data: list[JsonObject], *, has_more: bool) -> JsonObject:
    """Return a page of a list."""
    return {"object": "list", "data": data, "has_more": has_more, "url": path}


def _last_error(intent: PaymentIntent) -> JsonObject | None:
    if intent.failure is None:
        return None
    error: JsonObject = error_body(intent.failure)["error"]
    if intent.failed_method is not None:
        error["payment_method"] = method_body(intent.failed_method, intent)
    return error


def _charge_or_id(intent: PaymentIntent, expand: Collection[str]) -> Any:
    if intent.charge is None:
        return None
    return charge_body(intent, intent.charge) if "latest_charge" in expand else intent.charge.id


def _method_or_id(method: Method | None, intent: PaymentIntent, expand: Collection[str]) -> Any:
    if method is None:
        return None
    return method_body(method, intent) if "payment_method" in expand else method.id


def _next_action(intent: PaymentIntent) -> JsonObject | None:
    if intent.status is not Status.REQUIRES_ACTION:
        return None
    return {
        "type": "use_stripe_sdk",
        "use_stripe_sdk": {"type": "three_d_secure_redirect", "source": f"src_{intent.id[-12:]}"},
    }


def _outcome(charge: Charge) -> JsonObject:
    declined = charge.decline
    return {
        "network_status": "declined_by_network" if declined else "approved_by_network",
        "reason": declined.decline_code or declined.code if declined else None,
        "risk_level": "normal",
        "seller_message": "The bank declined the payment." if declined else "Payment complete.",
        "type": "issuer_declined" if declined else "authorized",
    }


def _card(method: Method) -> JsonObject:
    return {"brand": method.brand, "country": "US", "exp_month": 12, "exp_year": 2034, "funding": "credit"}
