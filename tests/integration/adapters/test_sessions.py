"""The clients of storage and of the providers: as many connections as calls at once, and no look at the environment for each."""

import logging
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from urllib.request import getproxies

import pytest
import requests
import stripe
from azure.core.exceptions import ResourceNotFoundError
from easypost.errors.api.api_error import ApiError
from urllib3.connection import HTTPConnection

from adapters.azure_storage.storage import Storage
from adapters.easypost.client import new_client
from adapters.stripe.gateway import StripeGateway
from adapters.web.sessions import MAX_POOL_CONNECTIONS, new_session
from domain.errors import ProviderUnavailable
from sandbox.testing import Sandbox
from tests.support.certificates import self_signed
from tests.support.scripted_server import CLOSE, NO_TLS, OK, running_server

CALLERS = 24
PATIENCE_S = 60
AZURE_FORGETS_S = 240  # learn.microsoft.com/azure/load-balancer/load-balancer-tcp-reset
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


@pytest.fixture(params=["no proxy", "a proxy for others"])
def either_kind(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have new sessions be of either kind: those that look for no proxies, and those that do so for each request."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    if request.param != "no proxy":
        monkeypatch.setenv("FTP_PROXY", "http://127.0.0.1:9")


def test_calls_at_once_keep_their_connections(storage: Storage, caplog: pytest.LogCaptureFixture):
    table, at_once = storage.table("nothing"), Barrier(CALLERS)

    def call(_: int) -> None:
        at_once.wait()
        with pytest.raises(ResourceNotFoundError):
            table.get_entity("a", "b")

    with caplog.at_level(logging.WARNING, "urllib3"), ThreadPoolExecutor(CALLERS) as pool:
        for _ in range(3):
            list(pool.map(call, range(CALLERS)))
    assert [record.message for record in caplog.records if "pool is full" in record.message] == []
    assert CALLERS < MAX_POOL_CONNECTIONS


@pytest.mark.parametrize("proxy", [None, "http://127.0.0.1:9"])
def test_the_environment_is_read_once_unless_it_names_a_proxy(monkeypatch: pytest.MonkeyPatch, proxy: str | None):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    if proxy is not None:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
    settings = new_session().merge_environment_settings("https://example.com", {}, None, None, None)
    assert settings["proxies"].get("https") == proxy
    assert new_session().trust_env is (proxy is not None)


def test_certificates_of_the_environment_count(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/company.pem")
    assert new_session().verify == "/etc/company.pem"


@pytest.mark.usefixtures("either_kind")
def test_certificates_of_the_environment_count_for_providers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    certificate = self_signed(tmp_path, "localhost")
    monkeypatch.setattr(stripe, "ca_bundle_path", stripe.ca_bundle_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    with running_server(tls=context) as server:
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        with pytest.raises(ProviderUnavailable, match="200"):
            StripeGateway.connect("sk_test_1", url, PATIENCE_S).retrieve("pi_1")
        with pytest.raises(ApiError):
            new_client("EZTK_sandbox", url, PATIENCE_S).shipment.all()
        assert len(server.requests) == 2


@pytest.mark.parametrize("proxy", [None, "http://127.0.0.1:9"])
def test_connections_in_silence_are_probed(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, proxy: str | None):
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    if proxy is not None:
        monkeypatch.setenv("HTTPS_PROXY", proxy)
    opened: list[socket.socket] = []
    connect = HTTPConnection._new_conn

    def note(connection: HTTPConnection) -> socket.socket:
        opened.append(connect(connection))
        return opened[-1]

    monkeypatch.setattr(HTTPConnection, "_new_conn", note)
    with new_session() as session:
        session.get(sandbox.url)
        [one] = opened
        assert one.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
        assert one.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        if hasattr(socket, "TCP_KEEPIDLE"):
            assert one.getsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE) < AZURE_FORGETS_S


def test_the_carrier_is_called_with_such_a_session(sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch):
    used: list[requests.Session] = []
    send = requests.Session.send

    def note(session: requests.Session, *args: object, **options: object) -> requests.Response:
        used.append(session)
        return send(session, *args, **options)

    monkeypatch.setattr(requests.Session, "send", note)
    new_client("EZTK_sandbox", sandbox.easypost_url, 5).shipment.all()
    assert [session.trust_env for session in used] == [bool(getproxies())]


@pytest.mark.usefixtures("either_kind")
@pytest.mark.parametrize("has_connection", [False, True])
def test_what_has_effects_is_sent_once_also_where_tls_fails(
    has_connection: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    certificate = self_signed(tmp_path, "localhost")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    before = [OK] * has_connection
    with running_server(*before, NO_TLS, tls=context) as server, new_session(connect_retries=3) as session:
        url = server.url.replace("http://127.0.0.1", "https://localhost")
        for _ in before:
            session.get(url, timeout=PATIENCE_S)
        with pytest.raises(requests.exceptions.SSLError):
            session.post(url, data=b"pay", timeout=PATIENCE_S)
        assert len(server.requests) == len(before) + 1


@pytest.mark.usefixtures("either_kind")
@pytest.mark.parametrize("status", [b"429 Too Many Requests", b"503 Service Unavailable"])
def test_no_thread_waits_for_as_long_as_a_server_asks(status: bytes):
    busy = b"HTTP/1.1 %b\r\nRetry-After: 100000\r\nContent-Length: 0\r\n\r\n" % status
    with running_server(busy, OK, busy) as server, new_session(connect_retries=3) as session:
        answers = [session.get(f"{server.url}/", timeout=PATIENCE_S).status_code for _ in range(3)]
        assert answers == [int(status[:3]), 200, int(status[:3])]
        assert len(server.requests) == 3


@pytest.mark.usefixtures("either_kind")
@pytest.mark.parametrize("has_connection", [False, True])
@pytest.mark.parametrize(
    "answer", [b"HTTP/1.1 103 Early Hints\r\n\r\n", b"HTTP/1.1 204 No Content\r\nContent-Length: 9\r\n\r\n"]
)
def test_what_may_follow_an_answer_begins_no_other(answer: bytes, has_connection: bool):
    before = [OK] * has_connection
    with running_server(*before, answer) as server, new_session() as session:
        for _ in [*before, answer, OK]:
            session.post(f"{server.url}/", data=b"x", timeout=PATIENCE_S)
        assert server.connections[-1] == 2


@pytest.mark.usefixtures("either_kind")
def test_a_head_that_is_cut_short_is_no_answer():
    with running_server(b"HTTP/1.1 204 No Content\r\nETag: W/1" + CLOSE) as server, new_session() as session:
        with pytest.raises(requests.exceptions.ConnectionError):
            session.post(f"{server.url}/", data=b"x", timeout=PATIENCE_S)
        assert len(server.requests) == 1


@pytest.mark.usefixtures("either_kind")
def test_neither_a_netrc_file_nor_a_cookie_changes_what_is_sent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    passwords = tmp_path / "netrc"
    passwords.write_text("default login someone password else")
    monkeypatch.setenv("NETRC", str(passwords))
    answer = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b; Path=/\r\nContent-Length: 2\r\n\r\nok"
    with running_server(answer) as server, new_session() as session:
        for _ in range(2):
            session.post(f"{server.url}/", data=b"x", headers={"Authorization": "Bearer key"}, timeout=PATIENCE_S)
        assert all(b"\r\nAuthorization: Bearer key\r\n" in request for request in server.requests)
        assert not any(b"\r\nCookie:" in request for request in server.requests)


def test_connections_to_a_proxy_are_as_others(monkeypatch: pytest.MonkeyPatch):
    opened: list[socket.socket] = []
    connect = HTTPConnection._new_conn

    def note(connection: HTTPConnection) -> socket.socket:
        opened.append(connect(connection))
        return opened[-1]

    monkeypatch.setattr(HTTPConnection, "_new_conn", note)
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    with running_server(b"HTTP/1.1 103 Early Hints\r\n\r\n") as proxy:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        with new_session() as session:
            for _ in range(2):
                session.get("http://shop.example/", timeout=PATIENCE_S)
            assert proxy.requests[0].startswith(b"GET http://shop.example/ ")
            assert proxy.connections == [1, 2]
            assert opened[-1].getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)


@pytest.mark.usefixtures("either_kind")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("has_connection", [False, True])
def test_a_provider_that_redirects_has_not_answered_and_leads_nowhere(status: int, has_connection: bool):
    with running_server() as elsewhere:
        redirect = f"HTTP/1.1 {status} Moved\r\nLocation: {elsewhere.url}/\r\nContent-Length: 0\r\n\r\n".encode()
        canceled = b'{"object": "payment_intent", "id": "pi_1", "status": "canceled", "amount": 1, "currency": "eur"}'
        known = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(canceled), canceled)
        with running_server(*[known] * has_connection, redirect) as stripe:
            gateway = StripeGateway.connect("sk_test_1", stripe.url, PATIENCE_S)
            if has_connection:
                gateway.cancel("pi_1", "key")
            with pytest.raises(ProviderUnavailable):
                gateway.cancel("pi_1", "key")
        with running_server(redirect) as easypost, pytest.raises(ApiError):
            new_client("EZTK_sandbox", easypost.url, PATIENCE_S).shipment.buy("shp_1", rate={"id": "rate_1"})
        assert elsewhere.requests == []
