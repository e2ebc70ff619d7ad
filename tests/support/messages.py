"""What waits in the outbox."""

import json
from typing import Any

from services.container import services


def waiting_messages() -> list[dict[str, Any]]:
    """Return the undelivered notifications; they stay in the queue."""
    queue = services().storage.queue("notifications")
    return [json.loads(message.content) for message in queue.peek_messages(max_messages=32)]
