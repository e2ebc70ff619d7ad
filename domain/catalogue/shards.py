"""Which shard of a split product has an order's units: one for the order's whole life, whatever is split or merged meanwhile."""

import hashlib
from typing import Annotated, Final

from pydantic import Field

MAX_SHARDS: Final = 16

ShardCount = Annotated[int, Field(strict=True, ge=1, le=MAX_SHARDS)]


def shard_of(order_id: str, product_id: str, shards: int) -> int:
    """Return the number of an order's shard, from 0, by a hash: orders spread evenly, and every repeat gives the same."""
    if shards == 1:
        return 0
    digest = hashlib.sha256(f"{product_id}:{order_id}".encode()).digest()
    return int.from_bytes(digest[:8]) % shards
