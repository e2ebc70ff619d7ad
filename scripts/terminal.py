"""Who gets the terminal's Ctrl-C.

A terminal sends it to its whole foreground group: `make` and everything it started. GNU make then ends with status 130
whatever its child returns. So the launcher leaves make's group and takes the terminal's foreground while it runs: Ctrl-C
reaches the launcher alone, it stops everything in order, and make sees its child end with 0.
"""

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def own_foreground() -> Iterator[None]:
    """Hold the terminal's foreground for the length of the block; nothing happens without a terminal, or in the background."""
    if not sys.stdin.isatty() or os.getpgrp() == os.getpid() or os.tcgetpgrp(0) != os.getpgrp():
        yield
        return
    group = os.getpgrp()
    os.setpgid(0, 0)
    _give_terminal_to(os.getpgrp())
    # Ctrl-Z would stop the launcher alone, and neither make nor the shell would notice and take the terminal back.
    signal.signal(signal.SIGTSTP, signal.SIG_IGN)
    try:
        yield
    finally:
        _give_terminal_to(group)


def _give_terminal_to(group: int) -> None:
    previous = signal.signal(signal.SIGTTOU, signal.SIG_IGN)  # sent to a background process that does this
    os.tcsetpgrp(0, group)
    signal.signal(signal.SIGTTOU, previous)
