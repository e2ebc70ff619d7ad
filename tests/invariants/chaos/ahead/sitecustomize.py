"""Have the clock of a host be ahead by the seconds that the file SECONDS_AHEAD holds, which may grow while the host runs.

Python loads this module at its start, because this folder comes first in the host's PYTHONPATH: so it holds for a host that has
replaced itself, too. Only the engine's clock is ahead, as in tests of one process: the app and the storage keep the machine's time.
"""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from local_host.engine.clock import SystemClock

_FILE = Path(os.environ["SECONDS_AHEAD"])
_LOOK_INTERVAL_S = 0.5


def now(_: SystemClock) -> datetime:
    """Return the time by the clock that is ahead."""
    return datetime.now(UTC) + timedelta(seconds=float(_FILE.read_text(encoding="ascii")))


async def sleep_until(clock: SystemClock, due: datetime) -> None:
    """Return when it is that late, soon after a jump."""
    while True:
        left = (due - clock.now()).total_seconds()
        if left <= 0:
            return
        await asyncio.sleep(min(left, _LOOK_INTERVAL_S))


for function in (now, sleep_until):
    setattr(SystemClock, function.__name__, function)
