"""What a claim adds up to, and who may be asked about it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.expenses.claim import ExpenseItem, ExpenseRequest, ExpenseRules, assess, expense_totals
from domain.expenses.limits import Category
from domain.workflows.steps import Outcome

ITEMS = st.lists(
    st.builds(
        ExpenseItem,
        category=st.sampled_from(Category),
        amount_cents=st.integers(1, 10**8),
        currency=st.sampled_from(["usd", "eur"]),
        spent_on=st.dates(),
    ),
    min_size=1,
    max_size=20,
)


def claim(**changes: Any) -> ExpenseRequest:
    items = [{"category": "meals", "amount_cents": 500, "currency": "usd", "spent_on": "2026-03-01"}]
    return ExpenseRequest.model_validate({"employee_id": "ada", "email": "ada@example.com", "items": items, **changes})


def rules(limit: int = 500, approvers: tuple[str, ...] = ("ann@example.com",)) -> ExpenseRules:
    return ExpenseRules(
        limits={"usd": {Category.MEALS: limit}}, approvers=approvers, remind_every_s=60, decide_within_s=60
    )


@given(ITEMS)
def test_totals_keep_every_cent_and_do_not_depend_on_the_order_of_receipts(items: list[ExpenseItem]) -> None:
    totals = expense_totals(tuple(items))
    for currency in ("usd", "eur"):
        assert sum(t.amount_cents for t in totals if t.currency == currency) == sum(
            item.amount_cents for item in items if item.currency == currency
        )
    assert len({(t.category, t.currency) for t in totals}) == len(totals)
    assert totals == expense_totals(tuple(reversed(items)))


@pytest.mark.parametrize(("limit", "outcome"), [(500, Outcome.DONE), (499, Outcome.REFUSED)])
def test_a_limit_may_be_reached_and_not_passed(limit: int, outcome: Outcome) -> None:
    assert assess(claim(), rules(limit)).outcome is outcome


def test_no_claimant_decides_on_their_own_claim() -> None:
    two = rules(approvers=("Ada@Example.com", "ann@example.com"))
    assert assess(claim(), two).approvers == ("ann@example.com",)
    assert assess(claim(), rules(approvers=("ada@example.com",))).reason_code == "no_approver"
    assert assess(claim(), rules(approvers=())).reason_code == "no_approver"
