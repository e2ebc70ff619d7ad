"""The HTTP session of the SDK's durable client: one per process, kept in a module, bound to the event loop that used it.

A process that runs several hosts after one another (tests do) has an event loop for each, so each host begins with a
fresh session and closes it in the end.
"""

from __future__ import annotations

import asyncio

from azure.durable_functions.models.utils import http_utils


def renew_client_session() -> None:
    """Forget the session of an earlier event loop."""
    http_utils._client_session = None
    http_utils._session_lock = asyncio.Lock()


async def close_client_session() -> None:
    """Close the session with which durable clients call this host."""
    await http_utils._close_session()
