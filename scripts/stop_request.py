"""Sleep until this process is asked to stop, or one of its children ends."""

import select
import signal
import socket
from types import FrameType

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopRequest:
    """From its creation on, Ctrl-C, SIGTERM and a closed terminal no longer end the process: they set `made`."""

    def __init__(self) -> None:
        self.made = False
        # Signals arrive as bytes on a socket, so that none is missed between a look at `made` and the sleep.
        self._wake, self._signals = socket.socketpair()
        self._signals.setblocking(False)
        signal.set_wakeup_fd(self._signals.fileno(), warn_on_full_buffer=False)
        for number in STOP_SIGNALS:
            signal.signal(number, self._remember)
        signal.signal(signal.SIGCHLD, _only_wake_up)

    def wait(self, timeout_s: float | None = None) -> None:
        """Wait for the next signal, be it a request or the end of a child; for no longer than a time-out."""
        if not self.made and select.select([self._wake], [], [], timeout_s)[0]:
            self._wake.recv(64)

    def _remember(self, _number: int, _frame: FrameType | None) -> None:
        self.made = True


def _only_wake_up(_number: int, _frame: FrameType | None) -> None: ...
