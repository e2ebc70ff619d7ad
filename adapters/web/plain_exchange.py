"""Send one plain request over an open connection, and make its answer one of `requests`, whose errors it raises.

The errors, and which wait is under which limit, are those of `requests` 2.34 over `urllib3` 2.8: the SDKs decide by them what is
worth another attempt.
"""

import errno
import http.client
import io
import socket
import ssl
from functools import lru_cache
from typing import Any, Final, NoReturn

from requests import Response
from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError, ConnectionError, InvalidHeader, ReadTimeout, SSLError
from requests.utils import get_encoding_from_headers
from urllib3 import HTTPConnectionPool, HTTPHeaderDict, HTTPResponse
from urllib3.exceptions import InvalidHeader as HeaderRefused
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from adapters.web.plain_answers import Head, Incoming, WholeHeadResponse, parsed_head, read_body
from adapters.web.plain_requests import PlainRequest, StoredHeaders

# After these the server may have answered already, and closed the connection to what it did not want to read.
_ANSWERED_EARLY: Final = frozenset({errno.EPIPE, errno.ECONNRESET, errno.EPROTOTYPE})

# The system takes as much at once on a connection without other traffic, and each change of a time-out is a system call.
_BUFFERED_BYTES: Final = 8 * 1024


class Exchange:
    """A request and its answer. is_over: both were whole, and the connection is free for another."""

    def __init__(self, request: PlainRequest, pool: HTTPConnectionPool, connection: socket.socket) -> None:
        """Prepare an exchange over a connection of a pool."""
        self._request, self._pool, self._connection = request, pool, connection
        self._incoming = Incoming(connection)
        self._is_sent = self.is_over = False

    def send(self, message: bytes, limit_s: float | None) -> None:
        """Send the whole request. Raises ConnectionError."""
        try:
            if len(message) > _BUFFERED_BYTES:
                self._connection.settimeout(limit_s)
            self._connection.sendall(message)
            self._is_sent = True
        except OSError as error:
            if error.errno not in _ANSWERED_EARLY:
                self._abort(error)

    def response(self, adapter: HTTPAdapter, limit_s: float | None) -> Response:
        """Wait for the answer, and return it with its body.

        Args:
            adapter: Whose answer it is.
            limit_s: How long to wait for each piece of it.

        Raises:
            ReadTimeout: It did not begin in time.
            ConnectionError: It did not begin, or its body stopped.
            ChunkedEncodingError: Its body was cut short or spoilt.
        """
        head = self._head(limit_s)
        if isinstance(head, HTTPResponse):
            return self._whole(adapter, head)
        body = self._body(head, limit_s)
        # What comes after an answer belongs to none.
        self.is_over = self._is_sent and not self._incoming.received
        if body and "content-encoding" in head.fields:
            return self._whole(adapter, _encoded(head, body))
        return self._answer(adapter, head, body)

    def _head(self, limit_s: float | None) -> Head | HTTPResponse:
        """Return how the answer begins; the answer itself where it is left to `http.client`."""
        try:
            if self._connection.gettimeout() != limit_s:
                self._connection.settimeout(limit_s)
            end = self._incoming.await_head()
            head = parsed_head(self._incoming.received[:end], str(self._request.method)) if end >= 0 else None
            if head is None:
                return self._resumed()
            self._incoming.skip(end + 4)
            return head
        except TimeoutError as error:
            raise ReadTimeout(self._late(limit_s), request=self._request) from error
        except HeaderRefused as error:
            raise InvalidHeader(error, request=self._request) from error
        except (OSError, http.client.HTTPException) as error:
            self._abort(error)

    def _body(self, head: Head, limit_s: float | None) -> bytes:
        try:
            return read_body(self._incoming, head)
        except TimeoutError as error:
            raise ConnectionError(self._late(limit_s), request=self._request) from error
        except ssl.SSLError as error:
            raise SSLError(error, request=self._request) from error
        except (OSError, http.client.HTTPException) as error:
            broken = ProtocolError(f"Connection broken: {error!r}", error)
            raise ChunkedEncodingError(broken, request=self._request) from error

    def _answer(self, adapter: HTTPAdapter, head: Head, body: bytes) -> Response:
        response: Any = Response()
        response.status_code, response.reason = head.status, head.reason
        response.headers = StoredHeaders(head.fields)
        response.encoding = _encoding(response.headers.get("content-type"))
        response.url, response.request, response.connection = str(self._request.url), self._request, adapter
        response._content, response._content_consumed, response.raw = body, True, _SpentBody()
        answer: Response = response
        return answer

    def _whole(self, adapter: HTTPAdapter, raw: HTTPResponse) -> Response:
        """Return the answer with its body, as `requests` reads it."""
        response = adapter.build_response(self._request, raw)
        try:
            _ = response.content
        finally:
            response.close()
        return response

    def _resumed(self) -> HTTPResponse:
        """Return the answer as `http.client` reads it, which begins with what has come."""
        connection: Any = _Resumed(self._incoming.received, self._connection)
        original = WholeHeadResponse(connection, method=self._request.method)
        original.begin()
        return HTTPResponse(
            body=original,
            headers=HTTPHeaderDict((name, _unfolded(value)) for name, value in original.msg.items()),
            status=original.status,
            version=original.version,
            reason=original.reason,
            preload_content=False,
            decode_content=False,
            original_response=original,
            request_method=self._request.method,
        )

    def _abort(self, error: Exception) -> NoReturn:
        if isinstance(error, ssl.SSLError):
            raise SSLError(error, request=self._request) from error
        raise ConnectionError(ProtocolError("Connection aborted.", error), request=self._request) from error

    def _late(self, limit_s: float | None) -> ReadTimeoutError:
        return ReadTimeoutError(self._pool, str(self._request.url), f"Read timed out. (read timeout={limit_s})")


class _SpentBody(io.BytesIO):
    """What is left of a body that was read: nothing."""


class _Resumed(io.RawIOBase):
    """A connection as `http.client` wants it, of which something has been read."""

    def __init__(self, received: bytes, connection: socket.socket) -> None:
        self._received, self._connection = received, connection

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._received:
            return self._connection.recv_into(buffer)
        count = min(len(buffer), len(self._received))
        buffer[:count], self._received = self._received[:count], self._received[count:]
        return count


def _unfolded(value: str) -> str:
    return " ".join(line.strip(" \t") for line in value.split("\r\n"))


def _encoded(head: Head, body: bytes) -> HTTPResponse:
    return HTTPResponse(
        body=io.BytesIO(body),
        headers=HTTPHeaderDict(head.fields.values()),
        status=head.status,
        version=11,
        reason=head.reason,
        preload_content=False,
        decode_content=False,
    )


@lru_cache(maxsize=64)
def _encoding(content_type: str | None) -> str | None:
    return get_encoding_from_headers({} if content_type is None else {"content-type": content_type})
