"""Processes that die and live again on the same file, while time goes on."""

from collections.abc import Awaitable

from tests.support.shop import Shop


async def crashes_during(shop: Shop, commit: int, doing: Awaitable[object], *, after: bool) -> bool:
    """Return a life that ends with `doing` or with death, whichever comes first, and then another one. Gives whether it died.

    It dies at the commit of that number, from 1, before or after it is on disk. shop: one with a state file. What it had in
    hand is in sight again when this returns.
    """
    (shop.host.crash_after_commit if after else shop.host.crash_before_commit)(commit)
    died = await shop.host.crashes_during(doing)
    await shop.host.restart()
    await shop.host.advance(shop.host.visibility_timeout)
    return died
