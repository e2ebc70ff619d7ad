"""Ports that several processes of one launch agree on before any of them listens.

Each is kept bound, not listening, by a socket of the launcher. The kernel then gives it to no process that asks for a free
port, while the child that gets its number may still listen on it (all of them set SO_REUSEADDR). That is Linux's rule; on
other systems the port is only looked up, and could in theory be taken in the moment before the child listens.
"""

import errno
import socket
import sys
from collections.abc import Mapping

from scripts.errors import LaunchFailed

MAX_PORT = 65535


class PortReservations:
    """The reserved ports of one launch; `release` when the processes have ended."""

    def __init__(self) -> None:
        self._held: list[socket.socket] = []

    def reserve(self, wanted: int, *, setting: str) -> int:
        """Return the port itself, or a free one for 0. setting: the name to change when it is in use (LaunchFailed)."""
        holder = socket.socket()
        holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            holder.bind(("127.0.0.1", wanted))
        except OSError as refused:
            holder.close()
            raise LaunchFailed(_refusal(refused, wanted, setting)) from None
        port = int(holder.getsockname()[1])
        if sys.platform.startswith("linux"):
            self._held.append(holder)
        else:
            holder.close()
        return port

    def release(self) -> None:
        """Release all ports."""
        for holder in self._held:
            holder.close()
        self._held.clear()


def port_setting(environment: Mapping[str, str], name: str, default: int) -> int:
    """Return a port number from the environment; 0 asks for a free one. Raises LaunchFailed naming the variable."""
    text = environment.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and int(text) <= MAX_PORT):
        raise LaunchFailed(f"{name} must be a port number from 1 to {MAX_PORT}, or 0 for a free one")
    return int(text)


def _refusal(refused: OSError, port: int, setting: str) -> str:
    other = (port + 100) % MAX_PORT
    if refused.errno == errno.EADDRINUSE:
        return f"port {port} is in use: stop the program that uses it, or choose another, such as {setting}={other}"
    return f"port {port} cannot be used ({refused.strerror}): choose another, such as {setting}={other}"
