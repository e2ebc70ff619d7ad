"""Connections to the mail server that wait a few seconds for the next mail: to open one takes longer than to send a mail."""

import contextlib
import threading
import time
import weakref
from collections.abc import Iterator
from smtplib import SMTP, SMTPException, SMTPRecipientsRefused, SMTPResponseException
from typing import Final, NamedTuple

# Servers wait for minutes (RFC 5321, 4.5.3.2.7), and what lies between forgets connections sooner.
IDLE_TIMEOUT_S: Final = 10
_MAX_IDLE_CONNECTIONS: Final = 4
_MAX_MAILS_PER_CONNECTION: Final = 100
_GOODBYE_TIMEOUT_S: Final = 1


class Connection:
    """A connection, after EHLO, STARTTLS and login. mails: how many were sent over it."""

    def __init__(self, smtp: SMTP) -> None:
        self.smtp = smtp
        self.mails = 0

    def close(self) -> None:
        """Take leave of the server, if it still answers. What was sent is sent whatever it says to that."""
        with contextlib.suppress(SMTPException, OSError):
            if self.smtp.sock is not None:
                self.smtp.sock.settimeout(_GOODBYE_TIMEOUT_S)
                self.smtp.docmd("QUIT")
        self.abandon()

    def abandon(self) -> None:
        """Close it as it is."""
        with contextlib.suppress(OSError):
            self.smtp.close()


class _Idle(NamedTuple):
    since: float
    connection: Connection


class IdleConnections:
    """Connections that wait: few, for a short time, each for one thread at a time. The end of the process closes them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[_Idle] = []
        self._is_watched = False
        self._never = threading.Event()
        weakref.finalize(self, _close_all, self._idle)

    def take(self) -> Connection | None:
        """Return the connection that was used last; None when none waits."""
        with self._lock:
            if self._idle and time.monotonic() - self._idle[-1].since < IDLE_TIMEOUT_S:
                return self._idle.pop().connection
        return None

    def put(self, connection: Connection) -> None:
        """Have a connection wait over which a mail was just sent; it is closed where it is one too many."""
        connection.mails += 1
        with self._lock:
            is_kept = connection.mails < _MAX_MAILS_PER_CONNECTION and len(self._idle) < _MAX_IDLE_CONNECTIONS
            if is_kept:
                self._idle.append(_Idle(time.monotonic(), connection))
                self._watch()
        if not is_kept:
            connection.close()

    def _watch(self) -> None:
        if not self._is_watched:
            # No thread begins while the process ends; then its end closes what waits.
            with contextlib.suppress(RuntimeError):
                threading.Thread(target=self._close_in_time, daemon=True).start()
                self._is_watched = True

    def _close_in_time(self) -> None:
        """Close what has waited long enough, until nothing waits."""
        pause: float | None = 0
        while pause is not None:
            self._never.wait(pause)
            with self._lock:
                now = time.monotonic()
                old = [idle for idle in self._idle if now - idle.since >= IDLE_TIMEOUT_S]
                # The list stays: the end of the process closes what is in it.
                self._idle[:] = self._idle[len(old) :]
                pause = max(self._idle[0].since + IDLE_TIMEOUT_S - now, 0) if self._idle else None
                self._is_watched = pause is not None
            for idle in old:
                idle.connection.close()


def _close_all(idle: list[_Idle]) -> None:
    while idle:
        idle.pop().connection.close()


@contextlib.contextmanager
def closed_on_error(connection: Connection) -> Iterator[None]:
    """Close a connection over which something goes wrong in the block: what state it is in is not known then."""
    try:
        yield
    except (SMTPResponseException, SMTPRecipientsRefused):
        connection.close()
        raise
    except BaseException:
        connection.abandon()
        raise
