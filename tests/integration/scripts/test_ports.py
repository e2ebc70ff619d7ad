"""Ports are agreed on before any process listens."""

import socket
import sys

import pytest

from scripts.errors import LaunchFailed
from scripts.ports import PortReservations, port_setting


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="other systems cannot reserve a port for another process"
)
def test_a_reserved_port_is_not_given_away_and_can_still_be_listened_on() -> None:
    reservations = PortReservations()
    port = reservations.reserve(0, setting="PORT")
    free = [socket.create_server(("127.0.0.1", 0)) for _ in range(100)]
    try:
        assert port not in {one.getsockname()[1] for one in free}
        with socket.create_server(("127.0.0.1", port)) as server, socket.create_connection(("127.0.0.1", port)):
            assert server.getsockname()[1] == port
    finally:
        for one in free:
            one.close()
        reservations.release()


def test_a_port_that_is_listened_on_is_refused_with_the_setting_to_change() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(LaunchFailed, match=rf"port {port} is in use: .* SANDBOX_PORT=\d+"):
            PortReservations().reserve(port, setting="SANDBOX_PORT")


@pytest.mark.parametrize("text", ["x", "-1", "65536", "1.5", "٣"])
def test_a_port_setting_that_is_no_port_is_refused_by_name(text: str) -> None:
    with pytest.raises(LaunchFailed, match="PORT must be a port number"):
        port_setting({"PORT": text}, "PORT", 7071)


def test_an_unset_or_empty_port_is_the_default() -> None:
    assert port_setting({}, "PORT", 7071) == 7071
    assert port_setting({"PORT": ""}, "PORT", 7071) == 7071
