"""Orders and runs whose worker process dies at one chosen moment, and what the recovery timers make of them."""

from collections import Counter
from contextlib import suppress
from datetime import timedelta

import pytest
from azure.core.exceptions import ResourceExistsError

from domain.workflows import restarts
from services.container import services
from services.recovery import runs
from tests.invariants.order_cases import OrderCase
from tests.support.books import orders
from tests.support.mails import Mailbox
from tests.support.shop import Shop

_LOOK_EVERY_H = 6
_MAX_RUN_H = 96


def recover_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Count what a dead process left behind as orphaned at once, and is started again without a pause.

    The timers' clock is the machine's, so that a test cannot move it.
    """
    monkeypatch.setattr(runs, "ORPHANED_AFTER", runs.ORPHANED_AFTER * 0)
    monkeypatch.setattr(restarts, "PAUSES", (timedelta(0),) * len(restarts.PAUSES))


def spare_worker(shop: Shop) -> None:
    """Call off a death that the worker has not come to."""
    shop.host.kill_worker(during="episode", nth=1_000_000)


async def recover(shop: Shop) -> None:
    """Run the recovery timers as often as a run may die, with what follows each time."""
    await shop.host.run_until_idle()
    for _ in range(2):
        await shop.host.run("recover_runs")


async def play(shop: Shop, order_id: str, case: OrderCase) -> None:
    """Place the order, do the action when it waits, and let time pass until its end, with the recovery timers at work."""
    await shop.post_until_answered("orders", case.body(order_id))
    await recover(shop)
    if case.action is not None:
        path, body = case.action
        await shop.post_until_answered(f"orders/{order_id}/{path}", body)
    await finish(shop)


async def finish(shop: Shop) -> None:
    """Let every order come to its end."""
    await recover(shop)
    for _ in range(0, _MAX_RUN_H, _LOOK_EVERY_H):
        if not [order for order in (await orders(shop)).values() if order["http"] != 200]:
            await recover(shop)
            return
        await shop.host.advance(hours=_LOOK_EVERY_H)
        await recover(shop)
    raise AssertionError(f"still running: {[o for o in (await orders(shop)).values() if o['http'] != 200]}")


async def send_mails(shop: Shop) -> None:
    """Deliver whatever waits in the outbox."""
    queue = services().storage.queue("notifications")
    with suppress(ResourceExistsError):
        queue.create_queue()
    while message := queue.receive_message():
        await shop.host.run("deliver_notification", message.content)
        queue.delete_message(message)


def mails_about(mailbox: Mailbox, order_id: str) -> Counter[str]:
    """How many mails came about an order or a run, by kind, repeats included."""
    found = Counter[str]()
    for message_id, times in mailbox.times.items():
        name, _, kind = message_id.strip("<>").partition("@")[0].partition(".")
        if name == order_id:
            found[kind] += times
    return found
