"""Erase one customer's data, once all of it is settled.

Every part may be done twice, and the orders, by which the rest is found, go last: after a process that died,
the next one finds what is left.
"""

import asyncio
import logging
import secrets
from collections import Counter
from datetime import datetime
from typing import Final

from domain.carts.cart import CART_ENTITY
from domain.ids import digest_id, order_instance_id
from domain.personal.erasure import Erasure, ErasureStatus, Open, PersonalDataRequest
from domain.refusals import Conflict, NotFound
from services.container import services
from services.durable.client import DurableClient
from services.personal.finding import Found, find, open_of
from services.retention.archiving import purge_instance
from services.retention.orders import forget_beside

_MAX_SHOWN: Final = 5

_log = logging.getLogger(__name__)


class NotSettled(Conflict):
    """Money, stock or a dead letter of the customer is open."""

    def __init__(self, open_ones: tuple[Open, ...]) -> None:
        shown = ", ".join(f"{each.kind} {each.id} ({each.why})" for each in open_ones[:_MAX_SHOWN])
        super().__init__("not_settled", f"Nothing was erased: {len(open_ones)} must be settled before: {shown}.")


class ErasureNotFound(NotFound):
    """No erasure was asked for."""

    def __init__(self) -> None:
        super().__init__("erasure_not_found", "No erasure of this customer's data was asked for.")


async def begin_erasure(
    client: DurableClient, customer_id: str, request: PersonalDataRequest, now: datetime
) -> Erasure:
    """Erase a customer's data. A repeat goes on with what is under way, or erases what has come since.

    Raises:
        NotSettled: Something is under way or open. Nothing was erased.
    """
    known = await asyncio.to_thread(services().erasures.find, customer_id)
    if known is None or known.status is ErasureStatus.ERASED:
        known = Erasure(
            status=ErasureStatus.RUNNING,
            requested_by=request.requested_by,
            requested_at=now,
            pseudonym=f"erased-{digest_id(secrets.token_hex(16))[:16]}" if known is None else known.pseudonym,
            customer_id=customer_id,
            emails=request.emails,
        )
        found = await find(client, customer_id, request.emails, known.pseudonym)
        open_ones = await open_of(client, found)
        if open_ones:
            raise NotSettled(open_ones)
        await asyncio.to_thread(services().erasures.put, customer_id, known)
    return await go_on(client, customer_id, known, now)


async def erasure_of(customer_id: str) -> Erasure:
    """Return how far an erasure is. Raises ErasureNotFound."""
    known = await asyncio.to_thread(services().erasures.find, customer_id)
    if known is None:
        raise ErasureNotFound
    return known


async def go_on_with_all(client: DurableClient, now: datetime) -> None:
    """Go on with every erasure that is not done: its process died, or something was not settled."""
    for erasure in await asyncio.to_thread(services().erasures.unfinished):
        if erasure.customer_id is not None:
            await go_on(client, erasure.customer_id, erasure, now)


async def go_on(client: DurableClient, customer_id: str, erasure: Erasure, now: datetime) -> Erasure:
    """Erase what is settled. Return how far it is then."""
    found = await find(client, customer_id, erasure.emails or (), erasure.pseudonym)
    open_ones = await open_of(client, found)
    if open_ones:
        changed = erasure.model_copy(update={"status": ErasureStatus.WAITING, "open": open_ones})
    else:
        counts = Counter(erasure.erased) + await _erase(client, customer_id, found)
        done = {"status": ErasureStatus.ERASED, "finished_at": now, "customer_id": None, "emails": None, "open": ()}
        changed = erasure.model_copy(update={**done, "erased": dict(counts)})
        _log.info("the data of a customer was erased, as %s asked for", erasure.requested_by)
    await asyncio.to_thread(services().erasures.put, customer_id, changed)
    return changed


async def _erase(client: DurableClient, customer_id: str, found: Found) -> Counter[str]:
    parts, counts = services(), Counter[str]()
    counts["documents"] += await asyncio.to_thread(parts.personal_data.scrub_documents, found.traces)
    messages = await asyncio.to_thread(lambda: parts.personal_data.poison_messages(found.traces, delete=True))
    counts["messages"] += len(messages)
    for dead_letter in found.dead_letters:
        await asyncio.to_thread(parts.dead_letters.delete_closed, dead_letter)
        counts["dead_letters"] += 1
    for payment in found.expense_payments:
        await asyncio.to_thread(parts.expense_payments.pseudonymise, payment, found.traces)
        counts["expense_payments"] += 1
    for user in found.users:
        await asyncio.to_thread(parts.users.remove, user.user.user_id)
        counts["users"] += 1
    counts["carts"] += await purge_instance(client, f"@{CART_ENTITY}@{customer_id}") if found.cart is not None else 0
    for instance_id in found.runs:
        await asyncio.to_thread(parts.approvals.delete_all, instance_id.partition(".")[2])
        await purge_instance(client, instance_id)
        await asyncio.to_thread(parts.run_repository.delete, instance_id)
        counts["runs"] += 1
    for instance_id in found.parts:
        await purge_instance(client, instance_id)
    for row in found.orders:
        await purge_instance(client, order_instance_id(row.order_id))
        await asyncio.to_thread(forget_beside, row)
        await asyncio.to_thread(parts.order_repository.pseudonymise, row.order_id, found.traces)
        counts["orders"] += 1
    return counts
