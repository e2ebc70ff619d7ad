"""The worker process of a running host, killed again and again at random moments while orchestrations of every kind run."""

from __future__ import annotations

import json
import os
import random
import signal
import sqlite3
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPException
from itertools import count
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from local_host.testing.process import HostProcess, eventually
from local_host_tests.conformance.process import host_process
from local_host_tests.conformance.support import MANAGEMENT
from local_host_tests.test_random_kills import check_every_result_was_used_once, check_nothing_is_left
from local_host_tests.test_worker_deaths import DIED

# LOAD instances, and more until there were as many kills. A longer run:
# KILLS=200 LOAD=500 pytest tests/local_host_tests/test_random_worker_kills.py
KILLS = int(os.environ.get("KILLS", "8"))
LOAD = int(os.environ.get("LOAD", "60"))
# Kind: its input, and its output.
EXPECTED: dict[str, tuple[Any, Any]] = {
    "two_steps": (None, [1, 2]),
    "fan_out": (None, [0, 1, 2]),
    "signal_then_call": ("{id}", 15),
    "count_up": (None, 3),
}
ANSWER_TIMEOUT_S = 2
AT_ONCE = 40
LOST = (*DIED, "Did not find any initialized language workers")


def kind_of(number: int) -> str:
    return list(EXPECTED)[number % len(EXPECTED)]


@pytest.mark.skipif(sys.platform != "linux", reason="the worker's process is found in /proc")
# A busy machine takes seconds to start a worker again, each time.
@pytest.mark.timeout(1200 + 20 * KILLS)
def test_every_accepted_start_ends_rightly_or_by_a_death_and_nothing_is_left(tmp_path: Path) -> None:
    path, chance = tmp_path / "hub.db", random.Random(8)
    with (tmp_path / "log").open("w") as log, host_process(path, log=log) as host:
        with killing(host, chance) as deaths:
            running = deque[int]()
            for number in count():
                if number >= LOAD and len(deaths) >= KILLS:
                    break
                start(host, number)
                running.append(number)
                if len(running) > AT_ONCE:
                    first = running.popleft()
                    check_end(first, ended(host, first))
            for number in running:
                check_end(number, ended(host, number))
        assert ports_named_by(host.process.pid) <= 2, "a host that begins again names its port once"
        assert host.terminate() == 0
    with closing(sqlite3.connect(path)) as connection:
        check_every_result_was_used_once(connection)
        check_nothing_is_left(connection)
        check_entities(connection)


@contextmanager
def killing(host: HostProcess, chance: random.Random) -> Iterator[list[int]]:
    """Kill the worker at random moments, KILLS times. Gives the processes that were killed."""
    killed: list[int] = []
    is_over = threading.Event()

    def kill() -> None:
        while len(killed) < KILLS and not is_over.wait(chance.uniform(0.0, 0.8)):
            # A host that starts afresh gives up when that fails again and again, and Azure would start another.
            for worker in workers_of(host.process.pid) if is_up(host) else ():
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
                    killed.append(worker)

    killer = threading.Thread(target=kill)
    killer.start()
    # What each fresh host announces would fill the pipe, and the host would wait for it to be read.
    threading.Thread(target=host.process.stdout.read, daemon=True).start()
    try:
        yield killed
    finally:
        is_over.set()
        killer.join()


def is_up(host: HostProcess) -> bool:
    """Return whether the host answers, whatever it answers. Its port is open before it does."""
    try:
        with urlopen(host.url + MANAGEMENT, timeout=ANSWER_TIMEOUT_S):
            return True
    except HTTPError:
        return True
    except (OSError, HTTPException):
        return False


def workers_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def ports_named_by(pid: int) -> int:
    return Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0").count(b"--port")


def start(host: HostProcess, number: int) -> None:
    value = EXPECTED[kind_of(number)][0]
    # As the SDK's client sends it: JSON within JSON.
    body = json.dumps(json.dumps(f"k{number}")) if value == "{id}" else json.dumps(value)
    path = f"{MANAGEMENT}/orchestrators/{kind_of(number)}/i{number}"
    answered(host, "POST", path, body)


def ended(host: HostProcess, number: int) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        status: dict[str, Any] = answered(host, "GET", f"{MANAGEMENT}/instances/i{number}")
        return status if status["runtimeStatus"] in ("Completed", "Failed") else None

    return eventually(look) or {}


def answered(host: HostProcess, method: str, path: str, body: Any = None) -> Any:
    """Return the answer, asked for again while the host starts afresh."""

    def ask() -> list[Any]:
        try:
            return [host.request(method, path, json.loads(body) if body else None)]
        except HTTPError as refusal:
            return [None] if refusal.code == 409 else []  # an earlier try was accepted
        except (OSError, HTTPException):
            assert host.process.poll() is None, "the host has ended"
            return []

    return eventually(ask)[0]


def check_end(number: int, status: dict[str, Any]) -> None:
    if status["runtimeStatus"] == "Completed":
        assert status["output"] == EXPECTED[kind_of(number)][1]
    else:
        assert any(text in status["output"] for text in LOST), status["output"]


def check_entities(connection: sqlite3.Connection) -> None:
    """Both operations of an instance that completed have counted once; of one that died, those that were sent."""
    states = dict(connection.execute("SELECT entity_id, state FROM entities").fetchall())
    for instance_id, status in connection.execute(
        "SELECT instance_id, status FROM instances WHERE name = 'signal_then_call'"
    ):
        state = states.get(f"@counter@k{instance_id[1:]}")
        assert state == "15" or (status == "Failed" and state is None), (instance_id, status, state)
