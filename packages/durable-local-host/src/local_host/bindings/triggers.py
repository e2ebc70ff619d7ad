"""All functions of an app that something other than HTTP or an orchestration triggers."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from local_host.app.host_json import QueueOptions
from local_host.app.index import AppIndex, Function
from local_host.bindings.running import TriggeredRun
from local_host.bindings.storage import StorageAccounts
from local_host.bindings.timer import TimerFile, TimerListener, timer_datum
from local_host.clock import Clock
from local_host.log_categories import host_logger

_log = host_logger("Host.Startup")
_RESTART_DELAY_S = 5.0
TRIGGERS = ("timerTrigger", "queueTrigger", "blobTrigger")


class Listener(Protocol):
    """Watches one source for one function."""

    async def listen(self) -> None:
        """Run until cancelled."""


@dataclass(frozen=True, kw_only=True)
class TriggerSetup:
    """What listeners work with. times_path: where timers keep their times, None to forget them.

    leaves_leases: queue messages in hand when the host stops wait for their leases to end.
    """

    run: TriggeredRun
    clock: Clock
    accounts: StorageAccounts
    queues: QueueOptions
    times_path: Path | None
    leaves_leases: bool


class Triggers:
    """Starts, supervises and stops the listeners of one app."""

    def __init__(self, app: AppIndex, setup: TriggerSetup, *, listening: bool) -> None:
        """listening: False when functions run only by hand.

        Raises CannotStart for a schedule, path or setting that cannot be used.
        """
        self._setup = setup
        self._times = TimerFile(setup.times_path)
        functions = [function for trigger in TRIGGERS for function in app.with_trigger(trigger)]
        self._listeners = {each.name: self._listener(each) for each in functions if listening}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        self._tasks = [asyncio.create_task(_supervise(name, each)) for name, each in self._listeners.items()]

    async def until_quiet(self) -> None:
        """Return when no triggered function runs."""
        # Whoever has just been woken by the clock gets the chance to begin.
        await asyncio.sleep(0)
        await self._setup.run.running.until_none()

    async def stop(self, grace_s: float) -> None:
        """Listen no more. What does not end within grace_s seconds is delivered again after the next start."""
        await self._setup.run.close(grace_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def run_once(self, function: Function, value: str) -> None:
        """Run a function by hand, with a queue message's text, or a blob's path; a timer needs nothing."""
        match function.trigger.type:
            case "timerTrigger":
                await self._setup.run(function, timer_datum(self._times.get(function.name), past_due=False))
            case "queueTrigger":
                from local_host.bindings.queue import message_by_hand

                await self._setup.run(function, *message_by_hand(value, self._setup.clock.now()))
            case "blobTrigger":
                from local_host.bindings.blob import run_for_path

                await run_for_path(function, value, self._setup.run, self._setup.accounts)

    def _listener(self, function: Function) -> Listener:
        match function.trigger.type:
            case "queueTrigger":
                from local_host.bindings.queue import QueueListener

                return QueueListener(
                    function,
                    self._setup.run,
                    self._setup.accounts,
                    self._setup.queues,
                    leaves_leases=self._setup.leaves_leases,
                )
            case "blobTrigger":
                from local_host.bindings.blob import BlobListener

                return BlobListener(function, self._setup.run, self._setup.accounts)
            case _:
                return TimerListener(function, self._setup.run, self._setup.clock, self._times)


async def _supervise(name: str, listener: Listener) -> None:
    """A storage account that is away for a while must not end a listener."""
    while True:
        try:
            await listener.listen()
        except Exception as error:  # noqa: BLE001 - whatever it was, the listener is to go on
            _log.error(
                "The listener for function 'Functions.%s' was unable to start. (%s) It is started again in %.0f s.",
                name,
                _first_line(error),
                _RESTART_DELAY_S,
            )
        await asyncio.sleep(_RESTART_DELAY_S)


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0] or type(error).__name__
