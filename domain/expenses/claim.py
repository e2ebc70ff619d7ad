"""An employee's expenses: what may be claimed, what it adds up to, who decides, and what is paid."""

from collections import Counter
from collections.abc import Mapping
from typing import Annotated, Final, NamedTuple

from pydantic import Field

from domain.expenses.limits import Category, ExpenseLimits
from domain.ids import CustomerId, WorkflowKey
from domain.money import Money
from domain.wire import (
    VISIBLE_LINE,
    Cents,
    Currency,
    Day,
    Edge,
    Email,
    EmailAddress,
    Timestamp,
    Wire,
    at_most,
    is_absent,
)
from domain.workflows.approval_wait import IgnoredEvent
from domain.workflows.run import RunRequest
from domain.workflows.steps import Outcome, StepResult

MAX_CLAIM_ITEMS: Final = 100
MAX_TURNS: Final = 2
"""The first approver has a turn, and then the next one."""


class ExpenseItem(Edge):
    """One receipt."""

    category: Category
    amount_cents: Annotated[Cents, Field(ge=1)]
    currency: Currency
    spent_on: Day
    description: Annotated[str, Field(max_length=200), VISIBLE_LINE] | None = None


class ExpenseRequest(RunRequest):
    """The body of `POST /api/expenses`."""

    employee_id: CustomerId
    email: EmailAddress
    items: Annotated[tuple[ExpenseItem, ...], Field(min_length=1, max_length=MAX_CLAIM_ITEMS), at_most(MAX_CLAIM_ITEMS)]


class ExpenseTotal(Wire):
    """The sum of one category in one currency."""

    category: Category
    currency: Currency
    amount_cents: int


class ExpenseRules(NamedTuple):
    """The shop's rules for expenses.

    Attributes:
        limits: The most that one claim may hold.
        approvers: Mail addresses of the approvers, in the order of their turns.
        decide_within_s: Seconds that each approver has.
        remind_every_s: Seconds between two reminders in an approver's turn.
    """

    limits: ExpenseLimits
    approvers: tuple[str, ...]
    decide_within_s: int
    remind_every_s: int


class Assessment(StepResult):
    """The totals of a claim and its approvers; refused when it breaks the shop's rules."""

    totals: tuple[ExpenseTotal, ...] = ()
    approvers: tuple[Email, ...] = ()
    decide_within_s: int = 0
    remind_every_s: int = 86_400


class ExpenseWait(Wire):
    """A claim that waits for an approver, until the next approver's turn. A decision belongs to one wait.

    Attributes:
        ignored_event: The last event that was no decision, if any.
    """

    wait_id: str
    approver: Email
    expires_at: Timestamp
    ignored_event: Annotated[IgnoredEvent | None, Field(exclude_if=is_absent)] = None


class WithdrawalRight(Wire):
    """What the token says that a claimant gets for handing in a claim."""

    claim_id: WorkflowKey
    employee_id: CustomerId


class ExpensePayment(Wire):
    """The payment of one approved claim to an employee."""

    claim_id: WorkflowKey
    employee_id: CustomerId
    totals: tuple[ExpenseTotal, ...]
    approved_by: str
    approved_at: Timestamp


def expense_totals(items: tuple[ExpenseItem, ...]) -> tuple[ExpenseTotal, ...]:
    """Return the sums per category and currency, in a stable order."""
    sums: Counter[tuple[Category, str]] = Counter()
    for item in items:
        sums[item.category, item.currency] += item.amount_cents
    return tuple(
        ExpenseTotal(category=category, currency=currency, amount_cents=amount)
        for (category, currency), amount in sorted(sums.items())
    )


def beyond_limits(totals: tuple[ExpenseTotal, ...], limits: Mapping[str, Mapping[Category, int]]) -> str | None:
    """Return in words which totals are above their limits; None when none is."""
    broken = []
    for total in totals:
        most = limits.get(total.currency, {}).get(total.category, 0)
        if total.amount_cents > most:
            claimed, limit = Money(total.amount_cents, total.currency), Money(most, total.currency)
            broken.append(f"{total.category}: {claimed}, limit {limit}")
    return "; ".join(broken)[:500] or None


def assess(request: ExpenseRequest, rules: ExpenseRules) -> Assessment:
    """Add up a claim and apply the rules. Refused: over_limit; no_approver, when only the claimant could decide."""
    totals = expense_totals(request.items)
    broken = beyond_limits(totals, rules.limits)
    if broken is not None:
        return Assessment(outcome=Outcome.REFUSED, reason_code="over_limit", message=broken, totals=totals)
    # A claimant may not decide on their own claim.
    others = tuple(approver for approver in rules.approvers if approver.lower() != request.email.lower())
    if not others:
        message = "No approver may decide on this claim."
        return Assessment(outcome=Outcome.REFUSED, reason_code="no_approver", message=message, totals=totals)
    return Assessment(
        totals=totals, approvers=others, decide_within_s=rules.decide_within_s, remind_every_s=rules.remind_every_s
    )


def expense_wait_id(claim_id: str, turn: int) -> str:
    """Return the name of one approver's wait; turns count from 1."""
    return f"{claim_id}.expense.{turn}"


def second_approval_id(claim_id: str) -> str:
    """Return the name under which the first of two approvals is stored. It counts in every turn."""
    return f"{claim_id}.expense"


def expense_decided(turn: int) -> str:
    """Return the name of the event of a turn. Each turn has its own, because a wait also receives earlier events of its name."""
    return f"ExpenseDecided{turn}"
