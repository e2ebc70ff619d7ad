"""Stripe as the pipeline sees it: its endpoints, and how to authenticate, decode, execute and fail in its manner."""

from collections.abc import Mapping

from sandbox import wire_form
from sandbox.exchange import Answer, Call, Handler, JsonObject
from sandbox.face import Executed, Face, MalformedRequest, Operation
from sandbox.ids import stripe_id
from sandbox.ledger import payments
from sandbox.ledger.store import Ledger
from sandbox.stripe import idempotency, payments_api, refunds_api, search
from sandbox.stripe.auth import authenticate
from sandbox.stripe.errors import Problem, StripeRefusal
from sandbox.stripe.wire import error_body

_API_VERSION = "2026-10-28.endive"
_INTENTS = "/v1/payment_intents"
_OPERATIONS = (
    Operation(method="POST", path=_INTENTS, name="payment_intents.create", handler=payments_api.create),
    Operation(method="GET", path=_INTENTS, name="payment_intents.list", handler=payments_api.list_all),
    Operation(method="GET", path=f"{_INTENTS}/search", name="payment_intents.search",
              handler=payments_api.find_matching),
    Operation(method="GET", path=f"{_INTENTS}/{{id}}", name="payment_intents.retrieve", handler=payments_api.retrieve),
    Operation(method="POST", path=f"{_INTENTS}/{{id}}", name="payment_intents.update", handler=payments_api.update),
    Operation(method="POST", path=f"{_INTENTS}/{{id}}/confirm", name="payment_intents.confirm",
              handler=payments_api.confirm),
    Operation(method="POST", path=f"{_INTENTS}/{{id}}/capture", name="payment_intents.capture",
              handler=payments_api.capture),
    Operation(method="POST", path=f"{_INTENTS}/{{id}}/cancel", name="payment_intents.cancel",
              handler=payments_api.cancel),
    Operation(method="POST", path="/v1/refunds", name="refunds.create", handler=refunds_api.create),
    Operation(method="GET", path="/v1/refunds", name="refunds.list", handler=refunds_api.list_all),
    Operation(method="GET", path="/v1/refunds/{id}", name="refunds.retrieve", handler=refunds_api.retrieve),
    Operation(method="GET", path="/v1/charges/{id}", name="charges.retrieve", handler=refunds_api.retrieve_charge),
)  # fmt: skip
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
    return payments.order_of_refund(ledger, payment) if payment.startswith("re_") else payments.order_of(
        ledger, payment)  # fmt: skip


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
    idempotency_key=lambda headers: headers.get("Idempotency-Key"),
    headers=_headers,
)
