"""Chaos from outside: whatever happens to the processes, no order is processed twice, no stock leaks, no payment stays half-made.

CHAOS_SEEDS and CHAOS_ORDERS say how many seeds to run, and how many orders each; CHAOS_RESULTS names a file that gets a line of
JSON per seed. `make chaos` runs ten seeds of 200 orders; `make test` one small seed.
"""

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from tests.invariants.chaos.run import run_seed

FIRST_SEED = int(os.environ.get("CHAOS_FIRST_SEED") or ("1" if "CHAOS_SEEDS" in os.environ else "58"))
"""Of the one that `make test` runs, no process dies over an order, which would wait a minute for its restart."""

SEEDS = int(os.environ.get("CHAOS_SEEDS", "1"))
ORDERS = int(os.environ.get("CHAOS_ORDERS", "12"))
RESULTS = os.environ.get("CHAOS_RESULTS")

PATIENCE_S = 120 + ORDERS * 4


@pytest.mark.skipif(sys.platform != "linux", reason="finds the host's worker processes in /proc")
@pytest.mark.timeout(PATIENCE_S + 180)
@pytest.mark.parametrize("seed", range(FIRST_SEED, FIRST_SEED + SEEDS))
def test_the_books_balance_whatever_happens_to_the_processes(tmp_path: Path, seed: int):
    figures = asyncio.run(run_seed(tmp_path, seed, ORDERS, PATIENCE_S))
    line = json.dumps(figures.to_json())
    sys.stdout.write(f"\n{line}\n")
    if RESULTS:
        with Path(RESULTS).open("a", encoding="utf-8") as results:
            results.write(f"{line}\n")
    assert figures.violations == []
