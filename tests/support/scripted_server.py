"""A server of one's own bytes: it answers each request with what the test says, and keeps what it got."""

import re
import socket
import ssl
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import BinaryIO

# An answer that ends with this is followed by the end of the connection.
CLOSE = b"<close>"
# In place of an answer: bytes that are none of TLS.
NO_TLS = b"\x15\x03\x03\x00\x02\x02\x50 an alert in the clear"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@dataclass
class ScriptedServer:
    """answers: given one after the other, then OK; none is given where it is empty. connections: the number of each request's."""

    port: int
    answers: deque[bytes] = field(default_factory=deque)
    requests: list[bytes] = field(default_factory=list)
    connections: list[int] = field(default_factory=list)
    closed: threading.Event = field(default_factory=threading.Event)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def running_server(*answers: bytes, tls: ssl.SSLContext | None = None) -> Iterator[ScriptedServer]:
    """Yield a server on a free port, for the length of the block."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = ScriptedServer(listening.getsockname()[1], deque(answers))
        opened: list[socket.socket] = []
        accepting = threading.Thread(target=_accept, args=(listening, server, opened, tls), daemon=True)
        accepting.start()
        try:
            yield server
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            accepting.join()
            for connection in opened:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)


def _accept(
    listening: socket.socket, server: ScriptedServer, opened: list[socket.socket], tls: ssl.SSLContext | None
) -> None:
    with suppress(OSError):
        while True:
            connection = listening.accept()[0]
            opened.append(connection)
            arguments = (connection, server, len(opened), tls)
            threading.Thread(target=_serve, args=arguments, daemon=True).start()


def _serve(raw: socket.socket, server: ScriptedServer, number: int, tls: ssl.SSLContext | None) -> None:
    with (
        suppress(OSError),
        raw if tls is None else tls.wrap_socket(raw, server_side=True) as connection,
        connection.makefile("rb") as stream,
    ):
        while request := _request(stream):
            server.requests.append(request)
            server.connections.append(number)
            answer = server.answers.popleft() if server.answers else OK
            if answer == NO_TLS:
                socket.socket.sendall(connection, answer)
            else:
                connection.sendall(answer.removesuffix(CLOSE))
            if answer.endswith(CLOSE):
                break
    server.closed.set()


def _request(stream: BinaryIO) -> bytes:
    """Return a whole request; nothing at the connection's end."""
    head = _until(stream, b"\r\n")
    length = re.search(rb"^content-length: *(\d+)", head, re.IGNORECASE | re.MULTILINE)
    if length is not None:
        return head + stream.read(int(length[1]))
    return head + (_until(stream, b"0\r\n") + stream.readline() if b": chunked\r\n" in head else b"")


def _until(stream: BinaryIO, last: bytes) -> bytes:
    lines = b""
    while line := stream.readline():
        lines += line
        if line == last:
            break
    return lines
