"""The processes of a shop, the disk of its host, and the disasters that befall them. Each ends with the block that started it."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Final

from scripts.errors import LaunchFailed
from tests.invariants.chaos.clock import HostClock
from tests.invariants.chaos.plan import Disaster, PlannedDisaster
from tests.invariants.chaos.storage import Storage
from tests.invariants.outside import Outside, the_outside

_DISK_BYTES: Final = 256 * 1024 * 1024
_CHUNK: Final = bytes(64 * 1024)
_CHECK_INTERVAL_S: Final = 0.5


@dataclass
class Machines:
    """disk: the host's own small one; None where no file system can be mounted. exits: how often the host ended by itself."""

    shop: Outside
    storage: Storage
    clock: HostClock
    disk: Path | None
    exits: int = 0
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def suffer(self, disaster: PlannedDisaster) -> None:
        """Let a disaster happen, and end."""
        async with self._one_at_a_time:
            await self._suffer(disaster)

    async def look_after_host(self) -> None:
        """Start the host again whenever it has ended by itself, as a platform does."""
        while not self.shop.is_over:
            await asyncio.sleep(_CHECK_INTERVAL_S)
            async with self._one_at_a_time:
                if self.shop.host.has_ended:
                    self.exits += 1
                    with suppress(LaunchFailed):
                        await asyncio.to_thread(self.shop.host.start)

    async def _suffer(self, disaster: PlannedDisaster) -> None:
        host, provider = self.shop.host, self.shop.provider
        match disaster.kind:
            case Disaster.HOST_KILLED:
                await _again(host.kill, host.start)
            case Disaster.HOST_STOPPED:
                await _again(host.stop, host.start)
            case Disaster.HOST_PAUSED:
                await _paused(host.send, disaster.lasts_s)
            case Disaster.WORKER_KILLED:
                host.kill_children()
            case Disaster.WORKER_PAUSED:
                await _paused(host.send_children, disaster.lasts_s)
            case Disaster.PROVIDERS_KILLED:
                await _again(provider.kill, provider.start)
            case Disaster.PROVIDERS_PAUSED:
                await _paused(provider.send, disaster.lasts_s)
            case Disaster.STORAGE_STOPPED:
                await _again(self.storage.stop, self.storage.start)
            case Disaster.STORAGE_KILLED:
                await self._kill_storage(disaster.lasts_s)
            case Disaster.STORAGE_PAUSED:
                await _paused(self.storage.send, disaster.lasts_s)
            case Disaster.CLOCK_JUMPED:
                self.clock.jump(timedelta(hours=disaster.hours))
            case Disaster.DISK_FULL:
                assert self.disk
                with no_room(self.disk):
                    await asyncio.sleep(disaster.lasts_s)

    async def _kill_storage(self, lasts_s: float) -> None:
        """Kill the storage over requests that it has not answered, when all that it has acknowledged is on disk."""
        host, storage = self.shop.host, self.storage
        async with storage.writing:
            with suppress(ProcessLookupError):  # it has ended by itself
                host.send(signal.SIGSTOP)
            host.send_children(signal.SIGSTOP)
            try:
                await storage.until_saved()
                storage.send(signal.SIGSTOP)
            finally:
                host.send_children(signal.SIGCONT)
                with suppress(ProcessLookupError):
                    host.send(signal.SIGCONT)
        await asyncio.sleep(lasts_s)
        await _again(storage.kill, storage.start)


async def _again(end: Callable[[], None], start: Callable[[], None]) -> None:
    await asyncio.to_thread(end)
    await asyncio.to_thread(start)


async def _paused(send: Callable[[signal.Signals], object], lasts_s: float) -> None:
    send(signal.SIGSTOP)
    try:
        await asyncio.sleep(lasts_s)
    finally:
        send(signal.SIGCONT)


@asynccontextmanager
async def running_machines(folder: Path) -> AsyncIterator[Machines]:
    """Yield a shop of real processes: the host with its worker, the providers' sandbox, and the storage emulator."""
    with ExitStack() as stack:
        storage = Storage(folder / "storage")
        stack.callback(storage.stop)
        storage.start()
        disk = stack.enter_context(small_disk(folder / "disk"))
        clock = HostClock(folder)
        clock.jump(timedelta())
        async with the_outside(folder, storage.ports.connection_string, clock.settings, disk=disk) as shop:
            yield Machines(shop, storage, clock, disk)


@contextmanager
def small_disk(mount_point: Path) -> Iterator[Path | None]:
    """Yield a file system of its own that can be filled; None where this process may not mount one."""
    mount_point.mkdir()
    if sys.platform != "linux" or os.geteuid() != 0:
        yield None
        return
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={_DISK_BYTES}", "tmpfs", str(mount_point)],
        check=False,
        capture_output=True,
    )
    if mounted.returncode != 0:
        yield None
        return
    try:
        yield mount_point
    finally:
        subprocess.run(["umount", "--lazy", str(mount_point)], check=True, capture_output=True)


@contextmanager
def no_room(disk: Path) -> Iterator[None]:
    """Fill a disk for the length of the block."""
    ballast = disk / "ballast"
    try:
        with ballast.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(_CHUNK)
        yield
    finally:
        ballast.unlink()
