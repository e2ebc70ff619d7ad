"""Stripe's refusals: what was wrong, and whether the endpoint had begun when it was found.

The distinction matters to idempotency keys: an answer is remembered once execution began; a request that fails
validation, authentication or rate limiting leaves its key free.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sandbox.stripe.problem import Problem

if TYPE_CHECKING:
    from sandbox.stripe.intent import PaymentIntent


class StripeRefusal(Exception):
    """A request that is answered with an error and changes nothing.

    intent: shown in the error body, as Stripe does. began: execution had begun, so an idempotency key remembers it.
    """

    def __init__(self, problem: Problem, *, intent: PaymentIntent | None = None, began: bool = True) -> None:
        super().__init__(problem.message)
        self.problem = problem
        self.intent = intent
        self.began = began


def invalid_request(message: str, *, code: str | None = None, param: str | None = None) -> StripeRefusal:
    """Return a request that is wrong in itself, found before anything was executed."""
    return StripeRefusal(
        Problem(status=400, type="invalid_request_error", message=message, code=code, param=param), began=False
    )


def no_such(what: str, object_id: str, *, param: str, in_path: bool) -> StripeRefusal:
    """Return the refusal of an unknown id. Stripe answers 404 for one id in the path and 400 for one in a parameter."""
    problem = Problem(
        status=404 if in_path else 400,
        type="invalid_request_error",
        message=f"No such {what}: '{object_id}'",
        code="resource_missing",
        param=param,
    )
    return StripeRefusal(problem)


def not_possible(message: str, *, code: str | None, intent: PaymentIntent, param: str | None = None) -> StripeRefusal:
    """Return a well-formed request that the state of the payment does not allow."""
    problem = Problem(status=400, type="invalid_request_error", message=message, code=code, param=param)
    return StripeRefusal(problem, intent=intent)
