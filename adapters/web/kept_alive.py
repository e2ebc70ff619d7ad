"""Connections that are kept for the next request: probed while none uses them, and closed where an answer may not be over.

What lies between forgets a connection that is silent, Azure's address translation after four minutes and without a word to either
end: the next request would wait for an answer until its time-out. And what is left of one answer would begin the next one.
"""

import socket
from http import HTTPStatus
from ssl import SSLSocket
from typing import Any, Final

from requests import PreparedRequest, Response
from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool, Retry
from urllib3.connection import HTTPConnection, HTTPSConnection

from adapters.web.plain_answers import WholeHeadResponse, announces_body

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
MAX_HOSTS: Final = 8


class KeptAliveAdapter(HTTPAdapter):
    """An adapter whose connections send a probe after a minute of silence, and are closed when three stay without answer."""

    def __init__(self, max_connections: int, connect_retries: int) -> None:
        """Keep so many connections to a host, and try so often again to open one."""
        super().__init__(MAX_HOSTS, max_connections, _attempts(connect_retries))

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Make the pools, as `HTTPAdapter` does."""
        super().init_poolmanager(*args, socket_options=_OPTIONS, **options)
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:
        """Return what opens connections to a proxy and keeps them."""
        manager = super().proxy_manager_for(proxy, socket_options=_OPTIONS, **options)
        if not proxy.lower().startswith("socks"):  # those have pools of their own
            manager.pool_classes_by_scheme = _POOLS
        return manager

    def send(
        self,
        request: PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> Response:
        """Send a prepared request, and return its answer. Raises as `requests` does."""
        answer = super().send(request, stream, timeout, verify, cert, proxies)
        # What `http.client` takes for the answer, and is still to come; and a body where it expects none.
        if answer.status_code < HTTPStatus.OK or (
            answer.status_code == HTTPStatus.NO_CONTENT and announces_body(answer.headers)
        ):
            answer.raw.close()
        return answer


def _attempts(connect_retries: int) -> Retry:
    """Return how often a request is sent again.

    By default `urllib3` repeats every request over which TLS fails, also one that the server has read; and it waits in the thread
    for as long as a server asks that is busy.
    """
    reads = 1 if connect_retries else False  # of a request that only reads, whose connection was over
    return Retry(connect_retries, read=reads, other=0, respect_retry_after_header=False)


class _Connection(HTTPConnection):
    response_class = WholeHeadResponse


class _TlsConnection(HTTPSConnection):
    response_class = WholeHeadResponse


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection

    def _get_conn(self, timeout: float | None = None) -> Any:
        """Return a connection. Bytes that TLS has decrypted already are not seen by `urllib3`'s look whether there are any."""
        connection: Any = super()._get_conn(timeout)
        if isinstance(connection.sock, SSLSocket) and connection.sock.pending():
            connection.close()
        return connection


_POOLS: Final = {"http": _Pool, "https": _TlsPool}
