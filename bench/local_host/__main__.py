"""Runs local_host and its peers in turns and prints what each reached, with our ratio to each goal.

    python -m bench.local_host [short|full] [ROUNDS]

Figures are medians over the rounds, so that a busy moment of the machine does not fall on one of them alone. The peers
live in an environment of their own, made on the first run.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.figures import keep

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PEERS = ROOT / ".state" / "bench-peers"

ROWS = {
    "sagas_per_s": "sagas/s, 64 in flight",
    "saga_cpu_s": "processor time of one of them, s",
    "single_p50_s": "one saga at a time, p50, s",
    "single_p95_s": "one saga at a time, p95, s",
    "fan_out_s": "1,000 activities fanned out and in, s",
    "increments_per_s": "increments of one counter from 64 callers, 1/s",
    "chain_s": "chain of activities, s",
    "chain_floor_s": "the SDK's replays of that chain alone, s",
    "waiting_starts_per_s": "instances started that wait for an event, 1/s",
    "waiting_wakes_per_s": "of them woken and ended, 1/s",
    "waiting_kb": "memory of a waiting instance, KiB",
}


def peers_python() -> Path:
    python = PEERS / "bin" / "python"
    if not python.exists():
        venv.create(PEERS, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", HERE / "requirements.txt"], check=True)
    return python


def contest(python: str | Path, module: str, size: str) -> dict[str, Any]:
    """Return the figures of one contestant, which runs in a process of its own and prints them as its last line."""
    command = [python, "-W", "ignore", "-m", f"bench.local_host.{module}", size]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    figures: dict[str, Any] = json.loads(printed.splitlines()[-1])
    return figures


def goals(ours: dict[str, Any], dbos: dict[str, Any], memory: dict[str, Any]) -> list[tuple[str, float, str]]:
    """Return what we promise: its name, what was reached, the bound."""
    return [
        ("sagas/s ÷ DBOS", ours["sagas_per_s"] / dbos["sagas_per_s"], ">= 4"),
        ("sagas/s ÷ durabletask in memory", ours["sagas_per_s"] / memory["sagas_per_s"], ">= 1.5"),
        ("p50 of one saga ÷ DBOS", ours["single_p50_s"] / dbos["single_p50_s"], "<= 0.8"),
        ("p95 of one saga ÷ DBOS", ours["single_p95_s"] / dbos["single_p95_s"], "<= 0.8"),
        ("fan-out ÷ DBOS", ours["fan_out_s"] / dbos["fan_out_s"], "<= 0.5"),
        ("fan-out ÷ durabletask in memory", ours["fan_out_s"] / memory["fan_out_s"], "<= 1"),
        ("increments/s ÷ DBOS", ours["increments_per_s"] / dbos["increments_per_s"], ">= 10"),
        ("chain ÷ the SDK's own replays", ours["chain_s"] / ours["chain_floor_s"], "<= 1.5"),
        ("waiting starts/s ÷ DBOS", ours["waiting_starts_per_s"] / dbos["waiting_starts_per_s"], ">= 5"),
    ]


def main(size: str, rounds: int) -> None:
    python = peers_python()
    contestants = [(sys.executable, "ours"), (python, "peer_dbos"), (python, "peer_durabletask")]
    taken = [[contest(*contestant, size) for contestant in contestants] for _ in range(rounds)]
    ours, dbos, memory = (_medians(column) for column in zip(*taken, strict=True))
    print(f"| {size}, {rounds} rounds | local_host | DBOS | durabletask in memory |\n|---|---|---|---|")
    for key, title in {"durability": "durability", **ROWS}.items():
        print(f"| {title} |", " | ".join(_shown(figures[key]) for figures in (ours, dbos, memory)), "|")
    keep("sagas_per_s", ours["sagas_per_s"])
    keep("sagas_to_dbos", ours["sagas_per_s"] / dbos["sagas_per_s"])
    keep("sagas_to_durabletask", ours["sagas_per_s"] / memory["sagas_per_s"])
    keep("single_p50_to_dbos", ours["single_p50_s"] / dbos["single_p50_s"])
    keep("fan_out_to_dbos", ours["fan_out_s"] / dbos["fan_out_s"])
    print("\n| | reached | goal |\n|---|---|---|")
    for title, reached, bound in goals(ours, dbos, memory):
        print(f"| {title} | {reached:.2f} | {bound} |")


def _medians(rounds: Sequence[dict[str, Any]]) -> dict[str, Any]:
    first = rounds[0]
    measured = [key for key, value in first.items() if isinstance(value, float)]
    return first | {key: statistics.median(figures[key] for figures in rounds) for key in measured}


def _shown(value: float | str | None) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else f"{value:.3g}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.local_host", description=__doc__)
    parser.add_argument("size", nargs="?", choices=("short", "full"), default="short", help="default: %(default)s")
    parser.add_argument(
        "rounds", nargs="?", type=int, default=3, help="medians are taken of them (default: %(default)s)"
    )
    given = parser.parse_args()
    main(given.size, given.rounds)
