"""Requests over connections that are open: `requests` itself is the judge of what is sent, what is returned and what is raised."""

import gzip
import json
import ssl
import time
import zlib
from pathlib import Path
from typing import Any

import certifi
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st
from requests.utils import default_headers

from adapters.easypost.client import new_client
from adapters.stripe.gateway import StripeGateway
from adapters.web.plain_requests import plain_request
from adapters.web.sessions import new_session
from domain.errors import ProviderUnavailable
from tests.support.certificates import self_signed
from tests.support.scripted_server import CLOSE, OK, ScriptedServer, running_server

PATIENCE_S = 60
TEXT = b'{"name": "Zo\xc3\xab"}'


def with_length(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, f"Content-Length: {len(body)}"]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def in_chunks(body: bytes, *headers: str) -> bytes:
    head = "\r\n".join(["HTTP/1.1 200 OK", *headers, "Transfer-Encoding: chunked"]).encode()
    return head + b"\r\n\r\n" + body


JSON = "Content-Type: application/json"
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


def test_a_redirect_is_followed_where_requests_follows_it():
    redirect = with_length(b"", "Location: /there", status="302 Found")
    with running_server(OK, redirect, OK, redirect) as server:
        session = kept(new_session(), server)
        followed = session.request("POST", server.url + "/", data=b"x", timeout=PATIENCE_S)
        assert (followed.status_code, followed.url, len(followed.history)) == (200, f"{server.url}/there", 1)
        assert server.requests[2].startswith(b"GET /there")
        assert session.request("GET", server.url + "/", allow_redirects=False, timeout=PATIENCE_S).status_code == 302


@pytest.mark.parametrize(
    "answer",
    [
        OK + with_length(b"another's"),
        in_chunks(b"2\r\nok\r\n0\r\n\r\n", "Content-Length: 12"),
        b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
    ],
    ids=["more than one answer", "two lengths", "another form"],
)
def test_an_answer_that_may_end_elsewhere_is_the_last_of_its_connection(answer: bytes):
    with running_server(OK, answer) as server:
        session = kept(new_session(), server)
        assert [session.get(f"{server.url}/", timeout=PATIENCE_S).content for _ in range(2)] == [b"ok", b"ok"]
        assert server.connections == [1, 1, 2]


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


def test_cookies_are_not_kept():
    with running_server(*[with_length(b"ok", "Set-Cookie: a=b; Path=/")] * 3) as server:
        session = kept(new_session(), server)
        for url in ("/", "/", "/ not plain"):
            session.get(server.url + url, timeout=PATIENCE_S)
        assert not any(b"\r\ncookie:" in request.lower() for request in server.requests)


