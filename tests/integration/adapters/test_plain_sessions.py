"""Connections that are kept open: which are used again, which are not, and what is sent a second time."""

import json
import ssl
import time
from pathlib import Path

import certifi
import pytest
import requests

from adapters.easypost.client import new_client
from adapters.stripe.gateway import StripeGateway
from adapters.web.sessions import new_session
from domain.errors import ProviderUnavailable
from tests.integration.adapters.plain_http import JSON, PATIENCE_S, in_chunks, kept, with_length
from tests.support.certificates import self_signed
from tests.support.scripted_server import CLOSE, OK, running_server


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
