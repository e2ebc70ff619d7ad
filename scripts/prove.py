"""`make prove`: the proofs at full size. What they came to goes to bench/prove.txt, a line for each file of tests.

It asks nothing and goes on after a failure; the exit code is pytest's.
"""

import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from bench.history import commit
from scripts.host_json import ROOT

SUMMARY: Final = Path("bench", "prove.txt")
SIZES: Final = ("PROOF_ORDERS", "PROOF_KILLED_ORDERS", "KILLS", "LOAD")
_ENGINE: Final = "packages/durable-local-host/tests/local_host_tests"
_PROOFS: Final = ("tests/invariants", f"{_ENGINE}/test_random_kills.py", f"{_ENGINE}/test_random_worker_kills.py")


def main() -> int:
    """Run the proofs, write the summary, and return pytest's exit code."""
    started, load = time.monotonic(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "junit.xml"
        command = [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-s",
            "-n",
            "0",
            f"--junitxml={report}",
            *_PROOFS,
            *sys.argv[1:],
        ]
        code = subprocess.run(command, cwd=ROOT, stdin=subprocess.DEVNULL, check=False).returncode
        # Written by the pytest above.
        cases = list(ElementTree.parse(report).iter("testcase")) if report.exists() else []  # noqa: S314
    minutes = (time.monotonic() - started) / 60
    title = (
        f"{datetime.now(UTC).date().isoformat()}, commit {commit()}, {minutes:.0f} minutes, load {load:.1f} before them"
    )
    (ROOT / SUMMARY).write_text(summary(title, cases, os.environ), encoding="utf-8")
    print(f"prove: {SUMMARY}")
    return code


def summary(title: str, cases: Iterable[ElementTree.Element], environment: Mapping[str, str]) -> str:
    """Return what the proofs came to.

    Args:
        title: When and of what they are.
        cases: The tests, as JUnit's XML has them.
        environment: Has the sizes.
    """
    files: dict[str, Counter[str]] = {}
    seconds: Counter[str] = Counter()
    failed: list[str] = []
    for case in cases:
        file, outcome = case.get("classname", ""), _outcome(case)
        files.setdefault(file, Counter())[outcome] += 1
        seconds[file] += round(float(case.get("time", 0)))
        failed += [f"FAILED {file}::{case.get('name')}"] if outcome == "failed" else []
    totals = sum(files.values(), Counter[str]())
    return "\n".join(
        [
            f"{title}: {_counts(totals)}",
            f"{platform.system()}, Python {platform.python_version()}, {os.cpu_count()} cores",
            ", ".join(f"{name}={environment.get(name, 'default')}" for name in SIZES),
            "",
            *(f"{file:75} {_counts(counts):30} {seconds[file]:6} s" for file, counts in sorted(files.items())),
            *failed,
            "",
        ]
    )


def _outcome(case: ElementTree.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "passed" if case.find("skipped") is None else "skipped"


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {outcome}" for outcome, number in sorted(counts.items())) or "nothing ran"


if __name__ == "__main__":
    sys.exit(main())
