"""Steps share commits, but neither each other's failures nor each other's fate."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import pytest

from local_host.engine.faults import Faults
from local_host.engine.group_commit import StoreClosed, Transaction
from local_host.engine.task_hub import TaskHub


def put(tx: Transaction, name: str) -> str:
    tx.run("put_entity", (name, True, "0", "2026"))
    return name


def put_and_fail(tx: Transaction, name: str) -> None:
    put(tx, name)
    raise ValueError(name)


def stored(hub: TaskHub) -> list[str]:
    rows = hub.read(
        "list_entities",
        {"after": "", "prefix": "", "prefix_end": "~", "updated_from": "", "updated_to": "~", "top": 999},
    )
    return [row["entity_id"] for row in rows]


class Counts(Faults):
    commits = 0

    def after_commit(self) -> None:
        self.commits += 1


@pytest.mark.parametrize("path", [":memory:", "hub.db"])
async def test_steps_of_one_moment_share_a_commit(path: str, tmp_path: Path) -> None:
    counts = Counts()
    hub = TaskHub.open(path if path == ":memory:" else tmp_path / path, counts)
    names = [f"e{number:02}" for number in range(50)]
    results = await asyncio.gather(*(hub.store(partial(put, name=name)) for name in names))

    assert (results, stored(hub), counts.commits) == (names, names, 1)
    hub.close()


async def test_a_step_that_fails_leaves_no_trace_and_does_not_disturb_the_others() -> None:
    hub = TaskHub.open(":memory:")
    results = await asyncio.gather(
        hub.store(lambda tx: put(tx, "a")),
        hub.store(lambda tx: put_and_fail(tx, "b")),
        hub.store(lambda tx: put(tx, "c")),
        return_exceptions=True,
    )

    assert [str(result) for result in results] == ["a", "b", "c"]
    assert isinstance(results[1], ValueError)
    assert stored(hub) == ["a", "c"]
    hub.close()


async def test_a_commit_that_fails_reaches_every_caller_and_the_next_one_works() -> None:
    class FailsOnce(Faults):
        failed = False

        def before_commit(self) -> None:
            if not self.failed:
                self.failed = True
                raise OSError("no space left")

    hub = TaskHub.open(":memory:", FailsOnce())
    results = await asyncio.gather(
        hub.store(lambda tx: put(tx, "a")), hub.store(lambda tx: put(tx, "b")), return_exceptions=True
    )
    await hub.store(lambda tx: put(tx, "c"))

    assert [str(result) for result in results] == ["no space left"] * 2
    assert stored(hub) == ["c"]
    hub.close()


async def test_a_closed_store_refuses_what_comes_and_what_still_waits() -> None:
    hub = TaskHub.open(":memory:")
    waiting = asyncio.create_task(hub.store(partial(put, name="a")))
    await asyncio.sleep(0)
    hub.close()

    with pytest.raises(StoreClosed):
        await waiting
    with pytest.raises(StoreClosed):
        await hub.store(partial(put, name="b"))
