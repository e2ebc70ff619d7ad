"""Store the lines of a file of orders, for the batch that places them."""

from domain.orders.batch import CHUNK_LINES, OrderBatch
from services.container import services
from services.orders.files import read_lines


def store_batch(key: str, text: str, media_type: str, digest: str) -> OrderBatch:
    """Store what a file holds, and return the request of its batch. A repeat changes nothing.

    Args:
        key: The batch's id.
        text: The file, as it was sent.
        media_type: CSV or JSON Lines.
        digest: Of the file and its media type.

    Raises:
        RequestRefused: The file cannot be read, or has too many lines or none.
        StorageUnavailable: The same request may be sent again.
    """
    orders, rejected = read_lines(text, media_type, key)
    parts = [orders[start : start + CHUNK_LINES] for start in range(0, len(orders), CHUNK_LINES)]
    services().order_batches.keep_lines(key, digest, parts, rejected)
    return OrderBatch(digest=digest, lines=len(orders) + len(rejected), rejected=len(rejected), chunks=len(parts))
