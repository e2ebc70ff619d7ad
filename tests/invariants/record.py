"""Record the histories that the replay gate replays: `python -m tests.invariants.record`.

Record anew only when running instances may break: what is recorded here stands for those that run in production while a new
release is deployed. With names, as in `python -m tests.invariants.record report/ready`, only those are recorded.
"""

import asyncio
import json
import sys
from collections.abc import Collection
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from adapters.stores import file_batches, reports
from local_host.testing.azurite import running_azurite
from sandbox.testing import Sandbox, running_sandbox
from services.orders import batches
from tests.invariants.order_cases import ORDER_CASES, order_faults, play, stock_shelf
from tests.invariants.workflows import ENDINGS, PART, SETTINGS, Ending, Stage, instances_of
from tests.support.books import open_dead_letters
from tests.support.shop import Shop, running_shop, use_settings
from tests.support.unreliable import answering, failing

HISTORIES = Path(__file__).parent / "histories"
STILL_OPEN, CLOSED = "replay_dead_letter/still_open", "replay_dead_letter/order_closed"
NAMES = {f"process_order/{name}" for name in ORDER_CASES} | {STILL_OPEN, CLOSED} | set(ENDINGS)
"""Of all histories: the orchestrator and the kind of ending."""

_CASES_OF_1_0 = (
    "action_required",
    "approval_rejected",
    "approval_timed_out",
    "approved",
    "authorisation_expired",
    "cancelled_between_attempts",
    "cancelled_while_waiting",
    "capture_unanswered",
    "completed",
    "completed_after_faults",
    "completed_immediate_capture",
    "completed_several_lines",
    "declined",
    "needs_attention",
    "one_line_out_of_stock",
    "out_of_stock",
    "payment_faulted",
    "split_stock_too_small",
    "undeliverable",
    "undeliverable_immediate_capture",
)
KEPT = {f"process_order/version_1_0/{name}" for name in _CASES_OF_1_0}
"""Of instances that were started under an older `defaultVersion`: they are never recorded anew, and a later case has none."""

_MAX_DAYS = 60


def main(wanted: Collection[str]) -> None:
    with running_azurite() as azurite, running_sandbox() as sandbox, pytest.MonkeyPatch.context() as patch:
        for capture in ("after_shipping", "immediate"):
            use_settings(patch, azurite.new_account(), sandbox, PAYMENT_CAPTURE=capture)
            asyncio.run(_record_cases(sandbox, capture, wanted))
        patch.setattr(file_batches, "CHUNK_FILES", PART)
        patch.setattr(batches, "CHUNK_LINES", PART)
        patch.setattr(reports, "_PART_ROWS", PART)
        for name, ending in ENDINGS.items():
            if _is_wanted(name, wanted):
                sandbox.reset()
                use_settings(patch, azurite.new_account(), sandbox, **SETTINGS)
                asyncio.run(_record_ending(sandbox, name, ending))


async def _record_cases(sandbox: Sandbox, capture: str, wanted: Collection[str]) -> None:
    cases = {name: case for name, case in ORDER_CASES.items() if case.capture == capture}
    recorded = {f"process_order/{name}": name for name in cases}
    async with running_shop(sandbox) as shop:
        await stock_shelf(shop)
        for name, case in cases.items():
            order_faults(sandbox, name, case)
            await play(shop, name, case)
        for dead_letter in await open_dead_letters(shop):
            recorded[STILL_OPEN] = await _replay(shop, dead_letter["dead_letter_id"])
            sandbox.clear_faults()
            recorded[CLOSED] = await _replay(shop, dead_letter["dead_letter_id"])
        for name, instance_id in recorded.items():
            if _is_wanted(name, wanted):
                await _write(shop, instance_id, name)


async def _replay(shop: Shop, dead_letter_id: str) -> str:
    """Return the id of the replay's instance."""
    started = await shop.post(f"dead-letters/{dead_letter_id}/replay")
    await shop.host.run_until_idle()
    await shop.host.advance(hours=1)
    return str(started.json()["id"])


async def _record_ending(sandbox: Sandbox, name: str, ending: Ending) -> None:
    async with running_shop(sandbox) as shop:
        with ExitStack() as stack:
            for activity in ending.failing:
                stack.enter_context(failing(shop, activity))
            for activity, answer in ending.answering.items():
                stack.enter_context(answering(shop, activity, answer))
            await ending.act(Stage(shop))
            instance_id = (await instances_of(shop, name.partition("/")[0]))[0]
            await _wait_for(shop, instance_id, ending)
        await _write(shop, instance_id, name)


async def _wait_for(shop: Shop, instance_id: str, ending: Ending) -> None:
    """Until it ends as it should. Raises AssertionError when it ends otherwise, or not at all."""
    for _ in range(_MAX_DAYS * 2):
        status = await shop.host.operations.status(instance_id)
        if status.runtime_status.has_ended:
            output = json.loads(status.output or "null")
            assert (output.get("status", output.get("outcome")), output["reason_code"]) == (
                ending.status,
                ending.reason,
            ), output
            return
        if ending.status == "running":
            return
        await shop.host.advance(hours=12)
    raise AssertionError(f"{instance_id} does not end")


async def _write(shop: Shop, instance_id: str, name: str) -> None:
    recording = await shop.host.record(instance_id)
    path = HISTORIES / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(_text(recording), encoding="utf-8")


def _is_wanted(name: str, wanted: Collection[str]) -> bool:
    return not wanted or name in wanted


def _text(recording: dict[str, Any]) -> str:
    """One event per line, so that a difference between two recordings can be read."""
    events = ",\n".join(json.dumps(_without_stack(event), ensure_ascii=False) for event in recording["history"])
    rest = json.dumps({**recording, "history": []}, ensure_ascii=False, indent=1)
    return rest.replace('"history": []', f'"history": [\n{events}\n]') + "\n"


def _without_stack(event: dict[str, Any]) -> dict[str, Any]:
    """Return what a failure's details say beyond its message are the paths of the machine that it happened on."""
    if not event.get("Details"):
        return event
    return {**event, "Details": json.dumps({"Message": json.loads(event["Details"])["Message"]})}


if __name__ == "__main__":
    main(sys.argv[1:])
