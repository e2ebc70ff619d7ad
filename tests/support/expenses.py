"""Expense claims: the desk that takes them, and what people and programs do with one."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from adapters.stores.expense_payments import ExpensePayments
from domain.expenses.claim import WithdrawalRight, expense_wait_id
from domain.ids import EXPENSE_APPROVAL
from domain.workflows.decision_link import DecisionLink
from sandbox.testing import Sandbox
from services.container import services
from tests.support.mails import Mailbox, text_of
from tests.support.messages import waiting_messages
from tests.support.shop import Shop, running_shop, use_settings

ANN, BOB, ADA = "ann@example.com", "bob@example.com", "ada@example.com"
SETTINGS = {
    "APPROVER_EMAILS": f"{ANN},{BOB}",
    "EXPENSE_LIMITS": json.dumps({"usd": {"meals": 10_000, "travel": 100_000}, "eur": {"meals": 5_000}}),
    "LINK_SECRET": "only for tests",
}


@pytest.fixture
async def desk(
    monkeypatch: pytest.MonkeyPatch, storage_connection: str, sandbox: Sandbox, mailbox: Mailbox
) -> AsyncIterator[Shop]:
    """Yield a shop with two approvers and a mail server."""
    use_settings(monkeypatch, storage_connection, sandbox, SMTP_URL=mailbox.url, **SETTINGS)
    async with running_shop(sandbox) as running:
        yield running


def claim(**changes: Any) -> dict[str, Any]:
    items = [
        {"category": "meals", "amount_cents": 1_200, "currency": "usd", "spent_on": "2026-03-01"},
        {"category": "meals", "amount_cents": 800, "currency": "usd", "spent_on": "2026-03-02"},
        {"category": "travel", "amount_cents": 50_000, "currency": "usd", "spent_on": "2026-03-02"},
    ]
    return {"id": "ex-1", "employee_id": "ada", "email": ADA, "items": items, **changes}


async def hand_in(shop: Shop, **changes: Any) -> None:
    assert (await shop.post("expenses", claim(**changes))).status == 202
    await shop.host.run_until_idle()


async def shown(shop: Shop) -> dict[str, Any]:
    return dict((await shop.get("expenses/ex-1")).json())


async def ended(shop: Shop) -> dict[str, Any]:
    answer = await shop.get("expenses/ex-1")
    assert answer.status == 200, answer.text
    return dict(answer.json())


async def decision_token(shop: Shop, claim_id: str = "ex-1") -> str:
    """Return the token of the link for the approver whose turn it is; of the first turn's when the claim shows none."""
    shown = await shop.get(f"expenses/{claim_id}")
    wait = None if shown.status >= 400 else shown.json()["detail"].get("wait")
    if wait is None:
        later = datetime.now(UTC) + timedelta(days=1)
        wait = {"wait_id": expense_wait_id(claim_id, 1), "approver": ANN, "expires_at": later.isoformat()}
    facts = {name: wait[name] for name in ("wait_id", "approver", "expires_at")}
    link = DecisionLink.model_validate({"workflow": EXPENSE_APPROVAL, "key": claim_id, **facts})
    return services().decision_links.token(link)


def withdrawal_token(claim_id: str = "ex-1", employee_id: str = "ada") -> str:
    """Return what the claimant got when they handed the claim in."""
    right = WithdrawalRight(claim_id=claim_id, employee_id=employee_id)
    return str(services().decision_links.withdrawal_token(right))


async def decide(shop: Shop, decision: str = "approved") -> tuple[int, str | None]:
    """By JSON."""
    body = {"decision": decision, "token": await decision_token(shop)}
    answer = await shop.post("approve/expense_approval.ex-1", body)
    await shop.host.run_until_idle()
    return answer.status, answer.json().get("code")


async def deliver_all(shop: Shop) -> None:
    """Let the outbox be emptied."""
    for message in waiting_messages():
        await shop.host.run("deliver_notification", json.dumps(message))


async def link_to(shop: Shop, mailbox: Mailbox, approver: str) -> str:
    """Return the address in the newest mail that asks this approver."""
    await deliver_all(shop)
    match = re.search(r"http\S+/api/decisions\?token=\S+", text_of(mailbox.to(approver)[-1]))
    assert match is not None
    return match[0]


async def open_page(shop: Shop, link: str) -> tuple[int, str, Mapping[str, str]]:
    answer = await shop.get("decisions", token=token_of(link))
    return answer.status, answer.text, answer.headers


async def press(shop: Shop, link: str, decision: str, comment: str = "") -> tuple[int, str]:
    form = {"token": token_of(link), "decision": decision, "comment": comment}
    answer = await shop.post("decisions", data=form)
    await shop.host.run_until_idle()
    return answer.status, answer.text


def token_of(link: str) -> str:
    return link.partition("token=")[2]


def paid() -> dict[str, int]:
    """Return what payroll would pick up for the claim, per category."""
    rows = list(ExpensePayments(services().storage)._table.list_entities()) if _has_payments() else []
    assert len(rows) <= 1
    return {total["category"]: total["amount_cents"] for row in rows for total in json.loads(row["payment"])["totals"]}


def _has_payments() -> bool:
    from azure.core.exceptions import ResourceNotFoundError

    try:
        list(ExpensePayments(services().storage)._table.list_entities())
    except ResourceNotFoundError:
        return False
    return True


def ledger(run: Mapping[str, Any]) -> list[tuple[str, str]]:
    return [(entry["step"], entry["outcome"]) for entry in run["steps"]]
