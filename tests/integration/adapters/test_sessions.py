"""The clients of storage and of the providers: as many connections as calls at once, and no look at the environment for each."""

import logging
import socket
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from urllib.request import getproxies

import pytest
import requests
from azure.core.exceptions import ResourceNotFoundError
from urllib3.connection import HTTPConnection

from adapters.azure_storage.storage import Storage
from adapters.easypost.client import new_client
from adapters.web.sessions import MAX_POOL_CONNECTIONS, new_session
from sandbox.testing import Sandbox

CALLERS = 24
AZURE_FORGETS_S = 240  # learn.microsoft.com/azure/load-balancer/load-balancer-tcp-reset
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy")


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
