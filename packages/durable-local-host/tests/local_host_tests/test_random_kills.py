"""A real process, killed again and again at random moments while orchestrations of every kind run in it."""

from __future__ import annotations

import json
import os
import random
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from local_host_tests.mixed_load import EXPECTED, kind_of

TESTS = Path(__file__).parents[1]
# A longer run: KILLS=200 LOAD=500 pytest tests/local_host_tests/test_random_kills.py
KILLS = int(os.environ.get("KILLS", "8"))
LOAD = int(os.environ.get("LOAD", "120"))


def one_life(path: Path, seconds: float | None) -> list[str]:
    """Let the process live for so long after it began to work, None for until it is done; returns what it printed."""
    command = [sys.executable, "-W", "ignore", "-m", "local_host_tests.mixed_load", str(path), str(LOAD)]
    with subprocess.Popen(command, cwd=TESTS, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        printed = [process.stdout.readline().strip()]
        killer = threading.Timer(seconds, process.kill) if seconds is not None else None
        if killer:
            killer.start()
        printed += process.stdout.read().split()
    if killer:
        killer.cancel()
    return printed


@pytest.mark.timeout(1200 + 20 * KILLS)
def test_every_accepted_start_ends_and_counts_once(tmp_path: Path) -> None:
    path, moments = tmp_path / "hub.db", random.Random(7)
    accepted: list[str] = []
    for _ in range(KILLS):
        accepted += one_life(path, moments.uniform(0.0, 0.15))
    last = one_life(path, None)
    accepted += last

    assert last[-1] == "done"
    with closing(sqlite3.connect(path)) as connection:
        check_everything_ended(connection, {each for each in accepted if each.startswith("i")})
        check_every_result_was_used_once(connection)
        check_nothing_is_left(connection)


def check_everything_ended(connection: sqlite3.Connection, accepted: set[str]) -> None:
    rows = connection.execute("SELECT instance_id, name, status, output FROM instances WHERE parent IS NULL").fetchall()
    ended = {instance_id: (name, status, output) for instance_id, name, status, output in rows}
    assert ended == {
        f"i{number}": (kind_of(number), "Completed", EXPECTED[kind_of(number)][0]) for number in range(LOAD)
    }
    assert accepted <= ended.keys()
    (stock,) = connection.execute("SELECT state FROM entities").fetchone()
    assert int(stock) == sum(EXPECTED[kind_of(number)][1] for number in range(LOAD))


def check_every_result_was_used_once(connection: sqlite3.Connection) -> None:
    completions: Counter[tuple[str, int]] = Counter()
    for instance_id, events in connection.execute("SELECT instance_id, events FROM history"):
        for event in json.loads(f"[{events}]"):
            if event["EventType"] in (5, 6, 8, 9):
                completions[instance_id, event["TaskScheduledId"]] += 1
    assert set(completions.values()) == {1}


def check_nothing_is_left(connection: sqlite3.Connection) -> None:
    for table in ("inbox", "activities", "timers", "operations"):
        assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == (0,), table
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
