"""`make prove`: the proofs at full size. What they came to goes to bench/prove.txt, a line for each file of tests.

It asks nothing and goes on after a failure; the exit code is pytest's. Once a minute it says how far it is and writes what is known
by then: of a run that was interrupted or killed, the file says that it did not finish, and what had been proved.
"""

import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from bench.history import commit
from scripts import proof_records
from scripts.host_json import ROOT
from scripts.proof_records import Proof, Proofs
from scripts.stop_request import StopRequest

SUMMARY: Final = Path("bench", "prove.txt")
SIZES: Final = ("PROOF_ORDERS", "PROOF_KILLED_ORDERS", "KILLS", "LOAD")
_ENGINE: Final = "packages/durable-local-host/tests/local_host_tests"
_PROOFS: Final = ("tests/invariants", f"{_ENGINE}/test_random_kills.py", f"{_ENGINE}/test_random_worker_kills.py")
_PROGRESS_INTERVAL_S: Final = 60
_STOP_TIMEOUT_S: Final = 120
INTERRUPTED: Final = 128 + signal.SIGINT


@dataclass(frozen=True)
class Run:
    """When and of what the proofs are."""

    began_at: datetime
    commit: str
    load: float

    def title(self, proofs: Proofs, code: int | None, now: datetime) -> str:
        """Return the first line of the summary. code: pytest's exit code; None while it has none, or was interrupted."""
        minutes = (now - self.began_at).total_seconds() / 60
        ended, of = len(proofs.ended), proofs.count or "?"
        state = "" if code in (0, 1) else f", NOT FINISHED: {ended} of {of} tests"
        if code not in (None, 0, 1):
            state += f", exit code {code}"
        day = self.began_at.date().isoformat()
        return f"{day}, commit {self.commit}, {minutes:.0f} minutes, load {self.load:.1f} before them{state}"


def main() -> int:
    """Run the proofs, write the summary, and return pytest's exit code."""
    run = Run(datetime.now(UTC), commit(), os.getloadavg()[0])
    with tempfile.TemporaryDirectory() as folder:
        records = Path(folder) / "records"
        records.touch()
        code = _proved(run, records)
        proofs = _write(run, records, code)
    print(f"\nprove: {counts(proofs.ended)}; {SUMMARY} has a summary")
    return INTERRUPTED if code is None else code


def _proved(run: Run, records: Path) -> int | None:
    """Run pytest; return its exit code, or None when it was interrupted."""
    # Two at once, as two of them take half of the time; who has nothing left to do takes from the other.
    spread = ("-n", "2", "--dist", "worksteal")
    command = [sys.executable, "-m", "pytest", "-v", *spread, "-p", proof_records.__name__]
    environment = {**os.environ, proof_records.FILE: str(records)}
    stop = StopRequest()
    # A group of its own, so that a Ctrl-C at the terminal reaches it once, from here.
    pytest = subprocess.Popen(
        [*command, *_PROOFS, *sys.argv[1:]], cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, process_group=0
    )
    said_at = time.monotonic()
    while pytest.poll() is None and not stop.made:
        stop.wait(_PROGRESS_INTERVAL_S)
        if time.monotonic() - said_at >= _PROGRESS_INTERVAL_S:
            said_at = time.monotonic()
            print(f"\nprove: {progress(_write(run, records, None), run, datetime.now(UTC))}", flush=True)
    if not stop.made:
        return pytest.returncode
    _interrupt(pytest)
    return None


def _interrupt(pytest: subprocess.Popen[bytes]) -> None:
    """Stop pytest, which then stops what its tests have started."""
    print("\nprove: stopping", flush=True)
    pytest.send_signal(signal.SIGINT)
    try:
        pytest.wait(_STOP_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        os.killpg(pytest.pid, signal.SIGKILL)
        pytest.wait()


def _write(run: Run, records: Path, code: int | None) -> Proofs:
    with records.open(encoding="utf-8") as file:
        proofs = proof_records.read(file)
    title = run.title(proofs, code, datetime.now(UTC))
    (ROOT / SUMMARY).write_text(summary(title, proofs, os.environ), encoding="utf-8")
    return proofs


def progress(proofs: Proofs, run: Run, now: datetime) -> str:
    """Return how far the proofs are, in a line."""
    minutes = (now - run.began_at).total_seconds() / 60
    running = ", ".join(each.test for each in proofs.running)
    return f"{minutes:.0f} minutes, of {proofs.count or '?'} tests {counts(proofs.ended)}; now {running or 'none'}"


def summary(title: str, proofs: Proofs, environment: Mapping[str, str]) -> str:
    """Return what the proofs came to.

    Args:
        title: When and of what they are.
        proofs: The tests.
        environment: Has the sizes.
    """
    files: dict[str, list[Proof]] = {}
    for each in proofs.ended:
        files.setdefault(each.file, []).append(each)
    return "\n".join(
        [
            f"{title}: {counts(proofs.ended)}",
            f"{platform.system()}, Python {platform.python_version()}, {os.cpu_count()} cores",
            ", ".join(f"{name}={environment.get(name, 'default')}" for name in SIZES),
            "",
            *(f"{file:75} {counts(those):30} {_seconds(those):6.0f} s" for file, those in sorted(files.items())),
            *(f"FAILED {each.test}" for each in proofs.ended if each.outcome == "failed"),
            *(f"NOT ENDED {each.test}" for each in proofs.running),
            "",
        ]
    )


def _seconds(proofs: Sequence[Proof]) -> float:
    return sum(each.seconds for each in proofs)


def counts(proofs: Sequence[Proof]) -> str:
    """Return how many tests ended in which way."""
    found = Counter(each.outcome for each in proofs)
    return ", ".join(f"{number} {outcome}" for outcome, number in sorted(found.items())) or "none has ended"


if __name__ == "__main__":
    sys.exit(main())