def test_an_answer_that_does_not_come_is_a_read_timeout():
    with running_server(OK, b"", OK, b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok") as server:
        session = kept(new_session(), server)
        with pytest.raises(requests.exceptions.ReadTimeout):
            session.post(f"{server.url}/", data=b"x", timeout=(PATIENCE_S, 0.05))
        while len(server.answers) > 2:
            time.sleep(0.01)  # until a busy server has read the request, too
        kept(session, server)
        with pytest.raises(requests.exceptions.ConnectionError, match="Read timed out"):
            session.post(f"{server.url}/", data=b"x", timeout=(PATIENCE_S, 1))  # in which the first of its bytes come
        assert session.get(f"{server.url}/", timeout=PATIENCE_S).content == b"ok"
        assert server.connections == [1, 1, 2, 2, 3]


def test_a_connection_that_the_server_has_closed_is_not_used():
    with running_server(OK + CLOSE) as server:
        session = kept(new_session(), server)
        server.closed.wait(PATIENCE_S)
        assert session.post(f"{server.url}/", data=b"x", timeout=PATIENCE_S).content == b"ok"
        assert server.connections == [1, 2]


def test_what_has_effects_is_never_sent_twice():
    with running_server(OK, CLOSE) as server:
        session = kept(new_session(connect_retries=3), server)
        with pytest.raises(requests.exceptions.ConnectionError, match="Connection aborted"):
            session.post(f"{server.url}/", data=b"pay", timeout=PATIENCE_S)
        assert len(server.requests) == 2


def test_what_reads_is_sent_again_where_connections_are_tried_again():
    with running_server(OK, CLOSE) as server:
        assert kept(new_session(connect_retries=3), server).get(f"{server.url}/", timeout=PATIENCE_S).content == b"ok"
        assert server.connections == [1, 1, 2]


def test_a_server_that_is_gone_refuses_the_connection():
    with running_server() as server:
        session = kept(new_session(), server)
    with pytest.raises(requests.exceptions.ConnectionError, match="refused"):
        session.post(f"{server.url}/", data=b"x", timeout=PATIENCE_S)


def test_a_stream_that_is_left_spoils_no_other_answer():
    with running_server(OK, with_length(b"x" * 5_000_000)) as server:
        session = kept(new_session(), server)
        with session.get(f"{server.url}/", stream=True, timeout=PATIENCE_S) as response:
            assert next(response.iter_content(10)) == b"x" * 10
        assert session.get(f"{server.url}/", timeout=PATIENCE_S).content == b"ok"


REQUESTS: dict[str, dict[str, Any]] = {
    "a row": {"method": "GET", "path": "/account/orders(PartitionKey='a%20b',RowKey='o''1')?$select=a,b&x=%2F"},
    "a transaction": {
        "method": "POST",
        "path": "/account/$batch",
        "data": b"--batch\r\n",
        "headers": {"a-b": "c; d=e"},
    },
    "text": {"method": "PUT", "data": "Zoë"},
    "JSON": {"method": "post", "json": {"name": "Zoë", "parts": [1, None]}},
    "JSON of a given type": {"method": "POST", "json": {}, "headers": {"content-type": "application/x"}},
    "nothing": {"method": "POST"},
    "nothing, of a length": {"method": "PUT", "headers": {"Content-Length": "0"}},
    "a deletion": {"method": "DELETE", "headers": {"If-Match": "*"}},
    "defaults replaced": {"headers": {"accept": "b", "User-Agent": None, "Host": "other.example"}},
    "letters of Latin-1": {"headers": {"X-Name": "Zoë"}},
    "other letters": {"headers": {"X-Name": "Łódź"}},
    "bytes": {"headers": {"X-Name": b"Zoe"}},
    "a number": {"headers": {"X-Number": 1}},
    "another line": {"headers": {"X-Name": "a\r\nX-Injected: b"}},
    "another line in a name": {"headers": {"X-Name: a\r\nX-Injected": "b"}},
    "a line feed": {"headers": {"X-Name": "a\nb"}},
    "a blank in front": {"headers": {"X-Name": " a"}},
    "a tab": {"headers": {"X-Name": "a\tb"}},
    "a query": {"params": {"a": "b c", "d": ["e", "f"]}},
    "blanks and umlauts": {"path": "/a b/Zoë?q=[1]"},
    "dots": {"path": "/a/../b/./c"},
    "escapes": {"path": "/%7euser/%2f%zz"},
    "a fragment": {"path": "/a#b"},
    "a form": {"method": "POST", "data": {"a": "b c"}},
    "pieces": {"method": "POST", "data": [b"a", b"b"].__iter__},
    "credentials": {"auth": ("me", "secret")},
    "no number": {"method": "POST", "json": float("nan")},
    "no JSON": {"method": "POST", "json": {1, 2}},
}


@pytest.mark.parametrize("request_", REQUESTS.values(), ids=REQUESTS)
def test_a_request_is_what_requests_makes_of_it(request_: dict[str, Any]):
    with running_server() as ours, running_server() as theirs:
        session, judge = kept(new_session(), ours), kept(requests.Session(), theirs)
        judge.trust_env = False
        assert sent(session, request_, ours) == sent(judge, request_, theirs)
        assert session.get(f"{ours.url}/", timeout=PATIENCE_S).content == b"ok"


@given(st.text("aZ09-._~!$&'()*+,;=:@/?%2FfeE7#[ \\é\r\n", max_size=30))
def test_an_address_is_plain_only_where_requests_leaves_it_alone(end: str):
    url = f"http://shop.example:10002/{end}"
    if plain_request("GET", url, None, None, {}, default_headers()) is not None:
        prepared = requests.Request("GET", url).prepare()
        assert prepared.url == url
        assert prepared.path_url == f"/{end}"


@pytest.mark.parametrize(
    "origin",
    [
        "http://a:80",
        "https://a:443",
        "http://A",
        "http://a@b",
        "http://[::1]:1",
        "ftp://a",
        "http://é",
        "http://a:x",
        "http://.a",
    ],
)
def test_other_hosts_are_left_to_requests(origin: str):
    assert plain_request("GET", f"{origin}/", None, None, {}, default_headers()) is None


def test_certificates_are_verified_and_connections_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    certificate = self_signed(tmp_path, "localhost")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    with running_server(tls=server_side(certificate)) as server:
        trusting, url = new_session(), server.url.replace("http://127.0.0.1", "https://localhost")
        # The SDKs ask for `verify=True`, and mean the certificates of the environment.
        answers = [trusting.post(url + "/", data=b"x", verify=True, timeout=PATIENCE_S).content for _ in range(3)]
        assert (answers, server.connections) == ([b"ok"] * 3, [1, 1, 1])
        monkeypatch.delenv("REQUESTS_CA_BUNDLE")
        monkeypatch.delenv("CURL_CA_BUNDLE", raising=False)
        for session, address in ((new_session(), url), (trusting, url.replace("localhost", "127.0.0.1"))):
            with pytest.raises(requests.exceptions.SSLError, match="certificate verify failed"):
                session.post(address + "/", data=b"x", timeout=PATIENCE_S)
        # Not even where a connection is open that trusts it.
        with pytest.raises(requests.exceptions.SSLError):
            trusting.post(url + "/", data=b"x", verify=certifi.where(), timeout=PATIENCE_S)
        assert len(server.requests) == 3


@pytest.mark.parametrize("first", [OK, OK + with_length(b"e" * 12_000)], ids=["kept", "left by the first request"])
def test_what_tls_has_decrypted_belongs_to_no_other_answer(
    first: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    certificate = self_signed(tmp_path, "localhost")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    # Of two records, the second of which has more than the answer.
    much = with_length(b"x" * 20_000) + with_length(b"another's")
    with running_server(first, much, tls=server_side(certificate)) as server:
        session, url = new_session(), server.url.replace("http://127.0.0.1", "https://localhost")
        answers = [session.post(url + "/", data=b"x", timeout=PATIENCE_S).content for _ in range(3)]
        assert answers == [b"ok", b"x" * 20_000, b"ok"]


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


def test_a_provider_whose_answer_is_cut_short_is_unavailable_and_asked_once():
    whole = json.dumps(
        {"object": "payment_intent", "id": "pi_1", "status": "canceled", "amount": 1, "currency": "eur"}
    ).encode()
    cut = with_length(whole, JSON).removesuffix(b"}") + CLOSE
    with running_server(with_length(whole, JSON), cut, with_length(whole, JSON), CLOSE) as server:
        gateway = StripeGateway.connect("sk_test_1", server.url, PATIENCE_S)
        for _ in range(2):
            assert gateway.cancel("pi_1", "key").status == "canceled"
            with pytest.raises(ProviderUnavailable):
                gateway.cancel("pi_1", "key")
        assert server.connections == [1, 1, 2, 2]


def test_the_carrier_answers_over_one_connection():
    with running_server(*[with_length(b'{"shipments": [], "has_more": false}', JSON)] * 3) as server:
        client = new_client("EZTK_sandbox", server.url, PATIENCE_S)
        for _ in range(3):
            client.shipment.all()
        assert server.connections == [1, 1, 1]


def server_side(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


def kept(session: requests.Session, server: ScriptedServer) -> requests.Session:
    """Return a session with an open connection to a server."""
    assert session.get(f"{server.url}/", timeout=PATIENCE_S).content == b"ok"
    return session


def outcome(session: requests.Session, method: str, server: ScriptedServer) -> Any:
    """Return what the caller sees of an answer or of a failure."""
    try:
        response = session.request(method, f"{server.url}/", timeout=PATIENCE_S)
    except requests.RequestException as error:
        return type(error), type(error.args[0])
    return (
        response.status_code,
        response.reason,
        dict(response.headers.lower_items()),
        response.content,
        response.encoding,
    )


def sent(session: requests.Session, request: dict[str, Any], server: ScriptedServer) -> Any:
    """Return what a server gets of a request, or why it gets none."""
    options = {"method": "GET", "path": "/", "timeout": PATIENCE_S, **request}
    if callable(options.get("data")):
        options["data"] = options["data"]()
    try:
        session.request(url=server.url + options.pop("path"), **options)
    except (ValueError, TypeError, requests.RequestException) as error:
        return type(error), str(error)
    head, _, body = server.requests[-1].partition(b"\r\n\r\n")
    first, *lines = head.replace(str(server.port).encode(), b"PORT").split(b"\r\n")
    return first, sorted(lines, key=bytes.lower), body
