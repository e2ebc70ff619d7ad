"""Stripe as the pipeline sees it: its endpoints, and how to authenticate, decode, execute and fail in its manner."""

from collections.abc import Mapping

from sandbox.core import wire_form
from sandbox.core.exchange import Answer, Call, Handler, JsonObject
from sandbox.core.face import Executed, Face, MalformedRequest, Operation
from sandbox.core.ids import stripe_id
from sandbox.ledger import payments
from sandbox.ledger.store import Ledger
from sandbox.stripe import idempotency, payment_reads, payments_api, refunds_api, search
from sandbox.stripe.auth import authenticate
from sandbox.stripe.errors import StripeRefusal
from sandbox.stripe.problem import Problem
from sandbox.stripe.wire import error_body

_API_VERSION = "2026-10-28.endive"
_INTENTS = "/v1/payment_intents"
_OPERATIONS = (
    Operation("POST", _INTENTS, "payment_intents.create", payments_api.create),
    Operation("GET", _INTENTS, "payment_intents.list", payment_reads.list_all),
    Operation("GET", f"{_INTENTS}/search", "payment_intents.search", payment_reads.find_matching),
    Operation("GET", f"{_INTENTS}/{{id}}", "payment_intents.retrieve", payment_reads.retrieve),
    Operation("POST", f"{_INTENTS}/{{id}}", "payment_intents.update", payments_api.update),
    Operation("POST", f"{_INTENTS}/{{id}}/confirm", "payment_intents.confirm", payments_api.confirm),
    Operation("POST", f"{_INTENTS}/{{id}}/capture", "payment_intents.capture", payments_api.capture),
    Operation("POST", f"{_INTENTS}/{{id}}/cancel", "payment_intents.cancel", payments_api.cancel),
    Operation("POST", "/v1/refunds", "refunds.create", refunds_api.create),
    Operation("GET", "/v1/refunds", "refunds.list", refunds_api.list_all),
    Operation("GET", "/v1/refunds/{id}", "refunds.retrieve", refunds_api.retrieve),
    Operation("GET", "/v1/charges/{id}", "charges.retrieve", refunds_api.retrieve_charge),
)
_FAILURES = {
    429: Problem(
        status=429,
        type="invalid_request_error",
        code="rate_limit",
        message="Request rate limit exceeded. Learn more about rate limits here https://stripe.com/docs/rate-limits.",
    ),
    500: Problem(
        status=500,
        type="api_error",
        message="An unknown error occurred. If you have any questions, we can help at https://support.stripe.com/.",
    ),
    503: Problem(status=503, type="api_error", message="Sorry! We're having temporary trouble with the API."),
}


def _decode(query: str, body: bytes) -> JsonObject:
    try:
        return wire_form.decode(query) | wire_form.decode(body.decode())
    except (wire_form.MalformedForm, UnicodeDecodeError, ValueError) as error:
        problem = Problem(status=400, type="invalid_request_error", message=f"Invalid request: {error}")
        raise MalformedRequest(Answer(status=400, body=error_body(problem), storable=False)) from None


def _order_of(ledger: Ledger, target: str | None, params: JsonObject) -> str | None:
    metadata, query = params.get("metadata"), params.get("query")
    if isinstance(metadata, dict) and isinstance(metadata.get("order_id"), str):
        return str(metadata["order_id"])
    if isinstance(query, str):
        return _searched_order(query)
    payment = target or params.get("payment_intent") or params.get("charge")
    if not isinstance(payment, str):
        return None
    return (
        payments.order_of_refund(ledger, payment) if payment.startswith("re_") else payments.order_of(ledger, payment)
    )


def _searched_order(query: str) -> str | None:
    try:
        return search.parse(query).metadata_value("order_id")
    except StripeRefusal:
        return None


def _execute(handler: Handler, call: Call, ledger: Ledger) -> Executed:
    try:
        remembered = idempotency.remembered(call, ledger)
        if remembered is not None:
            return Executed(answer=remembered, replayed=True)
        answer = handler(call, ledger)
    except StripeRefusal as refusal:
        body = error_body(refusal.problem, refusal.intent)
        answer = Answer(status=refusal.problem.status, body=body, storable=refusal.began)
    return Executed(answer=idempotency.remember(call, answer, ledger))


def _failure(status: int) -> Answer:
    # A 500 says that execution began, so its key remembers it; the load balancer's 429 and 503 come before.
    headers = {"Stripe-Should-Retry": "false"} if status == 500 else {}
    return Answer(status=status, body=error_body(_FAILURES[status]), headers=headers, storable=status == 500)


def _not_found(method: str, path: str) -> Answer:
    message = f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs."
    return Answer(
        status=404, body=error_body(Problem(status=404, type="invalid_request_error", message=message)), storable=False
    )


def _headers(request_headers: Mapping[str, str]) -> Mapping[str, str]:
    headers = {
        "Request-Id": stripe_id("req"),
        "Stripe-Version": request_headers.get("Stripe-Version", _API_VERSION),
    }
    if "Idempotency-Key" in request_headers:
        headers["Idempotency-Key"] = request_headers["Idempotency-Key"]
    return headers


STRIPE = Face(
    name="stripe",
    prefix="/v1",
    operations=_OPERATIONS,
    authenticate=authenticate,
    decode=_decode,
    order_of=_order_of,
    execute=_execute,
    failure=_failure,
    not_found=_not_found,
    busy=idempotency.in_use,
    headers=_headers,
)
