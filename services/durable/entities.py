"""Read entities from outside of orchestrations."""

import json
from collections.abc import Mapping
from typing import Any

import azure.durable_functions as df

from services.durable.client import DurableClient


async def read_entity(client: DurableClient, entity: str, key: str) -> Mapping[str, Any] | None:
    """Return the entity's state as last written; None when it has none."""
    answer = await client.read_entity_state(df.EntityId(entity, key))
    if not answer.entity_exists:
        return None
    state = answer.entity_state
    decoded = json.loads(state) if isinstance(state, str) and state else state
    return decoded or None
