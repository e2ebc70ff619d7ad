"""The expense claims that wait for an approver."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Final, NamedTuple

from domain.expenses.claim import ExpenseRequest, ExpenseTotal, ExpenseWait, expense_totals
from domain.identity import Caller
from domain.ids import EXPENSE_APPROVAL
from domain.refusals import RequestRefused
from domain.workflows.run import Run
from services.concurrency import gather_bounded
from services.container import services
from services.durable.client import DurableClient
from services.expenses.decisions import open_turn
from services.expenses.second_approval import claim_needs_two, first_claim_approver, second_approvers
from services.pages import all_items

_MAX_CLAIMS: Final = 2_000


class WaitingClaim(NamedTuple):
    """A claim, and whose decision it waits for.

    Attributes:
        asked: The addresses of those who may decide now.
        needs_two: Whether two approvers have to approve it.
        first_approver: Who of the two has approved it.
    """

    claim_id: str
    request: ExpenseRequest
    totals: tuple[ExpenseTotal, ...]
    wait: ExpenseWait
    since: datetime
    asked: tuple[str, ...]
    needs_two: bool
    first_approver: str | None

    def asks(self, caller: Caller) -> bool:
        """Return whether the claim waits for this caller's decision."""
        return any(caller.is_also(address) for address in self.asked)


async def open_claims() -> Sequence[Run]:
    """Return the runs of the claims that are open, newest first. Raises StorageUnavailable."""
    read = services().run_repository.list_open
    # They have no order in the repository; beyond so many, an older one may come late into the list.
    runs = await asyncio.to_thread(lambda: list(islice(all_items(read, workflow=EXPENSE_APPROVAL), _MAX_CLAIMS)))
    return sorted(runs, key=lambda run: run.accepted_at, reverse=True)


async def waiting_claims(client: DurableClient, runs: Iterable[Run]) -> Sequence[WaitingClaim]:
    """Return those of these claims that wait for a decision. Raises StorageUnavailable."""
    by_key = {run.key: run for run in runs}

    async def waiting(key: str) -> WaitingClaim | None:
        return await _waiting(client, by_key[key])

    found = await gather_bounded(waiting, by_key)
    return [claim for claim in found if claim is not None]


async def _waiting(client: DurableClient, run: Run) -> WaitingClaim | None:
    try:
        turn = await open_turn(client, run.key)
    except RequestRefused:  # it waits for no decision, or not yet
        return None
    request = ExpenseRequest.model_validate(run.request["request"])
    totals = expense_totals(request.items)
    needs_two = claim_needs_two(totals)
    first = await asyncio.to_thread(first_claim_approver, run.key) if needs_two else None
    return WaitingClaim(
        claim_id=run.key,
        request=request,
        totals=totals,
        wait=turn.wait,
        since=run.accepted_at,
        asked=(turn.wait.approver,) if first is None else second_approvers(request, first),
        needs_two=needs_two,
        first_approver=first,
    )
