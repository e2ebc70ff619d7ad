"""All functions of an app that something other than HTTP or an orchestration triggers."""

from __future__ import annotations

import asyncio

from local_host.app.binding_types import BindingServices, Listener, TriggerSource, trigger_type
from local_host.app.function import Function
from local_host.app.index import AppIndex
from local_host.bindings.running import TriggeredRun
from local_host.engine.log_categories import host_logger

_log = host_logger("Host.Startup")
_RESTART_DELAY_S = 5.0


class Triggers:
    """Starts, supervises and stops the listeners of one app."""

    def __init__(self, app: AppIndex, services: BindingServices, run: TriggeredRun, *, listening: bool) -> None:
        """Make the listeners; without `listening`, functions run only by hand.

        Raises CannotStart for a schedule, path or setting that cannot be used.
        """
        self._run = run
        self._services = services
        self._sources: dict[str, TriggerSource] = {}
        sources = {name: self._source(function) for name, function in app.functions.items()}
        self._listeners = {
            name: source.listener(app.functions[name])
            for name, source in sources.items()
            if listening and source is not None
        }
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to listen."""
        self._tasks = [asyncio.create_task(_supervise(name, each)) for name, each in self._listeners.items()]

    async def until_quiet(self) -> None:
        """Return when no triggered function runs."""
        # What the clock has just woken gets the chance to begin.
        await asyncio.sleep(0)
        await self._run.running.until_none()

    async def stop(self, grace_s: float) -> None:
        """Listen no more. What does not end within grace_s seconds is delivered again after the next start."""
        await self._run.close(grace_s)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def run_once(self, function: Function, value: str) -> None:
        """Run a function by hand, with a queue message's text, or a blob's path; a timer needs nothing."""
        source = self._source(function)
        if source is not None:
            await source.run_by_hand(function, value)

    def _source(self, function: Function) -> TriggerSource | None:
        """Return what triggers the function, one for all functions of a type; None for HTTP and durable functions."""
        name = function.trigger.type
        if name not in self._sources:
            found = trigger_type(name)
            if found is None or found.source is None:
                return None
            self._sources[name] = found.source(self._services)
        return self._sources[name]


async def _supervise(name: str, listener: Listener) -> None:
    """Start a listener again when it fails: a storage account may be away for a while."""
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
