"""Take requests to export or erase a customer's data: each becomes one run, which goes on whatever dies."""

import asyncio
import logging
import secrets
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Final

from domain.ids import digest_id
from domain.personal.erasure import Erasure, ErasureStatus, PersonalDataRequest
from domain.personal.run import CUSTOMER_DATA, CustomerDataRequest, DataAction, FinishErasure
from domain.refusals import NotFound
from services.container import services
from services.durable.client import DurableClient
from services.personal.finding import LAST_READ
from services.workflows.runs import RunNotFound, find_run, start_once

_NEXT_TRY_INTERVAL: Final = timedelta(hours=1)
"""A run goes through the whole task hub, and what an erasure waits for is seldom settled at night."""

_log = logging.getLogger(__name__)


class ErasureNotFound(NotFound):
    """No erasure was asked for."""

    def __init__(self) -> None:
        super().__init__("erasure_not_found", "No erasure of this customer's data was asked for.")


async def request_export(client: DurableClient, customer_id: str, request: PersonalDataRequest, key: str) -> None:
    """Start an export once. key: of its run. Raises RunConflict."""
    asked = CustomerDataRequest(
        action=DataAction.EXPORT,
        requested_by=request.requested_by,
        customer_id=customer_id,
        emails=request.emails,
    )
    await start_once(client, CUSTOMER_DATA, key, asked)


async def request_erasure(client: DurableClient, customer_id: str, request: PersonalDataRequest, now: datetime) -> str:
    """Start an erasure, unless a run is at it. Return the key of the run."""
    subject = digest_id(customer_id)
    known = await asyncio.to_thread(services().erasures.find, subject)
    if known is None or known.status is ErasureStatus.ERASED or not await _is_under_way(client, known):
        emails = (*((known and known.emails) or ()), *request.emails)
        known = Erasure(
            status=ErasureStatus.RUNNING,
            requested_by=request.requested_by,
            requested_at=now,
            pseudonym=f"erased-{digest_id(secrets.token_hex(16))[:16]}" if known is None else known.pseudonym,
            run_id=f"erasure-{digest_id(secrets.token_hex())}",
            customer_id=customer_id,
            emails=tuple(dict.fromkeys(emails)),
        )
        await asyncio.to_thread(services().erasures.put, subject, known)
    # Started again too: the process that stored it may have died before.
    await _start(client, subject, known)
    return str(known.run_id)


async def erasure_of(customer_id: str) -> Erasure:
    """Return how far an erasure is. Raises ErasureNotFound."""
    known = await asyncio.to_thread(services().erasures.find, digest_id(customer_id))
    if known is None:
        raise ErasureNotFound
    return known


async def go_on_with_all(client: DurableClient, now: datetime) -> None:
    """Start a run for every erasure that is not done and that none is at: something was not settled.

    The timer comes every few minutes; an erasure is tried again once an hour.
    """
    for erasure in await asyncio.to_thread(services().erasures.unfinished):
        is_due = now - erasure.requested_at >= _NEXT_TRY_INTERVAL
        if erasure.customer_id is not None and is_due:
            request = PersonalDataRequest(requested_by=erasure.requested_by)
            await request_erasure(client, erasure.customer_id, request, now)


async def finish(done: FinishErasure, now: datetime) -> None:
    """Record how an erasure has ended. Once it is done, nothing knows whose data it was. Safe to repeat."""
    known = await asyncio.to_thread(services().erasures.find, done.subject)
    if known is None or known.customer_id is None:
        return
    if done.open:
        changed = known.model_copy(update={"status": ErasureStatus.WAITING, "open": done.open})
    else:
        ended = {"status": ErasureStatus.ERASED, "finished_at": now, "customer_id": None, "emails": None, "open": ()}
        changed = known.model_copy(update={**ended, "erased": done.counts})
        LAST_READ.forget()
        _log.info("the data of a customer was erased, as %s asked for", known.requested_by)
    await asyncio.to_thread(services().erasures.put, done.subject, changed)


async def _is_under_way(client: DurableClient, erasure: Erasure) -> bool:
    """Return whether a run is at an erasure, or was to be started."""
    if erasure.run_id is None or erasure.status is not ErasureStatus.RUNNING:
        return False
    with suppress(RunNotFound):
        return (await find_run(client, CUSTOMER_DATA, erasure.run_id)).progress.status == "running"
    return True


async def _start(client: DurableClient, subject: str, erasure: Erasure) -> None:
    asked = CustomerDataRequest(action=DataAction.ERASURE, requested_by=erasure.requested_by, subject=subject)
    await start_once(client, CUSTOMER_DATA, str(erasure.run_id), asked)
