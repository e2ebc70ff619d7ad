"""The expense claims that wait for an approver."""

import asyncio
from datetime import datetime
from typing import NamedTuple

from domain.expenses.claim import EXPENSE_APPROVAL, ExpenseRequest, ExpenseTotal, ExpenseWait, expense_totals
from domain.page import Page
from domain.refusals import RequestRefused
from domain.workflows.run import Run
from services.concurrency import gather_bounded
from services.container import services
from services.durable.client import DurableClient
from services.expenses.decisions import open_turn


class WaitingClaim(NamedTuple):
    """A claim, and whose decision it waits for."""

    claim_id: str
    request: ExpenseRequest
    totals: tuple[ExpenseTotal, ...]
    wait: ExpenseWait
    since: datetime


async def waiting_claims(client: DurableClient, cursor: str | None, limit: int) -> Page[WaitingClaim]:
    """Return one page of the open claims, by id: those of them that wait for a decision.

    Raises:
        InvalidCursor: The cursor does not come from this list.
        StorageUnavailable: The same request may be sent again.
    """
    repository = services().run_repository
    page = await asyncio.to_thread(repository.list_open, workflow=EXPENSE_APPROVAL, cursor=cursor, limit=limit)
    runs = {run.key: run for run in page.items}

    async def waiting(key: str) -> WaitingClaim | None:
        return await _waiting(client, runs[key])

    found = await gather_bounded(waiting, runs)
    return Page([claim for claim in found if claim is not None], page.cursor)


async def _waiting(client: DurableClient, run: Run) -> WaitingClaim | None:
    try:
        turn = await open_turn(client, run.key)
    except RequestRefused:  # it waits for no decision, or not yet
        return None
    request = ExpenseRequest.model_validate(run.request["request"])
    return WaitingClaim(run.key, request, expense_totals(request.items), turn.wait, run.accepted_at)
