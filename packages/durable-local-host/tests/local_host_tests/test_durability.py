"""Nothing is lost, doubled or half done, whenever the process dies and however often messages arrive."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import azure.durable_functions as df
import pytest

from local_host.engine.clock import ManualClock
from local_host.engine.errors import StateFileError, StateFileLocked, StateFileVersion
from local_host.engine.faults import Faults
from local_host.engine.history_events import Event
from local_host.engine.status import RuntimeStatus
from local_host.engine.task_hub import TaskHub
from local_host_tests.small_app import Code, Context, Engine, EntityContext, SmallApp, output_of, running


@pytest.fixture
def app() -> SmallApp:
    """Yield a saga that uses everything: activities, a child, a timer, an event, an entity, continue-as-new."""
    app = SmallApp()

    @app.activity
    def charge(order: int) -> str:
        return f"charged {order} in run {app.runs['charge']}"

    @app.activity
    def fails(order: int) -> None:
        raise ValueError("always")

    @app.entity
    def stock(context: EntityContext) -> None:
        value = context.get_state(lambda: 0) + context.get_input()
        context.set_state(value)
        context.set_result(value)

    @app.orchestrator
    def child(context: Context) -> Code:
        yield context.create_timer(context.current_utc_datetime + timedelta(seconds=1))
        return "shipped"

    @app.orchestrator
    def saga(context: Context) -> Code:
        number = context.get_input() or 0
        stock_id = df.EntityId("stock", "x")
        context.signal_entity(stock_id, "add", 1)
        yield context.call_entity(stock_id, "add", 10)
        charged = yield context.call_activity("charge", number)
        again = yield context.call_activity("charge", number)
        try:
            yield context.call_activity_with_retry("fails", df.RetryOptions(1000, 2), number)
        except Exception:  # noqa: BLE001 - the SDK raises nothing narrower
            context.signal_entity(stock_id, "add", 100)
        shipped = yield context.call_sub_orchestrator("child")
        if number == 0:
            context.continue_as_new(1)
            return None
        approved = yield context.wait_for_external_event("approved")
        return [charged.split(" in ")[0], again.split(" in ")[0], shipped, approved]

    return app


class Dies(Faults):
    """Dies after so many commits, or in the middle of the one that would follow; from then on nothing is stored."""

    def __init__(self, commits: int, *, before_the_next: bool) -> None:
        self._left = commits
        self._before_the_next = before_the_next

    def before_commit(self) -> None:
        if self._left <= 0:
            raise OSError("the process is dead")

    def after_commit(self) -> None:
        self._left -= 1
        if self._left == 0 and not self._before_the_next:
            raise OSError("the process died before it could answer")


class DeliversTwice(Faults):
    def copies_of(self, event: Event) -> int:
        return 2


async def drive(engine: Engine, *instance_ids: str) -> None:
    """Let time pass and approve, a few times; a dead process refuses."""
    for _ in range(3):
        await engine.clock.advance(seconds=5)
        for instance_id in instance_ids:
            if not (await engine.status(instance_id)).runtime_status.has_ended:
                with suppress(OSError):
                    await engine.raise_event(instance_id, "approved", "yes")


async def stock_of(engine: Engine) -> str | None:
    return (await engine.operations.read_entity("stock", "x")).state


@pytest.mark.parametrize("before_the_next", [False, True])
@pytest.mark.parametrize("life", [1, 2])
async def test_a_process_that_dies_again_and_again_gets_every_saga_to_its_end(
    app: SmallApp, tmp_path: Path, life: int, before_the_next: bool
) -> None:
    path, clock, ids = tmp_path / "hub.db", ManualClock(), ["s0", "s1"]
    async with running(app, path, clock=clock) as engine:
        for instance_id in ids:
            await engine.operations.start("saga", None, instance_id)

    deaths = 0
    while True:
        async with running(app, path, clock=clock, faults=Dies(life, before_the_next=before_the_next)) as engine:
            await drive(engine, *ids)
            statuses = [await engine.status(instance_id) for instance_id in ids]
        if all(status.runtime_status.has_ended for status in statuses):
            break
        deaths += 1

    async with running(app, path) as engine:
        stock = await stock_of(engine)
    assert deaths > 5
    assert stock == str(2 * 2 * 111)
    assert [output_of(status) for status in statuses] == [["charged 1", "charged 1", "shipped", '"yes"']] * 2


async def test_a_committed_result_is_not_asked_for_again_after_a_start(app: SmallApp, tmp_path: Path) -> None:
    async with running(app, tmp_path / "hub.db") as engine:
        await engine.start("saga", 7)
    charged = app.runs["charge"]
    async with running(app, tmp_path / "hub.db") as engine:
        await engine.worker.until_idle()

    assert (charged, app.runs["charge"]) == (2, 2)


async def test_an_activity_cut_short_runs_again_and_its_instance_completes_once(tmp_path: Path) -> None:
    app = SmallApp()
    cut_short = True

    @app.activity
    async def slow(value: Any) -> Any:
        if cut_short:
            app.started.set_result(None)  # type: ignore[attr-defined]
            await app.never  # type: ignore[attr-defined]
        return value

    @app.orchestrator
    def once(context: Context) -> Code:
        return (yield context.call_activity("slow", 1))

    async with running(app, tmp_path / "hub.db") as engine:
        app.started = asyncio.get_running_loop().create_future()  # type: ignore[attr-defined]
        app.never = asyncio.get_running_loop().create_future()  # type: ignore[attr-defined]
        await engine.operations.start("once", None, "x")
        await app.started  # type: ignore[attr-defined]
    cut_short = False
    async with running(app, tmp_path / "hub.db") as engine:
        await engine.worker.until_idle()
        status = await engine.status("x")

    assert (output_of(status), app.runs["slow"]) == (1, 2)


async def test_messages_that_arrive_twice_count_once(app: SmallApp) -> None:
    async with running(app, faults=DeliversTwice()) as engine:
        await engine.start("saga", 7, instance_id="x")
        await drive(engine, "x")
        status = await engine.status("x")
        stock = await stock_of(engine)

    assert (output_of(status), stock) == (["charged 7", "charged 7", "shipped", '"yes"'], "111")


async def test_a_store_that_fails_for_a_moment_delays_work_but_loses_none(app: SmallApp) -> None:
    class FailsOnce(Faults):
        left = 3

        def before_commit(self) -> None:
            self.left -= 1
            if self.left == 0:
                raise sqlite3.OperationalError("disk full")

    async with running(app, faults=FailsOnce()) as engine:
        await engine.start("saga", 7, instance_id="x")
        await drive(engine, "x")
        status = await engine.status("x")

    assert status.runtime_status is RuntimeStatus.COMPLETED


async def test_histories_are_handed_out_digit_for_digit_after_a_start(app: SmallApp, tmp_path: Path) -> None:
    async with running(app, tmp_path / "hub.db") as engine:
        await engine.start("saga", 7, instance_id="x")
        last = app.histories[-1]
    app.histories.clear()
    async with running(app, tmp_path / "hub.db", clock=ManualClock()) as engine:
        await engine.clock.advance(seconds=5)

    def unplayed(history: list[dict[str, Any]]) -> list[dict[str, Any]]:
        return [{**event, "IsPlayed": None} for event in history]

    assert unplayed(app.histories[0])[: len(last)] == unplayed(last)


class TestStateFile:
    def test_a_second_opener_is_refused_until_the_first_is_done(self, tmp_path: Path) -> None:
        first = TaskHub.open(tmp_path / "hub.db")
        with pytest.raises(StateFileLocked, match="in use by another process"):
            TaskHub.open(tmp_path / "hub.db")
        first.close()
        TaskHub.open(tmp_path / "hub.db").close()

    def test_a_killed_process_leaves_no_lock_behind(self, tmp_path: Path) -> None:
        code = (
            "import sys, time; from local_host.engine.task_hub import TaskHub; hub = TaskHub.open(sys.argv[1]);"
            "print('open', flush=True); time.sleep(600)"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path / "hub.db")], stdout=subprocess.PIPE, text=True
        ) as holder:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "open\n"
            with pytest.raises(StateFileLocked):
                TaskHub.open(tmp_path / "hub.db")
            holder.kill()
        TaskHub.open(tmp_path / "hub.db").close()

    def test_a_file_of_a_newer_version_is_refused_and_left_as_it_is(self, tmp_path: Path) -> None:
        path = tmp_path / "hub.db"
        TaskHub.open(path).close()
        with sqlite3.connect(path) as connection:
            connection.execute("PRAGMA user_version = 99")
        with pytest.raises(StateFileVersion, match="schema version 99"):
            TaskHub.open(path)
        with sqlite3.connect(path) as connection:
            assert connection.execute("PRAGMA user_version").fetchone() == (99,)

    @pytest.mark.parametrize("version", [0, 1, 99])
    def test_a_database_of_another_program_is_refused_and_left_as_it_is(self, tmp_path: Path, version: int) -> None:
        with sqlite3.connect(tmp_path / "other.db") as connection:
            connection.execute("CREATE TABLE songs (title TEXT)")
            connection.execute(f"PRAGMA user_version = {version}")
        with pytest.raises(StateFileError, match="another program"):
            TaskHub.open(tmp_path / "other.db")
        with sqlite3.connect(tmp_path / "other.db") as connection:
            assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)

    def test_a_file_that_is_no_database_is_refused(self, tmp_path: Path) -> None:
        (tmp_path / "notes.txt").write_text("not a database, but long enough to be looked at " * 10)
        with pytest.raises(StateFileError, match="cannot be used"):
            TaskHub.open(tmp_path / "notes.txt")

    def test_a_folder_that_does_not_exist_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(StateFileError, match=r"missing/hub\.db"):
            TaskHub.open(tmp_path / "missing" / "hub.db")

    def test_a_refused_file_can_be_opened_once_it_is_right(self, tmp_path: Path) -> None:
        path = tmp_path / "hub.db"
        path.write_text("nonsense" * 100)
        with pytest.raises(StateFileError):
            TaskHub.open(path)
        path.unlink()
        TaskHub.open(path).close()
