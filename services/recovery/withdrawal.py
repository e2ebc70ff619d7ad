"""Withdraw the dead letters of an order that is started again: what they would compensate goes on."""

import asyncio
from datetime import UTC, datetime
from typing import Final

from domain.ids import PROCESS_ORDER
from domain.workflows.dead_letter import CloseDeadLetter, DeadLetterState, Resolution
from services.container import services
from services.telemetry import emit_dead_letter

BY_RECOVERY: Final = "the recovery timer"


async def withdraw_dead_letters(order_id: str, requested_by: str) -> None:
    """Close the open dead letters by which the order would have ended. Safe to repeat."""
    open_ones = await asyncio.to_thread(services().dead_letters.open_of, PROCESS_ORDER, order_id)
    for dead_letter in open_ones:
        if dead_letter.run_end is not None:
            closing = CloseDeadLetter(
                dead_letter_id=dead_letter.dead_letter_id,
                state=DeadLetterState.WITHDRAWN,
                at=datetime.now(UTC),
                resolution=Resolution(resolved_by=requested_by, reason="The order was started again."),
            )
            emit_dead_letter(await asyncio.to_thread(services().dead_letters.close, closing))
