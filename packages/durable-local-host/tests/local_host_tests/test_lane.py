"""How much runs side by side, and what becomes of work that is cut short."""

from __future__ import annotations

import asyncio
from collections import deque

from local_host.engine.clock import ManualClock
from local_host.engine.lane import Lane, Storing


class Line:
    """Work that waits in a line; each piece runs until it is released, then until it is stored."""

    def __init__(self, *work: str, limit: int = 2) -> None:
        self.waiting = deque(work)
        self.running: dict[str, asyncio.Future[None]] = {}
        self.storing: dict[str, asyncio.Future[None]] = {}
        self.stored: list[str] = []
        self.clock = ManualClock()
        self.lane: Lane[str] = Lane(
            limit=limit,
            clock=self.clock,
            claim=lambda: self.waiting.popleft() if self.waiting else None,
            process=self._process,
            abandon=self.waiting.append,
            name_of=str,
            on_change=self.fill,
        )
        self.is_open = True
        self.fill()

    def fill(self) -> None:
        if self.is_open:
            self.lane.fill()

    async def _process(self, work: str) -> Storing:
        self.running[work] = asyncio.get_running_loop().create_future()
        try:
            await self.running[work]
        finally:
            del self.running[work]
        return self._store(work)

    async def _store(self, work: str) -> None:
        self.storing[work] = asyncio.get_running_loop().create_future()
        await self.storing.pop(work)
        self.stored.append(work)


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


async def test_no_more_runs_at_once_than_there_are_places() -> None:
    line = Line("a", "b", "c")
    await turns()

    assert list(line.running) == ["a", "b"]


async def test_work_that_waits_to_be_stored_has_given_up_its_place() -> None:
    line = Line("a", "b", "c")
    await turns()
    line.running["a"].set_result(None)
    await turns()

    assert list(line.running) == ["b", "c"]
    assert line.lane.is_busy


async def test_what_fails_is_tried_again_after_a_pause() -> None:
    line = Line("a")
    await turns()
    line.running["a"].set_exception(OSError("disk"))
    await turns()
    during = (list(line.running), line.lane.is_busy)
    await line.clock.advance(seconds=1)
    await turns()

    assert during == ([], False)
    assert list(line.running) == ["a"]


async def test_what_is_cut_short_can_be_claimed_again() -> None:
    line = Line("a", "b", "c")
    await turns()
    line.is_open = False
    await line.lane.drain(grace_s=0)

    assert sorted(line.waiting) == ["a", "b", "c"]
    assert (line.running, line.lane.is_busy) == ({}, False)


async def test_work_cut_short_before_its_first_step_is_not_forgotten() -> None:
    line = Line("a", "b")
    line.is_open = False
    await line.lane.drain(grace_s=0)
    line.lane.fill()
    await turns()

    assert sorted(line.running) == ["a", "b"]
