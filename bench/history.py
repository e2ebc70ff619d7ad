"""Run the benchmarks and add their figures to the history: `python -m bench.history [--orders COUNT] [--page]`.

One run measures the start, the import, the shop's whole path and the engine beside DBOS and durabletask. A line goes to
`bench/history.jsonl`, with its day, its commit and the load of the machine; `bench/history.md` is made of all lines. A benchmark
that fails, or has not ended after half an hour, costs its own figures alone; the exit code says so.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from bench.benchmarks import Measured, Script, measure, scripts
from bench.chart import chart
from bench.figures import FIGURES
from bench.timing import ROOT

HISTORY: Final = Path("bench", "history.jsonl")
PAGE: Final = Path("bench", "history.md")
PICTURE: Final = Path("bench", "history.svg")
_BLOCKS: Final = "▁▂▃▄▅▆▇█"
INTERRUPTED: Final = 128 + 2
_MET: Final = {True: "yes", False: "**no**", None: ""}

Run = dict[str, Any]


def begun() -> Run:
    """Return a run of the history without its figures yet, for what is measured now."""
    return {
        "day": datetime.now(UTC).date().isoformat(),
        "commit": commit(),
        "machine": f"{platform.system()}, Python {platform.python_version()}, {os.cpu_count()} cores",
        "load": round(os.getloadavg()[0], 1),
    }


def append(run: Run) -> None:
    """Add one run to the history."""
    with (ROOT / HISTORY).open("a", encoding="utf-8") as file:
        print(json.dumps(run), file=file)


def commit() -> str:
    """Return the commit that is measured, with a plus where files differ from it; `unknown` outside of a repository."""
    try:
        shown = ["git", "describe", "--always", "--abbrev=7", "--exclude=*", "--dirty=+"]
        return subprocess.run(shown, cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def runs() -> list[Run]:
    """Return the history, oldest first."""
    return [json.loads(line) for line in (ROOT / HISTORY).read_text(encoding="utf-8").splitlines()]


def page(history: Sequence[Run]) -> str:
    """Return the page of the history."""
    return "\n".join(
        [
            "# History of the figures",
            "",
            "Made by `python -m bench.history` from `history.jsonl`: do not edit. [README.md](README.md) says what each figure is",
            "and what it does not prove. Seconds belong to one machine and its load, ratios carry over. The course runs from the",
            "lowest value of a figure to its highest; *met* is of the last.",
            "",
            f"![The course of each figure, with its goal]({PICTURE.name})",
            "",
            *_summary(history),
            "",
            *_table(history),
            "",
        ]
    )


def _summary(history: Sequence[Run]) -> list[str]:
    lines = ["| figure | goal | met | first | best | last | course |", "|---|---|---|---|---|---|---|"]
    for name, values in courses(history).items():
        figure = FIGURES[name]
        best = max(values) if figure.more_is_better else min(values)
        shown = " | ".join(f"{value:g}" for value in (values[0], best, values[-1]))
        lines.append(
            f"| {figure.title} | {figure.goal} | {_MET[figure.is_met(values[-1])]} | {shown} | {_course(values)} |"
        )
    return lines


def courses(history: Sequence[Run]) -> dict[str, list[float]]:
    """Return the values of each figure that was ever measured, oldest first."""
    found = {name: [run["figures"][name] for run in history if name in run["figures"]] for name in FIGURES}
    return {name: values for name, values in found.items() if values}


def _course(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    step = (high - low) / (len(_BLOCKS) - 1)
    return "".join(_BLOCKS[round((value - low) / step) if step else 0] for value in values)


def _table(history: Sequence[Run]) -> list[str]:
    names = [name for name in FIGURES if any(name in run["figures"] for run in history)]
    lines = [f"| day | commit | load | {' | '.join(f'`{name}`' for name in names)} |", "|---" * (3 + len(names)) + "|"]
    for run in reversed(history):
        values = " | ".join(f"{run['figures'][name]:g}" if name in run["figures"] else "" for name in names)
        load = "" if run["load"] is None else f"{run['load']:g}"
        lines.append(f"| {run['day']} | {run['commit']} | {load} | {values} |")
    return lines


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the command line asks for; exit with a message where it names what there is not."""
    parser = argparse.ArgumentParser(prog="python -m bench.history", description=__doc__)
    parser.add_argument("--orders", type=int, default=1_000, help="how many orders (default: %(default)s)")
    parser.add_argument("--page", action="store_true", help="measure nothing, make the page and its picture anew")
    names = [name for name, *_ in scripts(1)]
    only = "such as bench.orders; default: all of them"
    parser.add_argument("--only", nargs="+", choices=names, default=names, metavar="BENCH", help=only)
    given = parser.parse_args(arguments)
    if given.orders < 1:
        parser.error("argument --orders: must be 1 or more")
    return given


def report(measured: Measured, chosen: Sequence[Script]) -> int:
    """Say what failed and what was not measured; return the exit code."""
    missing = [name for name in FIGURES if name not in measured.figures] if len(chosen) == len(scripts(1)) else []
    if missing:
        print(f"history: not measured: {', '.join(missing)}")
    for failure in measured.failures:
        print(f"history: failed: {failure}", file=sys.stderr)
    if measured.was_interrupted:
        print("history: interrupted; what was measured until then is kept", file=sys.stderr)
        return INTERRUPTED
    return 1 if measured.failures else 0


def main() -> int:
    """Measure what the command line asks for, make the page anew, and return the exit code."""
    given, code = parsed(sys.argv[1:]), 0
    if not given.page:
        chosen = [each for each in scripts(given.orders) if each[0] in given.only]
        run, measured = begun(), measure(chosen)
        if measured.figures:
            append({**run, "figures": measured.figures})
        code = report(measured, chosen)
    (ROOT / PAGE).write_text(page(runs()), encoding="utf-8")
    (ROOT / PICTURE).write_text(chart(courses(runs())), encoding="utf-8")
    print(f"history: {PAGE}")
    return code


if __name__ == "__main__":
    sys.exit(main())
