"""PURE: what an earlier host had in hand when it ended, and which therefore stays out of sight for a while.

The real host's queues hand a message out again only when its visibility timeout has passed, however the host has ended.
Who had what is not stored, so what counts as in hand is what waits when the next host starts: all messages, since a host
fetches them ahead, and as many activities as it runs side by side (`activity_queue`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar


class Numbered(Protocol):
    """Has the number under which it was stored."""

    @property
    def seq(self) -> int:
        """Return its number."""


T = TypeVar("T", bound=Numbered)


def in_sight(work: Sequence[T], last_held: int) -> list[T]:
    """Return what was stored after the last number that is held back; 0 for none."""
    return [each for each in work if each.seq > last_held]
