"""Answers over connections that are open: `requests` itself is the judge of what is returned and what is raised."""

import gzip
import zlib

import pytest
import requests

from adapters.web.sessions import new_session
from tests.integration.adapters.plain_http import JSON, PATIENCE_S, TEXT, in_chunks, kept, outcome, with_length
from tests.support.scripted_server import CLOSE, OK, running_server

ANSWERS = {
    "a length": with_length(TEXT, JSON, "Server: a", "X-Two: 1", "x-two: 2", "Set-Cookie: a=b"),
    "an error": with_length(b"no", "Content-Type: text/plain; charset=iso-8859-15", status="503 Service Unavailable"),
    "no reason, and letters of Latin-1": with_length(TEXT, "X-Name: Zo\xeb", "X-None:", status="200"),
    "much": with_length(b"x" * 1_000_000),
    "chunks": in_chunks(b"5\r\nhello\r\n6;a=b\r\n world\r\n0\r\n\r\n", JSON),
    "chunks and trailers": in_chunks(b"A\r\n0123456789\r\n0\r\nX-End: 1\r\n\r\n"),
    "no chunks": in_chunks(b"0\r\n\r\n"),
    "gzip": with_length(gzip.compress(TEXT), JSON, "Content-Encoding: gzip"),
    "deflate": with_length(zlib.compress(TEXT), "Content-Encoding: deflate"),
    "gzip that is none": with_length(b"plain", "Content-Encoding: gzip"),
    "gzip in chunks": in_chunks(
        b"%x\r\n%b\r\n0\r\n\r\n" % (len(gzip.compress(TEXT)), gzip.compress(TEXT)), "Content-Encoding: gzip"
    ),
    "no content": b"HTTP/1.1 204 No Content\r\nX-A: b\r\n\r\n",
    "not modified": b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n",
    "until the end": b"HTTP/1.1 200 OK\r\n\r\nall of it" + CLOSE,
    "closing": with_length(TEXT, "Connection: close") + CLOSE,
    "HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok" + CLOSE,
    "HTTP/1.0 that is kept": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
    "continue, then more": b"HTTP/1.1 100 Continue\r\n\r\n" + with_length(TEXT),
    "a folded header": b"HTTP/1.1 200 OK\r\nX-Long: one\r\n two\r\nContent-Length: 2\r\n\r\nok",
    "a line that ends otherwise": b"HTTP/1.1 200 OK\r\nX-A: b\nX-C: d\r\nContent-Length: 2\r\n\r\nok" + CLOSE,
    "lines without carriage returns": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok\r\n\r\n" + CLOSE,
    "lines that end in line feeds, and nothing after it": b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
    "an empty line that ends otherwise": b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\nok",
    "a length and chunks": b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"
    + CLOSE,
    "the same length twice": with_length(b"ok", "Content-Length: 2"),
    "no answer": CLOSE,
    "no HTTP": b"SSH-2.0-OpenSSH_9.6\r\n\r\n" + CLOSE,
    "a hundred headers": with_length(b"ok", *[f"X-{number}: a" for number in range(150)]),
    "a long header": with_length(b"ok", f"X-Long: {'a' * 70_000}"),
    "cut short": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort" + CLOSE,
    "cut short before its body": b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n" + CLOSE,
    "cut short in a chunk": in_chunks(b"9\r\nshort") + CLOSE,
    "cut short between chunks": in_chunks(b"2\r\nok\r\n") + CLOSE,
    "a chunk without a length": in_chunks(b"what?\r\nok\r\n0\r\n\r\n") + CLOSE,
}


@pytest.mark.parametrize("answer", ANSWERS.values(), ids=ANSWERS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_an_answer_is_what_requests_makes_of_it(method: str, answer: bytes):
    with running_server(OK, answer) as ours, running_server(OK, answer) as theirs:
        session = kept(new_session(), ours)
        assert outcome(session, method, ours) == outcome(kept(requests.Session(), theirs), method, theirs)
        # Whatever came, the next request gets its own answer, and none was sent twice.
        assert session.get(ours.url, timeout=PATIENCE_S).content == b"ok"
        assert len(ours.requests) == 3


@pytest.mark.parametrize("before", [(), (OK,)], ids=["over a new connection", "over a kept one"])
@pytest.mark.parametrize("length", ["1\r\nContent-Length: 2", "1, 2", "+1", "-1", "1_0", "0x2", "\xb2", "", "9" * 20])
def test_a_body_whose_length_is_not_said_in_one_way_is_no_answer(before: tuple[bytes, ...], length: str):
    """`http.client` takes the first length, or reads what comes: RFC 9112, section 6.3, has such an answer dropped."""
    answer = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\nok".encode("latin-1")
    with running_server(*before, answer + CLOSE) as server:
        session = new_session(connect_retries=3)
        for _ in before:
            kept(session, server)
        with pytest.raises(requests.exceptions.ConnectionError):
            session.post(f"{server.url}/", data=b"x", timeout=PATIENCE_S)
        assert len(server.requests) == len(before) + 1


@pytest.mark.parametrize(
    "answer",
    [
        with_length(b""),
        b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 500\r\n\r\n",
    ],
)
def test_an_answer_to_head_has_no_body(answer: bytes):
    with running_server(OK, answer) as server:
        session = kept(new_session(), server)
        assert session.request("HEAD", server.url + "/", timeout=PATIENCE_S).content == b""
        assert session.get(server.url + "/", timeout=PATIENCE_S).content == b"ok"
        assert server.connections == [1, 1, 1]


def test_an_answer_is_still_to_come_after_one_that_announces_it():
    with running_server(b"HTTP/1.1 103 Early Hints\r\n\r\n") as server:
        session = new_session()
        assert session.post(f"{server.url}/", data=b"pay", timeout=PATIENCE_S).status_code == 103
        assert session.post(f"{server.url}/", data=b"x", timeout=PATIENCE_S).content == b"ok"
        assert server.connections == [1, 2]


@pytest.mark.parametrize(
    "body", [b"2\r\nokay0\r\n\r\n", b"2\r\nok\r\n0\r\n" + b"X-More: a\r\n" * 200], ids=["chunk", "trailers"]
)
def test_a_body_in_chunks_ends_where_it_says(body: bytes):
    with running_server(OK, in_chunks(body)) as server:
        session = kept(new_session(), server)
        with pytest.raises(requests.exceptions.ChunkedEncodingError):
            session.get(f"{server.url}/", timeout=PATIENCE_S)


@pytest.mark.parametrize("before", [(), (OK,)], ids=["over a new connection", "over a kept one"])
@pytest.mark.parametrize(
    "head",
    [b"", b"HTTP/1.1 2", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 204 No Content\r\nETag: W/1", b"HTTP/1.0 200 OK\nA: b\n"],
)
def test_a_head_that_is_cut_short_is_no_answer(before: tuple[bytes, ...], head: bytes):
    with running_server(*before, head + CLOSE) as server:
        session = new_session()
        for _ in before:
            kept(session, server)
        with pytest.raises(requests.exceptions.ConnectionError, match="Connection aborted"):
            session.post(f"{server.url}/", data=b"x", timeout=PATIENCE_S)
        assert len(server.requests) == len(before) + 1
