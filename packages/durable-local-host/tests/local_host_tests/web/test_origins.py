"""A page of another origin changes nothing here, whatever the browser sends for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from http.client import HTTPConnection

import pytest

from local_host.testing.process import HostProcess
from local_host_tests.conformance.process import host_process
from local_host_tests.conformance.support import APP, MANAGEMENT

EVIL = "http://evil.example"
FRIEND = "http://friend.example"


@pytest.fixture(scope="module")
def host(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    folder = tmp_path_factory.mktemp("app")
    for file in APP.glob("*"):
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    (folder / "local.settings.json").write_text(json.dumps({"Values": {}, "Host": {"CORS": FRIEND}}))
    with host_process(folder / "state" / "hub.db", app=folder) as running:
        yield running


def status(host: HostProcess, method: str, path: str, headers: dict[str, str]) -> int:
    """Return the status of the answer; `{own}` in a header stands for the host's own address."""
    address = host.url.partition("://")[2]
    connection = HTTPConnection(address, timeout=30)
    sent = {name: value.replace("{own}", address) for name, value in headers.items()}
    connection.request(method, path, body="{}" if method == "POST" else None, headers=sent)
    answer = connection.getresponse().status
    connection.close()
    return answer


DOORS = [
    ("POST", f"{MANAGEMENT}/instances/none/terminate"),
    ("DELETE", f"{MANAGEMENT}/instances/none"),
    ("POST", "/admin/functions/none"),
    ("POST", "/api/none"),
]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": EVIL},
        {"Origin": "null"},
        {"Origin": EVIL, "Sec-Fetch-Site": "cross-site"},
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://127.0.0.1:1", "Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "cross-site"},
        # A name of the attacker's that resolves to 127.0.0.1: to the browser its page has the same origin.
        {"Host": "evil.example", "Origin": EVIL, "Sec-Fetch-Site": "same-origin"},
        {"Host": "evil.example", "Origin": EVIL},
        {"Host": "127.0.0.1.evil.example", "Origin": "http://127.0.0.1.evil.example"},
    ],
    ids=str,
)
def test_a_page_of_another_origin_is_refused_at_every_door(host: HostProcess, headers: dict[str, str]) -> None:
    assert [status(host, *door, headers) for door in DOORS] == [403] * len(DOORS)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Host": "anything.example"},
        {"Origin": "http://{own}"},
        {"Origin": "http://{own}", "Sec-Fetch-Site": "same-origin"},
        {"Origin": "null", "Sec-Fetch-Site": "same-origin"},  # a form of a page without referrer
        {"Host": "localhost", "Origin": "http://localhost"},
        {"Origin": FRIEND, "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
def test_programs_own_pages_and_allowed_origins_are_served(host: HostProcess, headers: dict[str, str]) -> None:
    assert [status(host, *door, headers) for door in DOORS] == [404] * len(DOORS)


def test_reading_is_open_to_every_page_which_the_browser_then_shows_nothing(host: HostProcess) -> None:
    assert status(host, "GET", "/admin/host/status", {"Origin": EVIL, "Sec-Fetch-Site": "cross-site"}) == 200
