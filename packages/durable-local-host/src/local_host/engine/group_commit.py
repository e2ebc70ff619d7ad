"""One writer: what is to be stored at about the same time shares one transaction.

Each step is a short function of a `Transaction`, atomic by a savepoint of its own: one that raises leaves no trace and
does not disturb the others. Steps are applied at once; what a step makes ready may join the same transaction, if it
comes forward before a caller would have to wait for it (so an activity's result and the episode that it leads to are
one commit). While the commit waits for the disk, in a thread, the steps that arrive meanwhile gather for the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from local_host.engine.errors import LocalHostError, StoreUnavailable
from local_host.engine.faults import Faults
from local_host.engine.history_events import Event
from local_host.engine.log_categories import host_logger
from local_host.engine.running import Running
from local_host.engine.sql import load_sections

QUERIES = load_sections("queries.sql", "name")

T = TypeVar("T")

_log = host_logger("local_host.store")

Parameters = Sequence[Any] | Mapping[str, Any]


@dataclass(slots=True)
class Wakeups:
    """What has become ready by a commit. next_due: the earliest new timer, "" for none; ended: instances that ended."""

    instances: list[str] = field(default_factory=list)
    entities: list[str] = field(default_factory=list)
    activities: int = 0
    next_due: str = ""
    ended: list[str] = field(default_factory=list)


class Transaction:
    """What a step sees of the open transaction."""

    def __init__(self, connection: sqlite3.Connection, faults: Faults) -> None:
        self._connection = connection
        self._faults = faults
        self.wakeups = Wakeups()

    def run(self, query: str, parameters: Parameters = ()) -> sqlite3.Cursor:
        """Run the statement of that name."""
        return self._connection.execute(QUERIES[query], parameters)

    def run_many(self, query: str, parameters: Sequence[Parameters]) -> int:
        """Run the statement once per set of parameters; returns how many rows it changed in all."""
        return self._connection.executemany(QUERIES[query], parameters).rowcount if parameters else 0

    def copies_of(self, event: Event) -> int:
        """Return how often to deliver a message: once, unless a test wants to see that a second copy does no harm."""
        return self._faults.copies_of(event)


@dataclass(frozen=True, slots=True)
class _Queued:
    step: Callable[[Transaction], Any]
    stored: asyncio.Future[Any]


# How often steps may follow from steps within one transaction, so that it comes to an end under any load.
_MAX_ROUNDS = 8
# How long a transaction stays open for what follows from its steps.
_GROUP_TIMEOUT_S = 0.002


class StoreClosed(LocalHostError):
    """The store has been closed; nothing more can be stored."""


class GroupCommit:
    """The only way to change the store.

    on_apply: gets what has been applied, while the transaction is still open. on_commit: gets once per commit what has
    become ready by it. followers: what runs because of that and may come forward in time. check_in_place: raises StoreUnavailable
    when what would be written is not what the next host will read.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        faults: Faults,
        on_apply: Callable[[Wakeups], None],
        on_commit: Callable[[Wakeups], None],
        followers: Running,
        check_in_place: Callable[[], None],
    ) -> None:
        self._connection = connection
        self._faults = faults
        self._on_apply = on_apply
        self._on_commit = on_commit
        self._followers = followers
        self._check_in_place = check_in_place
        self.is_committing = False
        self.given_up = 0
        """How many transactions were rolled back. What was read from one that was still open never happened then."""
        self._is_closed = False
        # Why the last transaction failed; None when it did not.
        self.problem: str | None = None
        self._queue: list[_Queued] = []
        self._writing: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="local-host-commit")

    async def store(self, step: Callable[[Transaction], T]) -> T:
        """Return what the step returned, once it is on disk; raises what it raised, or the store's own error."""
        self._check_open()
        loop = asyncio.get_running_loop()
        stored: asyncio.Future[T] = loop.create_future()
        self._queue.append(_Queued(step, stored))
        if self._writing is None:
            self._writing = loop.create_task(self._write())
        return await stored

    def close(self) -> None:
        """Take no more steps; a commit under way is waited for, what is not being committed yet is given up."""
        self._is_closed = True
        self._thread.shutdown()

    async def _write(self) -> None:
        while self._queue:
            waiting: list[_Queued] = []
            try:
                resolvers, wakeups = await self._apply_all(waiting)
                await self._commit_in_thread()
            except sqlite3.Error as error:
                self._report(f"The state file cannot be written: {error}.")
                self._give_up(waiting, StoreUnavailable(self.problem))
                continue
            except StoreUnavailable as error:
                self._report(str(error))
                self._give_up(waiting, error)
                continue
            except Exception as error:  # noqa: BLE001 - whatever it was, every waiting caller has to know
                self._give_up(waiting, error)
                continue
            self.problem = None
            self._on_commit(wakeups)
            for resolve in resolvers:
                resolve()
        self._writing = None

    def _report(self, problem: str) -> None:
        if problem != self.problem:
            _log.error("%s Nothing is accepted until that is over.", problem)
        self.problem = problem

    async def _apply_all(self, waiting: list[_Queued]) -> tuple[list[Callable[[], None]], Wakeups]:
        """Apply what is queued, and what follows from it at once. waiting: receives every step that was taken."""
        transaction = Transaction(self._connection, self._faults)
        resolvers: list[Callable[[], None]] = []
        for _ in range(_MAX_ROUNDS):
            batch, self._queue = self._queue, []
            waiting += batch
            self._check_open()
            if not self._connection.in_transaction:
                self._connection.execute("BEGIN IMMEDIATE")
            resolvers += [self._apply(transaction, queued) for queued in batch]
            self._on_apply(transaction.wakeups)
            await asyncio.sleep(0)  # a turn for those who have just been resolved
            if self._followers.count:
                await self._wait_for_followers()
            if not self._queue:
                break
        self._check_open()
        return resolvers, transaction.wakeups

    async def _wait_for_followers(self) -> None:
        """Most are done in a moment; one that is not comes with a later commit."""
        try:
            async with asyncio.timeout(_GROUP_TIMEOUT_S):
                await self._followers.until_none()
        except TimeoutError:
            return

    def _apply(self, transaction: Transaction, queued: _Queued) -> Callable[[], None]:
        self._connection.execute("SAVEPOINT step")
        try:
            result = queued.step(transaction)
        except sqlite3.OperationalError:  # of the file, so all steps of the transaction fail
            raise
        except Exception as error:  # noqa: BLE001 - it is the caller's to handle
            self._connection.execute("ROLLBACK TO step")
            self._connection.execute("RELEASE step")
            return _resolver(queued.stored, error=error)
        self._connection.execute("RELEASE step")
        return _resolver(queued.stored, result=result)

    async def _commit_in_thread(self) -> None:
        self.is_committing = True
        try:
            await asyncio.get_running_loop().run_in_executor(self._thread, self._commit)
        finally:
            self.is_committing = False

    def _commit(self) -> None:
        self._faults.before_commit()
        self._check_in_place()
        self._connection.execute("COMMIT")
        self._faults.after_commit()

    def _check_open(self) -> None:
        if self._is_closed:
            raise StoreClosed

    def _give_up(self, batch: Sequence[_Queued], error: Exception) -> None:
        self.given_up += 1
        if not self._is_closed and self._connection.in_transaction:
            with contextlib.suppress(sqlite3.Error):  # of a damaged file; SQLite rolls back when it is opened again
                self._connection.execute("ROLLBACK")
        for queued in batch:
            _resolver(queued.stored, error=error)()


def _resolver(stored: asyncio.Future[Any], result: Any = None, error: Exception | None = None) -> Callable[[], None]:
    def resolve() -> None:
        if stored.done():  # its caller has been cancelled
            return
        if error is None:
            stored.set_result(result)
        else:
            stored.set_exception(error)

    return resolve
