"""Deliver the events of trackers to the registered webhooks: by itself where the sandbox is a process, on request in a test.

An event that is not answered with 2xx in time waits, longer and longer, and is given up after a day, as EasyPost does it.
"""

import asyncio
import random
from contextlib import suppress
from datetime import timedelta
from typing import Any, Literal

from aiohttp import ClientError, ClientSession, ClientTimeout, web
from pydantic import BaseModel, ConfigDict, Field

from sandbox.control.answers import json_body, read
from sandbox.easypost import webhooks
from sandbox.ledger import hooks
from sandbox.ledger.hooks import Waiting
from sandbox.ledger.store import Ledger

_ANSWER_TIMEOUT_S = 7.0
_INTERVAL_S = 0.5
_MAX_ATTEMPTS = 16
"""With pauses that double from a second to three hours: a day."""
_MAX_PAUSE_S = 10_800


class Delivery(BaseModel):
    """How what waits is delivered now. copies: 0 loses it. order: `shuffled` by seed."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    copies: int = Field(default=1, ge=0, le=10)
    order: Literal["sent", "reversed", "shuffled"] = "sent"
    seed: int = 0


async def deliver_always(ledger: Ledger) -> None:
    """Deliver what is due, until cancelled."""
    async with _session() as session:
        while True:
            for event in hooks.waiting(ledger, ledger.now()):
                await _deliver(session, ledger, event)
            await asyncio.sleep(_INTERVAL_S)


def routes(ledger: Ledger) -> list[web.RouteDef]:
    """Return the routes of deliveries."""

    async def deliver(request: web.Request) -> web.Response:
        asked = read(Delivery, await json_body(request))
        events = _arranged(hooks.waiting(ledger), asked)
        async with _session() as session:
            answers = [await _deliver(session, ledger, event) for event in events]
        if asked.copies == 0:
            for event in hooks.waiting(ledger):
                hooks.forget(ledger, event.seq)
        return web.json_response({"answers": answers, "waiting": len(hooks.waiting(ledger))})

    return [web.post("/sandbox/webhooks/deliver", deliver)]


def _arranged(events: list[Waiting], asked: Delivery) -> list[Waiting]:
    copies = [event for event in events for _ in range(asked.copies)]
    if asked.order == "reversed":
        copies.reverse()
    elif asked.order == "shuffled":
        random.Random(asked.seed).shuffle(copies)  # noqa: S311 - a repeatable order, no secret
    return copies


async def _deliver(session: ClientSession, ledger: Ledger, event: Waiting) -> int | None:
    """Send one event. Return the status of the answer; None when there was none."""
    signed = {} if event.secret is None else {webhooks.SIGNATURE_HEADER: webhooks.signature(event.body, event.secret)}
    headers: dict[str, Any] = {"Content-Type": "application/json", **signed}
    status = None
    with suppress(ClientError, TimeoutError):
        async with session.post(event.url, data=event.body.encode(), headers=headers) as answer:
            status = answer.status
    if (status is not None and 200 <= status < 300) or event.attempts + 1 >= _MAX_ATTEMPTS:
        hooks.forget(ledger, event.seq)
    else:
        pause = min(2**event.attempts, _MAX_PAUSE_S)
        hooks.postpone(ledger, event.seq, ledger.now() + timedelta(seconds=pause))
    return status


def _session() -> ClientSession:
    return ClientSession(timeout=ClientTimeout(total=_ANSWER_TIMEOUT_S))
