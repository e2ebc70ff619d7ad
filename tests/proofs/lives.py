"""Processes that die and live again on the same file, while time goes on."""

from collections.abc import Awaitable

from tests.support.shop import Shop


async def dies_during(shop: Shop, commit: int, doing: Awaitable[object], *, after: bool) -> bool:
    """A life that ends with `doing` or with death, whichever comes first, and then another one. Gives whether it died.

    It dies at the commit of that number, from 1, before or after it is on disk. shop: one with a state file.
    """
    (shop.host.crash_after_commit if after else shop.host.crash_before_commit)(commit)
    died = await shop.host.crashes_during(doing)
    await shop.host.restart()
    return died
