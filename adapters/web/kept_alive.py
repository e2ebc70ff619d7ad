"""Connections that are probed while no request uses them.

What lies between forgets a connection that is silent, Azure's address translation after four minutes and without a word to either
end: the next request would wait for an answer until its time-out.
"""

import socket
from typing import Any, Final

from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection

_IDLE_S: Final = 60
_INTERVAL_S: Final = 10
_MAX_PROBES: Final = 3
# Not every system has these by name.
_LIMITS: Final = {"TCP_KEEPIDLE": _IDLE_S, "TCP_KEEPINTVL": _INTERVAL_S, "TCP_KEEPCNT": _MAX_PROBES}
_OPTIONS: Final = (
    *HTTPConnection.default_socket_options,
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *((socket.IPPROTO_TCP, getattr(socket, name), value) for name, value in _LIMITS.items() if hasattr(socket, name)),
)


class KeptAliveAdapter(HTTPAdapter):
    """An adapter whose connections send a probe after a minute of silence, and are closed when three stay without answer."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools, as `HTTPAdapter` does."""
        super().init_poolmanager(*args, socket_options=_OPTIONS, **options)
