"""Runs local_host and its peers in turns and prints what each reached, with our ratio to each goal.

    python -m bench.local_host [short|full] [ROUNDS]

Figures are medians over the rounds, so that a busy moment of the machine does not fall on one of them alone. The peers
live in an environment of their own, made on the first run.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.figures import FIGURES, keep

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
PEERS = ROOT / ".state" / "bench-peers"
PINNED = HERE / "requirements.txt"

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
    """Return the peers' Python; their packages are installed first unless they are those that are pinned."""
    python, stamp = PEERS / "bin" / "python", PEERS / "peers.stamp"
    if not stamp.exists() or stamp.read_bytes() != PINNED.read_bytes():
        print(f"Installing DBOS and durabletask into {PEERS.relative_to(ROOT)}", flush=True)
        venv.create(PEERS, with_pip=True, clear=True)
        subprocess.run([python, "-m", "pip", "install", "-q", "-r", PINNED], check=True)
        shutil.copyfile(PINNED, stamp)
    return python


def contest(python: str | Path, module: str, size: str) -> dict[str, Any]:
    """Return the figures of one contestant, which runs in a process of its own and prints them as its last line."""
    command = [python, "-W", "ignore", "-m", f"bench.local_host.{module}", size]
    done = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"bench.local_host.{module} failed (exit code {done.returncode}):\n{done.stderr.strip()}")
    figures: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return figures


def reached(ours: dict[str, Any], dbos: dict[str, Any], memory: dict[str, Any]) -> dict[str, float]:
    """Return the figures of the history that this measures."""
    return {
        "sagas_per_s": ours["sagas_per_s"],
        "sagas_to_dbos": ours["sagas_per_s"] / dbos["sagas_per_s"],
        "sagas_to_durabletask": ours["sagas_per_s"] / memory["sagas_per_s"],
        "saga_cpu_to_dbos": ours["saga_cpu_s"] / dbos["saga_cpu_s"],
        "single_p50_to_dbos": ours["single_p50_s"] / dbos["single_p50_s"],
        "single_p95_to_dbos": ours["single_p95_s"] / dbos["single_p95_s"],
        "fan_out_to_dbos": ours["fan_out_s"] / dbos["fan_out_s"],
        "fan_out_to_durabletask": ours["fan_out_s"] / memory["fan_out_s"],
        "increments_to_dbos": ours["increments_per_s"] / dbos["increments_per_s"],
        "chain_to_replays": ours["chain_s"] / ours["chain_floor_s"],
        "waiting_starts_to_dbos": ours["waiting_starts_per_s"] / dbos["waiting_starts_per_s"],
    }


def main(size: str, rounds: int) -> None:
    python = peers_python()
    contestants = [(sys.executable, "ours"), (python, "peer_dbos"), (python, "peer_durabletask")]
    taken = [[contest(*contestant, size) for contestant in contestants] for _ in range(rounds)]
    ours, dbos, memory = (_medians(column) for column in zip(*taken, strict=True))
    print(f"| {size}, {rounds} rounds | local_host | DBOS | durabletask in memory |\n|---|---|---|---|")
    for key, title in {"durability": "durability", **ROWS}.items():
        print(f"| {title} |", " | ".join(_shown(figures[key]) for figures in (ours, dbos, memory)), "|")
    print("\n| | reached | goal |\n|---|---|---|")
    for name, value in reached(ours, dbos, memory).items():
        keep(name, value)
        print(f"| {FIGURES[name].title} | {value:.2f} | {FIGURES[name].goal} |")


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
