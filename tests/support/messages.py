"""What waits in the outbox."""

import json
from typing import Any

from services.container import services


def waiting_messages() -> list[dict[str, Any]]:
    """Return the notifications that nobody has delivered yet; they stay where they are."""
    queue = services().storage.queue("notifications")
    return [json.loads(message.content) for message in queue.peek_messages(max_messages=32)]
