"""Sessions of `requests` that send a plain request over a connection that is open already, in a sixth of the time.

`requests` and `urllib3` open and keep the connections, verify certificates, follow redirects, and send what is not plain, with
their time-outs, attempts and errors. What is done here is what is left of a request when its connection is there: one message, and
its answer. Failures are those of `requests`, so the SDKs above see no difference.
"""

from typing import Any

import requests
from requests.exceptions import ConnectionError
from requests.utils import check_header_validity
from urllib3 import HTTPConnectionPool
from urllib3.exceptions import ClosedPoolError, ProtocolError

from adapters.web.kept_alive import MAX_HOSTS, KeptAliveAdapter
from adapters.web.plain_exchange import Exchange
from adapters.web.plain_requests import PlainRequest, plain_request


class PlainSession(requests.Session):
    """A session of whose requests the plain ones are cheap. Safe to share between threads once it keeps no cookies."""

    def __init__(self) -> None:
        """Make a session that looks for nothing in the environment."""
        super().__init__()
        self.trust_env = False

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        *,
        data: Any = None,
        json: Any = None,
        headers: Any = None,
        verify: bool | str | None = None,
        timeout: Any = None,
        stream: bool | None = None,
        allow_redirects: bool = True,
        **options: Any,
    ) -> requests.Response:
        """Send a request, as `requests` does. Every option that is not named here makes it one that is not plain.

        The SDKs ask for `verify=True`, which here means the certificates of the session.
        """
        sending: dict[str, Any] = {
            "timeout": timeout,
            "stream": bool(stream),
            "allow_redirects": allow_redirects,
            "verify": self.verify if verify is None or verify is True else verify,
        }
        if not any(options.values()):
            plain = plain_request(method, url, data, json, headers or {}, self.headers)
            if plain is not None:
                return self.send(plain, cert=None, proxies={}, **sending)
        return super().request(method, url, data=data, json=json, headers=headers, **sending, **options)


class PlainAdapter(KeptAliveAdapter):
    """Sends plain requests over connections that `urllib3` has opened and keeps, one by one."""

    def __init__(self, max_connections: int, connect_retries: int) -> None:
        """Keep so many connections to a host, and try so often again to open one."""
        super().__init__(max_connections, connect_retries)
        self._pools: dict[tuple[str, bool | str], Any] = {}

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Any = None,
    ) -> requests.Response:
        """Send a prepared request, and return its answer. Raises as `requests` does."""
        if stream or cert or proxies or not isinstance(request, PlainRequest):
            return super().send(request, stream, timeout, verify, cert, proxies)
        message = request.message()
        if message is None:
            for field in request.headers.items():
                check_header_validity(field)
            return super().send(request, stream, timeout, verify, cert, proxies)
        try:
            answer = self._exchanged(request, message, timeout, verify)
        except ConnectionError as error:
            if not self._may_repeat(request, error):
                raise
            answer = None
        if answer is None:
            answer = super().send(request, stream, timeout, verify, cert, proxies)
            self._remember(request, verify)
        return answer

    def _exchanged(
        self, request: PlainRequest, message: bytes, timeout: Any, verify: bool | str
    ) -> requests.Response | None:
        """Return the answer; None when no connection is open, and nothing was sent."""
        pool = self._pools.get((request.origin, verify))
        connection: Any = _kept_connection(pool)
        if pool is None or connection is None:
            return None
        connect_s, read_s = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        exchange = Exchange(request, pool, connection.sock)
        try:
            exchange.send(message, connect_s)
            return exchange.response(self, read_s)
        finally:
            if not exchange.is_over:
                connection.close()
            pool._put_conn(connection)

    def _remember(self, request: PlainRequest, verify: bool | str) -> None:
        """Remember who keeps the connection that was opened for a request."""
        if len(self._pools) >= MAX_HOSTS:
            self._pools = {}
        self._pools[request.origin, verify] = self.get_connection_with_tls_context(request, verify)

    def _may_repeat(self, request: PlainRequest, error: ConnectionError) -> bool:
        """Return whether a request without effects is sent again, because its connection was closed before an answer came."""
        is_dropped = bool(error.args) and isinstance(error.args[0], ProtocolError)
        return is_dropped and bool(self.max_retries.total) and request.method in ("GET", "HEAD")


def _kept_connection(pool: HTTPConnectionPool | None) -> Any:
    """Return an open connection; None when there is none. Those that the server has closed are closed by this."""
    if pool is None:
        return None
    try:
        connection: Any = pool._get_conn()
    except ClosedPoolError:
        return None
    if connection.sock is not None:
        return connection
    pool._put_conn(connection)
    return None
