"""Read the answer to a request as nearly every server sends it.

That is HTTP/1.1, without folded lines, whose body has a length or comes in chunks (RFC 9112, sections 4 to 7). Any other answer is
left to `http.client`, which is ten times slower: it parses the headers of each as those of a mail. What is cut short is an error,
never a shorter answer.
"""

import http.client
import re
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from typing import Any, Final

from urllib3.exceptions import IncompleteRead

# By lower-case name: the name as it was sent, and the value.
Fields = dict[str, tuple[str, str]]

_PIECE_BYTES: Final = 64 * 1024
# As many as `http.client` takes, and together as long as one of them may be there.
_MAX_LINES: Final = 100
MAX_HEAD_BYTES: Final = 64 * 1024
_MAX_LINE_BYTES: Final = 8 * 1024
_STATUS_LINE: Final = re.compile(r"HTTP/1\.1 ([2-5]\d\d)(?: ([\t -~\x80-\xff]*))?", re.ASCII)
_FIELD_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LENGTH: Final = re.compile(r"\d{1,18}", re.ASCII)
_CHUNK_LINE: Final = re.compile(rb"([0-9A-Fa-f]{1,15})[ \t]*(?:;.*)?")
_BODILESS: Final = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


class Incoming:
    """The bytes that have come over a connection and are not read yet, and those that are still to come."""

    def __init__(self, connection: socket.socket) -> None:
        """Read from a connection."""
        self._connection = connection
        self.received = b""

    def await_head(self) -> int:
        """Wait for a head, and return where it ends; a negative number if it is none that is read here.

        Raises http.client.RemoteDisconnected if the connection ends before.
        """
        while (end := self.received.find(b"\r\n\r\n")) < 0 and len(self.received) <= MAX_HEAD_BYTES:
            if b"\n\n" in self.received or b"\n\r\n" in self.received:  # it has ended, in another way
                break
            if not self._receive():
                raise http.client.RemoteDisconnected("Remote end closed connection without response")
        return end

    def skip(self, count: int) -> None:
        """Drop bytes that have come."""
        self.received = self.received[count:]

    def take(self, count: int) -> bytes:
        """Return the next bytes. Raises IncompleteRead if the connection ends before."""
        if len(self.received) >= count:
            taken, self.received = self.received[:count], self.received[count:]
            return taken
        pieces, missing = [self.received], count - len(self.received)
        self.received = b""
        while missing > 0:
            # Not only what is missing: the rest of a record of TLS would stay where no one sees it, in front of the next answer.
            piece = self._connection.recv(_PIECE_BYTES)
            if not piece:
                raise IncompleteRead(count - missing, missing)
            pieces.append(piece)
            missing -= len(piece)
        taken = b"".join(pieces)
        self.received = taken[count:]
        return taken[:count]

    def take_line(self) -> bytes:
        """Return the next line without its end. Raises IncompleteRead and http.client.LineTooLong."""
        while (end := self.received.find(b"\r\n")) < 0:
            if len(self.received) > _MAX_LINE_BYTES:
                raise http.client.LineTooLong("line of a chunked body")
            if not self._receive():
                raise IncompleteRead(len(self.received), 1)
        line, self.received = self.received[:end], self.received[end + 2 :]
        return line

    def _receive(self) -> bool:
        piece = self._connection.recv(_PIECE_BYTES)
        self.received += piece
        return bool(piece)


@dataclass(frozen=True, slots=True)
class Head:
    """The beginning of an answer. length: of its body; None when it comes in chunks."""

    status: int
    reason: str
    fields: Fields
    length: int | None


def parsed_head(head: bytes, method: str) -> Head | None:
    """Return what a head says; None when it is not one of those that are read here.

    Args:
        head: Without the empty line at its end.
        method: Of the request.
    """
    lines = head.decode("latin-1").split("\r\n")
    status_line = _STATUS_LINE.fullmatch(lines[0])
    # A line must not end in another way: two readers would see different headers.
    if status_line is None or not head.count(b"\r") == head.count(b"\n") == len(lines) - 1:
        return None
    if len(lines) > _MAX_LINES or len(head) > MAX_HEAD_BYTES:
        return None
    fields: Fields = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not is_field_name(name):
            return None
        key, value = name.lower(), value.strip(" \t")
        fields[key] = (fields[key][0], f"{fields[key][1]}, {value}") if key in fields else (name, value)
    if fields.get("connection", ("", "keep-alive"))[1].lower() != "keep-alive":
        return None
    status = int(status_line[1])
    if status == HTTPStatus.NO_CONTENT and announces_body({key: value for key, (_, value) in fields.items()}):
        return None
    if method == "HEAD" or status in _BODILESS:
        return Head(status, status_line[2] or "", fields, 0)
    return _framed(status, status_line[2] or "", fields)


def _framed(status: int, reason: str, fields: Fields) -> Head | None:
    length, coding = fields.get("content-length"), fields.get("transfer-encoding")
    if coding is None and length is not None and _LENGTH.fullmatch(length[1]):
        return Head(status, reason, fields, int(length[1]))
    if coding is not None and length is None and coding[1].lower() == "chunked":
        return Head(status, reason, fields, None)
    return None


def announces_body(headers: Mapping[str, str]) -> bool:
    """Return whether these headers say that a body follows them."""
    return headers.get("content-length", "0") != "0" or "transfer-encoding" in headers


def read_body(incoming: Incoming, head: Head) -> bytes:
    """Return the whole body, as it was sent. Raises http.client.HTTPException if it is cut short or not in chunks."""
    if head.length is not None:
        return incoming.take(head.length)
    chunks = []
    while length := _chunk_length(incoming.take_line()):
        chunks.append(incoming.take(length))
        if incoming.take(2) != b"\r\n":
            raise http.client.HTTPException("a chunk is longer than its length")
    for _ in range(_MAX_LINES):
        if not incoming.take_line():  # trailers are not used
            return b"".join(chunks)
    raise http.client.HTTPException("a chunked body has no end")


def _chunk_length(line: bytes) -> int:
    found = _CHUNK_LINE.fullmatch(line)
    if found is None:
        raise http.client.HTTPException("the length of a chunk is not a number")
    return int(found[1], 16)


@lru_cache(maxsize=512)
def is_field_name(name: str) -> bool:
    """Return whether a header may have this name."""
    return _FIELD_NAME.fullmatch(name) is not None


class WholeHeadResponse(http.client.HTTPResponse):
    """An answer that is read by `http.client`, which takes a head that is cut off for a whole one, and one of several lengths."""

    fp: Any

    def begin(self) -> None:
        """Read the head.

        Raises:
            http.client.RemoteDisconnected: The connection ends before.
            http.client.HTTPException: It does not say where the body ends (RFC 9112, 6.3).
        """
        whole = self.fp
        self.fp = _WholeLines(whole)
        try:
            super().begin()
        finally:
            if self.fp is not None:
                self.fp = whole
        given = self.headers.get_all("content-length", []) if "transfer-encoding" not in self.headers else []
        lengths = {each.strip(" \t") for line in given for each in line.split(",")}
        if len(lengths) > 1 or not all(map(_LENGTH.fullmatch, lengths)):
            raise http.client.HTTPException("the body has no length, or several")


class _WholeLines:
    """Lines of a stream, each with its end."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream
        self.close = stream.close

    def readline(self, limit: int) -> bytes:
        line: bytes = self._stream.readline(limit)
        if len(line) < limit and not line.endswith(b"\n"):
            raise http.client.RemoteDisconnected("Remote end closed connection without response")
        return line
