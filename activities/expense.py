"""Add expenses up, and pay them once."""

from typing import Any

import azure.durable_functions as df

from domain.expenses.claim import ExpensePayment, ExpenseRequest, assess
from domain.workflows.steps import StepResult
from services.container import services

bp = df.Blueprint()


@bp.activity_trigger(input_name="request")
def calculate_expense_totals(request: dict) -> dict[str, Any]:
    """Answer with an `Assessment`. Refused: over_limit, no_approver."""
    return assess(ExpenseRequest.model_validate(request), services().expense_rules).to_wire()


@bp.activity_trigger(input_name="request")
def pay_expense(request: dict) -> dict[str, Any]:
    """Record what is to be paid for a claim; a repeat finds the record. Faulted as paid_differently when it is another sum."""
    payment = ExpensePayment.model_validate(request)
    recorded = services().expense_payments.add(payment)
    if recorded.totals != payment.totals:
        return StepResult.faulted("paid_differently", "another sum is recorded for this claim").to_wire()
    return StepResult(reference=payment.claim_id).to_wire()
