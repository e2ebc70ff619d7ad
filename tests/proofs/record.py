"""Record the histories that the replay gate replays: `python -m tests.proofs.record`.

Record anew only when running orders may break: what is recorded here stands for the orders that run in production while a new
release is deployed.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from local_host.testing.recording import make_recording
from sandbox.testing import Sandbox, running_sandbox
from tests.proofs.stories import STORIES, order_faults, stock_shelf, tell
from tests.support.azurite import running_azurite
from tests.support.books import open_dead_letters
from tests.support.shop import Shop, running_shop, use_settings

HISTORIES = Path(__file__).parent / "histories"


def main() -> None:
    with running_azurite() as azurite, running_sandbox() as sandbox, pytest.MonkeyPatch.context() as patch:
        for capture in ("after_shipping", "immediate"):
            use_settings(patch, azurite.new_account(), sandbox, PAYMENT_CAPTURE=capture)
            asyncio.run(_record_stories(sandbox, capture))


async def _record_stories(sandbox: Sandbox, capture: str) -> None:
    async with running_shop(sandbox) as shop:
        await stock_shelf(shop)
        for name, story in STORIES.items():
            if story.capture != capture:
                continue
            order_faults(sandbox, name, story)
            await tell(shop, name, story)
            await _write(shop, name, name)
        sandbox.clear_faults()
        async for dead_letter_id in _replayed(shop):
            await _write(shop, f"replay.{dead_letter_id}.1", "dead_letter_replayed")


async def _replayed(shop: Shop) -> AsyncIterator[str]:
    for letter in await open_dead_letters(shop):
        await shop.post(f"dead-letters/{letter['dead_letter_id']}/replay")
        await shop.host.until_idle()
        yield letter["dead_letter_id"]


async def _write(shop: Shop, instance_id: str, name: str) -> None:
    recording = make_recording(await shop.host.operations.status(instance_id, with_history=True))
    (HISTORIES / f"{name}.json").write_text(_text(recording), encoding="utf-8")


def _text(recording: dict[str, Any]) -> str:
    """One event per line, so that a difference between two recordings can be read."""
    events = ",\n".join(json.dumps(_without_stack(event), ensure_ascii=False) for event in recording["history"])
    rest = json.dumps({**recording, "history": []}, ensure_ascii=False, indent=1)
    return rest.replace('"history": []', f'"history": [\n{events}\n]') + "\n"


def _without_stack(event: dict[str, Any]) -> dict[str, Any]:
    """What a failure's details say beyond its message are the paths of the machine that it happened on."""
    if not event.get("Details"):
        return event
    return {**event, "Details": json.dumps({"Message": json.loads(event["Details"])["Message"]})}


if __name__ == "__main__":
    main()
